"""Soil hydraulic parameters at 0.25 degree and seven depths, or any layer of them.

Layout: Montzka et al. (2017), https://doi.org/10.5194/essd-9-529-2017, one NetCDF file a depth,
``Hydraul_Param_SoilGrids_Schaap_sl{1..7}.nc``. Water contents at a suction follow van Genuchten
(1980), https://doi.org/10.2136/sssaj1980.03615995004400050002x.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SourceError
from soilscope.grid.depth import layer_coordinates
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.grid_files import by_hand_names, crs_text, open_grid_file
from soilscope.sources.layers import layer_axis
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

#: Height of a column of water (cm) whose pressure is 1 kPa, at 9.80665 m s-2 and 1000 kg m-3.
CM_PER_KPA = 10.1971621
VARIABLES = (
    Variable("porosity", ("mean_theta_s",), units="m3 m-3"),
    Variable("residual_water_content", ("mean_theta_r",), units="m3 m-3"),
    Variable("saturated_conductivity", ("mean_Ks",), units="cm d-1"),
    Variable("van_genuchten_alpha", ("alpha_fit",), units="cm-1", expected=(0.0, 1.0)),
    Variable("van_genuchten_n", ("n_fit",), units="1", expected=(1.0, 10.0)),
    Variable("pore_connectivity", ("mean_L",), units="1"),
    Variable("field_capacity", ("33 kPa",), units="m3 m-3"),
    Variable("wilting_point", ("1500 kPa",), units="m3 m-3"),
)
_CURVE = ("residual_water_content", "porosity", "van_genuchten_alpha", "van_genuchten_n")
_KNOWN = {variable.name: variable for variable in VARIABLES}
_BAND = re.compile(r"(?P<name>\w+?)_(?P<depth>\d+)cm")
_SUCTION = re.compile(r"(?P<value>\d+(?:\.\d+)?) ?kPa", re.IGNORECASE)


@dataclass(frozen=True)
class _Band:
    """A variable or band of a file: its name without the depth, and the depth (cm)."""

    name: str
    depth: int | None
    band: str
    raw: xr.Dataset
    path: Path


def open_soil_hydraulics(
    files: Sequence[Path], declared: Declared, *, chunks: Chunks
) -> xr.Dataset:
    """Open parameters as (depth, latitude, longitude); a layer without a depth has no `depth`."""
    label = file_label(files)
    bands = [band for path in files for band in _bands(path, declared, chunks)]
    held = list(dict.fromkeys(b.name for b in bands))
    suctions, plain = _split(declared.variables or (), bands)
    stored = {v.name: mine for v in plain if (mine := _named(v, bands))}
    derived = [v for v in suctions if all(_named(_KNOWN[n], bands) for n in _CURVE)]
    helpers = [_KNOWN[name] for name in _CURVE if derived and name not in stored]
    stored |= {v.name: _named(v, bands) for v in helpers}
    require_found(declared, {*stored, *(v.name for v in derived)}, held, file=label)
    parts = [
        _part(band, variable, declared, chunks, number)
        for variable in (*plain, *helpers)
        for number, band in enumerate(stored.get(variable.name, ()))
    ]
    ds = _stacked(combine(parts, file=label), stored, declared, label)
    for variable in derived:
        ds[variable.name] = _at_suction(ds, _suction(variable))
    ds = ds.drop_vars([v.name for v in helpers])
    crs = crs_text(bands[0].raw, declared)
    return on_our_grid(ds, crs, file=label)


def _bands(path: Path, declared: Declared, chunks: Chunks) -> list[_Band]:
    """Return what a file holds; the one band of an image bears the name of the file as well."""
    raw = open_grid_file(path, chunks=chunks)
    hand = [v for v in declared.variables or () if v.by_hand]
    asked = by_hand_names(hand)
    again = [n for n in map(str, raw.data_vars) if n in asked or _BAND.sub(r"\g<name>", n) in asked]
    if again:
        raw = open_grid_file(path, chunks=chunks, by_hand=again)
    found = [str(name) for name, da in raw.data_vars.items() if da.ndim >= 2]
    names = {band: band for band in found}
    if len(found) == 1 and path.suffix.lower() in (".tif", ".tiff", ".vrt"):
        names = {found[0]: path.stem}
    return [_band(name, band, raw, path) for band, name in names.items()]


def _band(name: str, band: str, raw: xr.Dataset, path: Path) -> _Band:
    match = _BAND.fullmatch(name)
    if match is None:
        return _Band(name, None, band, raw, path)
    return _Band(match["name"], int(match["depth"]), band, raw, path)


def _split(
    variables: Sequence[Variable], bands: Sequence[_Band]
) -> tuple[list[Variable], list[Variable]]:
    """Return the variables that are water contents at a suction, and those that files hold."""
    held = {name for b in bands for name in (b.name, b.band, b.path.stem)}
    at_suction = [
        v for v in variables if _SUCTION.fullmatch(v.source[0]) and v.source[0] not in held
    ]
    return at_suction, [v for v in variables if v not in at_suction]


def _named(variable: Variable, bands: Sequence[_Band]) -> list[_Band]:
    """Return the bands of a variable from the surface down."""
    source = variable.source[0]
    mine = [b for b in bands if source in (b.name, b.band, b.path.stem)]
    exact = [b for b in mine if b.name != source]
    mine = sorted(exact or mine, key=lambda b: b.depth or 0)
    for one, other in pairwise(mine):
        if one.depth == other.depth:
            raise SourceError(
                f"{one.path} and {other.path} both hold {source} of one depth; keep one of them."
            )
    return mine


def _suction(variable: Variable) -> float:
    match = _SUCTION.fullmatch(variable.source[0])
    return float(match["value"]) if match else np.nan


def _part(
    band: _Band, variable: Variable, declared: Declared, chunks: Chunks, number: int
) -> xr.Dataset:
    here = replace(declared, layers=None, variables=(replace(variable, source=(band.band,)),))
    part = decode_file(band.raw, here, allowed=RASTER_DIMS, file=str(band.path), chunks=chunks)
    if "time" in part.dims or "depth" in part.dims:
        raise SourceError(
            f"{band.path} has {', '.join(map(str, part.dims))}; a layer of soil has rows and "
            "columns only: open it with product: raster."
        )
    return part.rename({variable.name: f"{variable.name} {number}"})


def _stacked(
    ds: xr.Dataset, stored: dict[str, list[_Band]], declared: Declared, label: str
) -> xr.Dataset:
    """Put the depths of each parameter upon one another."""
    depths = {name: [band.depth for band in bands] for name, bands in stored.items()}
    first, *others = depths.items()
    for name, here in others:
        if here != first[1]:
            raise SourceError(
                f"{label}: {first[0]} and {name} are given at different depths (cm): {first[1]} "
                f"and {here}; add the missing files, or open them as two inputs."
            )
    data = {
        name: xr.concat(
            [ds[f"{name} {k}"].rename(name) for k in range(len(bands))],
            "depth",
            combine_attrs="override",
        )
        for name, bands in stored.items()
    }
    out = xr.Dataset(data, attrs=ds.attrs)
    if first[1] == [None] and declared.layers is None:
        return out.isel(depth=0)
    return out.assign_coords(_depth(first[1], declared, label))


def _depth(depths: list[int | None], declared: Declared, label: str) -> dict[str, xr.Variable]:
    """Return depths as they are told: points of the provider, or layers that the user declares."""
    known = [float(d) for d in depths if d is not None]
    told = None
    if len(known) == len(depths):
        told = xr.DataArray(known, dims="depth", name="depth", attrs={"units": "cm"})
    mid, bounds = layer_axis(
        xr.Dataset(), coordinate=told, n_layers=len(depths), layers=declared.layers, file=label
    )
    if bounds is not None:
        return layer_coordinates(bounds)
    return {"depth": xr.Variable("depth", mid, {"units": "m", "positive": "down"})}


def _at_suction(ds: xr.Dataset, kpa: float) -> xr.DataArray:
    """Return the water content at a suction, by van Genuchten with m = 1 - 1/n."""
    residual, saturated, alpha, n = (ds[name] for name in _CURVE)
    share = (1.0 + (alpha * (kpa * CM_PER_KPA)) ** n) ** (1.0 / n - 1.0)
    content = residual + (saturated - residual) * share
    attrs = {
        "source_name": f"van Genuchten's curve at {kpa:g} kPa",
        "source_units": "m3 m-3",
        "units": "m3 m-3",
    }
    return content.assign_attrs(attrs)


PRODUCT = Product(
    open_soil_hydraulics,
    "hydraulic parameters of the soil: porosity, saturated_conductivity, van Genuchten's curve, "
    "and field_capacity and wilting_point from it",
    "NetCDF of Montzka et al. (2017), Hydraul_Param_SoilGrids_Schaap_sl{1..7}.nc; or GeoTIFF and "
    "NetCDF of single layers, declared with their units",
    (
        "field_capacity is the water content at 33 kPa, wilting_point that at 1500 kPa; another "
        "suction is variables: {field_capacity: 10 kPa}",
        "the parameters are given at depths (0, 5, 15 ... 200 cm), not of layers; say which layers "
        "they stand for with depth_bounds",
        "saturated conductivity spans orders of magnitude: average its logarithm",
        "other layers: variables: {field_capacity: {name: fc_0_30cm, units: '%'}} with the name of "
        "the band, or of the file",
    ),
    variables=VARIABLES,
    ancestors=("SoilGrids",),
    origin="Montzka et al. (2017), https://doi.org/10.5194/essd-9-529-2017; data "
    "https://doi.org/10.1594/PANGAEA.870605",
    names=r"^Hydraul_Param_SoilGrids_Schaap_sl[1-7]\.nc$",
    reach=1.0,
)
