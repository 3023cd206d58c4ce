"""Studies on files in the layouts of SMCI and TerraClimate: what is opened, told and computed."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.sources import formats
from soilscope.study.config import load_study
from soilscope.study.inputs import open_input
from soilscope.study.store import Store
from soilscope.twin.helan import helan
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.terraclimate import write_terraclimate

STUDY = """\
title: Two products
region: [105.6, 37.9, 106.0, 38.3]
grid: {like: smci}
calendar: {step: month, min_share: 0.8}
inputs:
  smci: {product: smci, paths: smci}
  climate: {product: terraclimate, paths: climate, variables: [vpd]}
analyses:
  annual: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
"""


@pytest.fixture(scope="module")
def twin() -> xr.Dataset:
    return helan(spacing=0.1, months=36).isel(depth=[0])


@pytest.fixture(scope="module")
def files(twin, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    write_smci_tiles(twin, folder / "smci", tile=(6, 6))
    write_terraclimate(twin, folder / "climate")
    (folder / "study.yaml").write_text(STUDY)
    return folder


@pytest.fixture
def inside(files, monkeypatch) -> Path:
    monkeypatch.chdir(files)
    return files


def test_a_study_reads_days_and_tiles_to_the_months_that_they_were_made_of(inside, twin):
    assert main(["run", "study.yaml", "-r", "out", "--no-report", "--quiet"]) == 0
    cube = Store("out").open("cube")
    truth = twin.sel(latitude=cube.latitude, longitude=cube.longitude, method="nearest")
    assert cube.sizes["time"] == 36
    for name, packed in (("soil_moisture", 0.001), ("vpd", 0.01)):
        difference = abs(cube[name].values - truth[name].values)
        assert np.isfinite(difference).mean() > 0.2  # the rest is no oasis
        assert np.nanmax(difference) < 0.51 * packed


def test_only_what_lies_near_the_region_is_opened(inside, monkeypatch):
    study = load_study("study.yaml")
    spec, near = study.inputs["smci"], study.place.region
    read: list[str] = []
    sniff = formats._sniff
    monkeypatch.setattr(formats, "_sniff", lambda path: read.append(str(path)) or sniff(path))
    part = open_input(spec, near=near)
    n_part = len(read)
    whole = open_input(spec)
    assert n_part < len(read) - n_part  # all tiles of the first folder, near ones of the others
    assert 37.4 <= float(part.latitude.min()) <= 37.5
    expected = whole.sel(latitude=part.latitude, longitude=part.longitude, method="nearest")
    np.testing.assert_array_equal(part.soil_moisture, expected.soil_moisture)


def test_check_tells_what_the_files_lack(inside, capsys):
    (lost,) = inside.glob("climate/*vpd_2001.nc")
    kept = lost.rename(lost.with_suffix(".away"))
    try:
        assert main(["check", "study.yaml"]) == 0
    finally:
        kept.rename(lost)
    said = capsys.readouterr()
    assert "TerraClimate lacks 2001 of vpd between 2000 and 2002" in said.err
    assert "12 month(s) missing: 2001-01" in said.out
