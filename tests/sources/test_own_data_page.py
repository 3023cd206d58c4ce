"""The page about own data: its declarations are ones that the code takes."""

import inspect
import re
from pathlib import Path

import pytest
import yaml

from soilscope import open_source
from soilscope.sources.canonical import CANONICAL
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.declared import read_dims, read_layers, read_variables

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-data.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def inputs():
    for block in BLOCKS:
        given = yaml.safe_load(block)
        inner = given.get("inputs", given)
        yield from inner.items() if "variables" not in inner else [("rest", inner)]


@pytest.mark.parametrize(
    ("name", "spec"), list(inputs()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_declaration_on_the_page_is_understood(name, spec):
    assert set(spec) <= set(inspect.signature(open_source).parameters)
    assert spec.get("product", "table") in PRODUCTS
    variables = read_variables(spec["variables"])
    assert {v.name for v in variables} <= set(CANONICAL)
    read_dims(spec.get("dims"))
    read_layers(spec.get("depth_bounds"))


def test_every_variable_of_ours_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in CANONICAL if f"`{name}`" not in text] == ["cell_area"]
