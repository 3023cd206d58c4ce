"""The command `download`: what it says, and that nothing else downloads."""

import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main

STUDY = """\
title: Downloads
period: [2000-01, 2001-12]
region: [104.2, 38.1, 104.6, 38.4]
inputs:
  land:
    product: era5_land
    paths: land/*.nc
    variables: [temperature]
    download: {from: cds}
analyses:
  annual: {step: composite, da: temperature, freq: YS}
"""


class Cds:
    """The module cdsapi; the second request may fail."""

    def __init__(self, fault=None):
        self.fault, self.asked = fault, 0

    def Client(self, **_):
        return SimpleNamespace(retrieve=self.retrieve)

    def retrieve(self, _name, request, target):
        self.asked += 1
        logging.getLogger("multiurl").warning("again: %s", "https://host/f.nc?key=s3cr3t")
        if self.fault is not None and self.asked == 2:
            raise self.fault
        time = pd.date_range(f"{request['year'][0]}-01", periods=12, freq="MS")
        values = np.full((12, 14, 15), 285.0)
        ds = xr.Dataset(
            {"t2m": (("valid_time", "latitude", "longitude"), values, {"units": "K"})},
            {
                "valid_time": time,
                "latitude": (38.9 - np.arange(14) / 10).round(1),
                "longitude": (103.7 + np.arange(15) / 10).round(1),
            },
        )
        made = Path(f"{target}.made")
        ds.to_netcdf(made, engine="h5netcdf")
        made.rename(target)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def call(monkeypatch, cds, *arguments) -> int:
    monkeypatch.setitem(sys.modules, "cdsapi", cds)
    return main(["download", "study.yaml", *arguments])


def test_a_line_a_file_and_the_folder_at_the_end(folder, monkeypatch, capsys):
    assert call(monkeypatch, Cds()) == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "soilscope: warning: multiurl: again: https://host/f.nc",
        "land: 1 of 2, era5_land_temperature_2000.nc",
        "land: 2 of 2, era5_land_temperature_2001.nc",
    ]
    assert said.out.splitlines() == ["land: 2 files, 2 fetched now", str(folder / "land")]
    assert call(monkeypatch, Cds()) == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == ["land (2 of 2 files): kept from an earlier run"]
    assert said.out.splitlines()[0] == "land: 2 files, 0 fetched now"


def test_lines_of_json_name_input_and_file(folder, monkeypatch, capsys):
    assert call(monkeypatch, Cds(), "--log-json") == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (first, _) = (e for e in events if e["event"] == "fetched")
    assert (first["name"], first["step"]) == ("land", "era5_land_temperature_2000.nc")
    assert (first["done"], first["total"]) == (1, 2)


def test_a_fault_is_one_line_and_exit_code_2(folder, monkeypatch, capsys):
    assert call(monkeypatch, Cds(fault=RuntimeError("key: pa55 is wrong"))) == 2
    said = capsys.readouterr()
    (line,) = [text for text in said.err.splitlines() if "error" in text]
    assert line.startswith("soilscope: error: land: era5_land_temperature_2001.nc was not fetched")
    assert "pa55" not in said.err + said.out


def test_an_interruption_says_what_is_kept(folder, monkeypatch, capsys):
    assert call(monkeypatch, Cds(fault=KeyboardInterrupt())) == 130
    assert "interrupted; whole files are kept" in capsys.readouterr().err
    assert [p.name for p in (folder / "land").glob("*.nc")] == ["era5_land_temperature_2000.nc"]


@pytest.mark.parametrize("command", ["check", "run"])
def test_no_other_command_downloads(folder, monkeypatch, capsys, command):
    cds = Cds()
    monkeypatch.setitem(sys.modules, "cdsapi", cds)
    assert main([command, "study.yaml"]) == 2
    said = capsys.readouterr().err
    assert "no file matches" in said
    assert "soilscope download study.yaml fetches what is missing" in said
    assert cds.asked == 0
