"""The key `download` of an input: from where its files can be fetched."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from soilscope.errors import GridError
from soilscope.grid.region import read_bounds
from soilscope.study.schema import Strict, faults_of
from soilscope.study.yaml_lines import Document, Location

Source = Literal["cds", "earthaccess", "stac"]
Bounds = tuple[float, float, float, float]

#: Products that the Climate Data Store has.
OF_CDS = ("era5_land", "era5")
#: source -> keys beside `from` and `area`, those that are needed first.
_NEEDED: Mapping[Source, tuple[str, ...]] = {
    "cds": (),
    "earthaccess": ("collection",),
    "stac": ("url", "collection"),
}
_ALLOWED: Mapping[Source, tuple[str, ...]] = {
    "cds": ("step",),
    "earthaccess": ("version",),
    "stac": ("assets", "cut"),
}
_EXAMPLES: Mapping[Source, str] = {
    "cds": "{from: cds, step: month}",
    "earthaccess": '{from: earthaccess, collection: MOD13A2, version: "061"}',
    "stac": "{from: stac, url: https://..., collection: NAME, assets: [NDVI]}",
}


class DownloadSpec(Strict):
    """From where an input is fetched; the other keys belong to one of the sources each."""

    source: Source = Field(alias="from")
    area: Bounds | None = None  # west, south, east, north; else that of the input or the study
    step: Literal["month", "hour"] = "month"
    collection: str | None = None
    version: str | None = None
    url: str | None = None
    assets: tuple[str, ...] = ()
    cut: bool = False  # images cut to the area, with the tiles of a date in one


def read_download(
    content: Mapping[str, Any], product: str, document: Document, where: Location
) -> DownloadSpec | None:
    """Read the key `download` of an input, and note what is wrong with it."""
    if "download" not in content:
        return None
    given, here = content["download"], (*where, "download")
    if not isinstance(given, Mapping):
        document.fault(here, f"download must be a mapping, as in {_EXAMPLES['cds']}.")
        return None
    try:
        spec = DownloadSpec(**given)
    except ValidationError as error:
        for key, text in faults_of(error, _hints(), given).items():
            document.fault((*here, key), f"download: {text}")
        return None
    fault = _fault(spec, given, product)
    if fault:
        document.fault(here, fault)
        return None
    return spec


def _hints() -> dict[str, Any]:
    return {
        field.alias or name: field.annotation for name, field in DownloadSpec.model_fields.items()
    }


def _fault(spec: DownloadSpec, given: Mapping[str, Any], product: str) -> str:
    """Say what does not go together; nothing where all does."""
    needed, example = _NEEDED[spec.source], _EXAMPLES[spec.source]
    for key in needed:
        if not given.get(key):
            return f"download from {spec.source} needs {key}, as in {example}."
    allowed = ("from", "area", *needed, *_ALLOWED[spec.source])
    for key in given:
        if key not in allowed:
            return f"download from {spec.source} has no {key}; it takes {', '.join(allowed)}."
    if spec.source == "cds" and product not in OF_CDS:
        return f"download from cds knows {' and '.join(OF_CDS)}, not {product}."
    if spec.cut and not spec.assets:
        return f"download from stac with cut needs assets, as in {example}."
    if spec.area is not None:
        try:
            read_bounds(spec.area)
        except GridError as error:
            return f"download: {str(error).replace('region is', 'area is')}"
    return ""
