"""Every fault of a file is one line that says what, where and how to mend it."""

import gzip

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import InputError, SoilscopeError, SoilscopeWarning, SourceError

SM = {"soil_moisture": "sm"}


def refused(match, call, *args, kind=SourceError, **options):
    """Call and return the message, which must be one line."""
    with pytest.raises(kind, match=match) as caught:
        call(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# files


def test_an_unknown_product_names_the_nearest(tmp_path):
    refused("did you mean 'table'", open_source, "tabel", tmp_path, kind=InputError)


def test_a_missing_file_names_the_nearest_one_beside_it(tmp_path):
    (tmp_path / "caravan_monthly.nc").write_bytes(b"x")
    text = refused("there is no file", open_source, "table", tmp_path / "caravan_montly.nc")
    assert "did you mean caravan_monthly.nc?" in text


def test_a_missing_folder_is_said_to_be_missing(tmp_path):
    refused("the path ends at", open_source, "table", tmp_path / "no" / "a.nc")


def test_a_pattern_without_a_file_is_refused(tmp_path):
    refused("no file fits the pattern", open_source, "table", tmp_path / "*.nc")


def test_an_empty_list_of_paths_is_refused():
    refused("paths is empty", open_source, "table", [], kind=InputError)


def test_a_folder_is_no_file(tmp_path):
    refused("is a folder and no Zarr store", open_source, "table", tmp_path)


@pytest.mark.parametrize("product", ["table", "raster"])
def test_a_truncated_hdf5_file_is_refused(tmp_path, sites, product):
    path = tmp_path / "cut.nc"
    sites.to_netcdf(path, engine="h5netcdf")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(r"cut\.nc cannot be read; it may be truncated", open_source, product, path)


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT", "NETCDF3_64BIT_DATA"])
@pytest.mark.parametrize("unlimited", [[], ["time"]])
def test_a_truncated_classic_file_is_refused_and_a_whole_one_read(tmp_path, sites, form, unlimited):
    path = tmp_path / "cut.nc"
    whole = sites.drop_vars("layer")[["sm", "tp"]]
    whole.to_netcdf(path, engine="netcdf4", format=form, unlimited_dims=unlimited)
    ds = open_source("table", path, variables=SM, depth_bounds=[[0, 0.1], [0.1, 0.2]])
    expected = sites.sm.transpose("time", "layer", "gauge").values
    np.testing.assert_array_equal(ds.soil_moisture.values, expected)
    # the NetCDF library itself would read zeros here
    path.write_bytes(path.read_bytes()[:-300])
    refused("is truncated", open_source, "table", path, variables=SM)
    path.write_bytes(path.read_bytes()[:60])
    refused("may be truncated", open_source, "table", path, variables=SM)


def test_damage_inside_a_file_is_found_where_values_are_looked_at(tmp_path, sites):
    path = tmp_path / "damaged.nc"
    packed = {"sm": {"zlib": True, "fletcher32": True}}
    sites[["sm"]].to_netcdf(path, engine="h5netcdf", encoding=packed)
    import h5py

    with h5py.File(path) as file:
        at = file["sm"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)
    refused("cannot be read to its end", open_source, "table", path, variables=SM,
            depth_bounds=[[0, 0.1], [0.1, 0.2]])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.nc", b"", "it is empty"),
        ("a.nc", b"\n<!DOCTYPE html><html>log in</html>", "it is a web page"),
        ("a.nc", b"GRIB....", "it is GRIB; convert"),
        ("a.nc", b"\x0e\x03\x13\x01....", "named .nc but holds HDF4|is HDF4, which needs pyhdf"),
        ("a.nc", b"PK\x03\x04....", "a zip archive; unpack"),
        ("a.nc", gzip.compress(b"x", mtime=0), "compressed with gzip; unpack"),
        ("a.csv", b"\x89HDF\r\n\x1a\n....", "named .csv but holds NetCDF-4/HDF5"),
        ("a.nc", b"site,time,sm\n", "named .nc but holds text"),
        ("a.tif", b"PAR1....", "named .tif but holds Parquet"),
        ("a.csv", b"\x00\x01\x02\x03", "binary data of no known format"),
    ],
)
def test_the_content_of_a_file_is_known_behind_its_name(tmp_path, name, content, match):
    path = tmp_path / name
    path.write_bytes(content)
    refused(match, open_source, "table", path, variables=SM)


# variables and dimensions


def test_a_missing_variable_names_the_nearest_and_lists_all(open_sites, sites):
    text = refused("holds no variable 't2n'", open_sites, sites, variables={"temperature": "t2n"})
    assert "did you mean 't2m'" in text
    assert "sm, t2m, tp" in text


def test_a_file_without_our_names_says_how_to_map_them(tmp_path, sites):
    path = tmp_path / "a.nc"
    sites.to_netcdf(path, engine="h5netcdf")
    refused(r"holds none of our variables .* variables: \{soil_moisture: sm\}",
            open_source, "table", path)  # fmt: skip


def test_a_variable_of_text_is_refused(open_sites, sites):
    sites["sm"] = ("gauge", ["x", "y"])
    refused("holds .*, not numbers", open_sites, sites)


def test_an_unknown_dimension_says_how_to_name_it(open_sites, sites):
    renamed = sites.rename(gauge="punkt")
    refused(r"a dimension 'punkt' of 2, .* dims: \{site: punkt\}", open_sites, renamed)


def test_a_declared_dimension_that_is_not_there_is_refused(open_sites, sites):
    refused("dims.site names 'guage', .* did you mean 'gauge'",
            open_sites, sites, dims={"site": "guage"})  # fmt: skip


def test_a_grid_opened_as_a_table_points_to_raster(open_sites, grid):
    refused("product: raster", open_sites, grid, variables={"soil_moisture": "swvl1"})


def test_sites_opened_as_a_grid_point_to_table(open_grid, sites):
    refused("product: table", open_grid, sites, variables=SM)


def test_a_site_that_comes_twice_is_refused(open_sites, sites):
    refused("the site 'a' twice", open_sites, sites.assign_coords(gauge=["a", "a"]))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"variables": {"soil_moisture": {"nmae": "sm"}}}, "no key 'nmae'.*did you mean 'name'"),
        ({"variables": {"soil_moisture": {"scale": "x"}}}, "scale must be a number"),
        ({"variables": {"soil_moisture": {"valid": [1, 0]}}}, "1 is not below 0"),
        ({"variables": {"soil_moisture": {"valid": 3}}}, r"must be \[lowest, highest\]"),
        ({"variables": {"soil_moisture": 3.5}}, "must be the file's name"),
        ({"variables": {}}, "variables must map our names"),
        ({"dims": {"sites": "gauge"}}, "dims has no key 'sites'.*did you mean 'site'"),
        ({"dims": "gauge"}, "dims must map"),
        ({"depth_bounds": [0, 0.1]}, r"must be \[top, bottom\] pairs"),
        ({"depth_bounds": {"top": "a"}}, "needs both top and bottom"),
        ({"lineage": "ERA5"}, "lineage must be a list"),
        ({"period": "2000"}, "give its first and last month"),
        ({"period": ["2001-01", "2000-01"]}, "ends before it starts"),
        ({"period": ["2000-13", "2001-01"]}, "give its first and last month"),
        ({"override": {"vpd": {"units": "Pa"}}}, "override names 'vpd'"),
    ],
)
def test_a_wrong_declaration_is_an_input_error(open_sites, sites, options, match):
    refused(match, open_sites, sites, kind=InputError, **options)


# units and values


def test_missing_units_say_what_to_write(open_sites, sites):
    del sites.sm.attrs["units"]
    refused(r"has no units; write variables: \{soil_moisture: \{name: sm, units: m3 m-3\}\}",
            open_sites, sites)  # fmt: skip


def test_unknown_units_list_those_that_are_accepted(open_sites, sites):
    sites.sm.attrs["units"] = "furlong"
    refused("'furlong', which does not become m3 m-3.* one of: m3 m-3, 1, %", open_sites, sites)


@pytest.mark.parametrize(
    ("variable", "factor", "offset", "match"),
    [
        ("sm", 100, 0, r"looks like percent: write variables: \{soil_moisture: \{units: \"%\"\}\}"),
        ("sm", 1000, 0, "0.001 m3 m-3"),
        ("t2m", 1, 273.15, r"looks like kelvin: write variables: \{temperature: \{units: K\}\}"),
        ("tp", 0.001, 0, r"looks like m: write variables: \{precipitation: \{units: m\}\}"),
    ],
)
def test_values_that_wrong_units_explain_say_which(
    open_sites, sites, variable, factor, offset, match
):
    sites[variable] = (sites[variable] * factor + offset).assign_attrs(sites[variable].attrs)
    names = {"soil_moisture": "sm", "temperature": "t2m", "precipitation": "tp"}
    refused(match, open_sites, sites, variables=names)


@pytest.mark.parametrize(
    ("ours", "theirs", "units", "match"),
    [
        ("precipitation", "tp", "m month-1", "looks like mm declared as m"),
        ("temperature", "t2m", "K", "looks like degC declared as K"),
        ("soil_moisture", "sm", "%", "looks like a fraction"),
    ],
)
def test_wrong_declared_units_are_noticed_too(open_sites, sites, ours, theirs, units, match):
    refused(match, open_sites, sites, variables={ours: {"name": theirs, "units": units}})


def test_the_proposed_override_mends_percent(open_sites, sites):
    percent = sites.assign(sm=(sites.sm * 100).assign_attrs(units="m3 m-3"))
    ds = open_sites(percent, override={"soil_moisture": {"units": "%"}})
    expected = sites.sm.transpose("time", "layer", "gauge").values
    np.testing.assert_allclose(ds.soil_moisture.values, expected, rtol=1e-12)


def test_an_undeclared_missing_number_is_recognised(open_sites, sites):
    sites.sm[3, 0, 0] = -9999.0
    refused("-9999 looks like a missing value: write .*missing: -9999", open_sites, sites)
    ds = open_sites(sites, variables={"soil_moisture": {"name": "sm", "missing": -9999}})
    assert int(ds.soil_moisture.isnull().sum()) == 1


def test_a_huge_number_is_a_missing_value_even_if_it_is_single(open_sites, sites):
    big = xr.concat([sites.assign_coords(gauge=[f"{i}a", f"{i}b"]) for i in range(8)], "gauge",
                    data_vars="minimal", coords="minimal", compat="override")  # fmt: skip
    big.sm[3, 0, 0] = 9.96921e36
    refused("9.96921e[+]36 looks like a missing value", open_sites, big)


def test_single_implausible_values_only_warn(open_sites, sites):
    big = xr.concat([sites.assign_coords(gauge=[f"{i}a", f"{i}b"]) for i in range(8)], "gauge",
                    data_vars="minimal", coords="minimal", compat="override")  # fmt: skip
    big.sm[3, 0, 0] = 1.4
    with pytest.warns(SoilscopeWarning, match=r"holds .* to 1.4 m3 m-3, expected 0 to 1 \(1 of"):
        open_sites(big)


def test_a_declared_range_replaces_the_plausible_one(open_sites, sites):
    dry = sites.assign(tp=(sites.tp * 0.001).assign_attrs(units="mm month-1"))
    spec = {"precipitation": {"name": "tp", "expected": [0, 1]}}
    ds = open_sites(dry, variables=spec)
    assert float(ds.precipitation.max()) < 0.1


def test_infinite_values_are_refused(open_sites, sites):
    sites.sm[0, 0, 0] = np.inf
    refused("soil_moisture in .* holds 1 infinite values of 96", open_sites, sites)


def test_a_variable_without_any_value_warns(open_sites, sites):
    sites["sm"] = (sites.sm * np.nan).assign_attrs(units="m3 m-3")
    with pytest.warns(SoilscopeWarning, match="soil_moisture in .* holds no value"):
        open_sites(sites)


# time


def test_a_stamp_that_comes_twice_is_refused(open_sites, sites):
    time = sites.time.values.copy()
    time[5] = time[4]
    text = refused("holds 2000-05-01 twice", open_sites, sites.assign_coords(time=time))
    assert "drop_duplicates" in text


def test_times_out_of_order_are_refused(open_sites, sites):
    text = refused("not in ascending order: 2000-01-01 follows 2001-12-01",
                   open_sites, sites.isel(time=[23, *range(23)]))  # fmt: skip
    assert "sortby('time')" in text


def test_two_files_that_overlap_are_refused(tmp_path, sites):
    sites.isel(time=slice(0, 15)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    sites.isel(time=slice(14, 24)).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    refused("2001-03-01 twice.*no two files overlap", open_source, "table", tmp_path / "*.nc",
            variables=SM, depth_bounds=[[0, 0.1], [0.1, 0.2]])  # fmt: skip


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "all_leap", "julian"])
def test_months_of_another_calendar_become_calendar_months(open_sites, sites, calendar):
    times = xr.date_range("2000-01-15", periods=24, freq="MS", calendar=calendar, use_cftime=True)
    ds = open_sites(sites.assign_coords(time=times))
    expected = np.arange("2000-02", "2002-02", dtype="datetime64[M]").astype("datetime64[ns]")
    np.testing.assert_array_equal(ds.time.values, expected)


@pytest.mark.parametrize("calendar", ["noleap", "360_day"])
def test_days_of_another_calendar_are_refused(open_sites, sites, calendar):
    times = xr.date_range("2000-01-15", periods=24, freq="D", calendar=calendar, use_cftime=True)
    refused(f"calendar '{calendar}', whose days are not real dates; average it to months",
            open_sites, sites.assign_coords(time=times))  # fmt: skip


def test_numbers_without_units_are_no_times(open_sites, sites):
    numbered = sites.assign_coords(time=200001 + np.arange(24))
    refused("without usable units such as 'days since", open_sites, numbered)


def test_a_time_format_reads_numbers_as_dates(open_sites, sites):
    numbers = [int(str(t)[:7].replace("-", "")) for t in sites.time.values]
    ds = open_sites(sites.assign_coords(time=numbers), time_format="%Y%m")
    np.testing.assert_array_equal(ds.time.values, sites.time.values)
    numbers[3] = 200013
    refused("holds '200013', which does not fit time_format '%Y%m'",
            open_sites, sites.assign_coords(time=numbers), time_format="%Y%m")  # fmt: skip


def test_a_period_outside_the_file_names_both(open_sites, sites):
    refused("runs from 2000-01-01 to 2001-12-01 and has nothing in the period 2010-01-01 to",
            open_sites, sites, period=("2010-01", "2012-12"))  # fmt: skip


# depth


@pytest.mark.parametrize(
    ("bounds", "match"),
    [
        ([[0, 0.07]], "gives 1 layers, but .* holds 2"),
        ([[0, 7], [7, 28]], None),
        ([[0, 7], [7, 289]], "reach 289 m; they look like cm"),
        ([[0, 0.1], [0.05, 0.2]], "overlap: 0 to 0.1; 0.05 to 0.2"),
        ([[0.1, 0], [0.2, 0.1]], "need top above bottom"),
        ([[-0.1, 0], [0, 0.1]], "0 m or more below"),
        ({"top": "tops", "bottom": "layer_bottom_cm"}, "names 'tops', which .* does not hold"),
        ({"top": "layer_top_cm", "bottom": "layer_bottom_cm"}, "'layer_top_cm' in .* has no units"),
        ({"units": "furlong"}, "takes m, dm, cm, mm"),
        (None, "'layer' in .* has no units, so the soil layers have no depths"),
    ],
)
def test_layers_that_cannot_be_are_refused(open_sites, sites, bounds, match):
    if match is None:
        assert open_sites(sites, depth_bounds=bounds).depth.values.tolist() == [3.5, 17.5]
        return
    refused(match, open_sites, sites, depth_bounds=bounds)


def test_every_message_of_this_file_is_ours():
    assert issubclass(SourceError, SoilscopeError)
    assert issubclass(InputError, SoilscopeError)


# rows


CSV = "site,time,sm\nA,2001-01-01,0.2\nA,2001-02-01,0.3\n"


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("", {}, "it is empty"),
        ("site,time,sm\n", {}, "has no rows"),
        (CSV.replace("time", "wann"), {}, "no column of dates.*its columns are: site, wann, sm"),
        (CSV.replace(",", ";"), {}, "A single column: is the separator not ','"),
        (CSV.replace("sm", "smm"), {}, "no column 'sm'; did you mean 'smm'"),
        (CSV + "A,2001-02-01,0.4\n", {}, r"site A twice \(row 3|time 2001-02-01, site A twice"),
        (CSV + "A,2001-99-01,0.4\n", {}, r"holds '2001-99-01' \(row 3\), which is no date"),
        (CSV + "A,2001-03-01,dry\n", {}, r"holds 'dry' \(row 3 of its data\), which is no number"),
        (CSV + ",2001-03-01,0.1\n", {}, "has no 'site' in row 3"),
        (CSV + "A,2001-03-01,0.1,7\n", {}, "no table of equal rows"),
        ("site,time,sm\nA,200101,0.2\n", {}, "write their format, as in time_format"),
        (CSV, {"dims": {"site": "sits"}}, "names the column 'sits'.*did you mean 'site'"),
        (CSV, {"encoding": "utf-9"}, "encoding 'utf-9' is unknown"),
    ],
)
def test_faulty_rows_are_named(tmp_path, text, options, match):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    spec = {"soil_moisture": {"name": "sm", "units": "m3 m-3"}}
    refused(match, open_source, "table", path, variables=spec, **options)


def test_a_wrong_encoding_says_which_was_tried(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(CSV.replace("A", "Zürich").encode("latin-1"))
    spec = {"soil_moisture": {"name": "sm", "units": "m3 m-3"}}
    refused("not encoded in utf-8-sig", open_source, "table", path, variables=spec)
    ds = open_source("table", path, variables=spec, encoding="latin-1")
    assert ds.site.values.tolist() == ["Zürich"]


def test_parquet_that_is_cut_is_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"site": ["A"], "time": [pd.Timestamp("2001-01-01")], "sm": [0.2]}).to_parquet(
        path
    )
    path.write_bytes(path.read_bytes()[:-20])
    refused("may be truncated", open_source, "table", path, variables=SM)
