"""Monotonic trends: Theil-Sen slope and Mann-Kendall test, corrected for serial correlation."""

import json
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.trend_blocks import Integers, TimeAxis, TrendOfBlock
from soilscope.checks import require_between, require_choice, require_dims
from soilscope.errors import InputError
from soilscope.labelled import Output, label, over_series
from soilscope.times import decimal_year, is_monthly, month_count

Correction = Literal[
    "none", "hamed_rao", "yue_wang", "ar1", "prewhiten", "tfpw", "vctfpw", "3pw", "hirsch_slack"
]

#: The corrections that each kind of season allows.
LEGAL = {
    None: ("none", "hamed_rao", "yue_wang", "ar1", "prewhiten", "tfpw", "vctfpw", "3pw"),
    "month": ("none", "hirsch_slack"),
}

REFERENCES = (
    "Sen 1968 doi:10.1080/01621459.1968.10480934; Mann 1945 doi:10.2307/1907187; Kendall 1975; "
    "Hirsch et al. 1982 doi:10.1029/WR018i001p00107"
)


def trend(
    da: xr.DataArray,
    *,
    dim: str = "time",
    correction: Correction = "none",
    season: Literal["month"] | None = None,
    confidence: float | None = None,
    max_lag: int | None = None,
    acf_alpha: float = 0.05,
    variance_floor: float | None = None,
    min_obs: int = 10,
) -> xr.Dataset:
    """Theil-Sen slope and Mann-Kendall test of each series."""
    _check_options(correction, season, confidence, max_lag, acf_alpha, min_obs)
    axis = _time_axis(da, dim, season)
    block = TrendOfBlock(axis, correction, confidence, max_lag, acf_alpha, variance_floor, min_obs)
    dtypes = {"n_obs": "i8", "status": "i1"}
    outputs = {name: Output(dtypes.get(name, "f8")) for name in block.variables}
    return label(
        over_series(block, da, dim=dim, outputs=outputs),
        units=da.attrs.get("units"),
        method="trend",
        options=json.dumps(
            {
                "correction": correction,
                "season": season,
                "confidence": confidence,
                "max_lag": max_lag,
                "acf_alpha": acf_alpha,
                "variance_floor": variance_floor,
                "min_obs": min_obs,
            }
        ),
        references=REFERENCES,
    )


def _check_options(
    correction: str,
    season: str | None,
    confidence: float | None,
    max_lag: int | None,
    acf_alpha: float,
    min_obs: int,
) -> None:
    require_choice(season, LEGAL, name="season")
    require_choice(correction, get_args(Correction), name="correction")
    if correction not in LEGAL[season]:
        allowed = "; ".join(
            f"season={key!r}: {', '.join(map(repr, values))}" for key, values in LEGAL.items()
        )
        raise InputError(
            f"correction={correction!r} does not go with season={season!r}; legal pairs are "
            f"{allowed}."
        )
    if confidence is not None:
        require_between(confidence, 0.5, 0.9999, name="confidence")
    if max_lag is not None:
        require_between(max_lag, 1, 10**6, name="max_lag")
    require_between(acf_alpha, 1e-6, 0.999, name="acf_alpha")
    require_between(min_obs, 3, 10**6, name="min_obs")


def _time_axis(da: xr.DataArray, dim: str, season: str | None) -> TimeAxis:
    require_dims(da, dim, name="da")
    if dim not in da.coords:
        raise InputError(f"da has no coordinate {dim!r}; assign the dates of its stamps.")
    years = decimal_year(da[dim])
    position = _positions(years)
    if season is None:
        zeros = np.zeros(years.size, dtype=np.int64)
        return TimeAxis(years, position, zeros, zeros)
    if not is_monthly(da[dim]):
        raise InputError(
            f"season='month' needs one stamp a month along {dim!r}; make monthly values first, "
            "e.g. with composite(da, freq='MS')."
        )
    months = month_count(da[dim])
    first_year = months[0] // 12
    row = months // 12 - first_year
    return TimeAxis(years, position, months % 12, row, 12, int(row.max()) + 1)


def _positions(years: np.ndarray) -> Integers:
    """Count the regular steps since the first stamp; the regular step is the median one."""
    if years.size < 2:
        return np.zeros(years.size, dtype=np.int64)
    gaps = np.diff(years)
    steps = np.maximum(np.rint(gaps / np.median(gaps)), 1).astype(np.int64)
    return np.concatenate([[0], np.cumsum(steps)])
