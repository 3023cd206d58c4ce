"""SoilGrids 2.0, soil properties of six layers down to 2 m at 250 m, one file a property and layer.

Names and mapped units: Poggio et al. (2021), https://doi.org/10.5194/soil-7-217-2021, Turek et al.
(2023), https://doi.org/10.1016/j.iswcr.2022.08.001, and the provider's questions and answers.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.depth import layer_coordinates
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.grid_files import crs_text, open_grid_file
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

_FILL = (-32768.0,)  # beside what a file itself says


def _scaled(
    name: str, theirs: str, units: str, scale: float, expected: tuple[float, float]
) -> Variable:
    """Describe a property that has no units of ours: it passes in those given here."""
    return Variable(name, (theirs,), units=units, scale=scale, missing=_FILL, expected=expected)


#: Shares of 0 stand for no soil in some exports: they are told.
_SHARE = (0.1, 100.0)
VARIABLES = (
    Variable("sand", ("sand",), units="g kg-1", missing=_FILL, expected=_SHARE),
    Variable("silt", ("silt",), units="g kg-1", missing=_FILL, expected=_SHARE),
    Variable("clay", ("clay",), units="g kg-1", missing=_FILL, expected=_SHARE),
    Variable("bulk_density", ("bdod",), units="0.01 g cm-3", missing=_FILL),
    Variable("organic_carbon", ("soc",), units="0.1 g kg-1", missing=_FILL),
    Variable("field_capacity", ("wv0033",), units="0.001 m3 m-3", missing=_FILL),
    Variable("wilting_point", ("wv1500",), units="0.001 m3 m-3", missing=_FILL),
    _scaled("water_content_10kpa", "wv0010", "m3 m-3", 0.001, (0.0, 1.0)),
    _scaled("ph", "phh2o", "1", 0.1, (2.0, 12.0)),
    _scaled("nitrogen", "nitrogen", "g kg-1", 0.01, (0.0, 100.0)),
    _scaled("cation_exchange_capacity", "cec", "cmol kg-1", 0.1, (0.0, 300.0)),
    _scaled("coarse_fragments", "cfvo", "%", 0.1, (0.0, 100.0)),
)
_KNOWN = {variable.name: variable for variable in VARIABLES}
_STATISTIC = r"mean|uncertainty|Q0?\.?\d+"
_NAME = re.compile(
    rf"(?P<property>[a-z][a-z0-9]*)_(?P<top>\d+)-(?P<bottom>\d+)cm_(?P<statistic>{_STATISTIC})"
    r"(?![0-9a-z])"
)
_ASKED = re.compile(rf"(?P<property>.+?)_(?P<statistic>{_STATISTIC})")


@dataclass(frozen=True)
class _Layer:
    """One property of one soil layer: a band or a variable of a file."""

    property: str
    bounds: tuple[float, float]  # m
    statistic: str
    band: str
    raw: xr.Dataset
    path: Path


def open_soilgrids(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open properties as (depth, y, x) or (depth, latitude, longitude), in our units."""
    label = file_label(files)
    layers: list[_Layer] = []
    held: dict[str, None] = {}
    for path in _inside(files):
        raw = _opened(path, chunks)
        found = list(_layers(raw, path))
        layers += found
        named = (f"{x.property}_{x.statistic}" for x in found)
        held |= dict.fromkeys(named if found else map(str, raw.data_vars))
    parts: list[xr.Dataset] = []
    chosen: dict[str, list[_Layer]] = {}
    for variable in declared.variables or ():
        mine = _choose(variable, layers)
        if mine:
            chosen[variable.name] = mine
            parts += [_part(x, variable, declared, chunks, k) for k, x in enumerate(mine)]
    require_found(declared, set(chosen), list(held), file=label)
    _require_same_layers(chosen)
    ds = _stacked(combine(parts, file=label), chosen)
    crs = crs_text(next(iter(chosen.values()))[0].raw, declared)
    return on_our_grid(ds, crs, file=label)


def _inside(files: Sequence[Path]) -> list[Path]:
    """Return the files that paths name, and those of folders that are named as SoilGrids'."""
    found: list[Path] = []
    for path in files:
        if not path.is_dir() or any((path / n).exists() for n in ("zarr.json", ".zgroup")):
            found.append(path)
            continue
        inside = sorted(p for p in path.rglob("*") if p.is_file() and _NAME.match(p.name))
        inside = [p for p in inside if p.suffix.lower() in (".tif", ".tiff", ".vrt", ".nc")]
        if not inside:
            raise SourceError(
                f"the folder {path} holds no file that is named as those of SoilGrids, such as "
                "clay_0-5cm_mean.tif."
            )
        found += inside
    return found


def _opened(path: Path, chunks: Chunks) -> xr.Dataset:
    raw = open_grid_file(path, chunks=chunks)
    return open_grid_file(path, chunks=chunks, by_hand=list(map(str, raw.data_vars)))


def _layers(raw: xr.Dataset, path: Path) -> Iterator[_Layer]:
    """Yield the layers of a file: named by its bands, else the one band by the file's name."""
    bands = [str(name) for name, da in raw.data_vars.items() if da.ndim >= 2]
    for band in bands:
        match = _NAME.search(band) or (_NAME.search(path.name) if len(bands) == 1 else None)
        if match:
            bounds = (int(match["top"]) / 100, int(match["bottom"]) / 100)
            quantile = _quantile(match["statistic"])
            yield _Layer(match["property"], bounds, quantile, band, raw, path)


def _quantile(text: str) -> str:
    """Spell a quantile as in Q0.05: pages of the provider say Q05 as well."""
    digits = re.fullmatch(r"Q0?\.?(\d+)", text)
    return text if digits is None else f"Q0.{digits[1]}".replace("Q0.50", "Q0.5")


def _choose(variable: Variable, layers: Sequence[_Layer]) -> list[_Layer]:
    """Return the layers of a variable from the surface down: the mean, or the one that is asked."""
    asked = _ASKED.fullmatch(variable.source[0])
    name = asked["property"] if asked else variable.source[0]
    mine = [layer for layer in layers if layer.property == name]
    statistics = list(dict.fromkeys(x.statistic for x in mine if x.statistic != "uncertainty"))
    if asked:
        statistic = _quantile(asked["statistic"])
    elif "mean" in statistics or len(statistics) < 2:
        statistic = "mean" if "mean" in statistics else "".join(statistics)
    else:
        raise SourceError(
            f"{variable.name}: the files hold {', '.join(statistics)} of {name} and no mean; name "
            f"one, as in variables: {{{variable.name}: {name}_{statistics[0]}}}."
        )
    mine = sorted((x for x in mine if x.statistic == statistic), key=lambda x: x.bounds)
    for one, other in pairwise(mine):
        if one.bounds == other.bounds:
            raise SourceError(
                f"{one.path} and {other.path} both hold {name} of {_in_cm(one.bounds)}; keep one "
                "of them (tiles of a layer must be put together first, with gdalbuildvrt)."
            )
    return mine


def _part(
    layer: _Layer, variable: Variable, declared: Declared, chunks: Chunks, number: int
) -> xr.Dataset:
    _tell_converted(layer, variable)
    here = replace(
        declared,
        layers=None,
        variables=(replace(variable, source=(layer.band,)),),
    )
    part = decode_file(layer.raw, here, allowed=RASTER_DIMS, file=str(layer.path), chunks=chunks)
    if "time" in part.dims or "depth" in part.dims:
        raise SourceError(f"{layer.path} has {list(part.dims)}; a layer has rows and columns only.")
    return part.rename({variable.name: f"{variable.name} {number}"})


def _tell_converted(layer: _Layer, variable: Variable) -> None:
    """Say where numbers are none of the provider's whole ones: they may be in other units."""
    known = _KNOWN.get(variable.name)
    stored = layer.raw[layer.band]
    as_known = known is not None and (known.units, known.scale) == (variable.units, variable.scale)
    if stored.dtype.kind == "f" and as_known and "scale_factor" not in stored.attrs:
        warnings.warn(
            f"{layer.path} holds {stored.dtype}, where SoilGrids stores whole numbers: it was "
            f"resampled, or its units were changed. It is read as {variable.units}"
            f"{f' x {variable.scale:g}' if variable.scale else ''}; if that is wrong, write "
            f"variables: {{{variable.name}: {{units: ..., scale: 1}}}}.",
            SoilscopeWarning,
            stacklevel=6,
        )


def _require_same_layers(chosen: dict[str, list[_Layer]]) -> None:
    """Refuse properties of different layers, and say which file is missing."""
    first, *others = chosen.items()
    for name, layers in others:
        for (one, having), (other, lacking) in ((first, (name, layers)), ((name, layers), first)):
            there = {layer.bounds for layer in lacking}
            absent = next((x for x in having if x.bounds not in there), None)
            if absent:
                raise SourceError(
                    f"{other} lacks the layer {_in_cm(absent.bounds)}, which {one} has "
                    f"({absent.path}); add its file, or open both as two inputs."
                )


def _in_cm(bounds: tuple[float, float]) -> str:
    return f"{100 * bounds[0]:g}-{100 * bounds[1]:g} cm"


def _stacked(ds: xr.Dataset, chosen: dict[str, list[_Layer]]) -> xr.Dataset:
    """Put the layers of each property upon one another."""
    data = {
        name: xr.concat(
            [ds[f"{name} {k}"].rename(name) for k in range(len(layers))],
            "depth",
            combine_attrs="override",
        )
        for name, layers in chosen.items()
    }
    bounds = [layer.bounds for layer in next(iter(chosen.values()))]
    return xr.Dataset(data, attrs=ds.attrs).assign_coords(layer_coordinates(bounds))


PRODUCT = Product(
    open_soilgrids,
    "soil properties of six layers down to 2 m at 250 m: texture, bulk density, organic carbon, "
    "water contents, pH ...",
    "GeoTIFF, virtual mosaics (VRT) or NetCDF, {property}_{top}-{bottom}cm_{statistic}, in "
    "Homolosine or any other reference system; paths name the files or a folder",
    (
        "stored numbers are whole and in units of their own; exports that were converted (30 "
        "arc seconds of geodata) must be told: variables: {clay: {units: '%', scale: 1}}",
        "the mean is taken where it is there; a quantile is asked for, as in variables: "
        "{clay: clay_Q0.05}",
        "some exports hold 0 where there is no soil, without saying so; where they are many, the "
        "range check refuses them: write override: {clay: {missing: 0}}",
        "sand, silt and clay are predicted one by one and sum to about 100 %, not exactly",
        "field_capacity is the water content at 33 kPa; 10 kPa is variables: {field_capacity: "
        "wv0010}",
        "it is made with MODIS, terrain and climate layers: agreement with them proves little",
    ),
    variables=VARIABLES,
    ancestors=("SoilGrids", "MODIS"),
    origin="Poggio et al. (2021), https://doi.org/10.5194/soil-7-217-2021; Turek et al. (2023), "
    "https://doi.org/10.1016/j.iswcr.2022.08.001; https://soilgrids.org (CC-BY 4.0)",
    names=r"^[a-z][a-z0-9]*_\d+-\d+cm_(mean|uncertainty|Q0?\.?\d+)\.(tif|tiff|vrt|nc)$",
)
