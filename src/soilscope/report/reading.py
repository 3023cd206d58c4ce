"""A results folder as the report reads it: results, how they were made, what they stand on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.fonts import Fonts, fonts_for, printable
from soilscope.report.words import flags, layer_names, listed, product_name
from soilscope.study.store import CUBE, INPUT, Record, Store

PLACES = ("region", "site")  # dimensions along which series have names
GRIDS = (("latitude", "longitude"), ("y", "x"), ("lat", "lon"))
BESIDE = frozenset({"n_obs", "n_negative", "status", "area_share"})  # never what a result is about


@dataclass(frozen=True)
class Frame:
    """What every figure carries: the source line, and whether the data are synthetic."""

    source: str
    synthetic: bool


@dataclass
class Study:
    """Read-only view of a results folder."""

    root: Path
    fonts: Fonts = field(default_factory=Fonts)  # how names of places are printed
    _opened: dict[str, xr.Dataset] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        """The store of the results folder."""
        return Store(self.root)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Index of the results folder."""
        return self.store.manifest

    @cached_property
    def records(self) -> dict[str, Record]:
        """How each result was made, in the order of the study."""
        return {name: self.store.record(name) for name in self.store.names()}

    @property
    def analyses(self) -> dict[str, Record]:
        """Every result except the cube and the inputs that stand apart."""
        return {
            name: record
            for name, record in self.records.items()
            if record.step not in (CUBE, INPUT)
        }

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        """What is known of every input, those of the cube first."""
        return [s for r in self.records.values() for s in r.sources]

    def of_step(self, *steps: str) -> Iterator[str]:
        """Names of the results of `steps`, in the order of the study."""
        return (name for name, record in self.analyses.items() if record.step in steps)

    def data(self, name: str) -> xr.Dataset:
        """Return the result `name`; values are read when they are used."""
        if name not in self._opened:
            self._opened[name] = _renamed(self.store.open(name), self.fonts.shown_as)
        return self._opened[name]

    @property
    def cube(self) -> xr.Dataset:
        """The aligned inputs."""
        return self.data(CUBE)

    @cached_property
    def pictured(self) -> "Study":
        """The study as figures show it: with names that the installed fonts print."""
        places = {"zone": self._zone_names(), "site": []}
        for name in self.analyses:
            ds = self.data(name)
            for dim in PLACES:
                if dim in ds.dims:
                    kind = "zone" if dim == "region" else dim
                    places[kind] += [_spaced(str(v), dim) for v in ds[dim].values]
        fonts = fonts_for(places, [self.frame.source])
        return self if fonts == self.fonts else Study(self.root, fonts)

    def _zone_names(self) -> list[str]:
        if CUBE not in self.records or "zone" not in self.cube:
            return []
        zone = self.cube["zone"]
        known = zone_names(zone) if "flag_values" in zone.attrs else {}
        return [_spaced(name, "region") for name in known.values()]

    # -- how results hang together -----------------------------------------------------------------

    def parents(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (parameter, name of the analysis) for the inputs of a result that are analyses."""
        for parameter, reference in self.records[name].inputs.items():
            for one in [reference] if isinstance(reference, str) else reference:
                owner = str(one).split(".")[0]
                if owner in self.analyses:
                    yield parameter, owner

    def upstream(self, name: str, *steps: str) -> str | None:
        """Nearest result of one of `steps` that `name` was made from, itself included."""
        queue, seen = [name], set()
        while queue:
            current = queue.pop(0)
            if current not in self.records or current in seen:
                continue
            if self.records[current].step in steps:
                return current
            seen.add(current)
            queue += [owner for _, owner in self.parents(current)]
        return None

    def made_from(self, name: str) -> set[str]:
        """Names of everything that `name` refers to, directly or through others."""
        found: set[str] = set()
        queue = [name]
        while queue:
            record = self.analyses.get(queue.pop())
            for reference in record.inputs.values() if record else ():
                for one in [reference] if isinstance(reference, str) else reference:
                    owner = str(one).split(".")[0]
                    if owner not in found:
                        found.add(owner)
                        queue.append(owner)
        return found

    def adjusted(self, name: str, *, variable: str = "p_value") -> xr.DataArray | None:
        """p-values of `name` after adjustment for many tests, where the study has them."""
        for other in self.of_step("adjust_p_values"):
            if self.records[other].inputs.get("p") in (f"{name}.{variable}", name):
                return self.primary(other).compute()
        return None

    def primary(self, name: str) -> xr.DataArray:
        """Return the one variable that a result is about."""
        ds = self.data(name)
        return ds[next(v for v in ds.data_vars if v not in BESIDE)]

    # -- words -------------------------------------------------------------------------------------

    def reference_text(self, name: str) -> str:
        """Say against what the index behind `name` is measured; nothing if there is no index."""
        index = self.upstream(name, "standardize")
        if index is None:
            return ""
        made_by = self.upstream(index, "index_parameters") or index
        options = self.records[made_by].options
        index_options = self.records[index].options
        reference = options.get("reference", index_options.get("reference", "own"))
        text = _REFERENCES.get(str(reference), f"own mean of {_span(reference)}")
        state = self.upstream(name, "index_state")
        period = self.records[state].options.get("period") if state is not None else None
        return text if period is None else f"{text}; mean of {_span(period)}"

    def is_moisture(self, name: str) -> bool:
        """Whether `name` is about soil moisture or its index, where up means wetter."""
        return bool({"soil_moisture"} & self.made_from(name)) or self.records[name].step == CUBE

    @cached_property
    def period(self) -> str:
        """First and last month of the cube, such as '1980-01 to 2022-12'."""
        if "time" not in self.cube.coords or self.cube.sizes.get("time", 0) == 0:
            return ""
        time = self.cube["time"]
        first, last = time[0].dt, time[-1].dt
        return (
            f"{int(first.year):04d}-{int(first.month):02d} to "
            f"{int(last.year):04d}-{int(last.month):02d}"
        )

    @cached_property
    def frame(self) -> Frame:
        """Source line and synthetic mark of every figure."""
        sources = self.sources
        names = [product_name(about) for about in sources]
        text = listed(list(dict.fromkeys(names)), most=4)
        line = ". ".join(part for part in (f"Data: {text}" if text else "", self.period) if part)
        synthetic = bool(self.manifest.get("synthetic")) or any(s.get("synthetic") for s in sources)
        return Frame(printable(line, self.fonts.families), synthetic)

    def layers(self, ds: xr.Dataset | xr.DataArray) -> list[str]:
        """Names of the layers of `ds`, such as '0-10 cm'."""
        if "depth" not in ds.dims:
            return [""]
        bounds = self.bounds(ds)
        if bounds is not None:
            return layer_names(bounds)
        return [f"{round(float(d) * 100, 1):g} cm" for d in ds["depth"].values]

    def bounds(self, ds: xr.Dataset | xr.DataArray) -> np.ndarray[Any, Any] | None:
        """Top and bottom of the layers of `ds` in m, from itself or from the cube."""
        for holder in (ds, self.cube):
            if "depth_top" not in holder.coords:
                continue
            edges = [holder[edge].to_series() for edge in ("depth_top", "depth_bottom")]
            if set(ds["depth"].values) <= set(edges[0].index):
                return np.stack([edge[ds["depth"].values].to_numpy() for edge in edges], axis=1)
        return None

    @cached_property
    def zone(self) -> xr.DataArray | None:
        """Zones of the cube on its grid, if there are several."""
        if CUBE not in self.records or "zone" not in self.cube:
            return None
        zone = self.cube["zone"]
        return zone if grid_dims(zone) else None


_REFERENCES = {
    "own": "each series' own record",
    "pooled": "all cells of the layer together (pooled)",
    "pooled_profile": "all cells and layers together (pooled profile)",
}


def _spaced(name: str, dim: str) -> str:
    """Names of sites are kept letter by letter; regions lose the underscores of flags."""
    return name if dim == "site" else name.replace("_", " ")


def _renamed(ds: xr.Dataset, shown_as: Mapping[str, str]) -> xr.Dataset:
    """Give places the names of `shown_as`, in coordinates and flags."""
    if not shown_as:
        return ds
    for dim in set(PLACES) & set(ds.dims):
        old = [_spaced(str(v), str(dim)) for v in ds[dim].values]
        new = np.array([shown_as.get(name, name) for name in old], dtype=object)
        ds = ds.assign_coords({dim: (dim, new, ds[dim].attrs)})
    if "zone" in ds and "flag_meanings" in ds["zone"].attrs:
        words = [_spaced(word, "region") for word in str(ds["zone"].attrs["flag_meanings"]).split()]
        shown = " ".join(shown_as.get(word, word).replace(" ", "_") for word in words)
        attrs: dict[str, Any] = {"flag_meanings": shown}
        if "labels" in ds["zone"].attrs:
            labels = [_spaced(str(label), "region") for label in ds["zone"].attrs["labels"]]
            attrs["labels"] = [shown_as.get(label, label) for label in labels]
        ds = ds.assign(zone=ds["zone"].assign_attrs(attrs))
    return ds


def _span(reference: Any) -> str:
    if isinstance(reference, list | tuple) and len(reference) == 2:
        return f"{reference[0]} to {reference[1]}"
    return str(reference)


def grid_dims(obj: xr.Dataset | xr.DataArray) -> tuple[str, str] | None:
    """(vertical, horizontal) dimension of a grid, or None."""
    return next((pair for pair in GRIDS if set(pair) <= set(obj.dims)), None)


def place_dim(obj: xr.Dataset | xr.DataArray) -> str | None:
    """Dimension of named places (region or site), or None."""
    return next((dim for dim in PLACES if dim in obj.dims), None)


def as_places(ds: xr.Dataset) -> xr.Dataset:
    """Give a single series a place, and everything without layers a layer."""
    if place_dim(ds) is None:
        ds = ds.expand_dims(region=["all"])
    if "depth" not in ds.dims:
        ds = ds.expand_dims("depth") if "depth" in ds.coords else ds.expand_dims(depth=[np.nan])
    return ds


def place_names(ds: xr.Dataset | xr.DataArray) -> list[str]:
    """Names of the places of `ds`."""
    dim = place_dim(ds)
    if dim is None:
        return [""]
    return [_spaced(str(v), dim) for v in ds[dim].values]


def zone_names(zone: xr.DataArray) -> dict[int, str]:
    """Code -> name of the zones inside the study."""
    names = flags(zone)
    if "labels" in zone.attrs:
        labels = [str(label) for label in np.atleast_1d(zone.attrs["labels"])]
        names = dict(zip(names, labels, strict=True))
    return {code: name for code, name in names.items() if code >= 0}


def is_annual(ds: xr.Dataset | xr.DataArray) -> bool:
    """Whether `ds` has one stamp a year (gaps allowed)."""
    if "time" not in ds.dims or ds.sizes["time"] < 2 or not hasattr(ds["time"], "dt"):
        return False
    years = ds["time"].dt.year.values
    return bool((np.diff(years) >= 1).all())


def decimal_years(time: xr.DataArray) -> np.ndarray[Any, Any]:
    """Time in years as the trend step counts it."""
    months = time.dt.year.values * 12 + time.dt.month.values - 1
    if months.size > 1 and np.median(np.diff(months)) == 1:
        return np.asarray((months + 0.5) / 12.0)
    return np.asarray(time.dt.decimal_year.values, dtype=float)
