"""Faults on the way to fine cells: layers of quality, strata, scales, places, terrain, traps."""

import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from soilscope.names import NO_DATA
from soilscope.study.draft import draft
from soilscope.study.store import Store
from soilscope.study.survey import survey
from soilscope.twin.layouts.esa_cci import write_esa_cci
from soilscope.twin.layouts.modis_land_cover import write_modis_land_cover
from study.bad_folder import Spoilt, spoil
from study.fine_files import DAYS, field, located, write_cover, write_daily, write_others

ONE = """\
title: One
inputs:
  one: {%s}
analyses:
  a: {%s}
"""
DEM = ONE % ("product: gebco, paths: DEM/*.nc", "step: terrain, dem: elevation")
LST = "product: trims_lst, paths: TRIMS/*.tif"
DIFFERENCE = "step: lst_difference, day: lst_day, night: lst_night"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fine")
    write_daily(folder)
    write_others(folder)
    return folder


@pytest.fixture
def fine(good, tmp_path, monkeypatch, capsys):
    """A working folder of these files, and the study that init drafts of it."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Spoilt(capsys)


@pytest.fixture(scope="module")
def daily(good):
    return draft(survey(good), output=good / "study.yaml")


def without(text, *words):
    """Leave lines out."""
    return "\n".join(x for x in text.splitlines() if not any(word in x for word in words))


def run(fine, text):
    """Run a study; return the results and what it warned of."""
    code, faults, warned = fine._said(["run", "study.yaml", "-r", "out", "--no-report"], text)
    assert (code, faults) == (0, [])
    return Store("out"), warned


def rewrite(pattern, how, **profile):
    """Change images as they are stored."""
    for path in Path().glob(pattern):
        with rasterio.open(path) as file:
            values, about, names = file.read(), file.profile | profile, file.descriptions
        path.unlink()
        with rasterio.open(path, "w", **about) as file:
            file.write(how(values).astype(about["dtype"]))
            file.descriptions = names


# layers of quality


def test_missing_layers_of_quality_are_told_with_the_way_to_go_on(fine, daily):
    (told,) = fine.told(without(daily, "QC_"))
    assert "hold no layer QC_Day and QC_Night, so pixels with large errors are not masked" in told
    assert "add these files, or write max_error: any if they are masked already" in told
    (told,) = fine.told(without(daily, "QC_Day"))
    assert "hold no layer QC_Day, so" in told


# strata and days


@pytest.mark.jit
def test_land_without_strata_is_told_and_not_passed_over_in_silence(fine, daily):
    shutil.rmtree("COVER")
    water = xr.full_like(field([pd.Timestamp("2019-01-01")], 0, 1), 17).astype("int16")
    write_modis_land_cover(located(land_cover=water), "COVER")
    store, warned = run(fine, daily)
    (told,) = [text for text in warned if text.startswith("relation: ")]
    assert "no stratum has a sample" in told
    assert "look at the classes (table of cover_strata), min_purity, and the days" in told
    assert store.record("relation").warnings == (told,)
    assert (store.open("relation").status == NO_DATA).all()
    assert store.open("daily").soil_moisture.isnull().all()


@pytest.mark.jit
def test_a_relation_of_the_wrong_sign_is_told_where_it_is_met(fine, daily):
    turned = daily.replace(
        "day: era5_land.lst_day, night: era5_land.lst_night",
        "day: era5_land.lst_night, night: era5_land.lst_day",
    )
    store, warned = run(fine, turned)
    assert any("coarse_difference: day less night is negative for 100%" in x for x in warned)
    assert any("no stratum has a relation that can be used (3900 samples)" in x for x in warned)
    assert (store.open("daily").fallback == -1).all()


def test_a_map_of_another_year_is_refused_with_the_years(fine, daily):
    shutil.rmtree("COVER")
    write_cover(Path(), year=2018)
    line = fine.refused(daily.replace("doy2019001_aid", "doy2018001_aid"))
    assert "relation: land_cover has no map of 2019; it has: 2018. Give the map of that" in line


def test_days_without_a_composite_of_ndvi_are_told(fine, daily):
    for path in Path("NDVI").glob("*doy2019[12]*"):
        path.unlink()
    assert any(
        "hold nothing between 2019-0" in x and "Add their files" in x for x in fine.told(daily)
    )


# places


def coarse(ds):
    shutil.rmtree("CCI")
    write_esa_cci(ds, "CCI")


def satellite():
    return located(soil_moisture=field(DAYS, 0.1, 0.4, step=0.25))


def test_coarse_cells_elsewhere_are_refused_with_both_places(fine, daily):
    there = satellite()
    coarse(there.assign_coords(latitude=there.latitude - 30.0))
    line = fine.refused(daily)
    assert "input 'esa_cci': " in line
    assert "it covers latitude 8.125 to 8.875" in line
    assert "check both, or take files of that place" in line
    line = fine.refused(without(daily, "region: "))
    assert ": daily: the grids do not meet: one covers " in line
    assert "; check both, and the region." in line


@pytest.mark.jit
def test_fine_cells_without_a_coarse_one_are_missing_and_told(fine, daily):
    coarse(satellite().isel(latitude=slice(0, 2)))
    store, warned = run(fine, daily)
    assert any("covers 50% of the region" in text for text in warned)
    found = store.open("daily").soil_moisture
    assert found.sel(latitude=slice(38.45, 38.0)).isnull().all()
    assert found.sel(latitude=slice(39.0, 38.55)).notnull().any()


@pytest.mark.jit
def test_coarse_cells_without_fine_ones_and_strata_without_samples_are_no_matter(fine, daily):
    coarse(
        satellite()
        .pad(longitude=(0, 2), mode="edge")
        .assign_coords(longitude=100.125 + 0.25 * np.arange(6))
    )
    text = daily.replace("region: [100, 38, 101, 39]", "region: [100, 38, 101.5, 39]")
    store, warned = run(fine, text)
    assert float(store.open("daily").conservation_error.max()) < 1e-6
    assert not [told for told in warned if told.startswith("relation: ")]
    relation = store.open("relation").load()
    forest = relation.sel(stratum="forest, NDVI < 0.3")
    assert (int(forest.status), int(forest.n_obs), int(forest.usable)) == (NO_DATA, 0, 0)
    assert int(relation.usable.sel(stratum="all")) == 1


def test_a_mix_of_reference_systems_names_the_key_that_mends_it(fine):
    two = (ONE % (LST, DIFFERENCE)).replace(
        "analyses:", "  two: {product: modis_land_cover, paths: COVER/*.tif}\nanalyses:"
    )
    line = fine.refused(two)
    assert "two has the dims (latitude, longitude), one has (y, x)" in line
    assert "Or write grid: {like: INPUT} with one of the inputs (one, two)" in line
    line = fine.refused(two.replace("inputs:", "grid: {like: one}\ninputs:"))
    assert line.startswith("study.yaml:5: two (")
    assert "and the study's grid: the grids do not meet: one covers " in line


# numbers out of range


@pytest.mark.parametrize(
    ("product", "change", "mend"),
    [
        (
            "product: smops, paths: SMOPS/*.nc, region: [100, 38, 101, 39]",
            lambda: spoil(
                sorted(Path("SMOPS").glob("*")),
                lambda ds: ds.assign(Blended_SM=ds.Blended_SM.assign_attrs(scale_factor=0.01)),
            ),
            'it looks like percent: write variables: {soil_moisture: {units: "%"}}',
        ),
        (
            "product: fvc_china, paths: FVC/*.tif",
            lambda: None,
            "it looks like ten-thousandths: write variables: {fvc: {scale: 0.0001}}",
        ),
        (
            LST,
            lambda: rewrite("TRIMS/*.tif", lambda v: v * 0.01, dtype="float32"),
            "numbers that were scaled already: write variables: {lst_day: {scale: 1}}",
        ),
        (
            "product: modis, paths: NDVI/*NDVI*.tif",
            lambda: rewrite("NDVI/*NDVI*.tif", lambda v: v * 0.0001, dtype="float32"),
            "it was scaled already: write variables: {ndvi: {scale: 1}}",
        ),
        (
            "product: soilgrids, paths: SOIL/*.tif",
            lambda: rewrite("SOIL/*.tif", lambda v: v * 10, dtype="int32"),
            "write variables: {clay: {expected: [lowest, highest]}} if the values are right",
        ),
        (
            "product: raster, paths: whole.nc, variables: {ndvi: v}",
            lambda: located(v=(field(DAYS, 1e3, 6e3).round().assign_attrs(units="1"))).to_netcdf(
                "whole.nc"
            ),
            "it looks like stored integers: write variables: {ndvi: {scale: 0.0001}}",
        ),
    ],
    ids=["smops", "fvc", "trims", "ndvi", "clay", "whole"],
)
def test_a_right_name_with_a_wrong_scale_names_what_to_write(fine, product, change, mend):
    change()
    line = fine.refused(
        ONE % (product, "step: merge_layers, sm: clay, bounds: [[0, 0.1]]")
        if "soilgrids" in product
        else ONE % (product, f"step: composite, da: {_of(product)}, freq: YS")
    )
    assert "study.yaml:3: input 'one': " in line
    assert mend in line


def _of(product):
    names = {"smops": "soil_moisture", "fvc": "fvc", "trims": "lst_day"}
    return next((v for k, v in names.items() if k in product), "ndvi")


def test_an_image_without_a_missing_number_names_it(fine):
    values = np.random.default_rng(0).uniform(900, 1500, (20, 20)).astype("f4")
    values[3:6, 3:9] = -9999
    place = rasterio.Affine(1000, 0, 5e5, 0, -1000, 4.3e6)
    about = {"driver": "GTiff", "dtype": "float32", "count": 1, "height": 20, "width": 20}
    with rasterio.open("h.tif", "w", crs="EPSG:32648", transform=place, **about) as file:
        file.write(values, 1)
    image = "product: raster, paths: h.tif, variables: {elevation: {name: 1, units: m}}"
    text = ONE % (image, "step: terrain, dem: elevation")
    line = fine.refused(text)
    assert "-9999 looks like a missing value: write variables: {elevation: {missing: -99" in line
    store, _ = run(fine, text.replace("units: m}", "units: m, missing: -9999}"))
    assert int(store.open("a").slope.isnull().sum()) == 18


# terrain


def heights(how):
    spoil(sorted(Path("DEM").glob("*.nc")), lambda ds: ds.assign(elevation=how(ds.elevation)))


def test_a_hole_in_the_heights_is_named_and_then_left_out(fine):
    heights(lambda da: da.where((da.lat < 38.5) | (da.lon > 100.3), -32768).astype("i2"))
    line = fine.refused(DEM)
    assert "-32768 looks like a missing value: write variables: {elevation: {missing: -327" in line
    mended = DEM.replace("*.nc", "*.nc, variables: {elevation: {missing: -32768}}")
    store, _ = run(fine, mended)
    hole = store.open("a").twi.isnull().load()
    assert bool(hole.sel(latitude=slice(39.0, 38.52), longitude=slice(100.0, 100.28)).all())
    assert not bool(hole.sel(latitude=slice(38.4, 38.0)).any())


def test_a_flat_lake_and_a_sink_on_the_border_have_finite_wetness(fine):
    def lake(da):
        flat = da.where((abs(da.lat - 38.5) > 0.2) | (abs(da.lon - 100.5) > 0.2), 1200)
        return flat.where((flat.lon > 100.05) | (abs(flat.lat - 38.5) > 0.05), 100).astype("i2")

    heights(lake)
    store, _ = run(fine, DEM)
    assert bool(np.isfinite(store.open("a").twi).all())


def test_one_row_of_heights_is_refused_with_what_is_lacking(fine):
    spoil(sorted(Path("DEM").glob("*.nc")), lambda ds: ds.isel(lat=[3]))
    line = fine.refused(DEM)
    assert "'latitude' has a single value, which does not say how wide a cell is" in line
    assert "take two rows and columns at least" in line


def test_degrees_taken_for_metres_are_refused_with_the_word_to_write(fine):
    x, y = 100.0 + 0.01 * np.arange(20), 39.0 - 0.01 * np.arange(20)
    height = xr.DataArray(np.full((20, 20), 900.0), {"y": y, "x": x}, ("y", "x"))
    height.assign_attrs(units="m").to_dataset(name="h").to_netcdf("h.nc")
    raster = "product: raster, paths: h.nc, variables: {elevation: h}"
    line = fine.refused(ONE % (raster, "step: terrain, dem: elevation"))
    assert "its coordinates look like degrees; write crs, as in crs: EPSG:4326" in line


# traps of products


def test_a_period_that_a_version_lacks_is_told_by_check(fine, capsys):
    for path in Path("PET").glob("*"):
        path.rename(path.with_name(path.name.replace("GF", "").replace("doy2019", "doy2021")))
    text = ONE % (
        "product: modis_et, paths: PET/*.tif",
        "step: composite, da: potential_evapotranspiration, freq: YS",
    )
    Path("study.yaml").write_text(text.replace("inputs:", "period: [2019-01, 2021-12]\ninputs:"))
    from soilscope.cli.main import main

    assert main(["check", "study.yaml"]) == 0
    out = capsys.readouterr().out
    assert re.search(
        r"one: 2019-01 to 2020-12, MOD16A2 of version 6.1 has nothing before 2021", out
    )


@pytest.mark.parametrize("product", ["modis", "modis_lst", "modis_land_cover", "modis_et"])
def test_hdf_without_its_library_is_one_line_before_any_work(fine, product, monkeypatch):
    find = importlib.util.find_spec
    lacking = "pyhdf"
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == lacking else find(name, *a)
    )
    names = {"modis": "MOD13A2", "modis_lst": "MOD11A1", "modis_land_cover": "MCD12Q1"}
    name = f"{names.get(product, 'MOD16A2GF')}.A2019001.h25v05.061.2020001000000.hdf"
    Path(name).write_bytes(b"\x0e\x03\x13\x01" + bytes(200))
    variable = {"modis": "ndvi", "modis_lst": "lst_day", "modis_land_cover": "land_cover"}
    da = variable.get(product, "evapotranspiration")
    text = ONE % (f"product: {product}, paths: '*.hdf'", f"step: composite, da: {da}, freq: YS")
    line = fine.refused(text)
    assert "run python -m pip install pyhdf (or conda install -c conda-forge pyhdf)" in line
    assert "order the data as GeoTIFF or NetCDF from AppEEARS" in line
