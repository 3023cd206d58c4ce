"""Map panels: cells by imshow, zone outlines along cell edges, hatches where nothing is claimed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator

from soilscope.report.layout import Margins, Sheet, columns_for, sheet
from soilscope.report.reading import Frame, grid_dims
from soilscope.report.style import QUIET, WIDTH, Scale
from soilscope.report.words import MINUS

Array = np.ndarray[Any, Any]
HATCH = "///////"


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
    segments = []
    down = np.argwhere(codes[1:] != codes[:-1])
    for i, j in down:
        level = (y[i] + y[i + 1]) / 2
        segments.append([(x[j] - dx / 2, level), (x[j] + dx / 2, level)])
    across = np.argwhere(codes[:, 1:] != codes[:, :-1])
    for i, j in across:
        level = (x[j] + x[j + 1]) / 2
        segments.append([(level, y[i] - dy / 2), (level, y[i] + dy / 2)])
    return np.asarray(segments) if segments else np.empty((0, 2, 2))


def draw_map(
    ax: Axes, values: Array, area: Area, scale: Scale, *, hatched: Array | None = None
) -> Axes:
    """Draw cells in the colours of `scale`, zone outlines, and hatches where `hatched` is true."""
    ax.imshow(
        np.ma.masked_invalid(values),
        origin="lower" if area.upward else "upper",
        extent=area.extent,
        aspect="auto",
        cmap=scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        interpolation="nearest",
    )
    if hatched is not None and hatched.any():
        _hatch(ax, hatched, area)
    if len(area.outline):
        ax.add_collection(LineCollection(list(area.outline), colors=QUIET, linewidths=0.4))
    ax.set_xlim(area.extent[:2])
    ax.set_ylim(area.extent[2:])
    return ax


def draw_categories(
    ax: Axes, codes: Array, area: Area, colours: ListedColormap, norm: BoundaryNorm
) -> Axes:
    """Draw category codes in their colours, and zone outlines."""
    ax.imshow(
        codes,
        origin="lower" if area.upward else "upper",
        extent=area.extent,
        aspect="auto",
        cmap=colours,
        norm=norm,
        interpolation="nearest",
    )
    if len(area.outline):
        ax.add_collection(LineCollection(list(area.outline), colors=QUIET, linewidths=0.4))
    ax.set_xlim(area.extent[:2])
    ax.set_ylim(area.extent[2:])
    return ax


def _hatch(ax: Axes, hatched: Array, area: Area) -> None:
    """Hatch cells exactly: each is split in three, so that the contour follows its edges."""
    times = 3 if max(hatched.shape) <= 300 else 1
    mask = np.kron(hatched.astype(np.float32), np.ones((times, times), np.float32))
    left, right, bottom, top = area.extent
    ny, nx = mask.shape
    x = left + (np.arange(nx) + 0.5) * (right - left) / nx
    y = bottom + (np.arange(ny) + 0.5) * (top - bottom) / ny
    drawn = ax.contourf(
        x, y, mask if area.upward else mask[::-1], levels=[0.5, 1.5], colors="none", hatches=[HATCH]
    )
    drawn.set_edgecolor("#3a3a3a")
    drawn.set_linewidth(0)


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
    foot: float = 0.6,
    left: float = 0.45,
    top: float = 0.22,
    gap_y: float = 0.22,
) -> Sheet:
    """Make a sheet of maps of `width` inches each, with degrees on the outer panels only."""
    margins = Margins(left=left, right=0.08, top=top, bottom=0.22, gap_x=0.08, gap_y=gap_y)
    return sheet(
        rows,
        cols,
        panel=(width, width * area.shape),
        title=title,
        subtitle=subtitle,
        note=note,
        frame=frame,
        margins=margins,
        foot=foot,
    )


def map_columns(count: int, area: Area) -> tuple[int, float]:
    """Columns and width for `count` maps of `area` on one sheet."""
    return columns_for(count, aspect=area.shape, available=WIDTH - 0.53, gap=0.08)


def map_axes(ax: Axes, area: Area, *, bottom: bool, left: bool) -> None:
    """Label longitudes and latitudes (or km) at the outer panels; no grid lines."""
    geographic = area.dims[0] in ("latitude", "lat")
    figure = ax.get_figure(root=True)
    box = ax.get_position()
    width, height = figure.get_size_inches() if figure is not None else (1.0, 1.0)
    ax.set_xticks(_ticks(area.extent[:2], most=max(1, int(box.width * width / 0.5))))
    ax.set_yticks(_ticks(area.extent[2:], most=max(1, min(4, int(box.height * height / 0.35)))))
    ax.xaxis.set_major_formatter(FuncFormatter(_degrees("EW") if geographic else _km))
    ax.yaxis.set_major_formatter(FuncFormatter(_degrees("NS") if geographic else _km))
    ax.tick_params(labelbottom=bottom, labelleft=left, labelsize=5.8, length=1.5)


def _ticks(ends: tuple[float, ...], *, most: int) -> list[float]:
    """At most `most` round numbers between `ends`."""
    low, high = min(ends), max(ends)
    for bins in range(most + 3, 0, -1):
        ticks = MaxNLocator(bins, steps=[1, 2, 5, 10], min_n_ticks=1).tick_values(low, high)
        inside = [float(t) for t in ticks if low <= t <= high]
        if len(inside) <= most:
            return inside or [round((low + high) / 2, 1)]
    return [round((low + high) / 2, 1)]


def _degrees(letters: str) -> Any:
    def text(value: float, _: Any = None) -> str:
        letter = letters[0] if value > 0 else letters[1] if value < 0 else ""
        return f"{abs(round(value, 4)):g}°{letter}"

    return text


def _km(value: float, _: Any = None) -> str:
    return f"{value / 1000:g} km".replace("-", MINUS)
