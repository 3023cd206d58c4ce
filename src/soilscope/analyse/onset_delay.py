"""Droughts that move downwards: how long after the layer above a drought begins."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_dims
from soilscope.errors import InputError
from soilscope.kernels.onset_delay import onset_delays
from soilscope.labelled import Output, label, over_series
from soilscope.names import NO_DATA, OK, TOO_FEW
from soilscope.times import is_monthly, is_time_like, month_count

Array = npt.NDArray[Any]

_SUMMARY = (
    "onset_delay",
    "onset_delay_low",
    "onset_delay_high",
    "reached_share",
    "reached_share_chance",
    "n_onsets",
    "n_under_way",
)
_REFERENCES = "Yevjevich (1967), Hydrology Papers 23, Colorado State University"


def onset_delay(
    ssmi: xr.DataArray,
    *,
    dim: str = "time",
    threshold: float = -1.0,
    end_threshold: float | None = None,
    min_duration: int = 1,
    pool_gap: int = 0,
    max_delay: int = 6,
    min_onsets: int = 5,
) -> xr.Dataset:
    """Measure how long after the layer above a drought begins in each layer of a monthly index.

    Every drought of the upper layer whose first month is known counts, unless a drought is already
    under way below. Its delay is the number of months to the next onset below, at most `max_delay`;
    a missing value before that leaves it out. A short delay alone shows no propagation: compare
    `reached_share` with `reached_share_chance`.

    Parameters
    ----------
    ssmi
        Monthly standardised index with `dim` and `depth`, the upper layer first (without dates:
        evenly spaced).
    dim
        Dimension of time.
    threshold, end_threshold, min_duration, pool_gap
        What a drought is, as in `drought_events`.
    max_delay
        Longest delay in months.
    min_onsets
        Fewest onsets above for which delays and shares are given.

    Returns
    -------
    xr.Dataset
        For each layer but the first, against the layer above it: `onset_delay`, the median delay
        of the droughts that reach it, with the quartiles `onset_delay_low` and `onset_delay_high`
        (months); `reached_share`, the share of onsets above that are followed by one below;
        `reached_share_chance`, the share expected if onsets below came at their mean rate whatever
        happens above; `n_onsets`, the onsets above that count; `n_under_way`, those left out
        because of a drought below; `n_obs`, months with both values; `status`. The first layer is
        NaN with status `no_data`.

    Raises
    ------
    InputError
        If there are fewer than two layers or they do not descend, an option makes no sense, or time
        is not monthly and ascending.

    References
    ----------
    Yevjevich (1967), An objective approach to definitions and investigations of continental
    hydrologic droughts, Hydrology Papers 23, Colorado State University.

    Examples
    --------
    >>> above = np.tile([-2.0, 0, 0, 0, 0, 0, 0, 0], 6)
    >>> both = np.stack([np.roll(above, 1), np.roll(above, 3)])
    >>> ssmi = xr.DataArray(both, {"depth": [0.05, 0.2]}, ("depth", "time"))
    >>> found = onset_delay(ssmi).isel(depth=1)
    >>> found.onset_delay.item(), found.reached_share.item(), found.n_onsets.item()
    (2.0, 1.0, 6.0)
    """
    require_dims(ssmi, dim, "depth", name="ssmi")
    _require_layers(ssmi)
    end = threshold if end_threshold is None else end_threshold
    _require_rule(threshold, end, min_duration, pool_gap, max_delay, min_onsets)
    rule = (float(threshold), float(end), min_duration, pool_gap, max_delay, min_onsets)
    outputs = {name: Output() for name in _SUMMARY} | {
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    block = _Delays(_months(ssmi[dim]), rule)
    above = ssmi.astype(np.result_type(ssmi.dtype, np.float32)).shift(depth=1)
    ds = over_series(block, above, ssmi, dim=dim, outputs=outputs, name="ssmi")
    names = ("threshold", "end_threshold", "min_duration", "pool_gap", "max_delay", "min_onsets")
    options = json.dumps(dict(zip(names, rule, strict=True)))
    return label(ds, method="onset_delay", options=options, references=_REFERENCES)


class _Delays:
    """Delays of each column of the lower series behind the upper."""

    def __init__(self, month: Array, rule: tuple[float, float, int, int, int, int]) -> None:
        self.month, self.rule = month, rule

    def __call__(self, above: Array, below: Array) -> tuple[Array, ...]:
        out = np.empty((len(_SUMMARY), below.shape[1]))
        n_obs = np.empty(below.shape[1], dtype=np.int64)
        onset_delays(above, below, self.month, *self.rule, out, n_obs)
        few = np.where(out[5] >= self.rule[-1], OK, TOO_FEW)
        status = np.where(n_obs > 0, few, NO_DATA).astype(np.int8)
        return (*out, n_obs, status)


def _months(time: xr.DataArray) -> Array:
    """Month count of each stamp; positions where time is not dates."""
    if not is_time_like(time):
        return np.arange(time.size, dtype=np.int64)
    months = month_count(time)
    if time.size > 1 and not is_monthly(time):
        raise InputError(
            f"{time.name!r} does not have one stamp a month, and delays are counted in months; use "
            "soilscope.composite(ssmi, freq='MS') first."
        )
    return months


def _require_layers(ssmi: xr.DataArray) -> None:
    if ssmi.sizes["depth"] < 2:
        raise InputError("ssmi has one layer, so no drought can move downwards; give two or more.")
    if "depth" in ssmi.coords and not bool((np.diff(ssmi["depth"].values) > 0).all()):
        raise InputError("the layers of ssmi do not descend; use ssmi.sortby('depth').")


def _require_rule(
    threshold: float, end: float, min_duration: int, pool_gap: int, max_delay: int, min_onsets: int
) -> None:
    if not end >= threshold:
        raise InputError(
            f"end_threshold is {end}, below threshold {threshold}; an event would end as it begins."
        )
    least = {"min_duration": 1, "pool_gap": 0, "max_delay": 0, "min_onsets": 1}
    given = {
        "min_duration": min_duration,
        "pool_gap": pool_gap,
        "max_delay": max_delay,
        "min_onsets": min_onsets,
    }
    for name, value in given.items():
        if value < least[name]:
            raise InputError(f"{name} is {value}; it must be at least {least[name]}.")
