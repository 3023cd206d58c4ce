"""Droughts that move downwards: how long after the layer above a drought begins."""

import json

import numpy as np
import xarray as xr

from soilscope.analyse.drought_rule import (
    REFERENCES,
    DroughtRule,
    drought_months,
    drought_rule,
)
from soilscope.checks import require_at_least, require_dims
from soilscope.errors import InputError
from soilscope.kernels.onset_delay import onset_delays
from soilscope.labelled import Array, Output, label, over_series
from soilscope.names import NO_DATA, OK, TOO_FEW

_SUMMARY = (
    "onset_delay",
    "onset_delay_low",
    "onset_delay_high",
    "reached_share",
    "reached_share_chance",
    "n_onsets",
    "n_under_way",
)


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
    rule = drought_rule(threshold, end_threshold, min_duration, pool_gap)
    require_at_least(max_delay, 0, name="max_delay")
    require_at_least(min_onsets, 1, name="min_onsets")
    outputs = {name: Output() for name in _SUMMARY} | {
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    block = _Delays(drought_months(ssmi[dim]), rule, max_delay, min_onsets)
    above = ssmi.astype(np.result_type(ssmi.dtype, np.float32)).shift(depth=1)
    ds = over_series(block, above, ssmi, dim=dim, outputs=outputs, name="ssmi")
    options = rule._asdict() | {"max_delay": max_delay, "min_onsets": min_onsets}
    return label(ds, method="onset_delay", options=json.dumps(options), references=REFERENCES)


class _Delays:
    """Delays of each column of the lower series behind the upper."""

    def __init__(self, month: Array, rule: DroughtRule, max_delay: int, min_onsets: int) -> None:
        self.month, self.rule = month, rule
        self.max_delay, self.min_onsets = max_delay, min_onsets

    def __call__(self, above: Array, below: Array) -> tuple[Array, ...]:
        out = np.empty((len(_SUMMARY), below.shape[1]))
        n_obs = np.empty(below.shape[1], dtype=np.int64)
        rule = tuple(self.rule)
        onset_delays(above, below, self.month, rule, self.max_delay, self.min_onsets, out, n_obs)
        few = np.where(out[5] >= self.min_onsets, OK, TOO_FEW)
        status = np.where(n_obs > 0, few, NO_DATA).astype(np.int8)
        return (*out, n_obs, status)


def _require_layers(ssmi: xr.DataArray) -> None:
    if ssmi.sizes["depth"] < 2:
        raise InputError("ssmi has one layer, so no drought can move downwards; give two or more.")
    if "depth" in ssmi.coords and not bool((np.diff(ssmi["depth"].values) > 0).all()):
        raise InputError("the layers of ssmi do not descend; use ssmi.sortby('depth').")
