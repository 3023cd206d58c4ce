"""What a step returns is what its docstring says."""

import re

import pytest

from contract.examples import EXAMPLES
from soilscope.names import NAMES
from soilscope.study.steps import STEPS

#: Data that pass through keep their name, and a mean may be named by its data.
OF_THE_DATA = {"soil_moisture"}


def sections(function):
    """Parts of a numpydoc docstring under their headings."""
    found = re.split(r"^ {4}(\w+)\n {4}-{3,}$", function.__doc__, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_variable_of_a_result_is_named_in_the_docstring(name):
    example = EXAMPLES[name]
    step = STEPS[example.step]
    made = step.run(**example.make(), **example.options)
    variables = {str(v) for v in getattr(made, "data_vars", [])} - OF_THE_DATA
    said = set(re.findall(r"`(\w+)`", sections(step.run)["Returns"]))
    said |= {f"{v}_{end}" for v in said for end in ("low", "high", "pooled")}
    assert variables - said == set()
    assert variables <= set(NAMES)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_parameter_is_described(step):
    told = re.findall(r"^ {4}([\w, ]+?)(?: :.*)?$", sections(step.run)["Parameters"], re.MULTILINE)
    described = {word.strip() for line in told for word in line.split(",")}
    code = step.run.__code__
    wanted = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}
    assert wanted - described == set()
