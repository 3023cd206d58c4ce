"""ERA5-Land and ERA5 from the Climate Data Store, through its client cdsapi."""

import calendar
import math
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from soilscope.errors import SourceError, StudyError
from soilscope.sources.declared import Variable
from soilscope.sources.formats import file_format
from soilscope.study.download_files import Wanted
from soilscope.study.download_request import Request

#: Short name in files -> name in requests.
_NAMES = {
    **{f"swvl{i}": f"volumetric_soil_water_layer_{i}" for i in range(1, 5)},
    **{f"stl{i}": f"soil_temperature_level_{i}" for i in range(1, 5)},
    "t2m": "2m_temperature",
    "d2m": "2m_dewpoint_temperature",
    "skt": "skin_temperature",
    "tp": "total_precipitation",
    "sp": "surface_pressure",
    "e": "total_evaporation",
    "pev": "potential_evaporation",
}
#: Product, step -> collection, and what it was made by.
_DATASETS: dict[tuple[str, str], tuple[str, dict[str, list[str]]]] = {
    ("era5_land", "month"): (
        "reanalysis-era5-land-monthly-means",
        {"product_type": ["monthly_averaged_reanalysis"]},
    ),
    ("era5_land", "hour"): ("reanalysis-era5-land", {}),
    ("era5", "month"): (
        "reanalysis-era5-single-levels-monthly-means",
        {"product_type": ["monthly_averaged_reanalysis"]},
    ),
    ("era5", "hour"): ("reanalysis-era5-single-levels", {"product_type": ["reanalysis"]}),
}
_MARGIN = 0.5  # degrees around the area, for regridding
_HOURS = [f"{hour:02d}:00" for hour in range(24)]


def open_client(module: Any) -> Any:
    """Return the client, which reads its own configuration."""
    return module.Client(quiet=True, progress=False)


def files_of_cds(request: Request, client: Any, *, today: pd.Timestamp) -> list[Wanted]:
    """Return a file for each variable and year, or month where a year is not whole."""
    dataset, made_by = _DATASETS[request.product, request.spec.step]
    area = _area(request)
    wanted = []
    for variable in request.variables:
        names = _in_requests(variable, request.name)
        for target, months in _files(request, variable.name, today):
            body: dict[str, Any] = {
                **made_by,
                "variable": names,
                "year": [str(months[0].year)],
                "month": [f"{month.month:02d}" for month in months],
                **_times(request.spec.step, months),
                "area": area,
                "data_format": "netcdf",
                "download_format": "unarchived",
            }
            asked = f"{', '.join(names)} in north, west, south, east {area}"
            fetch = partial(_retrieve, client, dataset, body)
            wanted.append(Wanted(target, fetch, asked))
    return wanted


def _in_requests(variable: Variable, name: str) -> list[str]:
    for source in variable.source:
        if source not in _NAMES and source not in _NAMES.values():
            raise StudyError(
                f"{name}: download from cds does not know {source!r} of {variable.name}; it knows "
                f"{', '.join(_NAMES)}."
            )
    return [_NAMES.get(source, source) for source in variable.source]


def _area(request: Request) -> list[float]:
    """Return north, west, south, east in whole cells of 0.1 or 0.25 degrees, with a margin."""
    cell = 0.1 if request.product == "era5_land" else 0.25
    west, south, east, north = request.bounds
    west, south = (cell * math.floor(round((v - _MARGIN) / cell, 6)) for v in (west, south))
    east, north = (cell * math.ceil(round((v + _MARGIN) / cell, 6)) for v in (east, north))
    limits = (min(90.0, north), max(-180.0, west), max(-90.0, south), min(180.0, east))
    return [round(value, 2) for value in limits]


def _files(
    request: Request, variable: str, today: pd.Timestamp
) -> Iterator[tuple[Path, list[pd.Period]]]:
    """Yield files and the months in each; months that are not over yet are left out."""
    first, last = request.period
    end = min(last.to_period("M"), today.to_period("M") - 1)
    months = list(pd.period_range(first.to_period("M"), end, freq="M"))
    if not months:
        raise StudyError(f"{request.name}: no month of the period is over yet.")
    stem = f"{request.product}_{variable}"
    for year in dict.fromkeys(month.year for month in months):
        inside = [month for month in months if month.year == year]
        whole = request.folder / f"{stem}_{year}.nc"
        single = [(request.folder / f"{stem}_{m.year}_{m.month:02d}.nc", [m]) for m in inside]
        begun = any(target.exists() for target, _ in single)
        if request.spec.step == "month" and (whole.exists() or (len(inside) == 12 and not begun)):
            yield whole, inside
        else:
            yield from single


def _times(step: str, months: Sequence[pd.Period]) -> dict[str, list[str]]:
    if step == "month":
        return {"time": ["00:00"]}
    n_days = calendar.monthrange(months[0].year, months[0].month)[1]
    return {"day": [f"{day:02d}" for day in range(1, n_days + 1)], "time": _HOURS}


def _retrieve(client: Any, dataset: str, body: dict[str, Any], partial_file: Path) -> None:
    """Have the store make a file, and see that NetCDF came."""
    partial_file.unlink(missing_ok=True)
    client.retrieve(dataset, body, str(partial_file))
    if zipfile.is_zipfile(partial_file):
        _unpack(partial_file)
    try:
        kind = file_format(partial_file)
    except SourceError as error:
        partial_file.unlink()
        raise StudyError(f"the Climate Data Store sent no NetCDF: {error}") from None
    if kind not in ("hdf5", "netcdf3"):
        partial_file.unlink()
        raise StudyError(f"the Climate Data Store sent {kind}, and NetCDF was asked for.")


def _unpack(archive: Path) -> None:
    """Replace an archive of one file by that file."""
    inside = archive.with_name(f"{archive.name}.nc")
    with zipfile.ZipFile(archive) as held:
        names = [name for name in held.namelist() if name.endswith(".nc")]
        if len(names) != 1:
            raise StudyError(
                f"the Climate Data Store sent an archive of {len(names)} NetCDF files for one "
                "variable; fetch it by hand."
            )
        with held.open(names[0]) as source, inside.open("wb") as out:
            while block := source.read(2**20):
                out.write(block)
    inside.replace(archive)
