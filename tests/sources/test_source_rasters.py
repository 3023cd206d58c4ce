"""Grids declared by hand: orientation, longitudes, reference systems, GeoTIFF stacks."""

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope import open_source
from soilscope.errors import GridError, SourceError
from soilscope.grid.crs import crs_of, geobox_of

SM = {"soil_moisture": {"name": 1, "units": "m3 m-3"}}


def write_tif(path, values, *, crs="EPSG:32648", names=None, **profile):
    values = np.atleast_3d(values.T).T
    options = {
        "driver": "GTiff",
        "height": values.shape[1],
        "width": values.shape[2],
        "count": values.shape[0],
        "dtype": values.dtype,
        "crs": crs,
        "transform": Affine(1000.0, 0, 300000.0, 0, -1000.0, 4000000.0),
    } | profile
    with rasterio.open(path, "w", **options) as file:
        file.write(values)
        for band, name in enumerate(names or (), start=1):
            file.set_band_description(band, name)
    return path


def test_rows_run_from_north_to_south(open_grid, grid):
    ds = open_grid(grid)
    assert ds.soil_moisture.dims == ("time", "latitude", "longitude")
    assert ds.latitude.values.tolist() == [37.5, 37.0, 36.5, 36.0]
    np.testing.assert_array_equal(ds.soil_moisture.values, grid.swvl1.values[:, ::-1])
    assert crs_of(ds) == "EPSG:4326"
    assert ds.soil_moisture.encoding["grid_mapping"] == "spatial_ref"
    assert "grid_mapping" not in ds.soil_moisture.attrs


def test_a_conversion_of_units_keeps_the_grid_mapping(open_grid, grid):
    grid["swvl1"] = (grid.swvl1 * 100).assign_attrs(units="%")
    assert open_grid(grid).soil_moisture.encoding["grid_mapping"] == "spatial_ref"


def test_longitudes_of_0_to_360_become_west_and_east(open_grid, grid):
    ds = open_grid(grid.assign_coords(lon=[0.0, 72.0, 144.0, 216.0, 288.0]))
    assert ds.longitude.values.tolist() == [-144.0, -72.0, 0.0, 72.0, 144.0]
    expected = grid.swvl1.values[:, ::-1][:, :, [3, 4, 0, 1, 2]]
    np.testing.assert_array_equal(ds.soil_moisture.values, expected)


def test_a_grid_across_the_antimeridian_is_not_torn(open_grid, grid):
    ds = open_grid(grid.assign_coords(lon=[179.0, 179.5, 180.0, 180.5, 181.0]))
    assert ds.longitude.values.tolist() == [179.0, 179.5, 180.0, 180.5, 181.0]


def test_single_precision_coordinates_are_the_decimals_that_were_meant(open_grid, grid):
    lon = np.array([100.1, 100.2, 100.3, 100.4, 100.5], dtype="float32")
    ds = open_grid(grid.assign_coords(lon=lon))
    np.testing.assert_allclose(ds.longitude, [100.1, 100.2, 100.3, 100.4, 100.5], rtol=1e-14)


def test_uneven_coordinates_are_refused(open_grid, grid):
    with pytest.raises(GridError, match=r"latitude of .* not evenly spaced: 37.2"):
        open_grid(grid.assign_coords(lat=[36.0, 36.5, 37.2, 37.5]))


def test_a_grid_mapping_of_the_file_is_read(open_grid, grid):
    import pyproj

    planar = grid.rename(lat="y", lon="x").assign_coords(
        y=[0.0, 1000.0, 2000.0, 3000.0], x=[0.0, 1000.0, 2000.0, 3000.0, 4000.0]
    )
    planar["albers"] = ((), 0, pyproj.CRS("EPSG:32648").to_cf())
    planar.swvl1.attrs["grid_mapping"] = "albers"
    ds = open_grid(planar)
    assert crs_of(ds) == "EPSG:32648"
    assert geobox_of(ds).resolution.x == 1000.0


def test_planar_grids_open_without_a_reference_system(open_grid, grid):
    planar = grid.rename(lat="y", lon="x")
    planar = planar.assign_coords(y=planar.y, x=("x", np.arange(5.0) / 2, {"units": "km"}))
    ds = open_grid(planar.assign_coords(y=("y", np.arange(4.0) / 2, {"units": "km"})))
    assert crs_of(ds) is None
    assert ds.x.values.tolist() == [0, 500, 1000, 1500, 2000]
    assert ds.x.attrs["units"] == "m"
    assert "no coordinate reference system" in ds.x.attrs["comment"]
    assert "spatial_ref" not in ds.coords


def test_a_declared_reference_system_is_taken(open_grid, grid):
    planar = grid.rename(lat="y", lon="x").assign_coords(
        y=1000.0 * np.arange(4), x=1000.0 * np.arange(5)
    )
    assert crs_of(open_grid(planar, crs="EPSG:32648")) == "EPSG:32648"
    assert crs_of(open_grid(planar, crs=32648)) == "EPSG:32648"
    with pytest.raises(GridError, match="crs is 'EPSG:nonsense', which is no coordinate ref"):
        open_grid(planar, crs="EPSG:nonsense")


def test_two_dimensional_coordinates_are_refused(open_grid, grid):
    curved = grid.rename(lat="y", lon="x").drop_vars(["y", "x"])
    curved["lat"] = (("y", "x"), np.zeros((4, 5)))
    with pytest.raises(GridError, match="no coordinates along y; grids with 2-D coordinates"):
        open_grid(curved)


def test_zarr_gives_what_netcdf_gives(tmp_path, open_grid, grid):
    grid.to_zarr(tmp_path / "grid.zarr", consolidated=False)
    zarr = open_source("raster", tmp_path / "grid.zarr", variables={"soil_moisture": "swvl1"})
    xr.testing.assert_equal(zarr, open_grid(grid))


def test_layers_may_be_several_variables(open_grid, grid):
    grid["swvl2"] = (grid.swvl1 + 0.1).assign_attrs(units="m**3 m**-3")
    ds = open_grid(grid, variables={"soil_moisture": ["swvl1", "swvl2"]},
                   depth_bounds=[[0, 0.07], [0.07, 0.28]])  # fmt: skip
    assert ds.soil_moisture.dims == ("time", "depth", "latitude", "longitude")
    difference = ds.soil_moisture.isel(depth=1) - ds.soil_moisture.isel(depth=0)
    np.testing.assert_allclose(difference, 0.1, rtol=1e-12)


def test_a_region_cuts_the_grid(open_grid, grid):
    ds = open_grid(grid, region=(100.4, 36.4, 101.1, 37.1))
    assert ds.latitude.values.tolist() == [37.0, 36.5]
    assert ds.longitude.values.tolist() == [100.5, 101.0]


def test_static_variables_need_no_time(open_grid, grid):
    grid["dem"] = (("lat", "lon"), np.full((4, 5), 1200.0), {"units": "m"})
    ds = open_grid(grid, variables={"elevation": "dem"})
    assert ds.elevation.dims == ("latitude", "longitude")


@pytest.fixture
def stack(tmp_path):
    """Three months of packed GeoTIFF files, dates in the names."""
    rng = np.random.default_rng(4)
    values = rng.integers(100, 400, size=(3, 6, 7)).astype("int16")
    values[1, 2, 3] = -999
    for month, one in enumerate(values, start=1):
        write_tif(tmp_path / f"sm_2003_{month:02d}_v2.tif", one, nodata=-999)
    return tmp_path / "*.tif", values


def test_a_stack_of_geotiff_takes_its_dates_from_the_names(stack):
    paths, values = stack
    spec = {"soil_moisture": {"units": "m3 m-3", "scale": 0.001}}
    ds = open_source("raster", paths, variables=spec, time_from_name="%Y_%m")
    assert ds.soil_moisture.dims == ("time", "y", "x")
    assert [str(t)[:10] for t in ds.time.values] == ["2003-01-01", "2003-02-01", "2003-03-01"]
    expected = np.where(values == -999, np.nan, values * 0.001)
    np.testing.assert_allclose(ds.soil_moisture.values, expected, rtol=1e-6)
    assert ds.y.values[:2].tolist() == [3999500.0, 3998500.0]
    assert ds.x.values[:2].tolist() == [300500.0, 301500.0]
    assert crs_of(ds) == "EPSG:32648"
    assert ds.soil_moisture.dtype == np.float32


def test_a_regular_expression_finds_the_date_too(stack):
    ds = open_source("raster", stack[0], time_from_name=r"_(?P<year>\d{4})_(?P<month>\d\d)_",
                     variables={"soil_moisture": {"units": "m3 m-3", "scale": 0.001}})  # fmt: skip
    assert str(ds.time.values[2])[:10] == "2003-03-01"


@pytest.mark.parametrize(
    ("pattern", "match"),
    [
        ("%Y%m%d", "no date in the file name 'sm_2003_01_v2.tif' by time_from_name '%Y%m%d'"),
        (None, "hold the same variables .* and no time; .* write time_from_name"),
    ],
)
def test_a_stack_without_dates_is_refused(stack, pattern, match):
    spec = {"soil_moisture": {"units": "m3 m-3", "scale": 0.001}}
    with pytest.raises(SourceError, match=match):
        open_source("raster", stack[0], variables=spec, time_from_name=pattern)


def test_tiles_of_one_date_are_not_a_stack(tmp_path):
    write_tif(tmp_path / "a_2001.tif", np.full((3, 4), 0.2))
    east = Affine(1000.0, 0, 304000.0, 0, -1000.0, 4000000.0)
    write_tif(tmp_path / "b_2002.tif", np.full((3, 4), 0.2), transform=east)
    with pytest.raises(SourceError, match="coordinate x differs between"):
        open_source("raster", tmp_path / "*.tif", variables=SM, time_from_name="%Y")


def test_bands_are_found_by_name_or_number_and_may_be_layers(tmp_path):
    values = np.stack([np.full((3, 4), 0.1), np.full((3, 4), 0.3)])
    path = write_tif(tmp_path / "a.tif", values, names=["top", "low"])
    for name in (2, "2", "low"):
        ds = open_source("raster", path, variables={"soil_moisture": {"name": name, "units": "1"}})
        assert float(ds.soil_moisture.mean()) == pytest.approx(0.3)
    ds = open_source("raster", path, dims={"depth": "band"}, depth_bounds=[[0, 0.1], [0.1, 0.4]],
                     variables={"soil_moisture": {"units": "1"}})  # fmt: skip
    assert ds.soil_moisture.dims == ("depth", "y", "x")
    assert ds.soil_moisture.mean(("y", "x")).values.tolist() == pytest.approx([0.1, 0.3])
    with pytest.raises(SourceError, match="no variable 'lou' for soil_moisture; did you mean"):
        open_source("raster", path, variables={"soil_moisture": {"name": "lou", "units": "1"}})


def test_bands_may_be_dates(tmp_path):
    values = np.stack([np.full((3, 4), 0.1), np.full((3, 4), 0.3)])
    path = write_tif(tmp_path / "a.tif", values, names=["200107", "200108"])
    ds = open_source("raster", path, dims={"time": "band"}, time_format="%Y%m",
                     variables={"soil_moisture": {"units": "1"}})  # fmt: skip
    assert str(ds.time.values[1])[:10] == "2001-08-01"
    assert ds.soil_moisture.dims == ("time", "y", "x")


def test_a_geographic_geotiff_has_latitude_and_longitude(tmp_path):
    tenth = Affine(0.1, 0, 100.0, 0, -0.1, 40.0)
    path = write_tif(tmp_path / "a.tif", np.full((3, 4), 0.2), crs="EPSG:4490", transform=tenth)
    ds = open_source("raster", path, variables=SM)
    assert ds.soil_moisture.dims == ("latitude", "longitude")
    assert crs_of(ds) == "EPSG:4490"


def test_a_truncated_geotiff_is_refused(tmp_path):
    path = write_tif(tmp_path / "a.tif", np.random.default_rng(0).random((300, 300)))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(SourceError, match=r"a\.tif is truncated"):
        open_source("raster", path, variables=SM)


@pytest.mark.parametrize(
    ("transform", "match"),
    [(Affine(1, 0.2, 0, 0.2, -1, 0), "rotated grid"), (Affine.identity(), "no georeference")],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_geotiff_without_a_plain_grid_is_refused(tmp_path, transform, match):
    path = write_tif(tmp_path / "a.tif", np.full((3, 4), 0.2), transform=transform, crs=None)
    with pytest.raises(GridError, match=match):
        open_source("raster", path, variables=SM)


def test_only_the_window_that_is_asked_for_is_read(tmp_path, monkeypatch):
    path = write_tif(tmp_path / "a.tif", np.random.default_rng(0).random((64, 64)),
                     tiled=True, blockxsize=16, blockysize=16)  # fmt: skip
    ds = open_source("raster", path, variables=SM, chunks={"y": 16, "x": 16})
    windows = []
    read = rasterio.io.DatasetReader.read

    def spy(self, *args, window, **options):
        windows.append((window.height, window.width))
        return read(self, *args, window=window, **options)

    monkeypatch.setattr(rasterio.io.DatasetReader, "read", spy)
    ds.soil_moisture[0:16, 0:16].compute()
    assert windows == [(16, 16)]


def test_a_table_opened_as_a_grid_points_to_table(tmp_path):
    (tmp_path / "a.csv").write_text("site,time,sm\nA,2001-01-01,0.2\n")
    with pytest.raises(SourceError, match="product: table"):
        open_source("raster", tmp_path / "a.csv", variables=SM)
