"""The documentation is tried: its links, commands, targets, studies, tables and Python."""

import inspect
import pydoc
import re
from pathlib import Path

import numpy as np
import pytest
import typer.main
import xarray as xr
import yaml

import soilscope
from soilscope.cli.main import app
from soilscope.sources.catalogue import PRODUCTS
from soilscope.study.config import load_study, study_schema
from soilscope.study.steps import STEPS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
STUDY_FILE = ROOT / "docs" / "how-to" / "study-file.md"
COMMANDS = typer.main.get_command(app).commands
REPORT = "write_report"  # a block that needs results; the tests of the report run what it calls


def name_of(page):
    return page.relative_to(ROOT).as_posix() if isinstance(page, Path) else None


def blocks(language, pages=PAGES):
    """Each fenced block of a language, with the page that holds it."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [
        pytest.param(text, id=f"{name_of(page)}-{number}")
        for page in pages
        for number, text in enumerate(fence.findall(page.read_text(encoding="utf-8")))
    ]


def commands_of(text):
    """Return the fenced blocks without a language: what is typed."""
    return "\n".join(re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def table(page, heading):
    """First two columns of the table under a heading: {first: second}."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, second = line.strip("|").split("|")[:2]
        rows[first.strip(" `")] = second.strip()
    return rows


# ---------------------------------------------------------------- links, commands, targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_exists(page):
    text = page.read_text(encoding="utf-8")
    shell = commands_of(text)
    said = re.findall(r"(?:^|-m )soilscope ([a-z][^#\n]*)", shell, re.MULTILINE)
    for line in said + re.findall(r"`(?:python -m )?soilscope ([a-z][^`]*)`", text):
        verb, *rest = line.split()
        assert verb in COMMANDS, line
        known = {option for parameter in COMMANDS[verb].params for option in parameter.opts}
        assert [word for word in rest if word.startswith("-") and word not in known] == [], line


def test_every_command_is_on_the_page_of_the_command_line():
    listed = table(ROOT / "docs" / "how-to" / "command-line.md", "command")
    assert sorted(word.split()[0].strip("`") for word in listed) == sorted(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_of_make_exists(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    text = page.read_text(encoding="utf-8")
    said = re.findall(r"^make ((?:[a-z]+ ?)+)", commands_of(text), re.M)
    said += re.findall(r"`make ([a-z ]+)`", text)
    assert [word for words in said for word in words.split() if word not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_and_name_of_the_code_exists(page):
    text = page.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:src|tests|benchmarks|examples|docs)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for name in re.findall(r"`soilscope\.([\w.]+)", text):
        assert pydoc.locate(f"soilscope.{name}") is not None, name


# ---------------------------------------------------------------- studies


def files_of(text, folder):
    """Write an empty file for each path that a study names below its root `data`."""
    for path in re.findall(r"data:([^\s,\]}#]+)", text):
        file = folder / path.replace("*", "2001_01")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def whole(given):
    """Make a study of a part of one: inputs, options of an input, or keys of the study."""
    twin = {"product": "helan_twin"}
    if "inputs" not in given and all(
        isinstance(v, dict) and "product" in v for v in given.values()
    ):
        given = {"inputs": given}
    elif "variables" in given:
        given = {"inputs": {"rest": {"product": "table", "paths": "data:rest.csv"} | given}}
    step = {"step": "composite", "da": "zone"}
    named = given.get("grid", {}).get("like", "twin")
    return {
        "inputs": {named: twin},
        "analyses": {"annual": step},
        "roots": {"data": "data"},
    } | given


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_study_and_part_of_one_is_accepted(text, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    files_of(text + " data:rest.csv", folder)
    monkeypatch.setenv("SOILSCOPE_DATA", str(folder))
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(whole(yaml.safe_load(text)), allow_unicode=True), "utf-8")
    load_study(path)


def test_the_page_of_the_study_file_lists_every_key():
    assert sorted(table(STUDY_FILE, "key")) == sorted(study_schema()["properties"])


def test_the_page_of_the_study_file_lists_every_step_with_its_data():
    shown = {name: re.findall(r"`(\w+)`", data) for name, data in table(STUDY_FILE, "step").items()}
    assert {name: sorted(data) for name, data in shown.items()} == {
        name: sorted(step.data_parameters) for name, step in STEPS.items()
    }


def test_keys_of_grid_region_calendar_and_zones_are_on_the_page():
    text = STUDY_FILE.read_text(encoding="utf-8")
    schema = study_schema()["properties"]
    models = [
        schema["grid"],
        *(schema[key]["anyOf"][-1] for key in ("region", "calendar", "zones")),
    ]
    keys = {key for model in models for key in model["properties"]} - {"bounds"}
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", text)) == []


# ---------------------------------------------------------------- Python


def some(*dims, seed=0, **attrs):
    """Return a field of 12 years of months (or of years) with every dimension asked for."""
    sizes = {"time": 144, "year": 40, "depth": 2, "site": 3, "y": 3, "x": 4}
    values = np.random.default_rng(seed).gamma(9.0, 0.03, size=[sizes[d] for d in dims])
    da = xr.DataArray(values, dims=dims, attrs=attrs)
    cells = {d: np.arange(sizes[d]) + 0.5 for d in ("y", "x") if d in dims}
    da = da.assign_coords(cells)
    for dim, freq in (("time", "MS"), ("year", "YS")):
        if dim in dims:
            da = da.assign_coords({dim: xr.date_range("2000-01", periods=sizes[dim], freq=freq)})
    return da.rename(year="time") if "year" in dims else da


def namespace():
    """What the pages take as given: data under the names that they use."""
    grid = ("time", "y", "x")
    moisture = {f"product_{k}": some(*grid, seed=k, units="m3 m-3") for k in range(4)}
    cube = xr.Dataset({n: some(*grid, seed=i, units="1") for i, n in enumerate("abc")})
    zone = some("y", "x").astype("int8") * 0
    return {
        **{name: getattr(soilscope, name) for name in soilscope.__all__},
        "annual_index": some("year", "site", units="1"),
        "index": some(*grid, units="1"),
        "cube": cube.rename(a="precipitation", b="temperature", c="vpd"),
        "soil_moisture": some(*grid, units="m3 m-3"),
        "new_months": some(*grid, seed=9, units="m3 m-3"),
        "ndvi": some(*grid, seed=10, units="1"),
        "quality": some(*grid, seed=11, units="1"),
        "lst": some(*grid, seed=12, units="degC"),
        **dict(zip(("smci", "station", "smap", "gldas"), moisture.values(), strict=True)),
        "era5_land": some(*grid, seed=8, units="m3 m-3"),
        "zone": zone.assign_attrs(flag_values=[0], flag_meanings="oasis"),
    }


@pytest.mark.filterwarnings("ignore::soilscope.errors.SoilscopeWarning")
@pytest.mark.filterwarnings("ignore:Consolidated metadata")
@pytest.mark.parametrize(
    "text", [block for block in blocks("python") if REPORT not in block.values[0]]
)
def test_every_piece_of_python_runs(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    field = some("time", "depth", "y", "x", units="m3 m-3").to_dataset(name="soil_moisture")
    field.to_netcdf("soil_moisture.nc")
    exec(compile(text, "the page", "exec"), namespace())


# ---------------------------------------------------------------- nothing is left out


def functions():
    """Rows of the tables of functions: name -> positional parameters, options."""
    text = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)` \| ([^|]*)\|", text, re.MULTILINE)
    found: dict[str, tuple[list[str], list[str]]] = {}
    before: list[str] = []
    for name, positional, options in rows:
        named = re.findall(r"`(\w+)`", options)
        before = (before if options.startswith("the same") else []) + named
        found[name] = (positional.split(", "), before)
    return found


def test_the_page_of_functions_lists_every_function_with_its_parameters():
    page = functions()
    assert sorted(page) == sorted(soilscope.__all__)
    for name, (positional, options) in page.items():
        parameters = inspect.signature(getattr(soilscope, name)).parameters.values()
        named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        assert (name, options) == (name, named)
        assert (name, positional) == (name, [p.name for p in parameters if p.name not in named])


def test_nothing_is_missing_from_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    names = [*soilscope.__all__, *PRODUCTS, *COMMANDS, *study_schema()["properties"]]
    assert [name for name in names if f"`{name}" not in text] == []
