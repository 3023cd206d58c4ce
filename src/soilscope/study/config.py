"""A study file, read and checked: what it names, on which data, in which order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from soilscope.errors import InputError
from soilscope.sources.timeaxis import read_period
from soilscope.study.analyses import read_analyses, step_options
from soilscope.study.download_spec import DownloadSpec, read_download
from soilscope.study.paths import named_paths, read_paths, read_roots
from soilscope.study.place import KEYS, Place, place_schema, read_place
from soilscope.study.products import (
    ALWAYS,
    TWINS,
    option_faults,
    product_names,
    product_options,
    variables_of,
)
from soilscope.study.schema import Strict, faults_of, unknown
from soilscope.study.spec import Analysis, InputSpec, ReportSpec
from soilscope.study.steps import STEPS
from soilscope.study.yaml_lines import Document, Location, read_yaml

__all__ = ["Analysis", "InputSpec", "ReportSpec", "Study", "load_study", "study_schema"]


class Study(Strict):
    """A study: everything it says, typed and resolved, with analyses in the order of running."""

    path: Path
    text: str = Field(repr=False)
    title: str
    description: str = ""
    roots: dict[str, Path] = Field(default={})
    period: tuple[str, str] | None = None
    place: Place = Place()
    inputs: dict[str, InputSpec]
    analyses: dict[str, Analysis]
    report: ReportSpec = ReportSpec()
    shown: str = Field(default="", repr=False)  # the path as it was given
    lines: dict[str, int] = Field(default={}, repr=False)  # "inputs.NAME", "analyses.NAME" -> line

    @property
    def apart(self) -> tuple[str, ...]:
        """Names of the inputs that are no part of the cube."""
        return tuple(name for name, spec in self.inputs.items() if spec.apart)

    def where(self, part: str) -> str:
        """Say where a part of the study stands: 'file:line'."""
        line = self.lines.get(part)
        return f"{self.shown}:{line}" if line else self.shown


_OWN = ("grid", "calendar")
#: Keys of an input that its product does not take.
_OF_STUDY = ("product", "paths", "suffix", "download", *_OWN)
_KEYS = ("title", "description", "roots", "period", *KEYS, "inputs", "analyses", "report")


def load_study(path: str | Path, *, needs_files: bool = True) -> Study:
    """Read the study file `path` and check everything that can be known without opening data.

    Parameters
    ----------
    path
        A YAML file in UTF-8; its keys are described in ``docs/how-to/study-file.md``.
    needs_files
        Whether the files of inputs must be there; if not, paths stay as they are written.

    Returns
    -------
    Study
        Roots and paths resolved, options typed, analyses sorted so that each stands behind what
        it needs.

    Raises
    ------
    StudyError
        With one line for each fault, in the order of the file.
    """
    document = read_yaml(Path(path))
    value = document.value
    for key in value:
        if key not in _KEYS:
            document.fault((key,), unknown(key, _KEYS))
    roots = read_roots(value.get("roots"), document)
    place = read_place(value, roots, document)
    inputs, variables = _read_inputs(value, roots, document, needs_files)
    if variables is not None and place.calendar is not None:
        within = [spec.suffix for spec in inputs.values() if not spec.apart]
        variables |= {
            name if suffix is None else f"{name}_{suffix}"
            for name in place.calendar.derived
            for suffix in within
        }
    apart = tuple(name for name, spec in inputs.items() if spec.apart)
    analyses = read_analyses(value, variables, document, apart=apart)
    parts: dict[str, Any] = {
        "title": _text(value, "title", document) or Path(path).stem,
        "description": _text(value, "description", document),
        "period": _read_period(value, document),
        "place": place,
        "report": _read_report(value, document),
    }
    document.raise_faults()
    return Study(
        path=Path(path).resolve(),
        text=document.text,
        roots={name: root for name, root in roots.items() if root is not None},
        inputs=inputs,
        analyses=analyses,
        shown=str(path),
        lines={
            ".".join(map(str, location)): line
            for location, line in document.lines.items()
            if 0 < len(location) <= 2
        },
        **parts,
    )


def study_schema() -> dict[str, Any]:
    """JSON schema of a study file, for editors."""
    report = ReportSpec.model_json_schema()
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "soilscope study",
        "type": "object",
        "additionalProperties": False,
        "required": ["inputs", "analyses"],
        "properties": {
            "title": text,
            "description": text,
            "roots": {"type": "object", "additionalProperties": text},
            "period": {"type": "array", "minItems": 2, "maxItems": 2},
            **place_schema(),
            "inputs": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [_input_schema(p) for p in product_names()]},
            },
            "analyses": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [_step_schema(name) for name in STEPS]},
            },
            "report": report,
        },
    }


def _input_schema(product: str) -> dict[str, Any]:
    schema = product_options(product).model.model_json_schema()
    own: dict[str, Any] = {"product": {"const": product}, "suffix": {"type": "string"}}
    own |= {key: {"enum": ["study", "own"]} for key in _OWN}
    schema["properties"] = own | schema.get("properties", {})
    schema["required"] = ["product", *schema.get("required", [])]
    if product not in TWINS:
        schema["properties"]["paths"] = {"type": ["string", "array"], "items": {"type": "string"}}
        schema["properties"]["download"] = DownloadSpec.model_json_schema()
        schema["required"].append("paths")
    return schema


def _step_schema(name: str) -> dict[str, Any]:
    step = STEPS[name]
    schema = step_options(step).model.model_json_schema()
    reference = {"type": ["string", "array"], "items": {"type": "string"}}
    data = dict.fromkeys(step.data_parameters, reference)
    schema["properties"] = {"step": {"const": name}} | data | schema.get("properties", {})
    schema["required"] = ["step", *step.inputs, *schema.get("required", [])]
    return schema


def _read_inputs(
    value: Mapping[str, Any],
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> tuple[dict[str, InputSpec], set[str] | None]:
    """Read every input; with them the names of all variables, or None where files must say."""
    given = value.get("inputs")
    if not isinstance(given, Mapping) or not given:
        document.fault(("inputs",), "inputs is missing or empty; name at least one product.")
        return {}, None
    inputs: dict[str, InputSpec] = {}
    variables: set[str] | None = set(ALWAYS)
    owners: dict[str, str] = {}
    for name, content in given.items():
        spec = _read_input(name, content, roots, document, needs_files)
        brought = variables_of(spec.product, spec.options) if spec is not None else None
        if spec is not None and spec.suffix is not None and brought is not None:
            brought = tuple(f"{variable}_{spec.suffix}" for variable in brought)
        if spec is not None:
            inputs[name] = spec
            if spec.apart:
                _check_apart(name, spec, value, document)
                continue
        for variable in brought or ():
            if owners.setdefault(variable, name) != name:
                text = (
                    f"{variable!r} is already brought by the input {owners[variable]!r}; give one "
                    f"of them a suffix, as in suffix: {spec.product if spec else name}."
                )
                document.fault(("inputs", name, "variables", variable), text)
        variables = None if brought is None or variables is None else variables | set(brought)
    return inputs, variables


def _read_input(
    name: str,
    content: Any,
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> InputSpec | None:
    where = ("inputs", name)
    if not isinstance(content, Mapping):
        document.fault(where, f"the input {name!r} must be a mapping with product and paths.")
        return None
    product = content.get("product")
    if product not in product_names():
        kind = "product is missing; there are: " + ", ".join(product_names()) + "."
        text = kind if product is None else unknown(str(product), product_names(), kind="product")
        document.fault((*where, "product"), text)
        return None
    before = len(document.faults)
    suffix = content.get("suffix")
    if suffix is not None and not (isinstance(suffix, str) and suffix.isidentifier()):
        document.fault((*where, "suffix"), f"suffix is {suffix!r}; give a word, as in era5_land.")
        suffix = None
    own = {key: content.get(key, "study") for key in _OWN}
    for key, word in own.items():
        if word not in ("study", "own"):
            document.fault((*where, key), f"{key} is {word!r}; it is study (default) or own.")
            own[key] = "study"
    options = _read_options(product, content, document, where)
    download = read_download(content, product, document, where)
    paths = _read_input_paths(name, product, content, roots, document, needs_files)
    if len(document.faults) > before and not isinstance(options.get("variables"), (dict, list)):
        return None
    return InputSpec(
        product=product, paths=paths, options=options, suffix=suffix, download=download, **own
    )


def _check_apart(name: str, spec: InputSpec, value: Mapping[str, Any], document: Document) -> None:
    """Refuse what an input that stands apart cannot have."""
    where = ("inputs", name)
    grid = value.get("grid")
    if spec.suffix is not None:
        document.fault((*where, "suffix"), f"{name} stands apart and needs no suffix: {name}.NAME.")
    if isinstance(grid, Mapping) and grid.get("like") == name and spec.grid == "own":
        document.fault((*where, "grid"), f"the study's grid is like {name}; leave grid: own out.")


def _read_options(
    product: str, content: Mapping[str, Any], document: Document, where: Location
) -> dict[str, Any]:
    given = {key: item for key, item in content.items() if key not in _OF_STUDY}
    parameters = product_options(product)
    try:
        options = parameters.model(**given).model_dump(exclude_unset=True)
    except ValidationError as error:
        for key, text in faults_of(error, {"paths": str, **parameters.hints}, given).items():
            document.fault((*where, key), text)
        return given
    if product not in TWINS:
        for key, text in option_faults(product, options).items():
            document.fault((*where, key), text)
    return options


def _read_input_paths(
    name: str,
    product: str,
    content: Mapping[str, Any],
    roots: Mapping[str, Path | None],
    document: Document,
    needs_files: bool,
) -> tuple[Path, ...]:
    where = ("inputs", name, "paths")
    if product in TWINS:
        for key in ("paths", "download"):
            if key in content:
                document.fault((*where[:2], key), f"{product} is synthetic and has no {key}.")
        return ()
    if "paths" not in content:
        document.fault(where, f"the input {name!r} has no paths.")
        return ()
    if not needs_files:
        return named_paths(content["paths"], roots, document, where)
    before = len(document.faults)
    paths = read_paths(content["paths"], roots, document, where)
    if "download" in content and len(document.faults) > before:
        document.fault(where, f"soilscope download {document.path.name} fetches what is missing.")
    return paths


def _read_period(value: Mapping[str, Any], document: Document) -> tuple[str, str] | None:
    given = value.get("period")
    try:
        read_period(given)
    except InputError as error:
        document.fault(("period",), str(error))
        return None
    except TypeError:
        document.fault(("period",), f"period is {given!r}; give [first month, last month].")
        return None
    return None if given is None else (str(given[0]), str(given[1]))


def _read_report(value: Mapping[str, Any], document: Document) -> ReportSpec:
    given = value.get("report") or {}
    if not isinstance(given, Mapping):
        document.fault(("report",), "report must be a mapping, as in {formats: [png, pdf]}.")
        return ReportSpec()
    try:
        return ReportSpec(**given)
    except ValidationError as error:
        hints = {"formats": list[Literal["png", "pdf"]], "title": str, "page_megabytes": float}
        for key, text in faults_of(error, hints, given).items():
            document.fault(("report", key), text.replace("a number", "a number above 0"))
        return ReportSpec()


def _text(value: Mapping[str, Any], key: str, document: Document) -> str:
    given = value.get(key)
    if given is None:
        return ""
    if not isinstance(given, (str, int, float)):
        document.fault((key,), f"{key} must be text.")
        return ""
    return str(given).strip()
