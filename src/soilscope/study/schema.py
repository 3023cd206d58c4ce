"""Models of options, derived from the signatures of the public functions that take them."""

import inspect
import types
from collections.abc import Callable as AbcCallable
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from soilscope.checks import nearest

_SCALARS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_UNIONS = (Union, types.UnionType)
_LISTS = (Sequence, Iterable, Collection, list)
_MAPPINGS = (Mapping, dict)


class Strict(BaseModel):
    """What a study says: no unknown keys, never changed; numbers pass where text is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Parameters(NamedTuple):
    """Parameters of a function as a study sees them."""

    model: type[Strict]  # the options, typed
    hints: Mapping[str, Any]  # option -> annotation that YAML can fill


def parameters_of(function: AbcCallable[..., Any], *, data: Collection[str]) -> Parameters:
    """Model the keyword-only options of `function`; those in `data` take references instead."""
    return _parameters_of(function, frozenset(data))


@cache
def _parameters_of(function: AbcCallable[..., Any], data: frozenset[str]) -> Parameters:
    hints: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    annotations = inspect.get_annotations(function, eval_str=True)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not parameter.KEYWORD_ONLY or parameter.name in data:
            continue
        hint = writable(annotations.get(parameter.name, Any))
        if hint is not None:
            hints[parameter.name] = hint
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (hint, default)
    name = f"{getattr(function, '__name__', 'function')} options"
    return Parameters(create_model(name, __base__=Strict, **fields), hints)


def writable(hint: Any) -> Any:
    """Return the part of an annotation that YAML can hold; None if there is none.

    >>> import xarray as xr
    >>> writable(Literal["area"] | xr.DataArray)
    typing.Literal['area']
    """
    if hint in _SCALARS or hint is Any or hint is type(None) or get_origin(hint) is Literal:
        return hint
    if hint is Path:
        return str
    arguments = get_args(hint)
    if get_origin(hint) in _UNIONS:
        kept = [part for part in map(writable, arguments) if part is not None]
        if set(kept) <= {type(None)}:
            return None
        return Union[tuple(kept)]  # noqa: UP007  (a union of parts that are known only now)
    if get_origin(hint) is tuple:
        inner = [Ellipsis if part is Ellipsis else writable(part) for part in arguments]
        return None if None in inner else tuple[tuple(inner)]  # type: ignore[misc]
    if get_origin(hint) in _LISTS:
        item = writable(arguments[0])
        return None if item is None else list[item]  # type: ignore[valid-type]
    if get_origin(hint) in _MAPPINGS:
        item = writable(arguments[1])
        return None if item is None else dict[str, item]  # type: ignore[valid-type]
    return None


def describe(hint: Any) -> str:
    """Say in words what an option takes.

    >>> describe(Literal["own", "pooled"] | tuple[str, str] | None)
    "one of 'own', 'pooled', or a list of 2 (text), or null"
    """
    if hint in _SCALARS:
        return _SCALARS[hint]
    if hint is type(None):
        return "null"
    if get_origin(hint) is Literal:
        choices = ", ".join(_shown(choice) for choice in get_args(hint))
        return f"one of {choices}" if len(get_args(hint)) > 1 else choices
    arguments = get_args(hint)
    if get_origin(hint) in _UNIONS:
        return ", or ".join(describe(part) for part in arguments)
    if get_origin(hint) is tuple:
        if Ellipsis in arguments:
            return f"a list of {describe(arguments[0])}"
        kinds = dict.fromkeys(describe(part) for part in arguments)
        return f"a list of {len(arguments)} ({', '.join(kinds)})"
    if get_origin(hint) is list:
        return f"a list of ({describe(arguments[0])})"
    if get_origin(hint) is dict:
        return f"a mapping of words to ({describe(arguments[1])})"
    return "a value"


def choices_of(hint: Any) -> list[Any]:
    """Every value that a Literal anywhere in `hint` allows."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if get_origin(hint) in _UNIONS:
        return [choice for part in get_args(hint) for choice in choices_of(part)]
    return []


def faults_of(error: ValidationError, hints: Mapping[str, Any], given: Any) -> dict[str, str]:
    """Say once for each wrong key of a flat model what is wrong with it."""
    faults: dict[str, str] = {}
    for item in error.errors():
        key = str(item["loc"][0]) if item["loc"] else ""
        if key in faults:
            continue
        if item["type"] == "missing":
            faults[key] = f"{key} is missing; it takes {describe(hints.get(key))}."
        elif item["type"] == "extra_forbidden":
            faults[key] = unknown(key, hints)
        else:
            value, hint = given.get(key), hints.get(key)
            meant = nearest(value, choices_of(hint)) if isinstance(value, str) else ""
            faults[key] = f"{key} is {_shown(value)}; it must be {describe(hint)}{meant or '.'}"
    return faults


def unknown(key: str, known: Iterable[str], *, kind: str = "key") -> str:
    """Say that `key` is unknown, which word may be meant, and what there is."""
    words = list(known)
    listed = ", ".join(words) or "none"
    return f"unknown {kind} {key!r}{nearest(key, words) or '.'} There are: {listed}."


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
