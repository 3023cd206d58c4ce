"""MODIS evapotranspiration: sums become rates, the last period, classes that are no values."""

import importlib.util
import warnings

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import stamp
from soilscope.sources.catalogue import PRODUCTS, open_source
from soilscope.twin.layouts.hdf_eos import SINUSOIDAL, TILE
from soilscope.twin.layouts.modis_et import write_modis_et

needs_pyhdf = pytest.mark.skipif(
    importlib.util.find_spec("pyhdf") is None, reason="pyhdf has no wheel for this system"
)
NAMES = ["evapotranspiration", "potential_evapotranspiration"]
CELL = TILE / 2400


def periods(*years):
    return pd.DatetimeIndex(
        [pd.Timestamp(year, 1, 1) + pd.Timedelta(days=8 * k) for year in years for k in range(46)]
    )


def made(time=None, *, sinusoidal: bool = False) -> xr.Dataset:
    """Rates on 3 x 4 cells over the edge of two tiles, of which one has no estimate."""
    rng = np.random.default_rng(9)
    time = periods(2019)[36:] if time is None else time
    potential = rng.uniform(0.5, 9.0, (time.size, 3, 4))
    potential[:, 0, 0] = np.nan
    if sinusoidal:
        names, planes = ("y", "x"), (
            4.5 * TILE - CELL * (np.arange(3) + 0.5),
            8 * TILE + CELL * (np.arange(4) - 1.5),
        )  # fmt: skip
    else:
        names = ("latitude", "longitude")
        planes = (38.5 - 0.005 * np.arange(3), 100 + 0.005 * np.arange(4))
    dims = ("time", *names)
    ds = xr.Dataset(
        {NAMES[0]: (dims, 0.4 * potential), NAMES[1]: (dims, potential)},
        {"time": time, **dict(zip(names, planes, strict=True))},
    )
    return stamp(ds, SINUSOIDAL if sinusoidal else "EPSG:4326")


def image(path, values, *, dtype="int16", description="ET_500m"):
    with rasterio.open(
        path, "w", driver="GTiff", dtype=dtype, count=1, height=2, width=2, crs="EPSG:4326",
        transform=Affine(0.005, 0.0, 100.0, 0.0, -0.005, 38.0),
    ) as file:  # fmt: skip
        file.write(np.array(values, dtype).reshape(2, 2), 1)
        file.set_band_description(1, description)
    return path


@pytest.mark.parametrize("layout", ["appeears", pytest.param("hdf", marks=needs_pyhdf)])
def test_sums_of_periods_become_rates(tmp_path, layout):
    ds = made(sinusoidal=True)
    files = write_modis_et(ds, tmp_path, layout=layout)
    assert len(files) == 20
    found = open_source("modis_et", files)
    assert sorted(found.data_vars) == NAMES
    for name in NAMES:
        assert found[name].units == "mm d-1"
        assert found[name].composite_days == 8
        assert found[name].chunks
        np.testing.assert_allclose(found[name].values, ds[name].values, atol=0.0101)
        np.testing.assert_allclose(found[name].values[:-1], ds[name].values[:-1], atol=0.00626)


def test_the_last_period_of_a_year_has_5_days_or_6(tmp_path):
    """A sum of 24.0 mm: 3 mm d-1 over 8 days, 4.8 over 5, and 4 over 6 in a leap year."""
    for year, last in ((2019, 4.8), (2020, 4.0)):
        files = [
            image(tmp_path / f"MOD16A2GF.061_ET_500m_doy{year}{day}_aid0001.tif", [240] * 4)
            for day in (353, 361)
        ]
        found = open_source("modis_et", files, variables=["evapotranspiration"])
        rates = found.evapotranspiration.isel(latitude=0, longitude=0).values
        np.testing.assert_allclose(rates, [3.0, last], rtol=1e-6)


@pytest.mark.parametrize("number", range(32761, 32768))
def test_classes_are_missing_and_not_zero(tmp_path, number):
    path = image(tmp_path / "MOD16A2GF.061_ET_500m_doy2019001_aid0001.tif", [number, -32768, 0, 80])
    found = open_source("modis_et", path)
    expected = [np.nan, np.nan, 0.0, 1.0]
    np.testing.assert_allclose(found.evapotranspiration.values.ravel(), expected, rtol=1e-6)


def test_desert_is_missing_in_a_mean_and_not_zero(tmp_path):
    ds = made()
    found = open_source("modis_et", write_modis_et(ds, tmp_path))
    assert np.isnan(found.potential_evapotranspiration.values[:, 0, 0]).all()
    mean = float(found.potential_evapotranspiration.mean())
    assert mean == pytest.approx(float(ds.potential_evapotranspiration.mean()), abs=1e-3)


def test_months_are_means_of_rates_times_days(tmp_path):
    """A year of 3 mm d-1 makes 93 mm in January, whatever the periods are."""
    from soilscope.prepare.composites import composite
    from soilscope.prepare.observed import by_observation

    ds = made()
    ds = ds.assign({name: xr.full_like(ds[name], 3.0) for name in NAMES})
    found = by_observation(open_source("modis_et", write_modis_et(ds, tmp_path)))
    months = composite(found.evapotranspiration, freq="MS", how="mean")
    np.testing.assert_allclose(months.values, 3.0, rtol=1e-3)


# -- what falls into traps --------------------------------------------------------------------


def test_a_period_before_2021_tells_of_the_gap_filled_product(tmp_path):
    files = write_modis_et(made(periods(2021)[:4]), tmp_path, product="MOD16A2")
    with pytest.warns(SoilscopeWarning, match=r"begins on 2021-01-01.*download MOD16A2GF.*2000"):
        found = open_source("modis_et", files, period=("2018-01", "2021-12"))
    assert str(found.time.values[0])[:10] == "2021-01-01"
    with pytest.raises(SourceError, match=r"nothing before.*download MOD16A2GF, which begins in"):
        open_source("modis_et", files, period=("2001-01", "2020-12"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("modis_et", files, period=("2021-01", "2021-12"))
        filled = write_modis_et(made(periods(2021)[:4]), tmp_path / "filled")
        open_source("modis_et", filled, period=("2018-01", "2021-12"))


def test_a_mix_of_gap_filled_and_other_files_is_told(tmp_path):
    files = write_modis_et(made(periods(2020)[-4:]), tmp_path / "a")
    files += write_modis_et(made(periods(2021)[:4]), tmp_path / "b", product="MOD16A2")
    with pytest.warns(SoilscopeWarning, match="mix MOD16A2GF, whose gaps were filled"):
        open_source("modis_et", files)


def test_sums_of_years_are_refused(tmp_path):
    path = image(tmp_path / "MOD16A3GF.061_ET_500m_doy2019001_aid0001.tif", [240] * 4)
    with pytest.raises(SourceError, match=r"of MOD16A3GF: sums of a whole year"):
        open_source("modis_et", path)


def test_a_date_on_which_no_period_begins_is_refused(tmp_path):
    path = image(tmp_path / "ET_500m_2019_01_05.tif", [240] * 4)
    with pytest.raises(SourceError, match="date of 2019-01-05, on which no period of 8 days"):
        open_source("modis_et", path)


def test_files_of_another_product_are_told(tmp_path):
    other = image(tmp_path / "MOD13A2_NDVI_2019_01_01.tif", [1, 2, 3, 4], description="NDVI")
    with pytest.raises(SourceError, match=r"names ET_500m nowhere.*\(NDVI\).*another product"):
        open_source("modis_et", other)
    right = image(tmp_path / "ET_500m_2019_01_01.tif", [80] * 4)
    with pytest.warns(SoilscopeWarning, match=r"^MOD13A2_NDVI\S+: left out, as no layer there"):
        open_source("modis_et", [right, other])


def test_a_layer_of_quality_is_none_of_evapotranspiration(tmp_path):
    path = image(tmp_path / "a_2019_01_01.tif", [0] * 4, description="ET_QC_500m")
    with pytest.raises(SourceError, match="names ET_500m nowhere"):
        open_source("modis_et", path)


# -- scale and units --------------------------------------------------------------------------


def test_decimals_are_told_and_taken_as_they_are_if_so_written(tmp_path):
    path = image(tmp_path / "ET_500m_2019_01_01.tif", [24.0, 8.0, 16.0, 4.0], dtype="float32")
    with pytest.warns(SoilscopeWarning, match=r"stored as decimals.*\{scale: 1\}"):
        open_source("modis_et", path)
    classes = image(tmp_path / "ET_500m_2019_01_09.tif", [24, 8, 3276.5, 3276.7], dtype="float32")
    found = open_source("modis_et", classes, variables={"evapotranspiration": {"scale": 1}})
    np.testing.assert_allclose(
        found.evapotranspiration.values.ravel(), [3.0, 1.0, np.nan, np.nan], rtol=1e-6
    )


def test_numbers_out_of_range_name_what_to_write(tmp_path):
    path = image(tmp_path / "ET_500m_2019_01_01.tif", [8000, 9000, 7000, 6000])
    with pytest.raises(SourceError) as fault:
        open_source("modis_et", path)
    text = str(fault.value)
    assert "expected -10 to 40" in text
    assert "variables: {evapotranspiration: {expected: [lowest, highest]}}" in text
    found = open_source("modis_et", path, variables={"evapotranspiration": {"expected": [0, 200]}})
    assert float(found.evapotranspiration.max()) == pytest.approx(112.5)


def test_what_is_a_rate_already_is_not_divided(tmp_path):
    path = image(tmp_path / "ET_500m_2019_01_01.tif", [30, 20, 10, 0])
    rate = {"evapotranspiration": {"units": "mm d-1"}}
    found = open_source("modis_et", path, variables=rate)
    np.testing.assert_allclose(found.evapotranspiration.values.ravel(), [3, 2, 1, 0], rtol=1e-6)
    mass = {"evapotranspiration": {"units": "kg m-2"}}
    found = open_source("modis_et", path, variables=mass)
    assert float(found.evapotranspiration.max()) == pytest.approx(3.0 / 8)
    assert found.evapotranspiration.units == "mm d-1"


def test_what_a_user_must_know_is_told():
    text = " ".join(PRODUCTS["modis_et"].traps)
    assert "no data before 2021" in text
    assert "missing, and not 0" in text
    assert "5 or 6" in text
