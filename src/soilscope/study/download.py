"""Fetch the files that the inputs of a study name, where they say from where."""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from soilscope.errors import StudyError
from soilscope.study.config import Study, load_study
from soilscope.study.download_cds import files_of_cds, open_client
from soilscope.study.download_earthaccess import files_of_earthaccess, log_in
from soilscope.study.download_files import Report, Wanted, fetch_all, said
from soilscope.study.download_request import Request, request_of, require_named
from soilscope.study.download_spec import Source
from soilscope.study.download_stac import files_of_stac

#: source -> module of its client, how the client is made, and its help.
_CLIENTS: Mapping[Source, tuple[str, Callable[[Any], Any]]] = {
    "cds": ("cdsapi", open_client),
    "earthaccess": ("earthaccess", log_in),
    "stac": ("pystac_client", lambda module: module),
}
_INSTALL = "pip install 'soilscope[download]'"


class Fetched(NamedTuple):
    """What a download has done for one input."""

    name: str
    folder: Path
    files: int
    fetched: int


def download_study(
    path: str | Path,
    *,
    report: Report,
    begin: Callable[[str], None],
    modules: Mapping[str, Any] | None = None,
    today: pd.Timestamp | None = None,
) -> list[Fetched]:
    """Fetch the files of every input with the key `download`; files that are there are kept.

    `report` hears of each file, and `begin` of what is at work. `modules` replaces modules of
    clients, by source.
    """
    study = load_study(path, needs_files=False)
    requests = _requests(study)
    clients: dict[str, Any] = {}
    done = []
    for request in requests:
        source = request.spec.source
        begin(f"{request.name}: {source}")
        if source not in clients:
            clients[source] = _client(source, (modules or {}).get(source))
        wanted = _wanted(request, clients[source], today or pd.Timestamp.now())
        require_named(request, wanted)
        fetched = fetch_all(wanted, name=request.name, report=report, begin=begin)
        done.append(Fetched(request.name, request.folder, len(wanted), fetched))
    return done


def _requests(study: Study) -> list[Request]:
    """Gather what all inputs ask for, with every fault at once."""
    names = [name for name, spec in study.inputs.items() if spec.download is not None]
    if not names:
        raise StudyError(
            f"{study.shown}: no input has the key download, as in download: {{from: cds}}; see "
            "docs/how-to/download.md."
        )
    found, faults = [], []
    for name in names:
        try:
            found.append(request_of(study, name))
        except StudyError as error:
            faults += error.faults
    if faults:
        raise StudyError(*faults)
    return found


def _client(source: Source, module: Any) -> Any:
    """Return the client of a source; it reads its own configuration, which we never see."""
    name, made = _CLIENTS[source]
    if module is None:
        try:
            module = importlib.import_module(name)
        except ImportError:
            raise StudyError(
                f"download from {source} needs the package {name}; install it, with {_INSTALL}."
            ) from None
    try:
        return made(module)
    except StudyError:
        raise
    except Exception as error:  # clients raise errors of many kinds
        raise StudyError(
            f"the client {name} could not begin ({said(error)}); see docs/how-to/download.md for "
            "where it looks for its configuration."
        ) from None


def _wanted(request: Request, client: Any, today: pd.Timestamp) -> list[Wanted]:
    finders: Mapping[Source, Callable[[Request, Any], list[Wanted]]] = {
        "cds": partial(files_of_cds, today=today),
        "earthaccess": files_of_earthaccess,
        "stac": files_of_stac,
    }
    try:
        wanted = finders[request.spec.source](request, client)
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(
            f"{request.name}: {request.spec.source} gave no list of files ({said(error)}); give "
            "the same command again, or fetch them by hand."
        ) from None
    if not wanted:
        first, last = request.period
        area = ", ".join(f"{v:g}" for v in request.bounds)
        raise StudyError(
            f"{request.name}: {request.spec.source} has nothing of {request.spec.collection} in "
            f"[{area}] from {first:%Y-%m-%d} to {last:%Y-%m-%d}; look at collection, version, area "
            "and period."
        )
    return wanted
