"""Granules of NASA's archives, such as MODIS, through their client earthaccess."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from soilscope.errors import StudyError
from soilscope.study.download_files import Wanted, safe_name
from soilscope.study.download_request import Request

_DATA = (".hdf", ".h5", ".he5", ".nc", ".nc4", ".tif", ".tiff")


def log_in(module: Any) -> Any:
    """Let the client log in by its own configuration, and never ask for a password."""
    for strategy in ("environment", "netrc"):
        try:
            auth = module.login(strategy=strategy)
        except Exception as error:
            if type(error).__name__ != "LoginStrategyUnavailable":
                raise
            continue
        if getattr(auth, "authenticated", False):
            return module
    raise StudyError(
        "earthaccess finds no login for NASA Earthdata; give it one as its documentation says "
        "(~/.netrc, or the environment), and give the same command again."
    )


def files_of_earthaccess(request: Request, client: Any) -> list[Wanted]:
    """Return the files of all granules that touch the area in the period."""
    first, last = request.period
    options = {} if request.spec.version is None else {"version": request.spec.version}
    granules = client.search_data(
        short_name=request.spec.collection,
        bounding_box=request.bounds,
        temporal=(f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"),
        **options,
    )
    wanted = []
    for granule in granules:
        names = [urlsplit(link).path.rpartition("/")[2] for link in granule.data_links()]
        for name in dict.fromkeys(n for n in names if n.lower().endswith(_DATA)):
            fetch = partial(_download, client, granule, name)
            wanted.append(Wanted(request.folder / safe_name(name), fetch))
    return sorted({item.target: item for item in wanted}.values(), key=lambda item: item.target)


def _download(client: Any, granule: Any, name: str, partial_file: Path) -> None:
    """Have the client write into a folder of its own, from which the whole file is taken."""
    folder = partial_file.with_name(f"{partial_file.name}.d")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        client.download([granule], str(folder), threads=1)
        if not (folder / name).is_file():
            raise StudyError(f"earthaccess wrote no {name}; give the same command again.")
        (folder / name).replace(partial_file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
