"""Statistics of fields in a study: series of fields by blocks of time, and fields without time."""

import numpy as np
import xarray as xr

from soilscope import run_study
from soilscope.study.store import Store

STUDY = """\
title: Fields
inputs:
  twin: {product: helan_twin, spacing: 0.25, months: 36}
analyses:
  by_month: {step: spatial_statistics, da: soil_moisture, n_quantiles: 9}
  whole: {step: spatial_statistics, da: true_slope, n_quantiles: 9}
  of_cells: {step: spatial_statistics, da: soil_moisture, dim: time, n_quantiles: 9}
"""


def test_fields_with_and_without_time_are_described(tmp_path, monkeypatch):
    monkeypatch.setattr("soilscope.study.slabs.SLAB_BYTES", 20_000)  # several blocks of time
    (tmp_path / "study.yaml").write_text(STUDY)
    store = Store(run_study(tmp_path / "study.yaml", results=tmp_path / "out"))
    cube = store.open("cube").load()
    assert store.record("by_month").slabs > 1
    found = store.open("by_month").load()
    space = ["latitude", "longitude"]
    np.testing.assert_allclose(found["minimum"], cube["soil_moisture"].min(space))
    assert (found["n_obs"] == cube["soil_moisture"].count(space)).all()
    static = store.open("whole").load()
    np.testing.assert_allclose(static["maximum"], cube["true_slope"].max(space), rtol=1e-6)
    xr.testing.assert_allclose(
        store.open("of_cells")["maximum"].load().drop_attrs(),
        cube["soil_moisture"].max("time").drop_attrs(),
    )
