import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import composite, run_study, standardize, trend
from soilscope.errors import StudyError
from soilscope.study import slabs
from soilscope.study.store import Store

STUDY = """
title: A small grid
roots: {data: .}
inputs:
  grid:
    product: raster
    paths: data:sm.nc
    depth_bounds: [[0, 0.1], [0.1, 0.3]]
    variables: {soil_moisture: sm}
    lineage: [ERA5-Land]
analyses:
  parameters: {step: index_parameters, da: soil_moisture}
  index: {step: standardize, da: soil_moisture, parameters: parameters}
  annual: {step: composite, da: index, freq: YS, min_count: 12}
  trend: {step: trend, da: annual, correction: CORRECTION}
  trend_fdr: {step: adjust_p_values, p: trend.p_value}
  regional: {step: regional_mean, da: annual, regions: zone}
"""


def moisture():
    rng = np.random.default_rng(0)
    time = pd.date_range("2000-01", periods=180, freq="MS")
    values = 0.25 + 0.05 * rng.normal(size=(180, 2, 4, 6))
    values[:, :, 0, 0] = np.nan
    return xr.DataArray(
        values.astype("f4"),
        {"time": time, "latitude": [38.4, 38.3, 38.2, 38.1], "longitude": 106 + 0.1 * np.arange(6)},
        ("time", "depth", "latitude", "longitude"),
        attrs={"units": "m3 m-3"},
    )


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 12_000)  # some cells a slab, so that there are several
    moisture().to_dataset(name="sm").to_netcdf(tmp_path / "sm.nc")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace("CORRECTION", "none"), encoding="utf-8")
    return path


def events(path, results, **options):
    found = []
    run_study(path, results=results, progress=found.append, **options)
    return found


def ran(found):
    return {event.name for event in found if not event.skipped}


EVERYTHING = {"cube", "parameters", "index", "annual", "trend", "trend_fdr", "regional"}


def test_a_run_gives_what_the_functions_give(study, tmp_path):
    store = Store(run_study(study, results=tmp_path / "out"))
    sm = moisture()
    expected = trend(composite(standardize(sm).ssmi, freq="YS", min_count=12))
    result = store.open("trend").load()
    for variable in ("slope", "p_value", "n_obs", "status"):
        np.testing.assert_array_equal(
            result[variable], expected[variable].transpose(*result[variable].dims)
        )
    assert store.record("cube").slabs > 1
    assert store.record("trend").slabs > 1


def test_a_second_run_does_nothing(study, tmp_path):
    assert ran(events(study, tmp_path / "out")) == EVERYTHING | {"grid"}  # the input is staged
    assert ran(events(study, tmp_path / "out")) == set()


def test_a_changed_option_runs_only_what_depends_on_it(study, tmp_path):
    events(study, tmp_path / "out")
    study.write_text(STUDY.replace("CORRECTION", "prewhiten"), encoding="utf-8")
    assert ran(events(study, tmp_path / "out")) == {"trend", "trend_fdr"}


def test_changed_data_run_everything(study, tmp_path):
    events(study, tmp_path / "out")
    (1.1 * moisture()).assign_attrs(units="m3 m-3").to_dataset(name="sm").to_netcdf(
        study.parent / "sm.nc"
    )
    assert ran(events(study, tmp_path / "out")) == EVERYTHING | {"grid"}  # the input is staged


def test_a_killed_run_goes_on_at_the_first_missing_slab(study, tmp_path, monkeypatch):
    whole = Store(run_study(study, results=tmp_path / "whole"))
    fill, filled = slabs.Growing.fill, []

    def stops(self, slab, compute):
        if self.work.name.startswith("index-") and len(filled) == 3:
            raise OSError(28, "No space left on device")
        if self.work.name.startswith("index-"):
            filled.append(slab)
        fill(self, slab, compute)

    monkeypatch.setattr(slabs.Growing, "fill", stops)
    with pytest.raises(OSError, match="No space left"):
        run_study(study, results=tmp_path / "out")
    assert not Store(tmp_path / "out").has("index")
    assert Store(tmp_path / "out").names() == ["cube", "parameters"]

    again = []
    monkeypatch.setattr(
        slabs.Growing,
        "fill",
        lambda self, slab, compute: (
            again.append((self.work.name, slab)),
            fill(self, slab, compute),
        ),
    )
    run_study(study, results=tmp_path / "out")
    of_index = [slab for name, slab in again if name.startswith("index-")]
    assert not any(name.startswith("cube-") for name, _ in again)
    assert len(of_index) == whole.record("index").slabs - len(filled)
    for name in whole.names():
        xr.testing.assert_identical(
            Store(tmp_path / "out").open(name).load(), whole.open(name).load()
        )


def test_a_record_says_how_a_result_was_made(study, tmp_path):
    store = Store(run_study(study, results=tmp_path / "out"))
    record = store.record("trend")
    assert record.step == "trend"
    assert record.inputs == {"da": "annual"}
    assert record.options["correction"] == "none"
    assert record.options["acf_alpha"] == 0.05  # a default, written down
    assert "soilscope" in record.versions
    (source,) = store.record("cube").sources
    assert source["lineage"] == ["ERA5-Land"]
    assert source["variables"]["soil_moisture"]["source_units"] == "m3 m-3"
    assert source["variables"]["soil_moisture"]["counts"]["missing"] == 360
    assert source["variables"]["soil_moisture"]["counts"]["n"] == 180 * 2 * 24


def test_the_manifest_names_the_results_in_their_order(study, tmp_path):
    store = Store(run_study(study, results=tmp_path / "out"))
    assert store.names()[0] == "cube"
    assert set(store.names()) == EVERYTHING
    assert store.manifest["synthetic"] is False
    assert (store.root / "study.yaml").read_text(encoding="utf-8") == study.read_text("utf-8")
    assert not (store.root / ".work").exists()


def test_local_processes_give_the_same_results(study, tmp_path):
    one = Store(run_study(study, results=tmp_path / "one"))
    two = Store(run_study(study, results=tmp_path / "two", workers=1))
    xr.testing.assert_identical(one.open("trend").load(), two.open("trend").load())


def test_another_study_may_not_write_into_the_folder(study, tmp_path):
    run_study(study, results=tmp_path / "out")
    other = study.with_name("other.yaml")
    other.write_text(study.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"holds the results of study\.yaml, not of other\.yaml"):
        run_study(other, results=tmp_path / "out")


def test_a_fault_of_an_analysis_names_it_and_its_line(study, tmp_path):
    text = STUDY.replace("CORRECTION", "hirsch_slack")
    study.write_text(text, encoding="utf-8")
    line = (
        text.splitlines().index("  trend: {step: trend, da: annual, correction: hirsch_slack}") + 1
    )
    with pytest.raises(StudyError, match=rf"study\.yaml:{line}: .*trend.*season"):
        run_study(study, results=tmp_path / "out")


def test_infinite_values_are_refused_before_anything_is_computed(study, tmp_path):
    bad = moisture()
    bad[3, 0, 1, 1] = np.inf
    bad.to_dataset(name="sm").to_netcdf(study.parent / "sm.nc")
    with pytest.raises(StudyError, match=r"study\.yaml:\d+: input 'grid': .* infinite"):
        run_study(study, results=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_record_is_named(study, tmp_path):
    store = Store(run_study(study, results=tmp_path / "out"))
    (store.root / "results" / "trend" / "step.json").write_text(json.dumps([1]))
    with pytest.raises(StudyError, match=r"step\.json holds no JSON object"):
        store.record("trend")
