import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope.errors import InputError
from soilscope.twin.heihe import heihe, heihe_blocks
from soilscope.twin.heihe_place import place
from soilscope.twin.heihe_planted import SHARE
from soilscope.twin.heihe_products import BARREN, in_degrees

WHOLE = {"size": (56, 49), "resolution": 10_000.0, "reanalysis_spacing": 0.25}
PLANTED = {
    "winter": "field_capacity",
    "spring": "saturated_conductivity",
    "summer": "precipitation",
    "autumn": "field_capacity",
}
PRODUCTS = ("fine", "reanalysis", "cci", "smops", "smci")


@pytest.fixture(scope="module")
def july():
    """A month of the whole basin, for its rain; nothing is frozen."""
    return heihe(**WHOLE, days=31, start="2020-07-01", planted=PLANTED)


def share_of(driver, day):
    """Share of the variance of a day that a line on the ranks of a map makes."""
    known = np.isfinite(day) & np.isfinite(driver)
    return stats.pearsonr(stats.rankdata(driver[known]), day[known]).statistic ** 2


def test_the_driving_map_makes_the_share_that_is_said(july):
    rain = july.fine.precipitation.sum("time").values
    rain = np.where(np.isfinite(july.fine.elevation), rain, np.nan)
    shares = [share_of(rain, day) for day in july.fine.soil_moisture.values]
    np.testing.assert_allclose(shares, SHARE, atol=1e-5)


def test_a_soil_that_drains_is_drier_in_spring():
    fine = heihe(**WHOLE, days=2, start="2020-05-20", planted=PLANTED).fine
    day = fine.soil_moisture[0].values
    assert share_of(fine.saturated_conductivity.values, day) == pytest.approx(SHARE, abs=1e-3)
    known = np.isfinite(day)
    found = stats.spearmanr(fine.saturated_conductivity.values[known], day[known])
    assert found.statistic < -0.8


def test_moisture_stays_between_dry_soil_and_full_pores_also_in_frost():
    fine = heihe(**WHOLE, days=3, start="2020-03-05", planted=PLANTED).fine
    assert float(fine.frozen_share.max()) == 1.0
    thawed = fine.soil_moisture.where(fine.frozen_share == 0.0)
    assert bool((thawed >= fine.residual_water_content - 1e-6).where(thawed.notnull(), True).all())
    assert bool((fine.soil_moisture <= fine.porosity + 1e-6).where(thawed.notnull(), True).all())
    assert float(fine.soil_moisture.min()) > 0.0


def test_coarse_products_and_surface_temperature_see_what_is_planted():
    twin = heihe(**WHOLE, days=20, start="2020-05-12", planted=PLANTED)
    where = place(size=WHOLE["size"], resolution=WHOLE["resolution"])
    at = {
        "latitude": xr.DataArray(where.latitude, dims=("y", "x")),
        "longitude": xr.DataArray(where.longitude, dims=("y", "x")),
    }
    seen = {
        name: getattr(twin, name).soil_moisture.mean("time").sel(at, method="nearest")
        for name in ("reanalysis", "cci", "smops")
    }
    seen["smci"] = twin.smci.soil_moisture.mean("time")
    seen["night less day"] = (twin.fine.lst_night - twin.fine.lst_day).mean("time")
    driver = twin.fine.saturated_conductivity.where(twin.fine.land_cover == BARREN)
    for name, da in seen.items():
        found = stats.spearmanr(driver.values.ravel(), da.values.ravel(), nan_policy="omit")
        assert found.statistic < -0.6, name


def test_grids_in_degrees_are_wider_where_cells_are():
    large, small = (
        in_degrees(heihe(size=(56, 49), resolution=r, days=1).fine[["elevation"]], 0.01)
        for r in (10_000.0, 1000.0)
    )
    assert float(np.abs(np.diff(large.longitude)).max()) == pytest.approx(0.01 * 10 / 3)
    assert float(np.abs(np.diff(small.longitude)).max()) == pytest.approx(0.01)


def test_what_is_not_moisture_or_soil_is_that_of_the_world_without():
    options = WHOLE | {"days": 2, "start": "2020-07-01"}
    with_map, without = (heihe(**options, planted=p).fine for p in (PLANTED, None))
    for name in ("elevation", "land_cover", "precipitation", "temperature", "ndvi"):
        xr.testing.assert_identical(with_map[name], without[name])
    assert not with_map.soil_moisture.equals(without.soil_moisture)


def test_a_world_in_which_nothing_is_planted_is_as_it_was():
    # means of five days, seed 3, before anything could be planted
    twin = heihe(size=(60, 50), days=5, start="2020-06-25", seed=3)
    found = [float(getattr(twin, product).soil_moisture.mean()) for product in PRODUCTS]
    np.testing.assert_allclose(
        found, [0.07363462, 0.09495763, 0.07343900, 0.12322338, 0.08235604], rtol=1e-6
    )


def test_blocks_of_days_are_planted_alike():
    options = WHOLE | {"days": 6, "start": "2020-05-29", "planted": PLANTED}
    whole = heihe(**options)
    parts = list(heihe_blocks(**options, block=4))
    for product in PRODUCTS:
        joined = xr.concat([getattr(part, product) for part in parts], "time", data_vars="minimal")
        xr.testing.assert_identical(joined, getattr(whole, product))


@pytest.mark.parametrize("planted", [{"summer": "precipitation"}, PLANTED | {"winter": "snow"}])
def test_seasons_without_a_map_are_refused(planted):
    with pytest.raises(InputError, match="name a map for each of winter, spring, summer, autumn"):
        heihe(**WHOLE, days=1, planted=planted)
