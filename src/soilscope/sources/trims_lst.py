"""TRIMS LST: all-weather land surface temperature of China and its neighbours, four a day, 1 km.

Tang et al. (2024), https://doi.org/10.5194/essd-16-387-2024; names, scale and fill value as users
of the data describe them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file
from soilscope.sources.formats import file_format
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.grid_files import crs_text
from soilscope.sources.index import Alike, open_alike
from soilscope.sources.overpasses import near_period, of_one_platform, tell_missing_dates
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import show, stamp_from_name

VARIABLES = (
    Variable("lst_day", ("D",), units="K", scale=0.01, missing=(0.0,)),
    Variable("lst_night", ("N",), units="K", scale=0.01, missing=(0.0,)),
)
#: The end of a name -> what the file holds.
_HALVES = {"D": "lst_day", "N": "lst_night"}
_NAME = re.compile(
    r"TRIMS_?(?:LST_?)?(?P<platform>Terra|Aqua)_?(?P<year>\d{4})(?P<doy>\d{3})_?(?P<half>[DN])"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
_VIEW_TIME = re.compile(r"view_?time", re.IGNORECASE)


@dataclass(frozen=True)
class _Image:
    """A file, and what its name tells."""

    path: Path
    stamp: np.datetime64
    variable: str


def open_trims_lst(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open `lst_day` and `lst_night` of one satellite: dims (time, y, x), in K.

    `time` is the date. The attribute `sky` is "all-weather": what clouds hide is reconstructed.
    """
    images = [_image(path) for path in _inside(files)]
    kept, platform = of_one_platform([image.path for image in images], declared.platform)
    chosen = dict.fromkeys(kept)
    images = [image for image in images if image.path in chosen]
    label = file_label([image.path for image in images])
    _require_single(images)
    stamps = {image.path: image.stamp for image in images}
    near = dict.fromkeys(
        near_period(list(stamps), declared.period, lambda path: stamps[path], margin=2)
    )
    parts, crs = [], declared.crs
    for variable in declared.variables or VARIABLES:
        of_it = [i for i in images if i.variable == variable.name and i.path in near]
        if not of_it and declared.all_needed:
            half = next((h for h, name in _HALVES.items() if name == variable.name), "D or N")
            raise SourceError(
                f"{label} hold no {variable.name}: no name of a file ends in {half} before .tif; "
                "add these files, or leave it out of variables."
            )
        for alike in _opened(of_it, chunks):
            crs = crs_text(alike.raw, declared) if crs is None else crs
            stamp = None if "time" in alike.raw.dims else stamps[alike.files[0]]
            parts.append(_decoded(alike, variable, declared, stamp, chunks))
    dates = {
        name: {i.stamp for i in images if i.variable == name and i.path in near}
        for name in _HALVES.values()
        if declared.variables is None or name in {v.name for v in declared.variables}
    }
    held = {name: own for name, own in dates.items() if own}
    tell_missing_dates(held, days=1, period=declared.period, file=label)
    return on_our_grid(_labelled(combine(parts, file=label), platform), crs, file=label)


def _inside(files: Sequence[Path]) -> list[Path]:
    """Return the files that paths name, and those of folders that are named as those of TRIMS."""
    found: list[Path] = []
    for path in files:
        if not path.is_dir():
            found.append(path)
            continue
        named = sorted(p for p in path.rglob("*.tif") if _NAME.search(p.stem))
        inside = [p for p in named if not _VIEW_TIME.search(str(p.relative_to(path)))]
        if not inside:
            raise SourceError(
                f"the folder {path} holds no file that is named as those of TRIMS LST, such as "
                "TRIMS_Aqua2020001D.tif."
            )
        found += inside
    return list(dict.fromkeys(found))


def _image(path: Path) -> _Image:
    match = _NAME.search(path.stem)
    if match is None or _VIEW_TIME.search(path.stem):
        what = "it holds the hours of the views; " if _VIEW_TIME.search(path.stem) else ""
        raise SourceError(
            f"{path} is not named as temperatures of TRIMS are, such as TRIMS_Aqua2020001D.tif "
            f"(satellite, year, day of the year, D for day or N for night); {what}rename it, take "
            "it out of paths, or open it with product: raster."
        )
    pattern = r"(?P<year>\d{4})(?P<doy>\d{3})"
    stamp = stamp_from_name(Path(f"{match['year']}{match['doy']}"), pattern)
    if not 1 <= int(match["doy"]) <= 366 or str(stamp)[:4] != match["year"]:
        raise SourceError(
            f"{path} is named for day {match['doy']} of {match['year']}, which does not exist; "
            "rename it, or download it again."
        )
    return _Image(path, stamp, _HALVES[match["half"].upper()])


def _require_single(images: Sequence[_Image]) -> None:
    """Refuse two files of one date and half of the day."""
    seen: dict[tuple[str, np.datetime64], Path] = {}
    for image in images:
        other = seen.setdefault((image.variable, image.stamp), image.path)
        if other != image.path:
            raise SourceError(
                f"{other} and {image.path} are both {image.variable} of {show(image.stamp)[:10]}; "
                "keep one of them."
            )


def _opened(images: Sequence[_Image], chunks: Chunks) -> list[Alike]:
    stamps = {image.path: image.stamp for image in images}

    def one(path: Path) -> xr.Dataset:
        kind = file_format(path)
        if kind != "geotiff":
            raise SourceError(f"{path} holds {kind}, and TRIMS LST comes as GeoTIFF.")
        raw = open_geotiff(path, chunks=chunks, stacked=False)
        if len(raw.data_vars) != 1:
            raise SourceError(
                f"{path} holds {len(raw.data_vars)} bands, where TRIMS LST has one; open it with "
                "product: raster."
            )
        return raw

    return list(open_alike(list(stamps), one, stamp=lambda path: stamps[path]))


def _decoded(
    alike: Alike,
    variable: Variable,
    declared: Declared,
    stamp: np.datetime64 | None,
    chunks: Chunks,
) -> xr.Dataset:
    (band,) = map(str, alike.raw.data_vars)
    return decode_file(
        alike.raw,
        replace(declared, variables=(replace(variable, source=(band,)),), layers=None),
        allowed=RASTER_DIMS,
        file=alike.label,
        chunks=chunks,
        stamp=stamp,
    )


def _labelled(ds: xr.Dataset, platform: str | None) -> xr.Dataset:
    for name in _HALVES.values():
        if name in ds:
            ds[name].attrs |= {"sky": "all-weather"}
            if platform is not None:
                ds[name].attrs |= {"platform": platform.capitalize()}
    return ds


PRODUCT = Product(
    open_trims_lst,
    "all-weather land surface temperature of China and its neighbours (72-135 E, 19-55 N) at 1 km, "
    "two by day and two by night, since 2000",
    "GeoTIFF in an Albers system: TRIMS_Terra2020001D.tif, TRIMS_Aqua2020001N.tif (satellite, "
    "year, day of the year, D or N); paths name the files or a folder",
    (
        "clouds are filled from GLDAS and neighbouring days: all-weather, but under clouds nothing "
        "was seen (attribute sky: all-weather)",
        "Terra passes at some 10:30 and 22:30 local solar time, Aqua at 13:30 and 1:30: where "
        "files of both are there, platform: terra or aqua chooses; a mix is refused",
        "stored numbers are K times 100, 0 is missing whether a file says so or not",
        "the hours of the views (View_Time) are files of their own: open them with product: raster "
        "(scale 0.1, missing 255)",
        "versions end in 2022 or 2024; files without a reference system need crs, an Albers one "
        "that their notes tell",
    ),
    variables=VARIABLES,
    ancestors=("TRIMS LST", "MODIS LST", "GLDAS-Noah"),
    origin="National Tibetan Plateau Data Center, doi:10.11888/Meteoro.tpdc.271252; "
    "Tang et al. (2024), doi:10.5194/essd-16-387-2024",
    names=r"(?i)TRIMS_?(LST_?)?(Terra|Aqua)_?\d{7}_?[DN]\.tif$",
    options=("platform",),
)
