"""Drought events of a standardised index, by run theory."""

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.analyse.drought_rule import (
    REFERENCES,
    DroughtRule,
    drought_months,
    drought_rule,
)
from soilscope.checks import require_dims
from soilscope.kernels.events import find_events, summarise_events
from soilscope.labelled import Array, Output, label, over_series
from soilscope.names import NO_DATA, OK

_SUMMARY = (
    "n_events",
    "mean_duration",
    "max_duration",
    "mean_severity",
    "max_severity",
    "mean_intensity",
    "peak",
    "n_censored",
)


def drought_events(
    ssmi: xr.DataArray,
    *,
    dim: str = "time",
    threshold: float = -1.0,
    end_threshold: float | None = None,
    min_duration: int = 1,
    pool_gap: int = 0,
) -> xr.Dataset:
    """Summarise the drought events of each series of a monthly index.

    An event begins at the first value <= `threshold` and ends at the first value >
    `end_threshold`. A missing value or a gap in the calendar ends an event too; such events, and
    those at an end of the record, are censored: they lasted at least so long.

    Parameters
    ----------
    ssmi
        Monthly standardised index with `dim` (without dates: evenly spaced).
    dim
        Dimension of time.
    threshold, end_threshold
        Index values at which an event begins and ends; `end_threshold` is `threshold` if not
        given, and not below it.
    min_duration
        Events shorter than this many months are left out.
    pool_gap
        Events with at most this many months of recovery between them count as one; the recovery
        belongs to the event.

    Returns
    -------
    xr.Dataset
        `n_events`; of the events, `mean_duration` and `max_duration` (months), `mean_severity` and
        `max_severity` (sum of threshold - index over the event, months), `mean_intensity`
        (severity / duration), `peak` (the lowest value), all NaN without an event; `n_censored`;
        `n_obs`; `status`. Counts are NaN where there is no data.

    Raises
    ------
    InputError
        If a threshold, duration or gap makes no sense, or time is not monthly and ascending.

    References
    ----------
    Yevjevich (1967), An objective approach to definitions and investigations of continental
    hydrologic droughts, Hydrology Papers 23, Colorado State University.

    Examples
    --------
    >>> ssmi = xr.DataArray([0.0, -1.2, -1.5, 0.3, -2.0, 0.1], dims="time")
    >>> found = drought_events(ssmi)
    >>> [round(found[v].item(), 3) for v in ("n_events", "max_duration", "max_severity", "peak")]
    [2.0, 2.0, 1.0, -2.0]
    """
    rule = drought_rule(threshold, end_threshold, min_duration, pool_gap)
    require_dims(ssmi, dim, name="ssmi")
    outputs = {name: Output() for name in _SUMMARY} | {
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    block = _Summary(drought_months(ssmi[dim]), rule)
    ds = over_series(block, ssmi, dim=dim, outputs=outputs, name="ssmi")
    options = json.dumps(rule._asdict())
    return label(ds, method="drought_events", options=options, references=REFERENCES)


def drought_event_table(
    ssmi: xr.DataArray,
    *,
    dim: str = "time",
    threshold: float = -1.0,
    end_threshold: float | None = None,
    min_duration: int = 1,
    pool_gap: int = 0,
) -> pd.DataFrame:
    """List every drought event, one row each; computes if `ssmi` is lazy.

    Parameters
    ----------
    ssmi, dim, threshold, end_threshold, min_duration, pool_gap
        As in `drought_events`.

    Returns
    -------
    pandas.DataFrame
        `onset` and `end` (first and last month of the event), `duration` (months), `severity`,
        `intensity`, `peak`, `censored`, and the coordinates of the series along its dimensions.

    Raises
    ------
    InputError
        As in `drought_events`.

    Examples
    --------
    >>> ssmi = xr.DataArray([0.0, -1.2, -1.5, 0.3], dims="time")
    >>> drought_event_table(ssmi)[["onset", "duration", "peak", "censored"]].values.tolist()
    [[1, 2, -1.5, False]]
    """
    rule = drought_rule(threshold, end_threshold, min_duration, pool_gap)
    require_dims(ssmi, dim, name="ssmi")
    month = drought_months(ssmi[dim])
    others = [d for d in ssmi.dims if d != dim]
    values = ssmi.transpose(dim, *others).values.astype(np.float64)
    stamps = ssmi[dim].values
    found = np.empty((values.shape[0] // 2 + 1, 6))
    rows = []
    for place in np.ndindex(values.shape[1:]):
        series = np.ascontiguousarray(values[(slice(None), *place)])
        here = {
            str(d): ssmi[d].values[i] if d in ssmi.coords else i
            for d, i in zip(others, place, strict=True)
        }
        n = find_events(series, month, *rule, found)
        rows += [here | _row(event, stamps) for event in found[:n]]
    columns = [*map(str, others), "onset", "end", "duration", "severity", "intensity", "peak"]
    return pd.DataFrame(rows, columns=[*columns, "censored"])


def _row(event: Array, stamps: Array) -> dict[str, Any]:
    first, last, duration, severity, lowest, censored = event
    return {
        "onset": stamps[int(first)],
        "end": stamps[int(last)],
        "duration": int(duration),
        "severity": severity,
        "intensity": severity / duration,
        "peak": lowest,
        "censored": bool(censored),
    }


class _Summary:
    """Summaries of the events of each column."""

    def __init__(self, month: Array, rule: DroughtRule) -> None:
        self.month, self.rule = month, rule

    def __call__(self, x: Array) -> tuple[Array, ...]:
        out = np.empty((len(_SUMMARY), x.shape[1]))
        n_obs = np.empty(x.shape[1], dtype=np.int64)
        summarise_events(x, self.month, *self.rule, out, n_obs)
        status = np.where(n_obs > 0, OK, NO_DATA).astype(np.int8)
        return (*out, n_obs, status)
