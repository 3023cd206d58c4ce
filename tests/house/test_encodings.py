"""No text is opened in the encoding that a machine happens to have."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import soilscope

ROOT = Path(soilscope.__file__).parent
#: How many arguments come before the encoding.
TEXT = {"read_text": 0, "write_text": 1, "to_csv": 99}


def without_encoding(text: str) -> Iterator[int]:
    """Lines that open text without a stated encoding."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = getattr(called, "attr", getattr(called, "id", ""))
        given = {word.arg for word in node.keywords}
        constants = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        binary = any(isinstance(c, str) and "b" in c and len(c) < 4 for c in constants)
        path = name == "open" and (isinstance(called, ast.Name) or "path" in ast.unparse(called))
        states = "encoding" in given or len(node.args) > TEXT.get(name, 99)
        if (name in TEXT and not states) or (path and not binary and "encoding" not in given):
            yield node.lineno


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("p.read_text()", 1),
        ("p.write_text(x)", 1),
        ("table.to_csv(p)", 1),
        ("open(p)", 1),
        ("path.open('w')", 1),
        ("path.open('rb')", 0),
        ("p.read_text(encoding='utf-8')", 0),
        ("p.read_text('utf-8')", 0),
        ("p.write_text(x, 'utf-8')", 0),
        ("store.open('trend')", 0),
    ],
)
def test_what_counts_as_text_without_encoding(line, found):
    assert len(list(without_encoding(line))) == found


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda f: f.stem)
def test_every_text_is_opened_in_a_stated_encoding(file):
    assert list(without_encoding(file.read_text(encoding="utf-8"))) == []
