"""A run keeps which months are preliminary, and sees when they are replaced by final ones."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.errors import SoilscopeWarning
from soilscope.grid.depth import layer_coordinates
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.layouts.era5_land import LAYERS, write_era5_land

MONTHS = pd.date_range("2001-01", periods=24, freq="MS")


def land() -> xr.Dataset:
    values = np.random.default_rng(3).uniform(0.05, 0.4, (24, 4, 3, 4))
    dims = ("time", "depth", "latitude", "longitude")
    return xr.Dataset(
        {"soil_moisture": (dims, values, {"units": "m3 m-3"})},
        {
            "time": MONTHS,
            **layer_coordinates(LAYERS),
            "latitude": [38.0, 38.1, 38.2],
            "longitude": [104.0, 104.1, 104.2, 104.3],
        },
    )


def write(tmp_path, preliminary, mtime):
    for path in write_era5_land(land(), tmp_path / "sm", by="year", preliminary=preliminary):
        os.utime(path, (mtime, mtime))


@pytest.fixture
def study(tmp_path):
    write(tmp_path, 3, 1_000_000_000)
    path = tmp_path / "study.yaml"
    path.write_text(
        "title: Versions\ninputs:\n  sm: {product: era5_land, paths: sm/*.nc}\n"
        "analyses:\n  annual: {step: composite, da: soil_moisture, freq: YS}\n"
    )
    return path


def run(path):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", SoilscopeWarning)
        results = run_study(path, results=path.parent / "results")
    return Store(results), [str(item.message) for item in heard]


def test_the_months_stand_in_the_record_of_the_cube_and_in_the_manifest(study, capsys):
    store, _ = run(study)
    (source,) = store.record("cube").sources
    assert source["versions"] == [
        {"first": "2001-01", "last": "2002-09", "status": "final"},
        {"first": "2002-10", "last": "2002-12", "status": "preliminary"},
    ]
    assert store.manifest["preliminary"] == {"sm": ["2002-10", "2002-11", "2002-12"]}
    assert main(["status", str(store.root)]) == 0
    said = capsys.readouterr().out
    assert "preliminary, and may still change: sm, 2002-10 to 2002-12" in said


def test_a_later_run_sees_that_they_became_final(study, tmp_path):
    run(study)
    write(tmp_path, 1, 1_100_000_000)
    store, heard = run(study)
    told = [text for text in heard if "of the last run was preliminary" in text]
    assert len(told) == 1
    assert told[0].startswith("sm: 2002-10 to 2002-11 of the last run was preliminary and is final")
    assert store.manifest["preliminary"] == {"sm": ["2002-12"]}
    assert store.open("cube").expver_status.values.tolist() == [0] * 23 + [1]


def test_a_run_without_new_files_says_nothing(study):
    run(study)
    _, heard = run(study)
    assert not [text for text in heard if "of the last run" in text]
