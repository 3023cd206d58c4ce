"""What is asked for an input: where its files go, which area and period, which variables."""

import fnmatch
import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soilscope.errors import StudyError
from soilscope.grid.region import region_bounds
from soilscope.sources.catalogue import declared_variables
from soilscope.sources.declared import Variable
from soilscope.sources.timeaxis import read_period
from soilscope.study.config import InputSpec, Study
from soilscope.study.download_files import Wanted
from soilscope.study.download_spec import Bounds, DownloadSpec


@dataclass(frozen=True)
class Request:
    """An input whose files are to be there."""

    name: str
    product: str
    spec: DownloadSpec
    folder: Path
    pattern: str  # of the names of files
    bounds: Bounds  # west, south, east, north
    period: tuple[pd.Timestamp, pd.Timestamp]
    variables: tuple[Variable, ...]


def request_of(study: Study, name: str) -> Request:
    """Gather what an input asks for; what only the user can say is asked for in one line."""
    spec = study.inputs[name]
    if spec.download is None:
        raise StudyError(f"{study.where(f'inputs.{name}')}: the input {name} has no download.")
    where = f"{study.where(f'inputs.{name}')}: {name}"
    folder, pattern = _place(spec.paths, where)
    period = read_period(spec.options.get("period") or study.period)
    if period is None:
        raise StudyError(f"{where}: a download needs a period, as in period: [2000-01, 2020-12].")
    return Request(
        name,
        spec.product,
        spec.download,
        folder,
        pattern,
        _bounds(spec, study, where),
        period,
        _variables(spec, where),
    )


def require_named(request: Request, wanted: Sequence[Wanted]) -> None:
    """Refuse files that the study would not find afterwards."""
    for item in wanted:
        if not fnmatch.fnmatchcase(item.target.name, request.pattern):
            ending = item.target.suffix
            raise StudyError(
                f"{request.name}: paths ends in {request.pattern!r}, which does not name what is "
                f"fetched, such as {item.target.name}; write paths: FOLDER/*{ending}."
            )


def _place(paths: Sequence[Path], where: str) -> tuple[Path, str]:
    """Return the folder that `paths` lies in, and the pattern of its names."""
    path = paths[0]
    if len(paths) > 1 or glob.has_magic(str(path.parent)):
        raise StudyError(
            f"{where}: a download needs paths with one folder and a pattern, as in "
            "paths: data:ERA5-Land/*.nc."
        )
    return path.parent, path.name


def _bounds(spec: InputSpec, study: Study, where: str) -> Bounds:
    area = spec.download.area if spec.download is not None else None
    area = area or spec.options.get("region")
    if area is not None:
        west, south, east, north = map(float, area)
        return west, south, east, north
    region = study.place.region
    if region is None:
        raise StudyError(
            f"{where}: a download needs an area; write region: [west, south, east, north] in the "
            "study, or area: under download."
        )
    return region_bounds(region.file or region.bounds or (), "EPSG:4326", **region.options)


def _variables(spec: InputSpec, where: str) -> tuple[Variable, ...]:
    if spec.download is None or spec.download.source != "cds":
        return ()
    variables = spec.options.get("variables")
    if not variables:
        raise StudyError(f"{where}: a download from cds needs variables, as in [soil_moisture].")
    return declared_variables(spec.product, variables, spec.options.get("override")) or ()
