"""Sheets of maps: cells as images, zone outlines along cell edges, hatches over marked cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from soilscope.report.canvas import HATCH_INK, Box, Canvas, hatch_lines
from soilscope.report.layout import Margins, Sheet, columns_for, sheet
from soilscope.report.reading import Frame, grid_dims
from soilscope.report.style import QUIET, WIDTH, Scale
from soilscope.report.words import MINUS

Array = np.ndarray[Any, Any]
LABEL = 0.16  # inches: half the width of the label of a tick


@dataclass(frozen=True)
class Area:
    """The part of a grid that is drawn: where, in which shape, with which outlines."""

    dims: tuple[str, str]
    rows: slice
    cols: slice
    extent: tuple[float, float, float, float]  # left, right, bottom, top: edges of cells
    upward: bool  # the first row is the southernmost
    aspect: float  # length of a vertical unit over that of a horizontal one
    outline: Array  # (n, 2, 2) segments between zones

    @property
    def shape(self) -> float:
        """Height over width of a panel."""
        left, right, bottom, top = self.extent
        return float((top - bottom) * self.aspect / (right - left))

    def cells(self, field: xr.DataArray) -> Array:
        """Values (vertical, horizontal) of the drawn part of a two-dimensional field."""
        whole = field.transpose(*self.dims)
        return np.asarray(whole.values[self.rows, self.cols])


def area_of(field: xr.DataArray, zone: xr.DataArray | None = None) -> Area:
    """Frame the zones and all cells of `field` that hold a value, with a margin of one cell."""
    dims = grid_dims(field)
    if dims is None:
        raise ValueError("not a grid")
    others = [d for d in field.dims if d not in dims]
    valid = field.notnull().any(others).transpose(*dims).values
    if zone is not None and set(dims) <= set(zone.dims) and _same_grid(zone, field, dims):
        codes = zone.attrs.get("flag_values")  # the whole study area, also where nothing is known
        if codes is not None:
            valid = valid | zone.isin(codes).transpose(*dims).values
    rows, cols = (_span(np.asarray(valid.any(axis=axis))) for axis in (1, 0))
    y, x = np.asarray(field[dims[0]].values, float), np.asarray(field[dims[1]].values, float)
    dy, dx = _step(y), _step(x)
    ys, xs = y[rows], x[cols]
    extent = (
        float(xs.min() - abs(dx) / 2),
        float(xs.max() + abs(dx) / 2),
        float(ys.min() - abs(dy) / 2),
        float(ys.max() + abs(dy) / 2),
    )
    geographic = dims[0] in ("latitude", "lat")
    aspect = 1 / np.cos(np.deg2rad(float(np.clip(ys.mean(), -80, 80)))) if geographic else 1.0
    outline = np.empty((0, 2, 2))
    if zone is not None and set(dims) <= set(zone.dims) and _same_grid(zone, field, dims):
        codes = zone.transpose(*dims).values
        outline = _edges(codes[rows, cols], ys, xs, abs(dy), abs(dx))
    return Area(dims, rows, cols, extent, dy > 0, float(aspect), outline)


def _span(used: Array) -> slice:
    where = np.flatnonzero(used)
    if where.size == 0:
        return slice(0, used.size)
    return slice(max(0, int(where[0]) - 1), min(used.size, int(where[-1]) + 2))


def _step(values: Array) -> float:
    return float(np.median(np.diff(values))) if values.size > 1 else 1.0


def _same_grid(a: xr.DataArray, b: xr.DataArray, dims: tuple[str, str]) -> bool:
    return all(a.sizes[d] == b.sizes[d] and np.allclose(a[d], b[d]) for d in dims)


def _edges(codes: Array, y: Array, x: Array, dy: float, dx: float) -> Array:
    """Segments ((x, y), (x, y)) between cells of different codes, along the cells' edges."""
    down = _runs(codes[1:] != codes[:-1])
    level = (y[:-1] + y[1:])[down[:, 0]] / 2 if len(down) else np.empty(0)
    ends = _ends(x, dx, down)
    along = np.stack([ends, np.stack([level, level], axis=1)], axis=2)
    across = _runs((codes[:, 1:] != codes[:, :-1]).T)
    level = (x[:-1] + x[1:])[across[:, 0]] / 2 if len(across) else np.empty(0)
    ends = _ends(y, dy, across)
    return np.concatenate([along, np.stack([np.stack([level, level], axis=1), ends], axis=2)])


def _runs(marked: Array) -> Array:
    """Return the runs of true cells: (row, first, last), a line each."""
    padded = np.pad(marked.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    row, first = np.nonzero(change == 1)
    _, last = np.nonzero(change == -1)
    return np.stack([row, first, last - 1], axis=1)


def _ends(axis: Array, step: float, runs: Array) -> Array:
    """Outer edges (n, 2) of the first and the last cell of each run."""
    first, last = axis[runs[:, 1]], axis[runs[:, 2]]
    side = np.where(last >= first, 1.0, -1.0) * step / 2
    single = runs[:, 1] == runs[:, 2]
    side = np.where(single, step / 2, side)
    return np.stack([first - side, last + side], axis=1)


@dataclass
class MapSheet:
    """A sheet of maps of one area, `sheet.axes.shape` of them, drawn on one canvas."""

    sheet: Sheet
    area: Area
    canvas: Canvas

    @property
    def figure(self) -> Figure:
        """The figure that all is drawn on."""
        return self.sheet.figure

    def place(self, row: int, col: int) -> Box:
        """Where a map lies."""
        return self.sheet.place(row, col)

    def draw(
        self, row: int, col: int, values: Array, scale: Scale, *, hatched: Array | None = None
    ) -> None:
        """Draw cells in the colours of `scale`, with hatches over those that are `hatched`."""
        norm = Normalize(scale.low, scale.high)
        box = self.place(row, col)
        self.canvas.image(box, values, colours=scale.colours, norm=norm, upward=self.area.upward)
        self._lines(box, hatched)

    def draw_categories(
        self,
        row: int,
        col: int,
        codes: Array,
        colours: ListedColormap,
        norm: BoundaryNorm,
        *,
        hatched: Array | None = None,
    ) -> None:
        """Draw codes of categories in their colours, with hatches over those `hatched`."""
        box = self.place(row, col)
        self.canvas.image(box, codes, colours=colours, norm=norm, upward=self.area.upward)
        self._lines(box, hatched)

    def _lines(self, box: Box, hatched: Array | None) -> None:
        if hatched is not None and hatched.any():
            self.canvas.lines(hatch_lines(hatched, box, upward=self.area.upward), HATCH_INK, 0.35)
        left, right, bottom, top = self.area.extent
        if len(self.area.outline):
            x = box.across(self.area.outline[..., 0], left, right)
            y = box.up(self.area.outline[..., 1], bottom, top)
            self.canvas.lines(np.stack([x, y], axis=-1), QUIET, 0.4, above=2.2)
        self.canvas.frame(box)

    def title(self, row: int, col: int, text: str, *, size: float = 7.0, **look: Any) -> None:
        """Write above a map."""
        box = self.place(row, col)
        self.canvas.text(box.left, box.top + 0.03, text, va="bottom", fontsize=size, **look)

    def degrees(self, row: int, col: int, *, bottom: bool, left: bool) -> tuple[Array, Array]:
        """Mark longitudes and latitudes (or km), with texts at outer maps; return the places."""
        box, extent = self.place(row, col), self.area.extent
        geographic = self.area.dims[0] in ("latitude", "lat")
        x = _ticks(extent[:2], box.width, room=0.5 if geographic else 0.75)
        y = _ticks(extent[2:], box.height, room=0.35)
        east, north = (_degrees("EW"), _degrees("NS")) if geographic else (_km, _km)
        across, up = box.across(x, *extent[:2]), box.up(y, *extent[2:])
        self.canvas.ticks_below(box, across, [east(v) for v in x] if bottom else [])
        self.canvas.ticks_left(box, up, [north(v) for v in y] if left else [])
        return across, up

    def done(self) -> Figure:
        """Finish the sheet; the last call."""
        self.canvas.done()
        return self.figure


def map_sheet(
    rows: int,
    cols: int,
    area: Area,
    *,
    width: float,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    foot: float = 0.52,
    left: float = 0.45,
    top: float = 0.22,
    gap_y: float = 0.22,
) -> MapSheet:
    """Make a sheet of maps of `width` inches each, with degrees on the outer maps only."""
    margins = Margins(left=left, right=0.08, top=top, bottom=0.22, gap_x=0.08, gap_y=gap_y)
    out = sheet(
        rows,
        cols,
        panel=(width, width * area.shape),
        title=title,
        subtitle=subtitle,
        note=note,
        frame=frame,
        margins=margins,
        foot=foot,
        panels=False,
    )
    return MapSheet(out, area, Canvas(out.figure))


def map_columns(count: int, area: Area) -> tuple[int, float]:
    """Columns and width for `count` maps of `area` on one sheet."""
    return columns_for(count, aspect=area.shape, available=WIDTH - 0.53, gap=0.08)


def _ticks(ends: tuple[float, ...], inches: float, *, room: float) -> list[float]:
    """Round numbers between `ends` whose labels stand `room` inches apart and inside the map."""
    low, high = min(ends), max(ends)
    most = min(5, max(1, int(inches / room)))
    edge = (high - low) * min(0.3, LABEL * room / 0.5 / inches)
    for bins in range(most + 3, 0, -1):
        ticks = MaxNLocator(bins, steps=[1, 2, 5, 10], min_n_ticks=1).tick_values(low, high)
        inside = [float(t) for t in ticks if low + edge <= t <= high - edge]
        if inside and len(inside) <= most:
            return inside
    return [round((low + high) / 2, 1)]


def _degrees(letters: str) -> Any:
    def text(value: float) -> str:
        letter = letters[0] if value > 0 else letters[1] if value < 0 else ""
        return f"{abs(round(value, 4)):g}°{letter}"

    return text


def _km(value: float) -> str:
    return f"{value / 1000:g} km".replace("-", MINUS)
