"""Monotonic trends: Theil-Sen slope and Mann-Kendall test, corrected for serial correlation."""

import json
from dataclasses import replace
from typing import Literal, get_args

import xarray as xr

from soilscope.analyse.time_axis import time_axis
from soilscope.analyse.trend_blocks import TrendOfBlock, TrendOfWindows
from soilscope.analyse.windows import Windows, label_windows, read_windows
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.labelled import Output, label, over_series

Correction = Literal[
    "none", "hamed_rao", "yue_wang", "ar1", "prewhiten", "tfpw", "vctfpw", "3pw", "hirsch_slack"
]

#: The corrections that each kind of season allows.
LEGAL = {
    None: ("none", "hamed_rao", "yue_wang", "ar1", "prewhiten", "tfpw", "vctfpw", "3pw"),
    "month": ("none", "hirsch_slack"),
}

REFERENCES = (
    "Sen 1968 doi:10.1080/01621459.1968.10480934; Mann 1945 doi:10.2307/1907187; "
    "Hirsch et al. 1982 doi:10.1029/WR018i001p00107"
)
CORRECTIONS = {
    "none": "",
    "hamed_rao": "Hamed and Rao 1998 doi:10.1016/S0022-1694(97)00125-X",
    "ar1": "Hamed and Rao 1998 doi:10.1016/S0022-1694(97)00125-X",
    "yue_wang": "Yue and Wang 2004 doi:10.1023/B:WARM.0000043140.61082.60",
    "prewhiten": "Kulkarni and von Storch 1995 Meteorol. Z. 4, 82-85",
    "tfpw": "Yue et al. 2002 doi:10.1002/hyp.1095",
    "vctfpw": "Wang et al. 2015 doi:10.1061/(ASCE)HE.1943-5584.0001234",
    "3pw": "Collaud Coen et al. 2020 doi:10.5194/amt-13-6945-2020",
    "hirsch_slack": "Hirsch and Slack 1984 doi:10.1029/WR020i006p00727",
}


def trend(
    da: xr.DataArray,
    *,
    dim: str = "time",
    correction: Correction = "none",
    season: Literal["month"] | None = None,
    confidence: float | None = None,
    windows: Windows | None = None,
    max_lag: int | None = None,
    acf_alpha: float = 0.05,
    variance_floor: float | None = None,
    min_obs: int = 10,
) -> xr.Dataset:
    """Estimate the Theil-Sen slope of each series and test it, corrected for serial correlation.

    Parameters
    ----------
    da
        Series along `dim`, any units, any other dimensions. Infinite values count as missing.
    dim
        Dimension of time; its coordinate holds dates, or plain numbers taken as years. Gaps keep
        their true spacing.
    correction
        What is done about serial correlation. ``"none"``; a changed variance of S: ``"ar1"``,
        ``"hamed_rao"``, ``"yue_wang"``; the test of a pre-whitened series: ``"prewhiten"``,
        ``"tfpw"``, ``"vctfpw"``, ``"3pw"``; with ``season="month"`` only, the covariance between
        months: ``"hirsch_slack"``. docs/methods/trend.md defines each, and tells how often each
        is wrong, by simulation. For annual means take ``"ar1"`` or the more cautious
        ``"prewhiten"``: both keep their level, and ``"ar1"`` finds more of the true trends. No
        correction holds for some 40 values or fewer with a lag-1 autocorrelation of 0.8.
    season
        ``"month"``: compare values of the same calendar month only (seasonal Kendall test and
        seasonal Sen slope); goes with ``"none"`` and ``"hirsch_slack"``.
    confidence
        Level of `slope_low` and `slope_high`, e.g. 0.95.
    windows
        Parts of the record to estimate one by one, each by its first and last year, month or day:
        ``[(2000, 2010), ("2005-06", "2020-05")]``. Both bounds belong to the window; windows may
        overlap. On an axis of plain numbers the bounds are numbers.
    max_lag
        Largest lag of ``"hamed_rao"`` and ``"yue_wang"``, in time steps. Default: all.
    acf_alpha
        Level at which an autocorrelation counts, in ``"hamed_rao"``, ``"vctfpw"`` and ``"3pw"``.
    variance_floor
        Smallest `variance_ratio`; 1.0 stops a correction from raising the significance.
    min_obs
        Series with fewer valid values get NaN and the status ``too_few``.

    Returns
    -------
    xarray.Dataset
        `slope`, median of the slopes of all pairs, per year; `slope_low`, `slope_high` with
        `confidence`, from the corrected variance of S (infinite where the series is too short
        for that level); `slope_prewhitened`, slope of the pre-whitened series; `intercept`,
        median(y) - slope median(t), at year 0; `s`, `var_s`, `z`, `p_value`, `tau` (tau-b) of the
        corrected test, which is that of the pre-whitened series where there is one;
        `p_value_uncorrected` of the plain test; `variance_ratio`, corrected over plain variance
        of S; `lag1_autocorrelation` of the detrended series; `n_obs`; `status`: ``constant``
        keeps slope 0 and S 0, ``negative_variance`` keeps what does not rest on the variance.
        With `windows`, all of these for each `window`, with the coordinates `window_start` and
        `window_end`.

    Raises
    ------
    InputError
        If `correction` does not go with `season`; if `season` is given and time is not monthly;
        if time is not strictly increasing; if a window holds no stamp; if `da` is split into
        chunks along `dim`.

    References
    ----------
    Sen (1968), https://doi.org/10.1080/01621459.1968.10480934; Mann (1945),
    https://doi.org/10.2307/1907187; Hirsch, Slack and Smith (1982),
    https://doi.org/10.1029/WR018i001p00107; those of the corrections are in
    docs/methods/trend.md.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> years = np.arange(1990.0, 2011.0)
    >>> da = xr.DataArray(0.02 * years + np.sin(7.3 * years) / 20, {"time": years}, "time")
    >>> result = trend(da, correction="ar1", confidence=0.95)
    >>> [round(float(result[name]), 3) for name in ("slope_low", "slope", "slope_high")]
    [0.009, 0.02, 0.03]
    """
    _check_choices(correction, season)
    _check_numbers(confidence, max_lag, acf_alpha, variance_floor, min_obs)
    axis = time_axis(da, dim, season)
    block = TrendOfBlock(axis, correction, confidence, max_lag, acf_alpha, variance_floor, min_obs)
    return label(
        _estimates(block, da, dim, windows),
        units=da.attrs.get("units"),
        method="trend",
        options=json.dumps(
            {
                "correction": correction,
                "season": season,
                "confidence": confidence,
                "windows": None if windows is None else [list(pair) for pair in windows],
                "max_lag": max_lag,
                "acf_alpha": acf_alpha,
                "variance_floor": variance_floor,
                "min_obs": min_obs,
            }
        ),
        references="; ".join([REFERENCES, CORRECTIONS[correction]]).rstrip("; "),
    )


def _estimates(
    block: TrendOfBlock, da: xr.DataArray, dim: str, windows: Windows | None
) -> xr.Dataset:
    """Call `block` on every series, on the whole of it or on each window."""
    dtypes = {"n_obs": "i8", "status": "i1"}
    kinds = {name: dtypes.get(name, "f8") for name in block.variables}
    if windows is None:
        outputs = {name: Output(dtype) for name, dtype in kinds.items()}
        return over_series(block, da, dim=dim, outputs=outputs)
    found = read_windows(windows, da[dim])
    rows = tuple((window.first, window.behind) for window in found)
    parts = tuple(replace(block, axis=block.axis.part(*ends)) for ends in rows)
    outputs = {name: Output(dtype, "window", len(found)) for name, dtype in kinds.items()}
    ds = over_series(TrendOfWindows(parts, rows), da, dim=dim, outputs=outputs)
    return label_windows(ds, found)


def _check_choices(correction: str, season: str | None) -> None:
    require_choice(season, LEGAL, name="season")
    require_choice(correction, get_args(Correction), name="correction")
    if correction not in LEGAL[season]:
        legal = "; ".join(
            f"season={key!r} with {', '.join(map(repr, values))}" for key, values in LEGAL.items()
        )
        raise InputError(
            f"correction={correction!r} does not go with season={season!r}; legal are {legal}."
        )


def _check_numbers(
    confidence: float | None,
    max_lag: int | None,
    acf_alpha: float,
    variance_floor: float | None,
    min_obs: int,
) -> None:
    if confidence is not None:
        require_between(confidence, 0.5, 0.9999, name="confidence")
    if max_lag is not None:
        require_between(max_lag, 1, 10**6, name="max_lag")
    if variance_floor is not None:
        require_between(variance_floor, 0.0, 10.0**6, name="variance_floor")
    require_between(acf_alpha, 1e-6, 0.999, name="acf_alpha")
    require_between(min_obs, 3, 10**6, name="min_obs")
