"""The command `sources`: every product is explained, and its example is one that `check` takes."""

import os
import subprocess
import sys

import pytest
import yaml

from soilscope.cli.main import main
from soilscope.sources.catalogue import PRODUCTS
from soilscope.study.products import TWINS, option_faults, product_options


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["sources", *arguments]) == 0
    return capsys.readouterr().out


def test_all_products_are_listed(capsys):
    lines = said(capsys).splitlines()
    for name in (*PRODUCTS, *TWINS):
        assert any(line.startswith(f"{name} ") for line in lines), name
    assert max(map(len, lines)) <= 88


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_explained_with_all_that_is_known_of_it(capsys, name):
    text = " ".join(said(capsys, name).split())
    product = PRODUCTS[name]
    for part in (product.description, product.files, product.origin, *product.traps):
        assert part in text
    for variable in product.variables:
        assert f" {variable.name} {', '.join(variable.source)}: " in text
    for ancestor in product.ancestors:
        assert ancestor in text


@pytest.mark.parametrize("name", [*PRODUCTS, *TWINS])
def test_the_example_is_one_that_a_study_takes(capsys, name):
    text = said(capsys, name).split("In a study\n")[1]
    (given,) = yaml.safe_load(text)["inputs"].values()
    assert given.pop("product") == name
    given.pop("paths", None)
    product_options(name).model(**given)
    if name in PRODUCTS:
        assert option_faults(name, given) == {}


def test_units_before_and_after_stand_side_by_side(capsys):
    lines = {
        line.split()[0]: " ".join(line.split())
        for line in said(capsys, "era5_land").split("\n")
        if line
    }
    assert lines["temperature"] == "temperature t2m: K -> degC"
    assert lines["precipitation"] == "precipitation tp: m -> mm month-1 (mm d-1 if daily)"
    assert "ndvi 1 km 16 days NDVI: stored numbers x 0.0001 -> 1" in " ".join(
        said(capsys, "modis").split()
    )


def test_an_unknown_product_is_told_with_the_nearest(capsys):
    assert main(["sources", "era5land"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "era5_land" in error


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_every_page_can_be_piped_in_any_encoding(encoding):
    pages = "; ".join(f"main(['sources', '{name}'])" for name in PRODUCTS)
    code = f"from soilscope.cli.main import main; {pages}; main(['sources'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert b"era5_land" in done.stdout
    done.stdout.decode(encoding)
