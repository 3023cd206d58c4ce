"""Inputs meet on one grid and one calendar, or not at all."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import GridError, InputError
from soilscope.grid.align import align
from soilscope.grid.crs import crs_of, stamp
from soilscope.grid.depth import layer_coordinates


def months(start, n, day=1):
    times = pd.date_range(start, periods=n, freq="MS") + pd.Timedelta(days=day - 1)
    return times.astype("datetime64[ns]")


def moisture(start="2000-01", n=6, **coords):
    places = {"latitude": [37.0, 36.0], "longitude": [100.0, 101.0, 102.0]} | coords
    values = np.arange(n * 12, dtype=float).reshape(n, 2, 2, 3)
    return xr.Dataset(
        {"soil_moisture": (("time", "depth", *places), values)},
        {
            "time": months(start, n),
            **layer_coordinates([[0, 0.1], [0.1, 0.3]]),
            **places,
        },
        {"lineage": '["ERA5-Land"]', "source_files": '["a.nc"]'},
    )


def rain(start="2000-01", n=6, day=1, **coords):
    ds = moisture(start, n, **coords).isel(depth=0, drop=True).rename(soil_moisture="precipitation")
    ds = ds.drop_vars(["depth_top", "depth_bottom"], errors="ignore").assign_coords(
        time=months(start, n, day)
    )
    return ds.assign_attrs(lineage='["CRU", "ERA5-Land"]', source_files='["b.nc"]')


def test_the_calendar_is_that_of_the_soil_moisture():
    ds = align([rain("1999-06", 9, day=16), moisture("2000-01", 6)])
    np.testing.assert_array_equal(ds.time.values, months("2000-01", 6).values)
    assert np.isfinite(ds.precipitation.values[:2]).all()
    assert np.isnan(ds.precipitation.values[2:]).all()
    np.testing.assert_array_equal(ds.precipitation.values[0], rain("1999-06", 9).precipitation[7])


def test_a_period_cuts_all_inputs():
    ds = align([moisture(n=24), rain(n=24)], period=("2000-11", "2001-02"))
    np.testing.assert_array_equal(ds.time.values, months("2000-11", 4).values)
    years = align([moisture(n=36), rain(n=36)], period=(2001, 2001))
    assert years.sizes["time"] == 12


def test_lineages_and_files_are_united_in_order():
    ds = align([moisture(), rain()])
    assert json.loads(ds.attrs["lineage"]) == ["ERA5-Land", "CRU"]
    assert json.loads(ds.attrs["source_files"]) == ["a.nc", "b.nc"]


def test_variables_without_time_pass_through():
    static = rain().isel(time=0, drop=True).rename(precipitation="elevation")
    ds = align([moisture(), static])
    assert ds.elevation.dims == ("latitude", "longitude")


def test_alignment_stays_lazy_and_leaves_its_inputs_alone():
    lazy = [moisture().chunk(latitude=1), rain("2000-02", 6, day=15).chunk(latitude=1)]
    copies = [ds.copy(deep=True) for ds in lazy]
    ds = align(lazy)
    assert all(da.chunks is not None for da in ds.data_vars.values())
    for ds, copy in zip(lazy, copies, strict=True):
        xr.testing.assert_identical(ds, copy)


def test_inputs_without_a_common_time_name_both_periods():
    with pytest.raises(InputError, match=(
        r"rain runs from 2010-01-01 to 2010-06-01, moisture from 2000-01-01 to 2000-06-01; "
        "they have no time in common"
    )):  # fmt: skip
        align({"moisture": moisture(), "rain": rain("2010-01")})


def test_a_period_outside_the_soil_moisture_is_refused():
    with pytest.raises(InputError, match="has nothing in the period 2010-01 to 2011-01"):
        align([moisture()], period=("2010-01", "2011-01"))


def test_a_variable_in_two_inputs_is_refused():
    with pytest.raises(InputError, match="precipitation is in a and in b; leave it out"):
        align({"a": rain(), "b": rain()})


def test_daily_and_monthly_data_do_not_meet():
    daily = rain().assign_coords(time=pd.date_range("2000-01-01", periods=6))
    with pytest.raises(InputError, match="step of rain is a day, that of moisture a month; comp"):
        align({"moisture": moisture(), "rain": daily})


def test_daily_stamps_at_noon_meet_those_at_midnight():
    days = pd.date_range("2000-01-01", periods=6).astype("datetime64[ns]")
    ds = align([
        moisture().assign_coords(time=days),
        rain().assign_coords(time=days + pd.Timedelta(hours=12)),
    ])  # fmt: skip
    np.testing.assert_array_equal(ds.precipitation.values, rain().precipitation.values)
    np.testing.assert_array_equal(ds.time.values, days.values)


def test_the_second_grid_may_differ_by_rounding_only():
    near = rain(latitude=[37.0 + 3e-7, 36.0])
    ds = align([moisture(), near])
    assert ds.latitude.values.tolist() == [37.0, 36.0]
    with pytest.raises(
        GridError, match=r"rain and moisture differ along latitude: up to 0.01 apart"
    ):
        align({"moisture": moisture(), "rain": rain(latitude=[37.01, 36.01])})


def test_grids_of_different_size_say_so():
    with pytest.raises(GridError, match="differ along latitude: 1 and 2 values"):
        align([moisture(), rain().isel(latitude=[0])])


def test_grids_in_different_reference_systems_are_refused():
    a = stamp(moisture(), "EPSG:4326")
    b = stamp(rain(), "EPSG:4490")
    with pytest.raises(GridError, match="rain is in EPSG:4490, moisture in EPSG:4326"):
        align({"moisture": a, "rain": b})


def test_the_reference_system_survives():
    ds = align([stamp(moisture(), "EPSG:4490"), stamp(rain(), "EPSG:4490")])
    assert crs_of(ds) == "EPSG:4490"


def test_sites_are_brought_into_one_order():
    sm = moisture().isel(latitude=0, drop=True).rename(longitude="site")
    sm = sm.assign_coords(site=np.array(["a", "b", "c"], dtype=object))
    pr = rain().isel(latitude=0, drop=True).rename(longitude="site")
    pr = pr.assign_coords(site=np.array(["c", "b", "a"], dtype=object))
    ds = align([sm, pr])
    assert ds.site.values.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(ds.precipitation.values, pr.precipitation.values[:, ::-1])
    with pytest.raises(GridError, match=r"the sites of rain are not those of sm: it lacks c"):
        align({"sm": sm, "rain": pr.isel(site=[1, 2])})


def test_sites_and_a_grid_cannot_be_one_cube():
    sites = rain().isel(latitude=0, drop=True).rename(longitude="site")
    with pytest.raises(GridError, match=r"has the dims \(site\), .* reproject or sample"):
        align([moisture(), sites])


def test_soil_layers_must_agree():
    deep = moisture().rename(soil_moisture="soil_temperature")
    assert align([moisture(), deep]).sizes["depth"] == 2
    with pytest.raises(GridError, match=r"soil layers of b and a differ: up to 0.1 apart"):
        align({"a": moisture(), "b": deep.assign_coords(depth=[0.05, 0.3])})
    other = deep.assign_coords(layer_coordinates([[0, 0.1], [0.15, 0.25]]))
    with pytest.raises(GridError, match="edges of the layers of b and a differ"):
        align({"a": moisture(), "b": other})


def test_codes_stay_codes_where_time_is_missing():
    cover = rain(n=3).rename(precipitation="land_cover").astype("int16")
    ds = align([moisture(), cover])
    assert ds.land_cover.dtype == np.int16
    assert (ds.land_cover.values[3:] == -1).all()


def test_nothing_to_align_is_refused():
    with pytest.raises(InputError, match="inputs is empty"):
        align([])
