"""What is known of a product beforehand: its variables, its ancestors, and what a user replaces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from soilscope.checks import nearest
from soilscope.errors import InputError
from soilscope.sources.declared import (
    Variable,
    VariableOption,
    override_variables,
    read_variables,
    variable_fields,
)


def known_variables(
    known: Sequence[Variable],
    variables: Mapping[str, VariableOption] | Sequence[str] | None,
    override: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Variable, ...]:
    """Return the variables of a product: those asked for (else all), as known or as replaced.

    A mapping gives the file's own name, or fields of `Variable` that replace what is known; a name
    that is not known must say all that the file does not.
    """
    by_name = {variable.name: variable for variable in known}
    if variables is None:
        return override_variables(tuple(known), override)
    if isinstance(variables, Mapping):
        chosen = [_replaced(str(name), given, by_name) for name, given in variables.items()]
        return override_variables(tuple(chosen), override)
    listed = read_variables(variables) or ()
    for variable in listed:
        if variable.name not in by_name:
            raise InputError(
                f"variables names {variable.name!r}, which this product is not known to hold"
                f"{nearest(variable.name, list(by_name))}; there are: {', '.join(by_name)}."
            )
    return override_variables(tuple(by_name[variable.name] for variable in listed), override)


def _replaced(name: str, given: VariableOption, known: Mapping[str, Variable]) -> Variable:
    if name not in known:
        (variable,) = read_variables({name: given}) or ()
        return variable
    return replace(known[name], **variable_fields(f"variables.{name}", given))
