"""Tables: rows in any order, layers in rows or columns, files of sites or of years."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import SourceError
from soilscope.grid.depth import layer_bounds
from soilscope.sources import stored
from soilscope.sources.ranges import count_range

SM = {"soil_moisture": {"name": "sm", "units": "m3 m-3"}}


@pytest.fixture
def rows(sites) -> pd.DataFrame:
    """The sites as rows: one a site, date and layer."""
    frame = sites[["sm"]].to_dataframe().reset_index()[["gauge", "time", "layer", "sm"]]
    return frame.assign(
        top=frame.layer.map({1: 0, 2: 7}),
        bottom=frame.layer.map({1: 7, 2: 28}),
        lat=frame.gauge.map({"b": 40.0, "a": 41.0}),
    )


ROWS = {
    "dims": {"site": "gauge", "depth": "layer"},
    "depth_bounds": {"top": "top", "bottom": "bottom", "units": "cm"},
    "variables": SM,
}


def expected(sites):
    return sites.sm.transpose("time", "layer", "gauge").values


def test_rows_in_any_order_give_the_same_series(tmp_path, rows, sites):
    rows.to_csv(tmp_path / "a.csv", index=False)
    shuffled = rows.sample(frac=1.0, random_state=3)
    shuffled.to_csv(tmp_path / "b.csv", index=False)
    a = open_source("table", tmp_path / "a.csv", **ROWS)
    b = open_source("table", tmp_path / "b.csv", **ROWS)
    np.testing.assert_allclose(a.soil_moisture.values, expected(sites), rtol=1e-15)
    xr.testing.assert_equal(a, b.sel(site=a.site))
    assert a.site.values.tolist() == ["b", "a"]
    assert layer_bounds(a).tolist() == [[0, 0.07], [0.07, 0.28]]
    assert a.latitude.values.tolist() == [40.0, 41.0]


def test_parquet_gives_what_csv_gives(tmp_path, rows):
    rows.to_csv(tmp_path / "a.csv", index=False)
    rows.to_parquet(tmp_path / "a.parquet")
    csv = open_source("table", tmp_path / "a.csv", **ROWS)
    parquet = open_source("table", tmp_path / "a.parquet", **ROWS)
    xr.testing.assert_allclose(csv, parquet, rtol=1e-15)


def test_compressed_csv_is_read(tmp_path, rows, sites):
    rows.to_csv(tmp_path / "a.csv.gz", index=False)
    ds = open_source("table", tmp_path / "a.csv.gz", **ROWS)
    np.testing.assert_allclose(ds.soil_moisture.values, expected(sites), rtol=1e-15)


def test_layers_may_stand_in_columns(tmp_path, rows, sites):
    wide = rows.pivot_table(index=["gauge", "time"], columns="layer", values="sm").reset_index()
    wide.columns = ["gauge", "time", "sm_5", "sm_20"]
    wide.to_csv(tmp_path / "wide.csv", index=False)
    ds = open_source(
        "table",
        tmp_path / "wide.csv",
        variables={"soil_moisture": {"name": ["sm_5", "sm_20"], "units": "m3 m-3"}},
        dims={"site": "gauge"},
        depth_bounds=[[0, 0.07], [0.07, 0.28]],
    )
    np.testing.assert_allclose(
        ds.soil_moisture.sel(site=["b", "a"]).values, expected(sites), rtol=1e-15
    )


def test_a_missing_row_is_a_missing_value(tmp_path, rows):
    rows.drop(index=5).to_csv(tmp_path / "a.csv", index=False)
    ds = open_source("table", tmp_path / "a.csv", **ROWS)
    assert int(ds.soil_moisture.isnull().sum()) == 1
    assert ds.sizes["time"] == 24


def test_decimal_commas_zeros_of_labels_and_words_for_missing(tmp_path):
    text = "\ufeffStation;Datum;sm\n007;01.02.2001;0,2\n007;01.03.2001;k.A.\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    ds = open_source(
        "table",
        tmp_path / "a.csv",
        variables={"soil_moisture": {"name": "sm", "units": "1", "missing": ["k.A."]}},
        dims={"site": "Station", "time": "Datum"},
        separator=";",
        decimal=",",
        time_format="%d.%m.%Y",
    )
    assert ds.site.values.tolist() == ["007"]
    assert str(ds.time.values[0])[:10] == "2001-02-01"
    np.testing.assert_array_equal(ds.soil_moisture.values, [[0.2], [np.nan]])


def test_files_without_a_site_are_one_site_each(tmp_path):
    (tmp_path / "A.csv").write_text("time,sm\n2001-01-01,0.2\n2001-02-01,0.3\n")
    (tmp_path / "B.csv").write_text("time,sm\n2001-02-01,0.4\n2001-03-01,0.5\n")
    ds = open_source("table", [tmp_path / "A.csv", tmp_path / "B.csv"], variables=SM)
    assert ds.site.values.tolist() == ["A", "B"]
    nan = np.nan
    np.testing.assert_array_equal(ds.soil_moisture.values, [[0.2, nan], [0.3, 0.4], [nan, 0.5]])


def test_files_of_years_are_joined_in_order_of_time(tmp_path, sites):
    sites.isel(time=slice(12, 24)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    sites.isel(time=slice(0, 12)).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    ds = open_source("table", tmp_path / "*.nc", variables={"soil_moisture": "sm"},
                     depth_bounds=[[0, 0.07], [0.07, 0.28]])  # fmt: skip
    np.testing.assert_array_equal(ds.soil_moisture.values, expected(sites))
    assert [f[-4:] for f in json.loads(ds.attrs["source_files"])] == ["a.nc", "b.nc"]


def test_what_a_file_tells_about_itself_is_kept(open_sites, sites):
    ds = open_sites(sites.assign_attrs(title="Two sites", synthetic=1, history="long"))
    assert ds.attrs["title"] == "Two sites"
    assert ds.attrs["synthetic"] == 1
    assert "history" not in ds.attrs


def test_files_of_variables_are_put_side_by_side(tmp_path, sites):
    sites[["sm"]].to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    sites[["t2m"]].isel(time=slice(2, 24)).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    ds = open_source("table", tmp_path / "*.nc", depth_bounds=[[0, 0.07], [0.07, 0.28]],
                     variables={"soil_moisture": "sm", "temperature": "t2m"})  # fmt: skip
    assert np.isnan(ds.temperature.values[:2]).all()
    np.testing.assert_array_equal(ds.temperature.values[2:], sites.t2m.values[2:])


def test_files_in_different_units_are_refused(tmp_path, sites):
    sites.isel(time=slice(0, 12)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    sites.sm.attrs["units"] = "%"
    sites.isel(time=slice(12, 24)).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(SourceError, match=r"different units in .*: %, m3 m-3"):
        open_source("table", tmp_path / "*.nc", variables={"soil_moisture": "sm"},
                    depth_bounds=[[0, 0.07], [0.07, 0.28]])  # fmt: skip


def test_layers_come_shallowest_first(open_sites, sites):
    ds = open_sites(sites.isel(layer=[1, 0]))
    assert ds.depth.values.tolist() == [0.035, 0.175]
    np.testing.assert_array_equal(ds.soil_moisture.values, expected(sites))


def test_sensors_at_points_have_depths_without_bounds(open_sites, sites):
    points = sites.assign_coords(layer=[5, 20])
    ds = open_sites(points, depth_bounds={"units": "cm"})
    assert ds.depth.values.tolist() == [0.05, 0.2]
    assert "depth_top" not in ds.coords


def test_bounds_that_the_file_states_are_used(open_sites, sites):
    stated = sites.drop_vars(["layer_top_cm", "layer_bottom_cm"])
    stated = stated.assign_coords(layer=("layer", [3.5, 17.5], {"units": "cm", "bounds": "edges"}))
    stated["edges"] = (("layer", "nv"), [[0.0, 7.0], [7.0, 28.0]])
    ds = open_sites(stated, depth_bounds=None)
    assert layer_bounds(ds).tolist() == [[0, 0.07], [0.07, 0.28]]


def test_one_declared_layer_gives_a_surface_series_its_depth(open_sites, sites):
    surface = sites.isel(layer=0, drop=True)
    names = {"soil_moisture": "sm", "temperature": "t2m"}
    ds = open_sites(surface, depth_bounds=[[0, 0.05]], variables=names)
    assert ds.soil_moisture.dims == ("time", "depth", "site")
    assert ds.temperature.dims == ("time", "site")


def test_sites_without_coordinates_and_labels_are_numbered(open_sites, sites):
    ds = open_sites(sites.drop_vars(["gauge", "lat", "lon"]), dims={"site": "gauge"})
    assert ds.site.values.tolist() == ["1", "2"]
    assert "latitude" not in ds.coords


def test_stored_numbers_are_decoded_as_declared(open_sites, sites):
    stored = np.array([[[-999, 200], [300, 1500]]] * 24, dtype="int16")
    packed = sites.assign(sm=(("time", "gauge", "layer"), stored))
    spec = {"name": "sm", "units": "m3 m-3", "scale": 0.001, "missing": -999, "valid": [0, 1000]}
    ds = open_sites(packed, variables={"soil_moisture": spec})
    np.testing.assert_allclose(
        ds.soil_moisture.values[0], [[np.nan, 0.3], [0.2, np.nan]], rtol=1e-6
    )


def test_what_is_not_declared_comes_from_the_attributes(tmp_path, sites):
    encoding = {"sm": {"dtype": "int16", "scale_factor": 1e-3, "_FillValue": -5}}
    sites.to_netcdf(tmp_path / "a.nc", engine="h5netcdf", encoding=encoding)
    names = {"soil_moisture": "sm"}
    bounds = [[0, 0.07], [0.07, 0.28]]
    by_attrs = open_source("table", tmp_path / "a.nc", variables=names, depth_bounds=bounds)
    spec = {"soil_moisture": {"name": "sm", "missing": -7}}
    by_hand = open_source("table", tmp_path / "a.nc", variables=spec, depth_bounds=bounds)
    np.testing.assert_allclose(by_attrs.soil_moisture.values, expected(sites), atol=5.1e-4)
    np.testing.assert_allclose(
        by_hand.soil_moisture.values, by_attrs.soil_moisture.values, rtol=1e-6
    )


def test_opening_does_not_read_all_values(tmp_path):
    time = pd.date_range("2000-01", periods=60, freq="MS").astype("datetime64[ns]")
    values = np.full((60, 100_000), 0.2, dtype="float32")
    big = xr.Dataset({"sm": (("time", "site"), values, {"units": "1"})}, {"time": time})
    big.sm[1, 0] = np.inf  # not in the slice that is looked at
    big.to_netcdf(
        tmp_path / "big.nc", engine="h5netcdf", encoding={"sm": {"chunksizes": (1, 100_000)}}
    )
    ds = open_source("table", tmp_path / "big.nc", variables={"soil_moisture": "sm"})
    assert ds.soil_moisture.chunks is not None
    count = count_range(ds.isel(time=slice(0, 2)).compute())["soil_moisture"]
    assert (count.n, count.infinite, count.valid) == (200_000, 1, 199_999)


def test_one_step_of_a_file_in_tiles_is_looked_at_without_reading_its_series(tmp_path, monkeypatch):
    values = np.full((60, 300, 400), 0.2, dtype="float32")
    time = pd.date_range("2000-01", periods=60, freq="MS").astype("datetime64[ns]")
    axes = {"time": time, "lat": np.arange(300) / 10, "lon": np.arange(400) / 10}
    big = xr.Dataset({"sm": (("time", "lat", "lon"), values, {"units": "1"})}, axes)
    encoding = {"sm": {"chunksizes": (1, 100, 100)}}
    big.to_netcdf(tmp_path / "big.nc", engine="h5netcdf", encoding=encoding)
    read = []

    def spy(block, *args, **options):
        read.append(block.size)
        return decode(block, *args, **options)

    decode = stored._decode
    monkeypatch.setattr(stored, "_decode", spy)
    spec = {"soil_moisture": {"name": "sm", "missing": -1}}
    ds = open_source("raster", tmp_path / "big.nc", variables=spec)
    assert max(ds.soil_moisture.chunksizes["time"]) > 1
    assert sum(read) <= 2 * 300 * 400


def test_counts_of_parts_add_up_to_the_count_of_the_whole(sites):
    ds = xr.Dataset({"soil_moisture": sites.sm})
    ds.soil_moisture[0, 0] = [np.nan, 1.5]
    ds.soil_moisture[23, 1] = [-np.inf, -0.2]
    parts = [count_range(ds.isel(time=s)) for s in (slice(0, 7), slice(7, 24))]
    whole = count_range(ds)["soil_moisture"]
    assert parts[0]["soil_moisture"] + parts[1]["soil_moisture"] == whole
    assert (whole.n, whole.missing, whole.infinite, whole.below, whole.above) == (96, 1, 1, 1, 1)
    assert (whole.lowest, whole.highest) == (-0.2, 1.5)


def test_chunks_can_be_chosen_and_none_reads_at_once(open_sites, sites):
    ds = open_sites(sites, chunks={"site": 1})
    assert ds.soil_moisture.chunksizes["site"] == (1, 1)
    assert open_sites(sites, chunks=None).soil_moisture.chunks is None


def test_a_region_keeps_the_sites_inside(open_sites, sites):
    ds = open_sites(sites, region=(99.0, 39.5, 100.5, 40.5))
    assert ds.site.values.tolist() == ["b"]
    with pytest.raises(SourceError, match=r"nothing in the region .* covers latitude 40 to 41"):
        open_sites(sites, region=(0, 0, 1, 1))


def test_classes_become_codes(open_sites, sites):
    sites["zone"] = ("gauge", [1.0, np.nan], {"flag_values": [1], "flag_meanings": "oasis"})
    ds = open_sites(sites, variables={"zone": "zone"}, depth_bounds=None)
    assert ds.zone.dtype == np.int16
    assert ds.zone.values.tolist() == [1, -1]
    assert ds.zone.attrs["flag_meanings"] == "oasis"
