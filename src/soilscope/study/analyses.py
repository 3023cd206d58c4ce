"""The analyses of a study file: steps, options and references checked, put into order."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xarray as xr
from pydantic import ValidationError

from soilscope.study.references import split_reference, takes_dataset_only
from soilscope.study.schema import Parameters, faults_of, parameters_of, unknown
from soilscope.study.spec import Analysis
from soilscope.study.steps import STEPS, Step
from soilscope.study.store import CUBE
from soilscope.study.yaml_lines import Document

_NAME = re.compile(r"[^\W_][\w-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)  # no folders on Windows


def step_options(step: Step) -> Parameters:
    """Options of a step: its keyword-only parameters that do not take data."""
    return parameters_of(step.run, data=step.data_parameters)


def read_analyses(
    value: Mapping[str, Any],
    variables: set[str] | None,
    document: Document,
    *,
    apart: Sequence[str] = (),
) -> dict[str, Analysis]:
    """Check every analysis and sort them; `variables` of the cube are None where unknown.

    `apart` are inputs that references name as they name analyses.
    """
    given = value.get("analyses")
    if not isinstance(given, Mapping) or not given:
        document.fault(("analyses",), "analyses is missing or empty; name at least one step.")
        return {}
    known = _Known(variables, frozenset(given) | frozenset(apart))
    found: dict[str, Analysis] = {}
    for name, content in given.items():
        _check_name(name, list(given), variables, document)
        if name in apart:
            document.fault(
                ("analyses", name), f"{name!r} is an input; name the analysis otherwise."
            )
        analysis = _read_analysis(name, content, known, document)
        if analysis is not None:
            found[name] = analysis
    return _sorted(found, document)


class _Known:
    """What a reference can mean."""

    def __init__(self, variables: set[str] | None, analyses: frozenset[str]) -> None:
        self.variables = variables
        self.analyses = analyses

    def fault(self, reference: Any, *, own: str) -> str | None:
        """Say what is wrong with `reference` in the analysis `own`."""
        if not isinstance(reference, str) or not reference:
            return f"{reference!r} is not the name of a variable or an analysis."
        name, _ = split_reference(reference)
        if name == own:
            return f"{reference!r} refers to the analysis itself."
        if name in self.analyses or self.variables is None:
            return None
        if reference in self.variables:
            return None
        words = sorted(self.variables) + sorted(self.analyses - {own})
        if name in self.variables:
            return f"{name!r} is a variable of the cube and has no parts; write {name}."
        return unknown(reference, words, kind="reference")


def _check_name(
    name: str, names: list[str], variables: set[str] | None, document: Document
) -> None:
    where = ("analyses", name)
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        text = f"the analysis name {name!r} becomes a folder; use letters, digits, _ and -."
        document.fault(where, text)
    elif name.lower() == CUBE:
        document.fault(where, f"no analysis may be named {name!r}; that is the inputs' own name.")
    elif name in (variables or ()):
        document.fault(where, f"{name!r} is a variable of the cube; name the analysis otherwise.")
    elif name.lower() in {other.lower() for other in names[: names.index(name)]}:
        document.fault(where, f"another analysis is named {name!r} in other capitals.")


def _read_analysis(name: str, content: Any, known: _Known, document: Document) -> Analysis | None:
    where = ("analyses", name)
    if not isinstance(content, Mapping):
        document.fault(where, f"the analysis {name!r} must be a mapping, as in {{step: trend}}.")
        return None
    word = content.get("step")
    if word is None:
        document.fault(where, f"step is missing; there are: {', '.join(STEPS)}.")
        return None
    if not isinstance(word, str) or word not in STEPS:
        document.fault((*where, "step"), unknown(str(word), STEPS, kind="step"))
        return None
    step = STEPS[word]
    return Analysis(
        name=name,
        step=word,
        inputs=_read_references(name, word, content, known, document),
        options=_read_options(name, step, content, document),
    )


def _read_references(
    name: str, word: str, content: Mapping[str, Any], known: _Known, document: Document
) -> dict[str, str | list[str]]:
    step = STEPS[word]
    annotations = inspect.get_annotations(step.run, eval_str=True)
    inputs: dict[str, str | list[str]] = {}
    for parameter in step.data_parameters:
        reference = content.get(parameter)
        where = ("analyses", name, parameter)
        if reference is None:
            if parameter in step.inputs or not _may_be_absent(step, parameter):
                text = f"{word} needs {parameter}: a variable, an analysis or analysis.variable."
                document.fault(where, text)
            continue
        annotation = annotations.get(parameter)
        faults = [known.fault(ref, own=name) for ref in _listed(reference)]
        if isinstance(reference, list) and not (reference and _takes_dataset(annotation)):
            faults = ["takes one reference, not a list."]
            if _takes_dataset(annotation):
                faults = ["the list is empty."]
        bad = [fault for fault in faults if fault is not None]
        for fault in bad:
            document.fault(where, f"{parameter}: {fault}")
        if not bad:
            alone = isinstance(reference, str) and reference not in known.analyses
            inputs[parameter] = (
                [reference] if alone and takes_dataset_only(annotation) else reference
            )
    return inputs


def _read_options(
    name: str, step: Step, content: Mapping[str, Any], document: Document
) -> dict[str, Any]:
    parameters = step_options(step)
    given = {k: v for k, v in content.items() if k != "step" and k not in step.data_parameters}
    try:
        return parameters.model(**given).model_dump(exclude_unset=True)
    except ValidationError as error:
        words = dict.fromkeys(step.data_parameters, str) | dict(parameters.hints)
        for key, text in faults_of(error, words, given).items():
            document.fault(("analyses", name, key), text.replace("unknown key", "unknown option"))
        return {}


def _may_be_absent(step: Step, parameter: str) -> bool:
    return inspect.signature(step.run).parameters[parameter].default is not inspect.Parameter.empty


def _takes_dataset(annotation: Any) -> bool:
    return xr.Dataset in getattr(annotation, "__args__", (annotation,))


def _listed(reference: Any) -> list[Any]:
    return reference if isinstance(reference, list) else [reference]


def needs(analysis: Analysis) -> Iterator[str]:
    """Names that the references of an analysis begin with: analyses, or variables of the cube."""
    for reference in analysis.inputs.values():
        for one in _listed(reference):
            yield split_reference(one)[0]


def _sorted(found: dict[str, Analysis], document: Document) -> dict[str, Analysis]:
    """Order of running: that of the file, but each behind what it needs; circles are faults."""
    ordered: dict[str, Analysis] = {}
    waiting = dict(found)
    while waiting:
        ready = next(
            (name for name, item in waiting.items() if not set(needs(item)) & set(waiting)), None
        )
        if ready is None:
            circle = _circle(waiting)
            text = f"these analyses need one another: {' -> '.join([*circle, circle[0]])}."
            document.fault(("analyses", circle[0]), text)
            break
        ordered[ready] = waiting.pop(ready)
    return ordered


def _circle(waiting: Mapping[str, Analysis]) -> list[str]:
    """Return one circle, begun at the analysis that stands first in the file."""
    walk = [next(iter(waiting))]
    while True:
        following = next(name for name in needs(waiting[walk[-1]]) if name in waiting)
        if following in walk:
            circle = walk[walk.index(following) :]
            first = min(range(len(circle)), key=lambda i: list(waiting).index(circle[i]))
            return circle[first:] + circle[:first]
        walk.append(following)
