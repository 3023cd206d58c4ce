"""MODIS NDVI and EVI as delivered: HDF-EOS tiles, EVI beside NDVI, masks and days."""

import importlib.util
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import GridError, SoilscopeWarning, SourceError
from soilscope.grid.crs import stamp
from soilscope.sources.catalogue import open_source
from soilscope.twin.layouts.hdf_eos import SINUSOIDAL, TILE, Field, tile_corners, write_hdf_eos
from soilscope.twin.layouts.modis import write_modis

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyhdf") is None, reason="pyhdf has no wheel for this system"
)
CELL = TILE / 1200
MONTHS = pd.date_range("2003-01", periods=6, freq="MS")


def made(*, rows: int = 6, columns: int = 8, evi: bool = True) -> xr.Dataset:
    """Two indices on cells around the corner where h25v04, h26v04, h25v05, h26v05 meet."""
    rng = np.random.default_rng(3)
    y = 4 * TILE + CELL * (rows / 2 - 0.5 - np.arange(rows))
    x = 8 * TILE + CELL * (np.arange(columns) - columns / 2 + 0.5)
    shape = (MONTHS.size, rows, columns)
    data = {"ndvi": (("time", "y", "x"), rng.uniform(-0.1, 0.9, shape))}
    if evi:
        data["evi"] = (("time", "y", "x"), rng.uniform(-0.1, 0.6, shape))
    return stamp(xr.Dataset(data, {"time": MONTHS, "y": y, "x": x}), SINUSOIDAL)


def test_tiles_of_one_date_are_put_together(tmp_path):
    ds = made()
    files = write_modis(ds, tmp_path, product="MOD13A3", layout="hdf")
    assert len(files) == 4 * MONTHS.size
    assert files[0].name.startswith("MOD13A3.A2003001.h25v04.061.")
    found = open_source("modis", files)
    assert list(found.data_vars) == ["ndvi", "evi"]
    for name in ("ndvi", "evi"):
        np.testing.assert_allclose(found[name].values, ds[name].values, atol=0.5001e-4)
        assert found[name].chunks
        assert found[name].attrs["source_name"].endswith(name.upper())
    np.testing.assert_allclose(found.y, ds.y, atol=1e-3)
    np.testing.assert_allclose(found.x, ds.x, atol=1e-3)


def test_a_tile_that_is_not_there_is_missing(tmp_path):
    ds = made()
    files = write_modis(ds, tmp_path, product="MOD13A3", layout="hdf")
    found = open_source("modis", [f for f in files if ".h26v05." not in f.name])
    assert np.isnan(found.ndvi.values[:, 3:, 4:]).all()
    np.testing.assert_allclose(found.ndvi.values[:, :3], ds.ndvi.values[:, :3], atol=0.5001e-4)


def test_a_tile_that_lacks_a_date_is_missing_there_and_told(tmp_path):
    ds = made()
    files = write_modis(ds, tmp_path, product="MOD13A3", layout="hdf")
    kept = [f for f in files if ".A2003060.h25v05." not in f.name]
    with pytest.warns(SoilscopeWarning, match=r"1 of 4 tiles lack dates.*first 2003-03-01"):
        found = open_source("modis", kept)
    gone = np.zeros(found.ndvi.shape, bool)
    gone[2, 3:, :4] = True
    np.testing.assert_array_equal(np.isnan(found.ndvi.values), gone)


def test_both_indices_are_masked_by_the_reliability(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3", layout="hdf", cloud_share=0.3)
    clear = open_source("modis", files)
    everything = open_source("modis", files, reliability=[])
    share = np.isnan(clear.evi.values).mean()
    assert 0.2 < share < 0.4
    np.testing.assert_array_equal(np.isnan(clear.evi.values), np.isnan(clear.ndvi.values))
    np.testing.assert_allclose(everything.evi.values[np.isnan(clear.evi.values)], 0.05, rtol=1e-6)


def test_composites_tell_their_length_and_day(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A2", layout="hdf")
    found = open_source("modis", files, variables=["ndvi", "evi", "ndvi_day"])
    assert found.time.dt.dayofyear.values.tolist() == list(range(1, 178, 16))
    assert found.ndvi.composite_days == found.evi.composite_days == 16
    later = np.arange(48).reshape(6, 8) % 16
    for days in found.ndvi_day.values:
        np.testing.assert_array_equal(days, later)


def test_one_index_may_be_asked_for_and_is_then_needed(tmp_path):
    files = write_modis(made(), tmp_path / "two", product="MOD13A3", layout="hdf")
    assert list(open_source("modis", files, variables=["evi"]).data_vars) == ["evi"]
    bare = write_modis(made(evi=False), tmp_path / "one", product="MOD13A3", layout="hdf")
    assert list(open_source("modis", bare).data_vars) == ["ndvi"]
    with pytest.raises(SourceError, match=r"names EVI nowhere.*write variables: \{evi: name"):
        open_source("modis", bare, variables=["ndvi", "evi"])


def test_evi_has_its_own_fill_and_range(tmp_path):
    values = np.array([[-3000, -2001], [10001, 5000]], "i2")
    fields = {
        "1 km 16 days NDVI": Field(np.full((2, 2), 4000, "i2")),
        "1 km 16 days EVI": Field(values, {"_FillValue": -3000, "scale_factor": 10000.0}),
        "1 km 16 days pixel reliability": Field(np.zeros((2, 2), "i1")),
    }
    path = tmp_path / "MYD13A2.A2020009.h25v05.061.hdf"
    write_hdf_eos(path, fields, grid="MODIS_Grid_16DAY_1km_VI", corners=tile_corners(25, 5))
    found = open_source("modis", path)
    np.testing.assert_allclose(found.evi.values.ravel(), [np.nan, np.nan, np.nan, 0.5])
    np.testing.assert_allclose(found.ndvi.values, 0.4, rtol=1e-6)
    assert str(found.time.values[0])[:10] == "2020-01-09"


def test_an_evi_that_was_scaled_already_names_the_words_to_write(tmp_path):
    fields = {
        "1 km 16 days EVI": Field(np.full((2, 2), 0.4, "f4")),
        "1 km 16 days pixel reliability": Field(np.zeros((2, 2), "i1")),
    }
    path = tmp_path / "MOD13A2.A2020001.h25v05.061.hdf"
    write_hdf_eos(path, fields, grid="MODIS_Grid_16DAY_1km_VI", corners=tile_corners(25, 5))
    with pytest.raises(SourceError, match=r"scaled already: write variables: \{evi: \{scale: 1\}"):
        open_source("modis", path)
    found = open_source("modis", path, variables={"evi": {"scale": 1}})
    np.testing.assert_allclose(found.evi.values, 0.4, rtol=1e-6)


def test_files_without_reliability_are_told(tmp_path):
    fields = {"1 km 16 days NDVI": Field(np.full((2, 2), 4000, "i2"))}
    path = tmp_path / "MOD13A2.A2020001.h25v05.061.hdf"
    write_hdf_eos(path, fields, grid="MODIS_Grid_16DAY_1km_VI", corners=tile_corners(25, 5))
    with pytest.warns(SoilscopeWarning, match="no layer of pixel reliability, so clouds and snow"):
        open_source("modis", path)


def test_tiles_in_any_order_of_files_are_the_same(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3", layout="hdf")
    shuffled = [files[k] for k in np.random.default_rng(1).permutation(len(files))]
    xr.testing.assert_identical(
        open_source("modis", shuffled).ndvi.compute(), open_source("modis", files).ndvi.compute()
    )


def test_spread_within_cells_of_a_global_grid_is_no_index(tmp_path):
    """MOD13C1 holds "NDVI std dev" beside NDVI."""
    fields = {
        "CMG 0.05 Deg 16 days NDVI": Field(np.full((2, 2), 4000, "i2")),
        "CMG 0.05 Deg 16 days NDVI std dev": Field(np.full((2, 2), 100, "i2")),
        "CMG 0.05 Deg 16 days pixel reliability": Field(np.zeros((2, 2), "i1")),
    }
    path = tmp_path / "MOD13C1.A2020001.061.hdf"
    write_hdf_eos(path, fields, grid="MODIS_Grid_16Day_VI_CMG", corners=tile_corners(25, 5))
    np.testing.assert_allclose(open_source("modis", path).ndvi.values, 0.4, rtol=1e-6)


def test_another_product_in_hdf_is_told(tmp_path):
    path = tmp_path / "MOD16A2GF.A2020001.h25v05.061.hdf"
    fields = {"ET_500m": Field(np.zeros((2, 2), "i2"))}
    write_hdf_eos(path, fields, grid="MOD_Grid_MOD16A2", corners=tile_corners(25, 5))
    with pytest.raises(SourceError, match=r"names NDVI nowhere.*\(ET_500m\).*another product"):
        open_source("modis", path)


def test_reading_hdf_gives_no_warnings_and_nothing_is_read_on_opening_but_a_look(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3", layout="hdf")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = open_source("modis", files, chunks=None)
    lazy = open_source("modis", files, chunks={"y": 2})
    xr.testing.assert_identical(whole.compute(), lazy.compute())


def test_files_far_from_the_period_are_not_opened(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3", layout="hdf")
    far = tmp_path / "MOD13A3.A2010001.h25v04.061.2011001000000.hdf"
    far.write_bytes(b"\x0e\x03\x13\x01 cut off")
    found = open_source("modis", [*files, far], period=("2003-02", "2003-04"))
    assert found.time.dt.month.values.tolist() == [2, 3, 4]
    with pytest.raises(SourceError, match="cannot be read; it may be truncated"):
        open_source("modis", [*files, far])


def test_a_grid_in_degrees_is_not_written_as_hdf(tmp_path):
    coords = {"time": MONTHS, "latitude": [38.0, 37.0], "longitude": [105.0, 106.0]}
    ds = xr.Dataset({"ndvi": (("time", "latitude", "longitude"), np.zeros((6, 2, 2)))}, coords)
    with pytest.raises(GridError, match="not on the sinusoidal grid of MODIS"):
        write_modis(ds, tmp_path, product="MOD13A3", layout="hdf")
