"""Composites become daily values: straight lines between the days at which they stand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_at_least, require_dims, require_numeric
from soilscope.errors import InputError
from soilscope.kernels.daily import to_days
from soilscope.labelled import Output, over_series
from soilscope.prepare.beside import require_beside
from soilscope.prepare.cell_methods import done_to
from soilscope.prepare.spans import daily_stamps, spans_of

Array = npt.NDArray[Any]


def interpolate_daily(
    da: xr.DataArray,
    *,
    days: xr.DataArray | None = None,
    composite_days: int | None = None,
    max_gap: float | None = None,
) -> xr.DataArray:
    """Interpolate composites of several days, or monthly means, to daily values.

    Parameters
    ----------
    da
        Composites with dates along `time`, stamped with their first day (months: with any), any
        units, any other dimensions. Infinite values count as missing.
    days
        Days from each stamp to the day that was seen (`ndvi_day`), shaped like `da`; a missing
        day is the middle of the composite. Default: all stand at the middle, day 7.5 of 16.
    composite_days
        Days of a composite. Default: the attribute ``composite_days``; without it, monthly
        values stand for their month and daily ones for their day.
    max_gap
        Most days between two valid values that are joined. Default: all are.

    Returns
    -------
    xarray.DataArray
        Like `da`, with its name and attributes, on every day from the first of the first
        composite to the last of the last one; lazy if `da` is. Values lie on straight lines
        between valid values. Before the first of these, behind the last, and in a gap that stays
        open, a value holds for half a composite, as long as that is nearer than the other; the
        rest is NaN.

    Raises
    ------
    InputError
        If nothing tells how long a composite is, `days` does not fit `da`, time is not dates in
        ascending order, or `da` is split into chunks along it.

    Examples
    --------
    >>> import xarray as xr
    >>> time = xr.date_range("2001-01-01", periods=3, freq="8D")
    >>> da = xr.DataArray([0.2, 0.28, 0.2], {"time": time}, "time", attrs={"composite_days": 8})
    >>> daily = interpolate_daily(da)
    >>> daily.sizes["time"], daily.sel(time=["2001-01-01", "2001-01-05"]).round(3).values.tolist()
    (24, [0.2, 0.205])
    """
    require_dims(da, "time", name="da")
    require_numeric(da, name="da")
    if max_gap is not None:
        require_at_least(max_gap, 0, name="max_gap")
    if not da.sizes["time"]:
        raise InputError("da has no time steps; choose a period that the data hold.")
    if days is not None:
        require_beside(days, da, "time", name="days")
    spans = spans_of(da, composite_days=composite_days)
    block = Daily(
        tuple(spans.stamps.tolist()),
        tuple(spans.middles.tolist()),
        0.5 * float(spans.lengths.max()),
        np.inf if max_gap is None else float(max_gap),
        spans.n_days,
    )
    kind = "f4" if da.dtype == np.float32 else "f8"
    given = [da] if days is None else [da, days]
    outputs = {"daily": Output(kind, "day", spans.n_days)}
    made = over_series(block, *given, dim="time", outputs=outputs)["daily"]
    made = made.rename(day="time").transpose(*da.dims)
    stamps = daily_stamps(da["time"].values[0], spans)
    made = made.assign_coords(time=("time", stamps, da["time"].attrs))
    attrs = {key: value for key, value in da.attrs.items() if key != "composite_days"}
    made.attrs = done_to(attrs, "time: point (comment: interpolated from composites)")
    return made.rename(da.name)


@dataclass(frozen=True)
class Daily:
    """The interpolation, to be called on (n_time, n_series) arrays; all numbers are days."""

    stamps: tuple[float, ...]
    middles: tuple[float, ...]
    reach: float
    longest: float
    n_days: int

    def __call__(self, y: Array, *days: Array) -> tuple[Array]:
        """Return the daily values, (n_days, n_series)."""
        x = np.array(self.middles)[:, None]
        if days:
            given = np.isfinite(days[0])
            x = np.where(given, np.array(self.stamps)[:, None] + days[0], x)
        out = np.empty((self.n_days, y.shape[1]), y.dtype)
        to_days(y, x, self.reach, self.longest, out)
        return (out,)
