"""A study file, read and checked: what it names, on which data, in which order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from soilscope.errors import InputError
from soilscope.sources.timeaxis import read_period
from soilscope.study.analyses import read_analyses, step_options
from soilscope.study.config_inputs import APART_KEYS, read_inputs
from soilscope.study.download_spec import DownloadSpec
from soilscope.study.paths import read_roots
from soilscope.study.place import KEYS, Place, place_schema, read_place
from soilscope.study.products import TWINS, product_names, product_options
from soilscope.study.schema import Strict, faults_of, unknown
from soilscope.study.spec import Analysis, InputSpec, ReportSpec
from soilscope.study.steps import STEPS
from soilscope.study.yaml_lines import Document, read_yaml

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
    inputs, variables = read_inputs(value, roots, document, needs_files)
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
    own |= {key: {"enum": ["study", "own"]} for key in APART_KEYS}
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
