"""A study's own grid, region, zones and calendar, from files on other ones."""

import json
import re
import warnings
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal
from shapely.geometry import Polygon, box

from soilscope.errors import SoilscopeWarning, StudyError
from soilscope.grid.regrid import regrid
from soilscope.prepare.composites import composite
from soilscope.sources import chunks
from soilscope.study import stages
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store

STUDY = """\
region: {region}
{place}
inputs:
  moisture:
    product: raster
    paths: moisture.nc
    depth_bounds: [[0, 0.1]]
    variables: {{soil_moisture: sm}}
  climate:
    product: raster
    paths: climate.nc
    variables: {{temperature: t2m, precipitation: tp}}
analyses:
  annual: {{step: composite, da: soil_moisture, freq: YS, min_count: 12}}
  regional: {{step: regional_mean, da: temperature, regions: zone}}
"""
PLACE = """\
grid: {like: moisture}
calendar: month
zones: {file: zones.shp, name: NAME}
"""


def field(rng, time, north, west, step, shape, low, high):
    rows, columns = shape
    return xr.DataArray(
        rng.uniform(low, high, (time.size, rows, columns)).astype("f4"),
        {
            "time": time,
            "lat": north - step * (np.arange(rows) + 0.5),
            "lon": west + step * (np.arange(columns) + 0.5),
        },
        ("time", "lat", "lon"),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Moisture: monthly, 0.1 degrees; climate: daily, 0.4 degrees; zones: GBK without .cpg."""
    rng = np.random.default_rng(0)
    months = pd.date_range("2001-01", periods=24, freq="MS")
    days = pd.date_range("2001-01-01", "2002-12-31")
    sm = field(rng, months, 39.0, 105.0, 0.1, (12, 14), 0.1, 0.4)
    sm.assign_attrs(units="m3 m-3").to_dataset(name="sm").to_netcdf(tmp_path / "moisture.nc")
    t2m = field(rng, days, 40.0, 104.0, 0.4, (8, 9), 270, 300).assign_attrs(units="K")
    tp = field(rng, days, 40.0, 104.0, 0.4, (8, 9), 0, 0.01).assign_attrs(units="m d-1")
    xr.Dataset({"t2m": t2m, "tp": tp}).to_netcdf(tmp_path / "climate.nc")
    frame = geopandas.GeoDataFrame(
        {"NAME": ["银川", "卫宁"]},
        geometry=[box(105.0, 38.5, 106.4, 39.0), box(105.0, 37.8, 106.4, 38.5)],
        crs="EPSG:4326",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(tmp_path / "zones.shp", engine="pyogrio", encoding="GBK")
    (tmp_path / "zones.cpg").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(place=PLACE, region="[105.2, 38.1, 106.1, 38.8]"):
    Path("study.yaml").write_text(STUDY.format(place=place, region=region), encoding="utf-8")
    return Path("study.yaml")


def in_small_blocks(monkeypatch):
    """Prepare inputs by several blocks of time."""
    monkeypatch.setattr(stages, "BLOCK_BYTES", 10_000)
    monkeypatch.setattr(chunks, "_LIMIT", 30 * 72)


def climate_by_hand(name):
    with xr.open_dataset("climate.nc") as ds:
        da = ds[name].load().rename(lat="latitude", lon="longitude")
    sm = xr.open_dataset("moisture.nc").sm.rename(lat="latitude", lon="longitude")
    return regrid(composite(da, freq="MS"), sm.isel(time=0))


def test_inputs_come_onto_one_grid_and_calendar(folder, monkeypatch):
    in_small_blocks(monkeypatch)
    cube = Store(run_study(study(), results="out")).open("cube").load()
    assert dict(cube.sizes) == {"time": 24, "depth": 1, "latitude": 7, "longitude": 9}
    inside = (cube.latitude > 38.1) & (cube.latitude < 38.8)
    inside = inside & (cube.longitude > 105.2) & (cube.longitude < 106.1)
    by_hand = climate_by_hand("t2m").sel(
        latitude=cube.latitude, longitude=cube.longitude, method="nearest"
    )
    expected = (by_hand.values - 273.15)[:, inside.values]
    assert_allclose(cube.temperature.values[:, inside.values], expected, atol=2e-4)
    assert np.isnan(cube.temperature.values[:, ~inside.values]).all()
    assert np.isnan(cube.soil_moisture.values[:, 0][:, ~inside.values]).all()
    assert not np.isnan(cube.soil_moisture.values[:, 0][:, inside.values]).any()


def test_amounts_per_day_become_amounts_per_month(folder):
    cube = Store(run_study(study(), results="out")).open("cube").load()
    assert cube.precipitation.attrs["units"] == "mm month-1"
    days = cube.time.dt.days_in_month
    by_hand = climate_by_hand("tp") * 1000 * days
    by_hand = by_hand.sel(latitude=cube.latitude, longitude=cube.longitude, method="nearest")
    here = ~np.isnan(cube.precipitation.values)
    assert here.any()
    assert_allclose(cube.precipitation.values[here], by_hand.values[here], rtol=1e-5)


def test_zones_bear_their_names_and_end_where_they_end(folder):
    store = Store(run_study(study(), results="out"))
    cube = store.open("cube").load()
    assert cube.zone.attrs["labels"] == ["银川", "卫宁"]
    assert_array_equal(cube.zone.values[:3, 3], 0)
    assert_array_equal(cube.zone.values[3:, 3], 1)
    regional = store.open("regional").load()
    assert regional.region.values.tolist()[:2] == ["银川", "卫宁"]


def test_what_was_done_is_told_and_kept(folder):
    text = "\n".join(plan(load_study(study())).text())
    assert "bilinear interpolation from cells of 0.4 degrees to 0.1 degrees" in text
    assert "daily values to calendar months (at least 80% of the days)" in text
    assert "2 zone(s): 银川, 卫宁 (from zones.shp, gb18030)" in text
    record = Store(run_study("study.yaml", results="out")).record("cube")
    climate = next(source for source in record.sources if source["name"] == "climate")
    assert len(climate["preparation"]) == 2
    assert climate["resolution"] == "0.4 degrees"


def test_a_second_run_does_nothing_and_a_changed_zone_file_does(folder):
    run_study(study(), results="out")
    before = Store("out").record("cube").finished
    said = []
    run_study(study(), results="out", progress=said.append)
    assert all(item.skipped for item in said)
    path = folder / "zones.dbf"
    path.write_bytes(path.read_bytes().replace("卫宁".encode("gbk"), "灵武".encode("gbk")))
    run_study(study(), results="out")
    assert Store("out").open("cube").zone.attrs["labels"] == ["银川", "灵武"]
    assert Store("out").record("cube").finished >= before


def test_a_run_that_stopped_while_preparing_goes_on(folder, monkeypatch):
    in_small_blocks(monkeypatch)
    block, made = stages._block, []

    def breaks(item, dated, slab):
        made.append(slab.key)
        if len(made) == 3:
            raise StudyError("stopped")
        return block(item, dated, slab)

    with monkeypatch.context() as patch:
        patch.setattr(stages, "_block", breaks)
        with pytest.raises(StudyError, match="stopped"):
            run_study(study(), results="out")
    done = {path.stem for path in Path("out/.work").glob("stage-climate-*/done/*.json")}
    assert len(done) >= 2

    def notes(item, dated, slab):
        made.append(slab.key)
        return block(item, dated, slab)

    made.clear()
    monkeypatch.setattr(stages, "_block", notes)
    run_study(study(), results="out")
    assert made
    assert not done & set(made)
    run_study(study(), results="whole")
    xr.testing.assert_identical(
        Store("out").open("cube").load(), Store("whole").open("cube").load()
    )


def test_a_grid_of_its_own_resolution(folder):
    place = "grid: {crs: 'EPSG:32648', resolution: 10000}\ncalendar: month"
    cube = Store(run_study(study(place), results="out")).open("cube").load()
    assert cube.temperature.dims == ("time", "y", "x")
    assert abs(float(cube.x[1] - cube.x[0])) == 10_000
    assert float(cube.x[0]) % 10_000 == 5_000  # edges at multiples of the resolution
    assert 0.1 < float(cube.soil_moisture.mean()) < 0.4


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("calendar: month", r"Or write grid: \{like: INPUT\}"),
        ("grid: {like: moisture}", "Or write calendar: month"),
        ("grid: {like: moistures}\ncalendar: month", "like names no input: 'moistures'"),
        ("grid: {like: moisture, crs: 4326, resolution: 1}", "grid must be one of"),
        ("grid: {resolution: 0.1}", "has a resolution and no crs"),
        ("grid: {crs: EPSG:0, resolution: 0.1}", "no coordinate reference system"),
        ("calendar: week", "it must be one of 'day', 'month'"),
        ("calendar: {step: month, min_share: 80}", "min_share must be above 0 and at most 1"),
        ("zones: {file: zone.shp}", "did you mean zones.shp"),
        ("zones: {file: zones.shp, nam: NAME}", "unknown key 'nam'"),
    ],
)
def test_a_faulty_place_is_told_in_one_line(folder, place, text):
    path = study(place)
    try:
        faults = plan(load_study(path)).faults
    except StudyError as error:
        faults = error.faults
    assert any(re.search(text, fault) for fault in faults), faults
    assert all("\n" not in fault for fault in faults)


@pytest.mark.usefixtures("folder")
def test_a_root_that_is_unset_is_the_only_fault_of_a_zone_file_below_it(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    path = study("roots: {data: '${NOWHERE}'}\nzones: {file: data:zones.shp}")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert len(caught.value.faults) == 1
    assert "NOWHERE of root 'data' is unset" in caught.value.faults[0]


def test_half_a_month_of_days_is_missing_and_said(folder):
    with xr.open_dataset("climate.nc") as ds:
        short = ds.load()
    keep = (short.time < np.datetime64("2001-03-15")) | (short.time >= np.datetime64("2001-04-01"))
    short.isel(time=np.flatnonzero(keep)).to_netcdf("climate.nc")
    with pytest.warns(
        SoilscopeWarning, match=r"1 month\(s\) have too few days .* \(14 of 31 days\)"
    ):
        store = Store(run_study(study(), results="out"))
    cube = store.open("cube").load()
    assert bool(cube.temperature.sel(time="2001-03").isnull().all())
    assert not bool(cube.temperature.sel(time="2001-04").isnull().all())


def test_a_region_beyond_the_data_is_told_with_both_extents(folder):
    faults = plan(load_study(study(region="[10, 50, 11, 51]"))).faults
    assert len(faults) == 1
    assert "moisture.nc) has nothing in the region" in faults[0]


def test_the_region_may_be_a_vector_file(folder):
    store = Store(run_study(study(region="zones.shp"), results="out"))
    cube = store.open("cube").load()
    assert int((cube.zone >= 0).sum()) == 168
    assert json.loads(Path("out/manifest.json").read_text("utf-8"))["finished"]


def test_values_outside_the_region_are_missing(folder):
    triangle = Polygon([(105.0, 37.8), (106.4, 37.8), (105.0, 39.0)])
    geopandas.GeoSeries([triangle], crs="EPSG:4326").to_file("region.geojson")
    cube = Store(run_study(study(region="region.geojson"), results="out")).open("cube").load()
    inside = (cube.longitude - 105.0) / 1.4 + (cube.latitude - 37.8) / 1.2 < 1
    inside = inside.transpose("latitude", "longitude").values
    assert_array_equal(np.isnan(cube.soil_moisture.values[0, 0]), ~inside)
    assert_array_equal(np.isnan(cube.temperature.values[5]), ~inside)
    assert_array_equal(cube.zone.values >= 0, inside)


def test_the_deficit_is_made_of_days_before_they_become_months(folder):
    with xr.open_dataset("climate.nc") as ds:
        climate = ds.load()
    climate["d2m"] = (climate.t2m - 5).assign_attrs(units="K")
    climate.to_netcdf("climate.nc", mode="w")
    text = STUDY.format(
        place="grid: {like: moisture}\ncalendar: {step: month, derive: [vpd]}",
        region="[105.2, 38.1, 106.1, 38.8]",
    ).replace("precipitation: tp", "dewpoint: d2m")
    Path("study.yaml").write_text(text.replace("da: temperature", "da: vpd"), encoding="utf-8")
    cube = Store(run_study("study.yaml", results="out")).open("cube").load()
    t = climate.t2m - 273.15
    daily = 0.6108 * (np.exp(17.27 * t / (t + 237.3)) - np.exp(17.27 * (t - 5) / (t - 5 + 237.3)))
    months = composite(daily.rename(lat="latitude", lon="longitude"), freq="MS")
    by_hand = regrid(months, cube.soil_moisture.isel(time=0, depth=0, drop=True))
    assert_allclose(cube.vpd.values, by_hand.values, rtol=1e-4)
    assert cube.vpd.attrs["units"] == "kPa"


def test_a_second_product_of_a_variable_has_a_suffix_and_layers_of_its_own(folder):
    with xr.open_dataset("moisture.nc") as ds:
        sm = ds.sm.load()
    two = xr.concat([sm, sm * 0.5], "layer").transpose("time", "layer", ...)
    two.assign_attrs(units="m3 m-3").to_dataset(name="sm").to_netcdf("other.nc")
    text = STUDY.format(place=PLACE, region="[105.2, 38.1, 106.1, 38.8]").split("analyses:")[0]
    text += """\
  other:
    product: raster
    paths: other.nc
    suffix: other
    dims: {depth: layer}
    depth_bounds: [[0, 0.05], [0.05, 0.2]]
    variables: {soil_moisture: sm}
analyses:
  merged: {step: merge_layers, sm: soil_moisture_other, bounds: [[0, 0.1]]}
"""
    Path("study.yaml").write_text(text, encoding="utf-8")
    assert plan(load_study("study.yaml")).faults == []
    store = Store(run_study("study.yaml", results="out"))
    merged = store.open("merged").load()
    cube = store.open("cube").load()
    assert merged.soil_moisture_other.dims == ("time", "depth", "latitude", "longitude")
    assert_allclose(merged.soil_moisture_other, cube.soil_moisture * 0.75, rtol=1e-6)
    (other,) = [s for s in store.record("cube").sources if s["name"] == "other"]
    assert other["variables"]["soil_moisture_other"]["counts"]["above"] == 0


def test_two_products_of_a_variable_are_told_how_to_live_together(folder):
    text = STUDY.format(place=PLACE, region="[105.2, 38.1, 106.1, 38.8]")
    text = text.replace("temperature: t2m", "soil_moisture: t2m, temperature: t2m")
    Path("study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"already brought by the input 'moisture'.*suffix"):
        load_study("study.yaml")
