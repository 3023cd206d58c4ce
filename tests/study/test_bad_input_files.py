"""Files that are not what their name says: another product, another scale, cut off, packed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from study.bad_folder import (
    era5_land,
    grid,
    modis,
    require_true,
    smci,
    spoil,
    study_of,
    terraclimate,
    twin,
)

SHARE = "soil: {product: raster, paths: grid.nc, depth_bounds: [[0, 0.1]], variables: {%s}}"


def soil(variables: str = "soil_moisture: sm") -> str:
    """Write a study of soil moisture that its user declares."""
    return (
        study_of("t2m")
        .replace(
            "weather: {product: raster, paths: grid.nc, variables: {temperature: t2m}}",
            SHARE % variables,
        )
        .replace("da: temperature", "da: soil_moisture")
    )


def write_soil(factor: float, units: str) -> None:
    ds = twin()[["soil_moisture"]].isel(depth=0, drop=True).rename(soil_moisture="sm")
    ds = ds.drop_vars("spatial_ref", errors="ignore") * factor
    ds.assign(sm=ds.sm.assign_attrs(units=units)).to_netcdf("grid.nc")


# another product


def test_a_file_of_another_product_is_told_by_each_product(spoilt):
    vpd = terraclimate(2001)[0]
    shutil.copy(smci(2001, 10)[0], "other.nc")
    shutil.copy(vpd, smci(2001, 10)[0])
    line = spoilt.refused(study_of("soil_moisture"))
    assert "SMCI_9km_2001_10cm.nc holds none of the variables of this product (SMCI)" in line
    assert "it holds: vpd, crs. Name another product, or map its names" in line
    shutil.copy("other.nc", vpd)
    line = spoilt.refused(study_of("vpd"))
    assert "TerraClimate_vpd_2001.nc is named for vpd, but holds SMCI; download it again" in line
    shutil.copy("other.nc", modis()[0])
    line = spoilt.refused(study_of("ndvi"))
    assert "names NDVI nowhere, neither its files nor their layers (SMCI)" in line


def test_a_file_of_another_product_among_those_of_a_reanalysis_is_left_out_and_told(spoilt):
    shutil.copy(terraclimate(2001)[0], "ERA5-Land/vpd.nc")
    cube = spoilt.cube(study_of("temperature"))
    (told,) = spoilt.warned
    assert "vpd.nc is left out: it holds vpd, crs, and none of t2m, tp." in told
    require_true(cube, "temperature", atol=6e-4)


# the right name with the wrong scale


@pytest.mark.parametrize(
    ("factor", "expected", "mend"),
    [
        (10, "it looks like ten-thousandths: write variables: ", "{units: 0.0001 m3 m-3}"),
        (0.001, "it looks like a fraction: write variables: ", "{units: m3 m-3}"),
        (0.1, "m3 m-3; if its numbers are percent, write variables: ", '{units: "%"}'),
    ],
    ids=["ten-thousandths", "fraction", "percent"],
)
def test_smci_in_another_scale_names_the_words_that_mend_it(spoilt, factor, expected, mend):
    for path in set(smci()) - set(smci(2000, 10)):
        path.unlink()
    spoil(smci(), lambda ds: ds.assign(SMCI=(ds.SMCI * factor).astype("f4")))
    text = study_of("soil_moisture")
    line = spoilt.told(text)[0] if factor == 0.1 else spoilt.refused(text)
    assert expected in line
    assert f"{{soil_moisture: {mend}}}" in line
    mended = text.replace("paths: SMCI", f"paths: SMCI, variables: {{soil_moisture: {mend}}}")
    assert spoilt.told(mended) == []


@pytest.mark.parametrize(
    ("year", "bottom", "where"),
    [(2001, "*", "of 2001 at a depth of 0.05 m, 0.001 times"), ("*", 20, "at a depth of 0.15 m")],
)
def test_one_year_or_layer_in_another_scale_is_told(spoilt, year, bottom, where):
    paths = smci(year, bottom)
    spoil(paths, lambda ds: ds.assign(SMCI=(ds.SMCI / 1000).astype("f4")))
    line = spoilt.refused(study_of("soil_moisture"))
    assert "m3 m-3 on average " in line
    assert where in line
    assert "its file is in other units. Replace it, or open it as an input of its own" in line


def test_a_lost_scale_names_the_key_to_write(spoilt):
    spoil(terraclimate(), lambda ds: ds.assign(vpd=ds.vpd.assign_attrs(scale_factor=1.0)))
    line = spoilt.refused(study_of("vpd"))
    assert "it looks like Pa, or hundredths of kPa (scale: 0.01): write variables: {vpd: " in line


def test_degrees_under_the_units_of_kelvin_name_the_key_to_write(spoilt):
    def wrong(ds):
        return ds.assign(t2m=(ds.t2m - 273.15).assign_attrs(units="K"))

    spoil(era5_land(), wrong, decoded=True)
    line = spoilt.refused(study_of("temperature"))
    assert "looks like degC declared as K: write variables: {temperature: {units: degC}}." in line


# other units


@pytest.mark.parametrize(
    ("factor", "units"),
    [(100, "percent"), (100, "%"), (100, "kg m-2"), (100, "mm"), (1000, "0.001 m3/m3")],
)
def test_other_units_of_soil_moisture_give_the_same_numbers(spoilt, factor, units):
    write_soil(factor, units)
    cube = spoilt.cube(soil())
    assert spoilt.warned == []
    truth = twin().soil_moisture.isel(depth=[0])
    truth = truth.sel(latitude=cube.latitude, longitude=cube.longitude, method="nearest")
    np.testing.assert_allclose(cube.soil_moisture, truth, atol=1e-6)


def test_water_per_area_without_a_layer_asks_for_its_bounds(spoilt):
    write_soil(100, "kg m-2")
    line = spoilt.refused(soil().replace("depth_bounds: [[0, 0.1]], ", ""))
    assert "only with the thickness of its layer; write depth_bounds, as in [[0, 0.1]" in line


def test_units_that_contradict_the_product_are_told(spoilt):
    spoil(terraclimate(2001), lambda ds: ds.assign(vpd=ds.vpd.assign_attrs(units="hPa")))
    cube = spoilt.cube(study_of("vpd"))
    (told,) = spoilt.warned
    assert "TerraClimate_vpd_2001.nc says that it is in 'hPa', where TerraClimate has kPa" in told
    assert "if the file is right, write variables: {vpd: {units: hPa}}." in told
    require_true(cube, "vpd", atol=6e-3)


def test_files_of_one_input_in_different_units_are_named(spoilt):
    def celsius(ds):
        return ds.assign(t2m=(ds.t2m - 273.15).assign_attrs(units="degC"))

    spoil(era5_land(2001), celsius, decoded=True)
    line = spoilt.refused(study_of("temperature"))
    assert "temperature comes in different units in " in line
    assert "era5_land_2001.nc" in line
    assert ": K, degC; write units, or open the files as two inputs." in line


# no data at all


@pytest.mark.parametrize("files", [smci, terraclimate, era5_land], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "cannot be read: it is empty; download or write it again."),
        (b"PK\x03\x04 and more", "cannot be read: it is a zip archive; unpack it."),
        (b"<html><body>log in", "cannot be read: it is a web page"),
        (None, "truncated"),
    ],
    ids=["empty", "zip", "page", "truncated"],
)
def test_what_is_no_data_is_told_with_the_file(spoilt, files, content, expected):
    name = {"smci": "soil_moisture", "terraclimate": "vpd", "era5_land": "temperature"}
    path = files(2001)[0]
    path.write_bytes(path.read_bytes()[:-500] if content is None else content)
    line = spoilt.refused(study_of(name[files.__name__]))
    assert line.startswith("study.yaml:6: input ")
    assert f"{path.name} " in line
    assert expected in line


# packed numbers


@pytest.mark.parametrize("scale", [0.01, 0.1])
def test_a_declared_scale_replaces_that_of_the_file_and_is_not_applied_twice(spoilt, scale):
    text = study_of("vpd").replace("[vpd]", f"{{vpd: {{scale: {scale}}}}}")
    if scale == 0.01:
        require_true(spoilt.cube(text), "vpd", atol=6e-3)
    else:
        cube = spoilt.cube(text.replace("scale: 0.1", "scale: 0.1, units: hPa"))
        require_true(cube, "vpd", atol=6e-3)


def test_packed_numbers_with_an_offset_are_unpacked_once(spoilt):
    packed = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 10.0, "_FillValue": -32768}
    grid().to_netcdf("grid.nc", encoding={"t2m": packed})
    require_true(spoilt.cube(study_of("t2m")), "temperature", atol=6e-3)
    assert Path("out").is_dir()
