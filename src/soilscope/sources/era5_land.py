"""ERA5-Land, and ERA5 and ERA-Interim, whose files are laid out alike."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.grid.depth import layer_coordinates
from soilscope.sources.accumulation import Accumulation, with_totals
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.expver import Codes, split_versions, tell_preliminary, with_status
from soilscope.sources.formats import open_lazily
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.index import open_alike
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import Stamps, parse_stamps, stamp_from_name

#: Soil layers 1 to 4, m.
LAYERS = ((0.0, 0.07), (0.07, 0.28), (0.28, 1.0), (1.0, 2.89))
VARIABLES = (
    Variable("soil_moisture", ("swvl1", "swvl2", "swvl3", "swvl4")),
    Variable("soil_temperature", ("stl1", "stl2", "stl3", "stl4")),
    Variable("temperature", ("t2m",)),
    Variable("dewpoint", ("d2m",)),
    Variable("surface_temperature", ("skt",)),
    Variable("precipitation", ("tp",)),
    Variable("pressure", ("sp",)),
)
#: Units where a file does not tell them (each does as ECMWF writes it).
UNITS = {
    "soil_moisture": "m3 m-3",
    "soil_temperature": "K",
    "temperature": "K",
    "dewpoint": "K",
    "surface_temperature": "K",
    "precipitation": "m",
    "pressure": "Pa",
}
#: Long names, as Google's ARCO and Earth Engine exports have them.
_LONG = {
    "2m_temperature": "t2m",
    "temperature_2m": "t2m",
    "2m_dewpoint_temperature": "d2m",
    "dewpoint_temperature_2m": "d2m",
    "skin_temperature": "skt",
    "total_precipitation": "tp",
    "surface_pressure": "sp",
    **{f"volumetric_soil_water_layer_{i}": f"swvl{i}" for i in range(1, 5)},
    **{f"soil_temperature_level_{i}": f"stl{i}" for i in range(1, 5)},
}
_IN_SOIL = ("soil_moisture", "soil_temperature")
#: Dimensions and coordinates that say nothing to us.
_EXTRA = ("number", "step", "surface", "depthBelowLandLayer", "depthBelowLand", "height")


def open_era5_land(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open ERA5-Land on its grid of 0.1 degrees: dims (time, depth, latitude, longitude)."""
    ds = _open(files, declared, chunks=chunks, hourly="from_midnight")
    step = _spacing(ds)
    if step is not None and abs(step - 0.1) > 0.005:
        _warn(
            f"the cells of {file_label(files)} are {step:.3g} degrees wide, those of ERA5-Land "
            "0.1; if this is another reanalysis, write product: era5 or era_interim, since its "
            "lineage differs."
        )
    return ds


def open_era5(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open ERA5 or ERA-Interim on single levels: dims (time, depth, latitude, longitude)."""
    ds = _open(files, declared, chunks=chunks, hourly="step")
    step = _spacing(ds)
    if step is not None and abs(step - 0.1) < 0.005:
        _warn(
            f"the cells of {file_label(files)} are 0.1 degrees wide, as those of ERA5-Land; if it "
            "is that, write product: era5_land, since its lineage differs."
        )
    return ds


def _open(
    files: Sequence[Path], declared: Declared, *, chunks: Chunks, hourly: Accumulation
) -> xr.Dataset:
    variables = declared.variables or VARIABLES
    single = replace(declared, variables=tuple(_singly(variables)), layers=None)
    parts, known, held = list[xr.Dataset](), list[tuple[Stamps, Codes]](), dict[str, None]()
    foreign, n_dated = dict[str, xr.Dataset](), 0
    pattern = declared.time_from_name
    for alike in open_alike(
        files,
        partial(open_lazily, by_hand=[s for v in variables if v.by_hand for s in v.source]),
        stamp=None if pattern is None else partial(stamp_from_name, pattern=pattern),
        time_dim=declared.theirs("time"),
        period=declared.period,
    ):
        path = alike.files[0]
        raw = _plain(alike.raw, path, variables)
        foreign |= {} if _is_known(raw, variables) else {alike.label: raw}
        held |= dict.fromkeys(map(str, raw.data_vars))
        for piece, codes in split_versions(raw, single.variables or (), path=path):
            part = decode_file(
                piece,
                single,
                allowed=RASTER_DIMS,
                file=alike.label,
                chunks=chunks,
                stamp=None if pattern is None else stamp_from_name(path, pattern),
            )
            parts.append(part)
            if "time" in part.dims:
                known.append((part["time"].values, codes))
                n_dated += len(alike.files)
    file = file_label(files)
    have = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, _found(variables, have), list(held), file=file)
    _tell_foreign(foreign, variables)
    crs = declared.crs or next((str(c) for p in parts if (c := crs_of(p)) is not None), None)
    ds = _in_layers(
        combine(_on_first_days(parts, several=n_dated > 1), file=file),
        variables,
        declared,
        file=file,
    )
    ds = with_totals(ds, accumulation=declared.accumulation, hourly=hourly, file=file)
    ds = tell_preliminary(with_status(ds, known), period=declared.period, file=file)
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, crs, file=file)


def _plain(raw: xr.Dataset, path: Path, variables: Sequence[Variable]) -> xr.Dataset:
    """Return a file with short names, without dimensions of length 1 that say nothing to us."""
    asked = {source for variable in variables for source in variable.source}
    held = set(raw.variables) | asked - set(_LONG.values())
    raw = raw.rename({k: v for k, v in _LONG.items() if k in raw.variables and v not in held})
    for dim in _EXTRA:
        if raw.sizes.get(dim, 1) > 1:
            raise SourceError(
                f"{path} has {raw.sizes[dim]} values along {dim!r}; choose one, with "
                f"ds.isel({dim}=0), or convert the GRIB file with valid_time as its dimension."
            )
    raw = raw.squeeze([dim for dim in _EXTRA if dim in raw.dims])
    raw = raw.drop_vars([name for name in _EXTRA if name in raw.variables])
    if "date" in raw.dims and raw["date"].dtype.kind in "iu":  # monthly files of 2024
        stamps = parse_stamps(raw["date"].values, "%Y%m%d", where=f"'date' in {path}")
        raw = raw.assign_coords(date=("date", stamps))
    for variable in variables:
        for source in variable.source:
            if source in raw.data_vars and not raw[source].attrs.get("units"):
                raw[source].attrs["units"] = UNITS.get(variable.name, "")
    return raw


def _is_known(raw: xr.Dataset, variables: Sequence[Variable]) -> bool:
    """Whether a file holds anything of a reanalysis that is known here."""
    known = {source for variable in (*VARIABLES, *variables) for source in variable.source}
    return bool(known & set(map(str, raw.variables)))


def _tell_foreign(foreign: Mapping[str, xr.Dataset], variables: Sequence[Variable]) -> None:
    """Say which files are left out, since they hold nothing that is known here."""
    asked = ", ".join(source for variable in variables for source in variable.source)
    for name, raw in foreign.items():
        held = ", ".join(map(str, raw.data_vars)) or "nothing"
        _warn(
            f"{name} is left out: it holds {held}, and none of {asked}. If it is another product, "
            "take it out of paths."
        )


def _singly(variables: Sequence[Variable]) -> Iterator[Variable]:
    """Name each soil layer as a variable of its own: files may hold one each."""
    for variable in variables:
        if variable.name not in _IN_SOIL:
            yield variable
            continue
        for source in variable.source:
            yield replace(variable, name=_layer_name(variable, source), source=(source,))


def _layer_name(variable: Variable, source: str) -> str:
    return f"{variable.name} {source}"


def _known_layers(variable: Variable) -> bool:
    return any(v.name == variable.name and v.source == variable.source for v in VARIABLES)


def _found(variables: Sequence[Variable], have: set[str]) -> set[str]:
    """Return which variables are there: of the four usual layers one is enough."""
    found = set()
    for variable in variables:
        names = {variable.name}
        if variable.name in _IN_SOIL:
            names = {_layer_name(variable, source) for source in variable.source}
        if names <= have or (_known_layers(variable) and names & have):
            found.add(variable.name)
    return found


def _in_layers(
    ds: xr.Dataset, variables: Sequence[Variable], declared: Declared, *, file: str
) -> xr.Dataset:
    """Stack the soil layers along `depth`; a layer that one variable lacks is missing there."""
    stacks: dict[str, dict[tuple[float, float], xr.DataArray]] = {}
    for variable in variables:
        if variable.name in _IN_SOIL:
            bounds = _bounds(variable, declared, file)
            names = [_layer_name(variable, source) for source in variable.source]
            layers = {b: ds[n] for b, n in zip(bounds, names, strict=True) if n in ds}
            ds = ds.drop_vars([name for name in names if name in ds])
            if layers:
                stacks[variable.name] = layers
    depths = sorted({bounds for layers in stacks.values() for bounds in layers})
    _tell_gaps(depths, file)
    for name, layers in stacks.items():
        first = next(iter(layers.values()))
        whole = xr.concat(
            [layers.get(bounds, xr.full_like(first, np.nan)) for bounds in depths],
            "depth",
            combine_attrs="override",
        )
        sources = ", ".join(layers[b].attrs["source_name"] for b in depths if b in layers)
        ds[name] = whole.rename(name).assign_attrs(first.attrs | {"source_name": sources})
    if not stacks:
        return ds
    ds = ds.assign_coords(layer_coordinates(depths))
    return ds.transpose("time", "depth", ..., missing_dims="ignore")


def _bounds(variable: Variable, declared: Declared, file: str) -> list[tuple[float, float]]:
    """Return top and bottom (m) of each layer of a variable, by its name or as declared."""
    if declared.layers is not None and declared.layers.pairs is not None:
        pairs = [(float(top), float(bottom)) for top, bottom in declared.layers.pairs]
        if len(pairs) == len(variable.source):
            return pairs
    else:
        numbers = [re.fullmatch(r"(?:swvl|stl)([1-4])", source) for source in variable.source]
        if all(numbers):
            return [LAYERS[int(match.group(1)) - 1] for match in numbers if match]
    raise SourceError(
        f"the layers {', '.join(variable.source)} of {variable.name} in {file} are not known; "
        "write depth_bounds with one [top, bottom] pair in m for each, as in [[0, 0.07], "
        "[0.07, 0.28]]."
    )


def _tell_gaps(depths: Sequence[tuple[float, float]], file: str) -> None:
    for (_, bottom), (top, _) in pairwise(depths):
        if top > bottom + 1e-6:
            _warn(
                f"{file} holds no layer between {bottom:g} and {top:g} m; layers that are merged "
                "across that gap will be missing."
            )


def _on_first_days(parts: Sequence[xr.Dataset], *, several: bool) -> list[xr.Dataset]:
    """Set monthly stamps of several files to the start of the month: sums bear another hour."""
    dated = [part["time"].values for part in parts if "time" in part.dims]
    months = [time.astype("datetime64[M]") for time in dated]
    monthly = all(
        np.unique(month).size == time.size and (time - month < np.timedelta64(1, "D")).all()
        for time, month in zip(dated, months, strict=True)
    )
    if not monthly or not several:
        return list(parts)
    return [
        part.assign_coords(
            time=part["time"].values.astype("datetime64[M]").astype("datetime64[ns]")
        )
        if "time" in part.dims
        else part
        for part in parts
    ]


def _spacing(ds: xr.Dataset) -> float | None:
    """Return the size of a cell in degrees, if there are two."""
    if "longitude" not in ds.dims or ds.sizes["longitude"] < 2:
        return None
    return float(ds["longitude"].values[1] - ds["longitude"].values[0])


def _warn(text: str) -> None:
    warnings.warn(text, SoilscopeWarning, stacklevel=4)
