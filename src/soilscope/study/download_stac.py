"""Assets of a STAC catalogue, static or with a search, through its client pystac-client."""

import importlib
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from soilscope.errors import StudyError
from soilscope.study.download_cut import files_of_cut
from soilscope.study.download_files import Wanted, safe_name
from soilscope.study.download_http import fetch_http
from soilscope.study.download_request import Request
from soilscope.study.download_spec import Bounds


def files_of_stac(request: Request, module: Any) -> list[Wanted]:
    """Return the assets of all items that touch the area in the period."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client tells that it walks where it cannot search
        items = list(_items(module.Client.open(request.spec.url), request))
    if request.spec.cut:
        return files_of_cut(request, items, _odc_stac().load)
    wanted: dict[Path, Wanted] = {}
    for item in items:
        for key, asset in _assets(item, request):
            href = str(asset.get_absolute_href() or asset.href)
            target = request.folder / safe_name(_name(item.id, key, href))
            fetch = partial(_fetch, href, request.name)
            wanted[target] = Wanted(target, fetch)
    return [wanted[target] for target in sorted(wanted)]


def _odc_stac() -> Any:
    try:
        return importlib.import_module("odc.stac")
    except ImportError:
        raise StudyError(
            "download from stac with cut needs the package odc-stac; install it, with pip install "
            "'soilscope[download]'."
        ) from None


def _items(catalogue: Any, request: Request) -> Iterable[Any]:
    """Search where the catalogue can, else walk through it."""
    first, last = request.period
    if catalogue.conforms_to("ITEM_SEARCH"):
        found = catalogue.search(
            collections=[request.spec.collection],
            bbox=list(request.bounds),
            datetime=f"{first:%Y-%m-%d}/{last:%Y-%m-%d}",
        )
        yield from found.items()
        return
    collection = catalogue.get_child(request.spec.collection, recursive=True)
    if collection is None and catalogue.id == request.spec.collection:
        collection = catalogue
    if collection is None:
        children = ", ".join(child.id for child in catalogue.get_children())
        raise StudyError(
            f"{request.name}: {request.spec.url} has no collection {request.spec.collection!r}; "
            f"it has: {children or 'none'}."
        )
    for item in collection.get_items(recursive=True):
        if _touches(item.bbox, request.bounds) and _is_in(item, first, last):
            yield item


def _touches(box: Any, bounds: Bounds) -> bool:
    if box is None:
        return True
    half = len(box) // 2  # boxes may have heights
    west, south, east, north = (float(box[k]) for k in (0, 1, half, half + 1))
    return west <= bounds[2] and bounds[0] <= east and south <= bounds[3] and bounds[1] <= north


def _is_in(item: Any, first: pd.Timestamp, last: pd.Timestamp) -> bool:
    start = item.datetime or item.common_metadata.start_datetime
    end = item.common_metadata.end_datetime or start
    if start is None:
        return True
    start, end = (pd.Timestamp(t).tz_localize(None) for t in (_utc(start), _utc(end)))
    return bool(start <= last and first <= end)


def _utc(stamp: Any) -> pd.Timestamp:
    time = pd.Timestamp(stamp)
    return time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)


def _assets(item: Any, request: Request) -> Iterator[tuple[str, Any]]:
    """Yield the assets that are asked for; else those of data."""
    if request.spec.assets:
        for key in request.spec.assets:
            if key not in item.assets:
                raise StudyError(
                    f"{request.name}: the item {item.id} has no asset {key!r}; it has: "
                    f"{', '.join(item.assets)}."
                )
            yield key, item.assets[key]
        return
    data = {key: asset for key, asset in item.assets.items() if "data" in (asset.roles or ())}
    if not data:
        raise StudyError(
            f"{request.name}: no asset of {item.id} says that it is data; write assets, as in "
            f"assets: [{', '.join(item.assets)}]."
        )
    yield from data.items()


def _name(item: str, key: str, href: str) -> str:
    """Return a name that tells item and asset, whatever the server calls the file."""
    name = urlsplit(href).path.rpartition("/")[2] or key
    return name if item in name else f"{item}_{name}"


def _fetch(href: str, name: str, partial_file: Path) -> None:
    fetch_http(href, partial_file, name=name)
