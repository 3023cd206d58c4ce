"""GLDAS Noah (2.0, 2.1): soil moisture and temperature in four layers, 3-hourly or monthly.

Rodell et al. (2004), https://doi.org/10.1175/BAMS-85-3-381; Beaudoing and Rodell (2020),
https://doi.org/10.5067/E7TYRXPJKWOQ (3-hourly), https://doi.org/10.5067/SXAVCZFAQLNO (monthly).
"""

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.depth import layer_coordinates
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.dated_files import (
    Dated,
    as_one,
    dated_files,
    decode_dated,
    tell_missing,
    with_record,
)
from soilscope.sources.declared import Declared, Layers, Variable
from soilscope.sources.decode import require_found
from soilscope.sources.formats import file_format, open_lazily, reading
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.index import open_alike
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

_LAYERS = ("0_10cm", "10_40cm", "40_100cm", "100_200cm")
VARIABLES = (
    Variable("soil_moisture", tuple(f"SoilMoi{layer}_inst" for layer in _LAYERS), units="kg m-2"),
    Variable("soil_temperature", tuple(f"SoilTMP{layer}_inst" for layer in _LAYERS), units="K"),
    Variable("surface_temperature", ("AvgSurfT_inst",), units="K"),
    Variable("temperature", ("Tair_f_inst",), units="K"),
    Variable("precipitation", ("Rainf_f_tavg",), units="kg m-2 s-1"),
    Variable("evapotranspiration", ("Evap_tavg",), units="kg m-2 s-1"),
    # glaciers gather snow without end
    Variable("snow_water_equivalent", ("SWE_inst",), units="kg m-2", expected=(0.0, 200000.0)),
    Variable("pressure", ("Psurf_f_inst",), units="Pa"),
)
#: What drives each version.
FORCING = {"2.0": ("Princeton forcing",), "2.1": ("GDAS", "GPCP", "AGRMET")}
_IN_SOIL = ("soil_moisture", "soil_temperature")
_DEPTHS = re.compile(r"(\d+)_(\d+)cm")
_NAME = re.compile(
    r"GLDAS_NOAH(?P<grid>025|10)_(?P<step>3H|M)(?P<early>_EP)?\.A(?P<year>\d{4})(?P<month>\d{2})"
    r"(?:(?P<day>\d{2})\.(?P<hour>\d{2})(?P<minute>\d{2}))?\.(?P<version>\d{3})\..*nc4?$"
)


def open_gldas(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open files as (time, depth, latitude, longitude), in the files' units.

    Of files that are named as the provider names them two are opened beforehand, of others all.
    """
    label = file_label(files)
    if all(path.is_dir() or _NAME.search(path.name) for path in files):
        dated = dated_files(
            files,
            _NAME,
            product="GLDAS Noah",
            example="GLDAS_NOAH025_3H.A20150101.0000.021.nc4",
            period=declared.period,
        )
        _require_one_kind(dated)
        raw = as_one(dated)
        tell_missing(dated, product="GLDAS Noah")
        ds, held = _decoded(raw, declared, label, chunks), list(map(str, raw.data_vars))
        early = ["early" in file.told for file in dated]
        what = "early products, made without GPCP; replace them some four months later."
        ds = with_record(ds, dated, early, label=label, what=what)
        versions = {f"2.{int(file.told['version']) % 10}" for file in dated}
    else:
        ds, held, versions = _each(files, declared, label, chunks)
    require_found(declared, {str(name) for name in ds.data_vars}, held, file=label)
    tell_gaps(ds, period=declared.period, file=label)
    ds = on_our_grid(ds, declared.crs or "EPSG:4326", file=label)
    return ds.assign_attrs(lineage=json.dumps(_forcing(versions, label)))


def _each(
    files: Sequence[Path], declared: Declared, label: str, chunks: Chunks
) -> tuple[xr.Dataset, list[str], set[str]]:
    """Open files of other names, with the dates that they hold."""
    by_hand = [s for v in declared.variables or () if v.by_hand for s in v.source]
    parts, held, versions = list[xr.Dataset](), dict[str, None](), set[str]()
    alike = open_alike(
        files,
        partial(open_lazily, by_hand=by_hand),
        part=_stated_version,  # files of two versions are laid out alike
        time_dim=declared.theirs("time"),
        period=declared.period,
    )
    for group in alike:
        raw = group.raw
        held |= dict.fromkeys(map(str, raw.data_vars))
        stated = _version_in(raw.attrs.get("title", ""))
        versions |= {stated} if stated else set()
        parts.append(_decoded(raw, declared, group.label, chunks))
    parts = [part for part in parts if part.data_vars]
    return combine(parts, file=label) if parts else xr.Dataset(), list(held), versions


def _stated_version(path: Path) -> str | None:
    """Return the version that the title of a file states."""
    if file_format(path) != "hdf5":
        return None
    with reading(path), h5py.File(path, "r") as file:
        title = file.attrs.get("title", "")
    return _version_in(title.decode(errors="replace") if isinstance(title, bytes) else title)


def _version_in(title: object) -> str | None:
    stated = re.search(r"GLDAS[-_ ]?(2\.[01])", str(title))
    return None if stated is None else stated[1]


def _decoded(raw: xr.Dataset, declared: Declared, file: str, chunks: Chunks) -> xr.Dataset:
    """Return the variables of `raw`, each on the layers that it holds; a layer may be missing."""
    parts: list[xr.Dataset] = []
    flat: list[Variable] = []
    for variable in declared.variables or VARIABLES:
        held = tuple(s for s in variable.source if s in raw.variables)
        if variable.name not in _IN_SOIL:
            flat.append(variable)
        elif held and (held == variable.source or variable.source in _known_layers()):
            layers = Layers(pairs=_bounds(variable, held, declared, file))
            one = replace(declared, variables=(replace(variable, source=held),), layers=layers)
            parts.append(decode_dated(raw, one, file=file, chunks=chunks))
    rest = replace(declared, variables=tuple(flat), layers=None)
    if any(set(v.source) <= set(raw.variables) for v in flat):
        parts.append(decode_dated(raw, rest, file=file, chunks=chunks))
    return _on_all_layers(parts)


def _known_layers() -> list[tuple[str, ...]]:
    return [variable.source for variable in VARIABLES]


def _bounds(
    variable: Variable, held: tuple[str, ...], declared: Declared, file: str
) -> tuple[tuple[float, float], ...]:
    """Return top and bottom (m) of each layer: as declared, else as their names tell."""
    declared_pairs = None if declared.layers is None else declared.layers.pairs
    if declared_pairs is not None and len(declared_pairs) == len(held):
        return declared_pairs
    told = [_DEPTHS.search(source) for source in held]
    if not all(told):
        raise SourceError(
            f"the layers {', '.join(held)} of {variable.name} in {file} are not known; write "
            "depth_bounds with one [top, bottom] pair in m for each, as in [[0, 0.1], [0.1, 0.4]]."
        )
    return tuple((int(m[1]) / 100, int(m[2]) / 100) for m in told if m)


def _on_all_layers(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Put parts side by side; a layer that one of them lacks is missing there."""
    edges = {
        (float(top), float(bottom))
        for part in parts
        if "depth" in part.dims
        for top, bottom in zip(part["depth_top"].values, part["depth_bottom"].values, strict=True)
    }
    if not parts or not edges:
        return parts[0] if parts else xr.Dataset()
    coords = layer_coordinates(sorted(edges))
    data: dict[str, xr.DataArray] = {}
    for part in parts:
        if "depth" in part.dims:
            bare = part.drop_vars(["depth_top", "depth_bottom"])
            part = bare.reindex(depth=coords["depth"].values)
        data |= {str(name): da for name, da in part.data_vars.items()}
    return xr.Dataset(data, attrs=parts[0].attrs).assign_coords(coords)


def _require_one_kind(files: Sequence[Dated]) -> None:
    """Refuse files of several grids or time steps."""
    for key, what in (("grid", "grids"), ("step", "time steps")):
        kinds = {file.told[key]: file.path for file in reversed(files)}
        if len(kinds) > 1:
            (one, first), (other, second) = sorted(kinds.items())[:2]
            raise SourceError(
                f"{first.name} and {second.name} have different {what} ({one}, {other}); open "
                "them as two inputs."
            )


def _forcing(versions: set[str], label: str) -> list[str]:
    """Return what drove the model; versions that are mixed are told."""
    if len(versions) > 1:
        warnings.warn(
            f"{label} mix GLDAS {' and '.join(sorted(versions))}, which are driven by different "
            "data; trends across the change are none of the climate. Download one version.",
            SoilscopeWarning,
            stacklevel=5,
        )
    return [name for version in sorted(versions) for name in FORCING.get(version, ())]


PRODUCT = Product(
    open_gldas,
    "land model Noah driven by observations at 0.25 or 1 degree: soil moisture and temperature in "
    "four layers down to 2 m, surface temperature, precipitation ... (GLDAS 2.0, 2.1)",
    "GLDAS_NOAH025_3H.A{YYYYMMDD}.{HHMM}.021.nc4 (3-hourly) or GLDAS_NOAH025_M.A{YYYYMM}.021.nc4 "
    "(monthly), whole or cut; paths name the files, or the folder above them",
    (
        "soil moisture is water of the layer (kg m-2), ice included; it becomes m3 m-3 by the "
        "thickness of the layer",
        "precipitation is Rainf_f_tavg, rain and snow; Rainf_tavg is rain alone",
        "names with _tavg are means over the 3 hours before the stamp, with _inst values at it: "
        "the stamp of 00 UTC ends the day before",
        "2.0 (1948 to 2014) and 2.1 (2000 on) have other forcing: do not join them",
        "early products (_EP) lack GPCP: they are told, and marked in record_status",
        "CLSM and VIC have other layers; they are not this product",
        "surface_temperature every 3 hours becomes day and night by overpass_temperature",
    ),
    variables=VARIABLES,
    ancestors=("GLDAS-Noah",),
    origin="NASA GES DISC; Rodell et al. (2004), https://doi.org/10.1175/BAMS-85-3-381; "
    "https://doi.org/10.5067/E7TYRXPJKWOQ (3-hourly), https://doi.org/10.5067/SXAVCZFAQLNO "
    "(monthly)",
    names=r"GLDAS_NOAH(025|10)_(3H|M)(?![a-z])",
    reach=0.5,
)
