"""Inputs brought onto a study's grid and calendar: what its cube is joined from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.grid.crs import geobox_of, grid_dims, require_crs
from soilscope.grid.cut import cut_to_region
from soilscope.grid.region import inside
from soilscope.grid.regrid import regrid
from soilscope.grid.weights import is_coarser
from soilscope.sources.canonical import CANONICAL
from soilscope.study.calendars import (
    calendar_notes,
    calendar_of,
    in_calendar,
    periods_of,
    ready,
    require_derived,
    source_of,
)
from soilscope.study.config import Study
from soilscope.study.derived import missing, usual_step
from soilscope.study.place import CalendarSpec, RegionSpec
from soilscope.study.references import LAYERS
from soilscope.study.target import target_grid

_MOST = 4  # times the usual size of a block, where that spares reading anew


@dataclass(frozen=True)
class Staged:
    """An input on the study's grid and calendar, lazily, and what was done to bring it there."""

    source: xr.Dataset
    ds: xr.Dataset
    target: GeoBox | None = None  # the grid it was brought onto; None: its own
    calendar: CalendarSpec | None = None  # None: its own
    min_valid: float = 0.5
    suffix: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether values are made anew, and so are written once before the cube is cut."""
        return self.target is not None or self.calendar is not None

    def block_steps(self, n_bytes: int) -> int:
        """Return the steps of the result that a task makes: of about `n_bytes` of source.

        Hours or days on their way are not held, and more of them may be read. Blocks follow the
        stored chunks, as far as memory allows: part of one costs the whole.
        """
        dated = [da for da in self.source.data_vars.values() if "time" in da.dims]
        n_time = self.ds.sizes["time"]
        read = max(1.0, sum(da.nbytes for da in dated) / n_time)  # for one step
        made = self.calendar is not None
        held = read * n_time / self.source.sizes["time"] if made else read
        steps = max(1, int((_MOST if made else 1) * n_bytes / read))
        stored = max((self._chunk_steps(da) for da in dated), default=1)
        whole = -(-min(steps, n_time) // stored) * stored
        return min(n_time, whole if whole * held <= _MOST * n_bytes else steps)

    def _chunk_steps(self, da: xr.DataArray) -> int:
        """Return the steps of the result that the longest chunk of its source lies in."""
        sizes = da.variable.chunksizes.get("time", (1,))
        if self.calendar is None:
            return max(sizes)
        ends = np.cumsum(sizes)
        periods = periods_of(da["time"].values, self.calendar)
        return int((periods[ends - 1] - periods[ends - sizes]).max()) + 1

    def block(self, start: int, stop: int) -> xr.Dataset:
        """Make the steps `start` to `stop` of the result in memory, from their own source alone."""
        time = self.ds["time"][start:stop]
        source = (
            source_of(self.source, time, self.calendar)
            if self.calendar
            else self.source.isel(time=slice(start, stop))
        )
        if not source.sizes["time"]:
            empty = self.ds.isel(time=slice(start, stop))
            return xr.full_like(empty, missing(empty)).compute()
        # read before it is placed: dask would copy every chunk that a field is whole in, twice
        made = self._placed(self._in_calendar(source).compute(scheduler="synchronous"))
        if np.array_equal(made["time"].values, time.values):
            return made
        return made.reindex(time=time.values, fill_value=missing(made))

    def _make(self, source: xr.Dataset) -> xr.Dataset:
        return self._placed(self._in_calendar(source))

    def _in_calendar(self, source: xr.Dataset) -> xr.Dataset:
        if self.calendar is None:
            return source
        return in_calendar(source, self.calendar, step=usual_step(self.source["time"]))

    def _placed(self, ds: xr.Dataset) -> xr.Dataset:
        if self.target is not None:
            ds = regrid(ds, self.target, min_valid=self.min_valid)
        return ds if self.suffix is None else suffixed(ds, self.suffix)


def stage_inputs(study: Study, opened: Mapping[str, xr.Dataset]) -> dict[str, Staged]:
    """Bring every input onto the study's grid and calendar, lazily; without either as it is."""
    place = study.place
    _require_crs(study, opened)
    require_derived(study, opened)
    # what gives the grid ends with the region; the others keep the cells that it is made of
    cut = {
        name: _cut(
            ds,
            place.region,
            name,
            margin=_margin(study, name),
        )
        for name, ds in opened.items()
    }
    target = target_grid(study, cut)
    staged = {}
    for name, ds in cut.items():
        spec = study.inputs[name]
        calendar = calendar_of(study, name, ds)
        to_grid = target is not None and spec.grid == "study" and grid_dims(ds)
        box = target if target is not None and to_grid and _moves(ds, target) else None
        notes = [*(calendar_notes(ds, calendar, name) if calendar else ()), *_grid_note(ds, box)]
        ds = ready(ds, calendar)
        min_valid = place.grid.min_valid if place.grid else 0.5
        item = Staged(ds, ds, box, calendar, min_valid, study.inputs[name].suffix, tuple(notes))
        try:
            staged[name] = replace(item, ds=item._make(ds))
        except GridError as error:
            raise GridError(f"{_named(name, ds)} and the study's grid: {error}") from error
    return staged


def _margin(study: Study, name: str) -> float:
    """Cells of an input that are kept beyond the region: those that others are made from."""
    grid, own = study.place.grid, study.inputs[name].grid == "own"
    return 2.0 if own or (grid is not None and name != grid.like) else 0.5


def suffixed(ds: xr.Dataset, suffix: str) -> xr.Dataset:
    """Give variables and layers names of their own; `references` gives layers their name back."""
    ds = ds.copy()
    for name, da in ds.data_vars.items():
        known = CANONICAL.get(str(name))
        if known is not None:  # what is plausible is known by the name that it loses
            ds[name] = da.assign_attrs({"expected": [known.low, known.high]} | da.attrs)
    layers = {name: f"{name}_{suffix}" for name in LAYERS if name in ds.variables}
    return ds.rename({str(name): f"{name}_{suffix}" for name in ds.data_vars} | layers)


def _cut(ds: xr.Dataset, region: RegionSpec | None, name: str, *, margin: float) -> xr.Dataset:
    """Leave out rows and columns more than `margin` cells beyond the region (or sites outside)."""
    if region is None:
        return ds
    where = region.file or region.bounds or ()
    return cut_to_region(ds, where, name=_named(name, ds), margin=margin, **region.options)


def _named(name: str, ds: xr.Dataset) -> str:
    """Name an input with its first file."""
    files = json.loads(ds.attrs.get("source_files", "[]"))
    return f"{name} ({files[0]})" if files else name


def _require_crs(study: Study, opened: Mapping[str, xr.Dataset]) -> None:
    """Refuse a grid without reference system where the study has zones, or a grid that has one."""
    place = study.place
    grid = place.grid
    own = grid is not None and (grid.crs is not None or grid.file is not None)
    purpose = "a zone" if place.zones else "the study's grid" if own else None
    for name, ds in opened.items():
        if purpose is not None and grid_dims(ds):
            require_crs(ds, name=_named(name, ds), purpose=purpose)


def _moves(ds: xr.Dataset, target: GeoBox) -> bool:
    """Whether `ds` lies on another grid than `target`."""
    box = geobox_of(ds)
    same = box.shape == target.shape and box.crs == target.crs
    step = abs(target.affine.a)
    return not same or not np.allclose(tuple(box.affine), tuple(target.affine), atol=1e-6 * step)


def _grid_note(ds: xr.Dataset, target: GeoBox | None) -> list[str]:
    if target is None:
        return []
    box = geobox_of(ds)
    words = ("area averages", "the class that most of its cells have")
    if not is_coarser(target, box):
        words = ("bilinear interpolation", "the nearest class")
    classes = {da.dtype.kind in "iu" for da in ds.data_vars.values() if grid_dims(da)}
    hows = [words[is_class] for is_class in sorted(classes)]
    return [f"{how} from cells of {_cell(box)} to {_cell(target)}" for how in hows]


def _cell(box: GeoBox) -> str:
    unit = "degrees" if box.crs is not None and box.crs.geographic else "m"
    return f"{abs(box.affine.a):.6g} {unit}"


def masked(cube: xr.Dataset, region: RegionSpec | None) -> xr.Dataset:
    """Make every value outside the region missing."""
    if region is None or grid_dims(cube) is None:
        return cube
    return where(cube, inside(cube, region.file or region.bounds or (), **region.options))


def where(cube: xr.Dataset, mask: xr.DataArray) -> xr.Dataset:
    """Make every value outside `mask` missing: NaN, or -1 in integers."""
    mask = mask.reset_coords(drop=True)
    kept = {}
    for name, da in cube.data_vars.items():
        if set(mask.dims) <= set(da.dims):
            is_class = da.dtype.kind in "iu"
            values = da.where(mask, -1).astype(da.dtype) if is_class else da.where(mask)
            kept[name] = values.transpose(*da.dims).assign_attrs(da.attrs)
            kept[name].encoding = da.encoding  # it names the grid mapping
    return cube.assign(kept)
