"""HDF-EOS files: cells, numbers and attributes, and what is no such file."""

import importlib.util
import os
import pickle
import re
import shutil

import dask
import h5py
import numpy as np
import pyproj
import pytest

from soilscope.errors import GridError, SourceError
from soilscope.grid.crs import crs_of, geobox_of
from soilscope.sources.catalogue import open_source
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.hdf4 import open_hdf4, read_struct_metadata
from soilscope.twin.layouts.hdf_eos import SINUSOIDAL, Field, tile_corners, write_hdf_eos

needs_pyhdf = pytest.mark.skipif(
    importlib.util.find_spec("pyhdf") is None, reason="pyhdf has no wheel for this system"
)
GRID = "MODIS_Grid_16DAY_1km_VI"
NAME = "MOD13A2.A2020001.h25v05.061.2020018001022.hdf"
#: The metadata of MOD13Q1.A2023241.h08v05.061, from its header on a public OPeNDAP server.
REAL = """GROUP=SwathStructure
END_GROUP=SwathStructure
GROUP=GridStructure
\tGROUP=GRID_1
\t\tGridName="MODIS_Grid_16DAY_250m_500m_VI"
\t\tXDim=4800
\t\tYDim=4800
\t\tUpperLeftPointMtrs=(-11119505.196667,4447802.078667)
\t\tLowerRightMtrs=(-10007554.677000,3335851.559000)
\t\tProjection=GCTP_SNSOID
\t\tProjParams=(6371007.181000,0,0,0,0,0,0,0,0,0,0,0,0)
\t\tSphereCode=-1
\tEND_GROUP=GRID_1
END_GROUP=GridStructure
END
"""


def written(path, *, n=12, h=25, v=5, attrs=None, grid=GRID):
    values = np.arange(n * n, dtype="i2").reshape(n, n) - 5
    fields = {
        "1 km 16 days NDVI": Field(values, attrs or {"_FillValue": -3000, "scale_factor": 10000.0}),
        "1 km 16 days pixel reliability": Field((values % 4).astype("i1"), {"_FillValue": -1}),
    }
    return write_hdf_eos(path, fields, grid=grid, corners=tile_corners(h, v))


@needs_pyhdf
def test_stored_numbers_and_attributes_are_those_of_the_file(tmp_path):
    path = written(tmp_path / NAME, attrs={"_FillValue": -3000, "valid_range": [-2000, 10000],
                                           "scale_factor": 10000.0, "units": "NDVI"})  # fmt: skip
    ds = open_hdf4(path)
    assert list(ds.data_vars) == ["1 km 16 days NDVI", "1 km 16 days pixel reliability"]
    ndvi = ds["1 km 16 days NDVI"]
    assert ndvi.dims == ("y", "x")
    assert ndvi.dtype == np.int16
    assert ndvi.chunks
    assert ndvi.attrs == {"_FillValue": -3000, "valid_range": [-2000, 10000],
                          "scale_factor": 10000.0, "units": "NDVI"}  # fmt: skip
    np.testing.assert_array_equal(ndvi, np.arange(144).reshape(12, 12) - 5)
    np.testing.assert_array_equal(ndvi[3:5, 7:8], (np.arange(144).reshape(12, 12) - 5)[3:5, 7:8])
    assert ds["1 km 16 days pixel reliability"].dtype == np.int8
    assert not open_hdf4(path, chunks=None)["1 km 16 days NDVI"].chunks


@needs_pyhdf
def test_cells_lie_where_the_tiles_of_modis_lie(tmp_path):
    """Tile h25v05: 30 to 40 degrees north; its corner by the definition of the projection."""
    ds = open_hdf4(written(tmp_path / NAME, n=1200))
    assert crs_of(ds) == SINUSOIDAL
    box = geobox_of(ds)
    assert box.affine.a == pytest.approx(926.62543305, abs=1e-6)
    assert box.affine.e == pytest.approx(-926.62543305, abs=1e-6)
    to_sinusoidal = pyproj.Transformer.from_crs(
        "+proj=longlat +R=6371007.181", SINUSOIDAL, always_xy=True
    )
    assert box.affine.f == pytest.approx(to_sinusoidal.transform(0, 40)[1], abs=1e-3)
    assert box.affine.c == pytest.approx(to_sinusoidal.transform(70, 0)[0], abs=1e-3)


@needs_pyhdf
def test_neighbouring_tiles_have_the_very_same_rows(tmp_path):
    """Corners are written with 6 decimals, or 3: the rows must not differ by that."""
    left = open_hdf4(written(tmp_path / "left.hdf", h=25, n=1200))
    right = open_hdf4(written(tmp_path / "right.hdf", h=26, n=1200))
    below = open_hdf4(written(tmp_path / "below.hdf", v=6, n=1200))
    np.testing.assert_array_equal(left.y, right.y)
    np.testing.assert_array_equal(left.x, below.x)
    step = float(right.x[0] - left.x[-1])
    assert step == pytest.approx(float(left.x[1] - left.x[0]), abs=1e-6)


def test_the_metadata_of_a_real_file_are_understood():
    (grid,) = read_struct_metadata(REAL)
    assert grid.name == "MODIS_Grid_16DAY_250m_500m_VI"
    assert (grid.rows, grid.columns) == (4800, 4800)
    np.testing.assert_allclose(grid.upper_left, tile_corners(8, 5)[0], atol=1e-6)
    np.testing.assert_allclose(grid.lower_right, tile_corners(8, 5)[1], atol=1e-6)
    assert grid.projection == "GCTP_SNSOID"
    assert grid.parameters[0] == 6371007.181


def rewritten(path, replace):
    """Write the same file with other metadata."""
    from pyhdf.SD import SD, SDC

    file = SD(str(path), SDC.WRITE)
    text = replace(file.attributes()["StructMetadata.0"])
    file.attr("StructMetadata.0").set(SDC.CHAR8, text)
    file.end()
    return path


@needs_pyhdf
@pytest.mark.parametrize("corner", ["(-180000000.000000,90000000.000000)", "(-180.0,90.0)"])
def test_global_grids_are_in_degrees_packed_or_not(tmp_path, corner):
    other = "(180000000.000000,-90000000.000000)" if "000000.0" in corner else "(180.0,-90.0)"

    def as_degrees(text):
        text = re.sub(r"(UpperLeftPointMtrs=).*", rf"\1{corner}", text)
        text = re.sub(r"(LowerRightMtrs=).*", rf"\1{other}", text)
        return text.replace("GCTP_SNSOID", "GCTP_GEO")

    ds = open_hdf4(rewritten(written(tmp_path / "MOD13C1.A2020001.061.hdf"), as_degrees))
    assert ds["1 km 16 days NDVI"].dims == ("latitude", "longitude")
    np.testing.assert_allclose(ds.latitude, 82.5 - 15.0 * np.arange(12))
    np.testing.assert_allclose(ds.longitude, -165.0 + 30.0 * np.arange(12))
    assert crs_of(ds) == "EPSG:4326"


@needs_pyhdf
def test_other_projections_are_told(tmp_path):
    path = rewritten(written(tmp_path / NAME), lambda text: text.replace("SNSOID", "LAMAZ"))
    with pytest.raises(GridError, match=r"in the projection GCTP_LAMAZ.*gdal_translate"):
        open_hdf4(path)


@needs_pyhdf
def test_hdf4_without_a_grid_is_told(tmp_path):
    path = rewritten(written(tmp_path / NAME), lambda _: "GROUP=SwathStructure\nEND\n")
    with pytest.raises(SourceError, match=r"HDF4 without a grid of HDF-EOS.*level 3 or 4"):
        open_hdf4(path)
    broken = rewritten(written(tmp_path / NAME), lambda text: text.replace("XDim=", "Width="))
    with pytest.raises(SourceError, match=r"describes its grid in words that cannot be read"):
        open_hdf4(broken)


@needs_pyhdf
@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_a_truncated_file_is_told_on_opening(tmp_path, share):
    whole = written(tmp_path / NAME).read_bytes()
    path = tmp_path / "cut.hdf"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SourceError, match=r"cut.hdf cannot be read; it may be truncated"):
        open_lazily(path)


@needs_pyhdf
def test_a_file_that_goes_away_is_told_when_it_is_read(tmp_path):
    path = written(tmp_path / NAME)
    ds = open_hdf4(path)
    path.write_bytes(b"\x0e\x03\x13\x01")
    with pytest.raises(SourceError, match="cannot be read; it may be truncated"):
        ds.compute()


@needs_pyhdf
def test_fields_are_read_by_several_threads_and_in_other_processes(tmp_path):
    paths = [written(tmp_path / f"{k}.hdf", n=60) for k in range(8)]
    fields = [open_hdf4(path)["1 km 16 days NDVI"].chunk({"y": 7}) for path in paths]
    with dask.config.set(scheduler="threads", num_workers=8):
        found = dask.compute(*[field.data for field in fields])
    for values in found:
        np.testing.assert_array_equal(values, np.arange(3600).reshape(60, 60) - 5)
    again = pickle.loads(pickle.dumps(fields[0]))
    np.testing.assert_array_equal(again, found[0])


@needs_pyhdf
@pytest.mark.skipif(os.name == "nt", reason="the HDF4 library takes no such names on Windows")
def test_names_of_folders_may_be_chinese(tmp_path):
    folder = tmp_path / "植被 指数"
    folder.mkdir()
    assert open_lazily(written(folder / NAME)).sizes == {"y": 12, "x": 12}


def test_without_pyhdf_one_line_tells_what_to_install_and_the_way_without(tmp_path, monkeypatch):
    path = tmp_path / NAME
    path.write_bytes(b"\x0e\x03\x13\x01" + bytes(100))
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pyhdf" else find(name, *a)
    )
    for attempt in (open_hdf4, open_lazily, file_format, lambda p: open_source("modis", p)):
        with pytest.raises(SourceError) as fault:
            attempt(path)
        text = str(fault.value)
        assert "\n" not in text
        assert "python -m pip install pyhdf" in text
        assert "GeoTIFF or NetCDF from AppEEARS" in text


def test_an_hdf_that_is_hdf5_is_read_as_such_or_told(tmp_path):
    """VIIRS and the newest of NASA's are HDF5 under the same ending."""
    import xarray as xr

    flat = tmp_path / "flat.hdf"
    xr.Dataset({"a": ("x", [1.0, 2.0])}).to_netcdf(flat, engine="h5netcdf")
    assert open_lazily(flat)["a"].values.tolist() == [1.0, 2.0]
    path = tmp_path / "VNP13A2.A2020001.h25v05.hdf"
    with h5py.File(path, "w") as file:
        file["HDFEOS/GRIDS/VIIRS_Grid_16Day_VI_1km/Data Fields/1 km 16 days NDVI"] = np.zeros(3)
    with pytest.raises(SourceError, match=r"is HDF-EOS5.*GeoTIFF or NetCDF from AppEEARS"):
        open_lazily(path)
    renamed = tmp_path / "a.nc"
    shutil.copy(path, renamed)
    with pytest.raises(SourceError, match="is HDF-EOS5"):
        open_lazily(renamed)


@needs_pyhdf
def test_an_hdf4_under_another_ending_is_told(tmp_path):
    path = written(tmp_path / "a.nc")
    with pytest.raises(SourceError, match=r"named .nc but holds HDF4"):
        file_format(path)
