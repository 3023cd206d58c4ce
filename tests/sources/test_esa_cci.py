"""ESA CCI soil moisture: flags, fills, versions, names, and many files opened by one header."""

import json
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.lineage import shared_lineage
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.declared import Declared
from soilscope.twin.layouts.esa_cci import write_esa_cci


def moisture(n_days: int = 4, first: str = "2015-01-01") -> xr.Dataset:
    """Soil moisture that tells its day, row and column, with flags in the first rows."""
    days = pd.date_range(first, periods=n_days)
    lat, lon = 38.875 - 0.25 * np.arange(5), 100.125 + 0.25 * np.arange(6)
    shape = (n_days, lat.size, lon.size)
    day, row, column = np.indices(shape)
    flag = np.zeros(shape)
    flag[0, 0, :] = [1, 2, 4, 64, 65, np.nan]
    flag[1:2, 0, :3] = [8, 16, 32]
    values = 0.1 + 0.01 * (day % 10) + 0.001 * row + 0.0001 * column
    values[0, 4, 5] = np.nan
    dims = ("time", "latitude", "longitude")
    return xr.Dataset(
        {
            "soil_moisture": (dims, values),
            "soil_moisture_uncertainty": (dims, 0.02 + 0 * values),
            "flag": (dims, flag),
        },
        {"time": days, "latitude": lat, "longitude": lon},
    )


@pytest.fixture
def files(tmp_path):
    write_esa_cci(moisture(), tmp_path)
    return tmp_path


def test_values_come_in_our_names_without_what_is_flagged(files):
    ds = open_source("esa_cci", files)
    truth = moisture()
    assert set(ds.data_vars) == {"soil_moisture", "soil_moisture_uncertainty"}
    assert ds.soil_moisture.dims == ("time", "latitude", "longitude")
    assert ds.soil_moisture.attrs["units"] == "m3 m-3"
    assert ds.soil_moisture.chunks is not None
    assert crs_of(ds) == "EPSG:4326"
    np.testing.assert_array_equal(ds.time.values, truth.time.values)
    # bits 1, 2, 4, 8, 16, 32 go, bit 64 stays unless another bit is set; 127 is no flag at all
    expected = truth.soil_moisture.values.copy()
    expected[0, 0, [0, 1, 2, 4, 5]] = np.nan
    expected[1, 0, :3] = np.nan
    np.testing.assert_allclose(ds.soil_moisture.values, expected, rtol=1e-6)
    np.testing.assert_array_equal(
        np.isnan(ds.soil_moisture_uncertainty.values[:2, 0]), np.isnan(expected[:2, 0])
    )


def test_the_bits_that_are_dropped_can_be_chosen(files):
    truth = moisture().soil_moisture.values
    every = open_source("esa_cci", files, drop_flags=[])
    np.testing.assert_allclose(every.soil_moisture.values, truth, rtol=1e-6)
    assert every.attrs["dropped_flags"] == "none"
    frozen = open_source("esa_cci", files, drop_flags=[1, 64]).soil_moisture.values
    assert np.isnan(frozen[0, 0]).tolist() == [True, False, False, True, True, True]
    with pytest.raises(InputError, match=r"drop_flags names 3, which is no bit .* 1 \(snow_or_fro"):
        open_source("esa_cci", files, drop_flags=[3])
    with pytest.raises(InputError, match="drop_flags is an option of esa_cci; raster has none"):
        open_source("raster", files, drop_flags=[1])


def test_flags_of_a_few_days_are_counted(files):
    ds = open_source("esa_cci", files)
    assert ds.attrs["dropped_flags"].startswith("1 snow_or_frozen, 2 dense_vegetation, 4 ")
    counts = json.loads(ds.attrs["flag_counts"])
    assert counts["days"] == 4
    assert counts["cells"] == 4 * 30 - 1
    assert {name: counts[name] for name in ("snow_or_frozen", "barren_ground", "unreliable")} == {
        "snow_or_frozen": 2,
        "barren_ground": 2,
        "unreliable": 1,
    }
    assert (counts["values"], counts["dropped"]) == (119, 8)


def test_the_flag_itself_can_be_had(files):
    ds = open_source("esa_cci", files, variables=["soil_moisture", "flag"])
    assert ds.flag.dtype == np.int16
    assert ds.flag.values[0, 0].tolist() == [1, 2, 4, 64, 65, -1]
    assert ds.flag.attrs["flag_masks"] == [1, 2, 4, 8, 16, 32, 64]
    assert "snow_or_frozen" in ds.flag.attrs["flag_meanings"]


def test_files_of_the_whole_globe_are_cut_to_a_region(tmp_path):
    write_esa_cci(moisture(2), tmp_path, whole_globe=True)
    region = (100.0, 38.0, 101.0, 38.6)
    ds = open_source("esa_cci", tmp_path, region=region)
    assert ds.longitude.values.tolist() == [100.125, 100.375, 100.625, 100.875]
    assert ds.latitude.values.tolist() == [38.375, 38.125]
    expected = moisture(2).soil_moisture.sel(latitude=ds.latitude, longitude=ds.longitude)
    np.testing.assert_allclose(ds.soil_moisture.values, expected.values, rtol=1e-6)


def test_many_files_are_opened_by_the_headers_of_two(tmp_path, monkeypatch):
    write_esa_cci(moisture(40), tmp_path)
    opened = []
    from soilscope.sources import dated_files

    known = dated_files.open_lazily
    monkeypatch.setattr(
        dated_files, "open_lazily", lambda path, **o: opened.append(path) or known(path, **o)
    )
    read = []
    plain = h5py.File
    monkeypatch.setattr(
        h5py, "File", lambda path, *a, **o: read.append(path) or plain(path, *a, **o)
    )
    ds = PRODUCTS["esa_cci"].open([tmp_path], Declared(all_needed=False), chunks="auto")
    assert len({path.name for path in opened}) == 2
    assert len({str(path) for path in read if "fv09.1" in str(path)}) <= 12 + 2
    assert dict(ds.sizes) == {"time": 40, "latitude": 5, "longitude": 6}
    read.clear()
    ds.soil_moisture.isel(time=slice(3, 5)).compute(scheduler="synchronous")
    assert len({str(path) for path in read}) == 40  # a chunk of small fields holds all days


def test_a_chunk_of_small_fields_needs_a_year_of_files_at_most(tmp_path):
    first, last = write_esa_cci(moisture(2), tmp_path)
    last.rename(last.with_name(last.name.replace("20150102", "20170101")))
    with xr.open_dataset(first) as ds:
        end = ds.load().assign_coords(time=pd.to_datetime(["2017-01-01"]))
    for day in pd.date_range("2015-01-02", "2016-12-31"):
        first.with_name(first.name.replace("20150101", f"{day:%Y%m%d}")).hardlink_to(first)
    last = last.with_name(last.name.replace("20150102", "20170101"))
    last.unlink()
    end.to_netcdf(last, engine="h5netcdf", encoding={"sm": {"_FillValue": np.float32(-9999.0)}})
    ds = PRODUCTS["esa_cci"].open([tmp_path], Declared(all_needed=False), chunks="auto")
    assert ds.soil_moisture.chunksizes["time"] == (366, 366)


def test_a_day_is_read_alone_where_fields_are_large(tmp_path):
    write_esa_cci(moisture(6), tmp_path)
    ds = open_source("esa_cci", tmp_path, chunks={"time": 2})
    assert ds.soil_moisture.chunksizes["time"] == (2, 2, 2)
    whole = open_source("esa_cci", tmp_path, chunks=None)
    assert whole.soil_moisture.chunks is None
    xr.testing.assert_equal(ds.soil_moisture.compute(), whole.soil_moisture)


def test_the_period_leaves_files_out(files):
    ds = open_source("esa_cci", files, period=("2015-01-02", "2015-01-03"))
    assert ds.time.dt.day.values.tolist() == [2, 3]
    with pytest.raises(SourceError, match=r"run from 2015-01-01 to 2015-01-04 and have nothing in"):
        open_source("esa_cci", files, period=("2016-01", "2016-02"))


def test_days_without_a_file_are_told(tmp_path):
    for path in write_esa_cci(moisture(9), tmp_path)[3:5]:
        path.unlink()
    with pytest.warns(SoilscopeWarning, match=r"no file for 2 of 9 times \(between 2015-01-03 and"):
        ds = open_source("esa_cci", tmp_path)
    assert ds.sizes["time"] == 7


def test_two_files_of_a_day_and_mixed_versions_are_told(tmp_path):
    write_esa_cci(moisture(2), tmp_path)
    write_esa_cci(moisture(2, "2015-01-03"), tmp_path, version="08.1")
    with pytest.warns(SoilscopeWarning, match=r"mix the versions 08.1, 09.1 of ESA CCI"):
        open_source("esa_cci", tmp_path)
    write_esa_cci(moisture(1), tmp_path, version="08.1")
    with pytest.raises(SourceError, match=r"fv08.1.nc and .*fv09.1.nc are both of 2015-01-01"):
        open_source("esa_cci", tmp_path)


def test_old_versions_and_interim_records_are_told(tmp_path):
    write_esa_cci(moisture(2), tmp_path / "old", version="02.2")
    with pytest.warns(SoilscopeWarning, match=r"version 02.2: flags were coded otherwise"):
        open_source("esa_cci", tmp_path / "old")
    for path in write_esa_cci(moisture(2), tmp_path / "c3s"):
        day = path.name.split("-")[5]
        path.rename(
            path.with_name(f"C3S-SOILMOISTURE-L3S-SSMV-COMBINED-DAILY-{day}-ICDR-v202212.0.0.nc")
        )
    with pytest.warns(SoilscopeWarning, match=r"2 of 2 files .* are interim \(ICDR\)"):
        ds = open_source("esa_cci", tmp_path / "c3s")
    assert "2 of 2 files" in ds.attrs["preliminary"]
    assert ds.record_status.values.tolist() == [1, 1]


def test_other_products_of_esa_cci_are_refused(tmp_path):
    for path in write_esa_cci(moisture(1), tmp_path):
        path.rename(path.with_name(path.name.replace("SSMV-COMBINED", "SSMS-ACTIVE")))
    with pytest.raises(SourceError, match="ACTIVE product of ESA CCI, and its numbers are percent"):
        open_source("esa_cci", tmp_path)


def test_files_with_other_names_are_refused_with_an_example(tmp_path):
    (tmp_path / "a").mkdir()
    write_esa_cci(moisture(1), tmp_path)[0].rename(tmp_path / "a" / "cci.nc")
    with pytest.raises(SourceError, match=r"cci.nc is not named as those of ESA CCI .*ESACCI-SOIL"):
        open_source("esa_cci", tmp_path / "a" / "cci.nc")
    with pytest.raises(SourceError, match=r"the folder .* holds no file that is named"):
        open_source("esa_cci", tmp_path / "a")


def test_a_file_of_another_day_than_its_name_is_refused(files):
    first = files / "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20150101000000-fv09.1.nc"
    first.rename(first.with_name(first.name.replace("20150101", "20141201")))
    with pytest.raises(SourceError, match=r"is named 2014-12-01, but holds 2015-01-01"):
        open_source("esa_cci", files)


def test_a_file_that_is_laid_out_otherwise_is_named_when_it_is_read(files):
    odd = files / "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20150102000000-fv09.1.nc"
    with xr.open_dataset(odd) as ds:
        changed = ds.load().isel(lat=slice(0, 3))
    odd.unlink()
    changed.to_netcdf(odd, engine="h5netcdf")
    with pytest.raises(
        SourceError, match=r"in .*20150102.* has shape \(1, 3, 6\), but \(1, 5, 6\)"
    ):
        open_source("esa_cci", files)


def test_a_truncated_file_is_named_when_it_is_read(files):
    odd = files / "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20150103000000-fv09.1.nc"
    odd.write_bytes(odd.read_bytes()[:3000])
    with pytest.raises(SourceError, match=r"20150103.* cannot be read; it may be truncated"):
        open_source("esa_cci", files)


def test_numbers_in_percent_are_refused_with_the_words_to_write(tmp_path):
    ds = moisture(3)
    ds["soil_moisture"] = ds.soil_moisture * 100
    write_esa_cci(ds, tmp_path)
    with pytest.raises(SourceError, match=r"looks like percent: write variables: \{soil_moisture:"):
        open_source("esa_cci", tmp_path, variables=["soil_moisture"])
    ds = open_source("esa_cci", tmp_path, override={"soil_moisture": {"units": "%"}})
    assert float(ds.soil_moisture.max()) < 0.2


def test_files_without_flags_are_told(tmp_path):
    for path in write_esa_cci(moisture(2), tmp_path):
        with xr.open_dataset(path) as ds:
            bare = ds.load().drop_vars("flag")
        path.unlink()
        bare.to_netcdf(path, engine="h5netcdf")
    with pytest.warns(SoilscopeWarning, match=r"hold no layer 'flag'.*drop_flags: \[\]"):
        open_source("esa_cci", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("esa_cci", tmp_path, drop_flags=[])


def test_it_is_not_independent_of_gldas(files):
    lineage = json.loads(open_source("esa_cci", files).attrs["lineage"])
    assert lineage[:2] == ["ESA CCI COMBINED", "GLDAS-Noah"]
    noah = xr.DataArray(0.0, attrs={"product": "gldas", "lineage": '["GLDAS-Noah"]'})
    assert shared_lineage(open_source("esa_cci", files), noah) == ("GLDAS-Noah",)
