"""Studies on HDF-EOS files: they run, and without the library check says so before any work."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.grid.crs import stamp
from soilscope.study.store import Store
from soilscope.twin.layouts.hdf_eos import SINUSOIDAL, TILE
from soilscope.twin.layouts.modis import write_modis

STUDY = """\
title: Vegetation as delivered
grid: {like: vegetation}
calendar: {step: month}
inputs:
  vegetation: {product: modis, paths: "files/*.hdf", variables: [ndvi, evi]}
analyses:
  annual: {step: composite, da: ndvi, freq: YS, min_count: 12, how: max}
"""
needs_pyhdf = pytest.mark.skipif(
    importlib.util.find_spec("pyhdf") is None, reason="pyhdf has no wheel for this system"
)


def ndvi() -> xr.Dataset:
    """Two years of months on 3 x 4 cells over the edge of two tiles."""
    time = pd.date_range("2003-01", periods=24, freq="MS")
    rng = np.random.default_rng(2)
    y = 4.5 * TILE - TILE / 1200 * (np.arange(3) + 0.5)
    x = 8 * TILE + TILE / 1200 * (np.arange(4) - 1.5)
    values = rng.uniform(0.1, 0.8, (24, 3, 4))
    data = {name: (("time", "y", "x"), values * by) for name, by in (("ndvi", 1.0), ("evi", 0.6))}
    return stamp(xr.Dataset(data, {"time": time, "y": y, "x": x}), SINUSOIDAL)


@needs_pyhdf
def test_a_study_of_tiles_runs(folder: Path):
    truth = ndvi()
    write_modis(truth, folder / "files", product="MOD13A3", layout="hdf")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    assert main(["run", "study.yaml", "-r", "out", "--no-report", "--quiet"]) == 0
    cube = Store("out").open("cube")
    np.testing.assert_allclose(cube.ndvi.values, truth.ndvi.values, atol=0.5001e-4)
    np.testing.assert_allclose(cube.evi.values, truth.evi.values, atol=0.5001e-4)


def test_check_tells_what_to_install_before_any_work(folder: Path, capsys, monkeypatch):
    (folder / "files").mkdir()
    name = "MOD13A3.A2003001.h25v04.061.2004001000000.hdf"
    (folder / "files" / name).write_bytes(b"\x0e\x03\x13\x01" + bytes(200))
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pyhdf" else find(name, *a)
    )
    for arguments in (["check", "study.yaml"], ["run", "study.yaml", "-r", "out"]):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        (line,) = [part for part in err.splitlines() if part.startswith("soilscope: error: ")]
        assert "python -m pip install pyhdf" in line
        assert "GeoTIFF or NetCDF from AppEEARS" in line
    assert not (folder / "out").exists()


def test_check_tells_of_an_hdf_that_is_hdf5(folder: Path, capsys):
    (folder / "files").mkdir()
    with h5py.File(folder / "files" / "MOD13A3.A2003001.h25v04.061.hdf", "w") as file:
        file["HDFEOS/GRIDS/grid/Data Fields/1 km monthly NDVI"] = np.zeros((2, 2), "i2")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    assert main(["check", "study.yaml"]) == 2
    err = capsys.readouterr().err
    (line,) = [part for part in err.splitlines() if part.startswith("soilscope: error: ")]
    assert "is HDF-EOS5" in line
