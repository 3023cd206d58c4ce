"""Lag maps: the semivariance of each step to the north and east, a map for each date or layer."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.fields import spaced_out
from soilscope.report.lag_directions import by_direction, ring_of
from soilscope.report.mapping import MapSheet, area_of, map_columns, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import from_zero
from soilscope.report.variogram_words import distance, exactly, power_of, scaled_units, squared
from soilscope.report.variograms import LagMap, lag_maps_of
from soilscope.report.words import MINUS, decimals, file_stem

MOST = 12  # maps of a sheet
SHEETS = 3


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first regions and layers."""
    every = lag_maps_of(study, name)
    parts = [list(group) for _, group in groupby(every, key=lambda one: one.part)]
    for k, group in enumerate(parts[:SHEETS]):
        yield _plate(study, name, group, number=k, of=len(parts))


def _plate(study: Study, name: str, there: list[LagMap], *, number: int, of: int) -> Plate:
    part = there[0].part
    shown = [there[k] for k in spaced_out(len(there), MOST)]
    title = f"Semivariance by direction ({', '.join(w for w in (name, part) if w)})"
    seen = _seen(there)
    longest = exactly(float(there[0].ds["lag_north"].max()))
    return Plate(
        key=file_stem("lag-maps", name, *([str(number + 1)] if number else [])),
        title=title,
        seen=seen,
        how=f"Half the mean squared difference of all pairs of cells that lie one step of rows and "
        f"columns apart, to {longest}; a step and the one back are the same pairs, so that each "
        "map is the same upside down."
        + (f" Of {of} regions and layers the first {SHEETS} are drawn." if of > SHEETS else ""),
        alt=f"{len(shown)} {'maps' if len(shown) > 1 else 'map'} of the semivariance by steps to "
        f"the north and east. {seen}",
        draw=partial(
            _draw, _field(shown), names=[one.name or one.part for one in shown], title=title,
            units=squared(there[0].ds["semivariance"].attrs.get("units")), frame=study.frame,
            note=f"{len(shown)} of {len(there)} maps, spread evenly."
            if len(shown) < len(there) else "",
        ),
    )  # fmt: skip


def _field(shown: Sequence[LagMap]) -> xr.DataArray:
    """Lay the maps out as layers of a map in m."""
    parts = [
        one.ds["semivariance"].where(one.ds["n_pairs"] > 0).drop_vars(
            [c for c in one.ds.coords if c not in ("lag_north", "lag_east")]
        )
        for one in shown
    ]  # fmt: skip
    field = xr.concat(parts, "depth", coords="minimal", compat="override")
    return field.rename(lag_north="y", lag_east="x").transpose("depth", "y", "x")


def _draw(
    field: xr.DataArray, *, names: Sequence[str], title: str, units: str, note: str, frame: Frame
) -> Figure:
    power = power_of(float(field.max()))
    values = field / 10.0**power
    area = area_of(values)
    count = len(names)
    cols, width = map_columns(count, area)
    rows = -(-count // cols)
    out = map_sheet(
        rows, cols, area, width=width, title=title, frame=frame, foot=0.62, note=note,
        subtitle="A step to the east (across) and to the north (up) parts the cells of a pair; in "
        "the middle is no step.",
    )  # fmt: skip
    scale = from_zero(values.values)
    for i, name in enumerate(names):
        row, col = divmod(i, cols)
        out.draw(row, col, area.cells(values.isel(depth=i)).astype(float), scale)
        out.title(row, col, name)
        _ticks(out, row, col, bottom=i + cols >= count, left=col == 0)
    unit = scaled_units(power, units)
    out.sheet.bar_below(scale, f"semivariance, {unit}" if unit else "semivariance")
    return out.done()


def _ticks(out: MapSheet, row: int, col: int, *, bottom: bool, left: bool) -> None:
    """Mark steps half of the way out, and the middle."""
    box, (west, east, south, north) = out.place(row, col), out.area.extent
    half = float(f"{east / 2:.1g}"), float(f"{north / 2:.1g}")
    unit, word = (1000.0, "km") if east >= 5000 else (1.0, "m")
    for reach, ends, below, shown in (
        (half[0], (west, east), True, bottom), (half[1], (south, north), False, left),
    ):  # fmt: skip
        at = np.array([-reach, 0.0, reach])
        texts = [f"{v / unit:g}{f' {word}' if v > 0 else ''}".replace("-", MINUS) for v in at]
        if below:
            out.canvas.ticks_below(box, box.across(at, *ends), texts if shown else [])
        else:
            out.canvas.ticks_left(box, box.up(at, *ends), texts if shown else [])


def _seen(maps: Sequence[LagMap]) -> str:
    """Say where the directions differ most."""
    found = []
    for one in maps:
        known = {k: v for k, v in by_direction(one.ds).items() if np.isfinite(v)}
        if len(known) > 1 and min(known.values()) > 0:
            most, least = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
            found.append((known[most] / known[least], most, least, one.label))
    if not found:
        return "No two directions can be compared."
    ratio, most, least, label = max(found)
    low, high = ring_of(maps[0].ds)
    where = f" (in {label}, the largest contrast)" if len(found) > 1 else ""
    return (
        f"At {distance(low)} to {distance(high)} the semivariance along {most} is "
        f"{decimals(ratio, 1)} times that along {least}{where}."
    )
