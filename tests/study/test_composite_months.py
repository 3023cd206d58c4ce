"""Composites of 16 days become a study's months by the day on which each pixel was seen."""

import numpy as np
import pandas as pd
import pytest

from soilscope import open_source
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.helan import helan
from soilscope.twin.layouts.modis import write_modis

STUDY = """\
title: Months of NDVI
calendar: {step: month, how: {ndvi: max}}
inputs:
  plants: {product: modis, paths: MODIS, variables: VARIABLES}
analyses:
  annual: {step: composite, da: ndvi, freq: YS, min_count: 12}
"""


@pytest.mark.parametrize(
    ("variables", "told"),
    [("[ndvi, ndvi_day]", "by the day of each observation"), ("[ndvi]", "by the middle of each")],
)
def test_a_value_is_in_the_month_in_which_it_was_seen(tmp_path, monkeypatch, variables, told):
    monkeypatch.chdir(tmp_path)
    write_modis(helan(spacing=0.25, months=36), tmp_path / "MODIS", product="MOD13A2")
    study = tmp_path / "study.yaml"
    study.write_text(STUDY.replace("VARIABLES", variables).replace("MODIS,", "MODIS/*.tif,"))
    assert told in "\n".join(plan(load_study(study)).text())
    cube = Store(run_study(study, results=tmp_path / "out")).open("cube")
    assert "ndvi_day" not in cube
    source = open_source(
        "modis", str(tmp_path / "MODIS" / "*.tif"), variables=["ndvi", "ndvi_day"]
    ).load()
    assert cube.sizes["time"] == 36
    days = source.ndvi_day.fillna(8).values if "day" in variables else np.full(source.ndvi.shape, 8)
    for row, column in ((1, 7), (2, 9), (7, 4)):  # seen 2, 15 and 1 days after the first
        seen = source.time.values + pd.to_timedelta(days[:, row, column], "D").values
        values = pd.Series(source.ndvi.values[:, row, column], pd.DatetimeIndex(seen))
        expected = values.resample("MS").max().reindex(cube.time.values)
        assert expected.notna().all()
        np.testing.assert_array_equal(cube.ndvi.values[:, row, column], expected)
