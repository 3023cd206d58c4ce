"""The mean state of an index, and how often it is in each drought class."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.baseline import refuse_empty_mean
from soilscope.checks import require_dims
from soilscope.errors import InputError
from soilscope.kernels.classes import count_classes
from soilscope.labelled import Output, label, over_series
from soilscope.names import CLASSES, NO_DATA, OK
from soilscope.times import is_time_like, require_dates

Array = npt.NDArray[Any]

#: Upper bounds of the dry classes (x <= bound); the wet ones are their mirror image.
DRY_BOUNDS = (-2.0, -1.5, -1.0, -0.5)


def index_state(
    ssmi: xr.DataArray, *, dim: str = "time", period: tuple[str, str] | None = None
) -> xr.Dataset:
    """Average a standardised index over time, and count its drought classes.

    Parameters
    ----------
    ssmi
        Standardised index with `dim`, of a reference that can show a state: a sub-period, the
        pooled region, or a part of the record.
    dim
        Dimension to average over.
    period
        First and last date to average, both included, as in ("2011", "2020"); None takes all.

    Returns
    -------
    xr.Dataset
        `mean`; `class_share` (dim `class`, driest first), the share of the valid times in each
        class, NaN where the index cannot reach a class (the empirical index of n years is bounded);
        `deficit_share`, the share of times below zero; `n_obs`; `status` (`no_data` without a
        valid value). The attribute `period` says which times were averaged.

    Raises
    ------
    InputError
        If the mean is zero by construction: reference "own" over its whole baseline; or if
        `period` holds no stamp.

    Notes
    -----
    Mild -1 < x <= -0.5, moderate -1.5 < x <= -1, severe -2 < x <= -1.5, extreme x <= -2; wet
    classes are mirrored (McKee et al. 1993 give the bounds from -1 on for precipitation).

    Examples
    --------
    >>> ssmi = xr.DataArray([-2.1, -0.7, 0.1, 0.3], dims="time", attrs={"reference": "pooled"})
    >>> found = index_state(ssmi)
    >>> round(found["mean"].item(), 6), found.deficit_share.item()
    (-0.6, 0.5)
    >>> found.class_share.sel({"class": "extreme_drought"}).item()
    0.25
    """
    require_dims(ssmi, dim, name="ssmi")
    if period is not None:
        ssmi = _within(ssmi, dim, period)
    refuse_empty_mean(ssmi, name="ssmi")
    outputs = {
        "mean": Output(),
        "class_share": Output("f8", "class", len(CLASSES)),
        "deficit_share": Output(),
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    ds = over_series(_State(_reach(ssmi)), ssmi, dim=dim, outputs=outputs, name="ssmi")
    ds = ds.assign_coords({"class": ("class", np.array(CLASSES, dtype=object))})
    kept = {key: ssmi.attrs[key] for key in ("reference", "baseline") if key in ssmi.attrs}
    kept |= {"period": _period(ssmi[dim])} if is_time_like(ssmi[dim]) else {}
    label(
        ds,
        units=ssmi.attrs.get("units", "1"),
        method="index_state",
        options=json.dumps({"dim": dim, "period": period}),
        references="McKee et al. (1993), 8th Conference on Applied Climatology",
        **kept,
    )
    ds["mean"].attrs |= kept | {"long_name": "mean standardised soil moisture index"}
    ds["deficit_share"].attrs["long_name"] = "share of times in deficit (index below zero)"
    return ds


def _within(ssmi: xr.DataArray, dim: str, period: tuple[str, str]) -> xr.DataArray:
    require_dates(ssmi[dim])
    part = ssmi.sel({dim: slice(str(period[0]), str(period[1]))})
    if not part.sizes[dim]:
        raise InputError(
            f"period {period[0]} to {period[1]} holds no stamp of ssmi, which covers "
            f"{_period(ssmi[dim]).replace('/', ' to ')}."
        )
    return part


class _State:
    """Mean and class shares of each column, for an index that reaches +-`reach`."""

    def __init__(self, reach: float) -> None:
        self.reach = reach

    def __call__(self, x: Array) -> tuple[Array, ...]:
        n_series = x.shape[1]
        total, deficit = np.empty(n_series), np.empty(n_series, dtype=np.int64)
        counts = np.empty((len(CLASSES), n_series), dtype=np.int64)
        n = np.empty(n_series, dtype=np.int64)
        count_classes(x, np.array(DRY_BOUNDS), total, counts, deficit, n)
        some = np.where(n > 0, n, np.nan)
        table = counts / some
        table[[not _reachable(k, self.reach) for k in range(len(CLASSES))]] = np.nan
        status = np.where(n > 0, OK, NO_DATA).astype(np.int8)
        return total / some, table, deficit / some, n, status


def _reachable(position: int, reach: float) -> bool:
    from_end = min(position, len(CLASSES) - 1 - position)
    return from_end >= len(DRY_BOUNDS) or reach >= -DRY_BOUNDS[from_end]


def _reach(ssmi: xr.DataArray) -> float:
    """Largest index that the method can give; infinite for a z-score."""
    reach = ssmi.attrs.get("reachable")
    return float("inf") if reach is None else float(reach)


def _period(time: xr.DataArray) -> str:
    first, last = (time.dt.strftime("%Y-%m-%d").values[i] for i in (0, -1))
    return f"{first}/{last}"
