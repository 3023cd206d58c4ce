"""Imports point one way: the layers of the house, read from the code itself."""

import ast
from pathlib import Path

import pytest

import soilscope

ROOT = Path(soilscope.__file__).parent
BASE = {"errors", "names"}
LABELLED = BASE | {"checks", "times", "lineage", "labelled"}
LIBRARY = LABELLED | {"kernels", "grid"}

#: room -> rooms that it may import (its own is always allowed)
ALLOWED = {
    "errors": set(),
    "names": {"errors"},
    "kernels": {"errors"},
    "checks": BASE,
    "times": BASE | {"checks"},
    "lineage": BASE,
    "labelled": BASE | {"checks", "times", "lineage"},
    "grid": LABELLED | {"kernels"},
    "sources": LIBRARY,
    "twin": LIBRARY,
    "prepare": LIBRARY,
    "analyse": LIBRARY,
    "study": LIBRARY | {"sources", "twin", "prepare", "analyse"},
    "report": BASE | {"study"},
    "cli": LABELLED | {"study", "report"},
    "__init__": set(),
    "__main__": {"cli"},
}
FILES = sorted(ROOT.rglob("*.py"))


def room_of(file: Path) -> str:
    first = file.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported_modules(file: Path) -> set[str]:
    """Full names of the soilscope modules that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "soilscope" and "." in name}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_a_file_imports_only_from_the_layers_below_it(file):
    room = room_of(file)
    assert room in ALLOWED, f"{room} is a new room: say in this test what it may import"
    rooms = {name.split(".")[1] for name in imported_modules(file)}
    public = {"__version__"}
    assert rooms - ALLOWED[room] - {room} - public == set()


@pytest.mark.parametrize("file", [f for f in FILES if room_of(f) == "report"], ids=lambda f: f.name)
def test_the_report_knows_only_results_on_disk(file):
    study = {n for n in imported_modules(file) if n.startswith("soilscope.study.")}
    assert all(name.startswith("soilscope.study.store") for name in study)


def test_no_circles_between_modules():
    names = {f: ".".join(["soilscope", *f.relative_to(ROOT).with_suffix("").parts]) for f in FILES}
    modules = set(names.values())
    graph = {names[f]: imported_modules(f) & modules - {names[f]} for f in FILES}
    while graph:
        leaves = {m for m, needs in graph.items() if not needs & graph.keys()}
        assert leaves, f"these import one another: {sorted(graph)}"
        graph = {m: needs for m, needs in graph.items() if m not in leaves}
