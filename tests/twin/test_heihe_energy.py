from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from soilscope.twin.heihe import heihe
from soilscope.twin.heihe_climate import Day
from soilscope.twin.heihe_energy import (
    EMISSIVITY,
    SIGMA,
    Ground,
    Surface,
    skin_temperature,
    solve_balance,
    sunshine,
    thermal_inertia,
)
from soilscope.twin.heihe_soil import Soil

STRATA = {"grass": 10, "crop": 12, "barren": 16}


def soil_of(n, *, sand=50.0, porosity=0.45):
    values = (sand, 15.0, 1.4, 10.0, porosity, 0.25, 0.1, 0.04, 50.0)
    return Soil(*(np.full(n, v) for v in values))


def surface_of(n, *, forest=False, **fields):
    flat = Surface(
        np.full(n, 39.0), *(np.zeros(n) for _ in range(3)), np.full(n, forest), np.zeros(n, bool)
    )
    return replace(flat, **fields)


def skin_of(moisture, *, forest=False, ndvi=0.2, turn=200, cloud=0.1):
    n = len(moisture)
    ground = Ground(np.asarray(moisture), np.full(n, ndvi), np.zeros(n), np.full(n, 22.0))
    day = Day(np.full(n, 20.0), np.zeros(n), np.full(n, cloud))
    surface = surface_of(n, forest=forest)
    return skin_temperature(surface, soil_of(n), ground=ground, day=day, turn=turn)


@pytest.mark.parametrize("ndvi", [0.1, 0.4, 0.8])
def test_day_less_night_falls_with_moisture_but_not_along_a_line(ndvi):
    moisture = np.linspace(0.04, 0.25, 30)
    day, night = skin_of(moisture, ndvi=ndvi)
    difference = day - night
    assert (np.diff(difference) <= 0.01).all()
    assert difference[0] - difference[-1] > 8.0
    line = np.polyval(np.polyfit(moisture, difference, 1), moisture)
    assert np.abs(difference - line).max() > 0.6


def test_under_forest_moisture_changes_nothing():
    for skin in skin_of(np.linspace(0.04, 0.4, 10), forest=True, ndvi=0.7):
        assert np.ptp(skin) == 0.0


def test_cloud_brings_day_and_night_together():
    clear, overcast = (np.subtract(*skin_of([0.08], cloud=c)) for c in (0.0, 1.0))
    assert clear > overcast + 8.0


def test_wet_soil_is_slower_to_change_even_where_nothing_evaporates():
    dry, wet = skin_of([0.05, 0.24], cloud=0.0)[1]  # by night
    assert wet > dry + 0.5


def test_the_balance_holds():
    rng = np.random.default_rng(0)
    n = 20
    absorbed, air = rng.uniform(0, 800, n), rng.uniform(-20, 35, n)
    share, exchange, inertia = rng.uniform(0, 1, n), rng.uniform(8, 40, n), rng.uniform(5, 20, n)
    day = Day(air, np.zeros(n), rng.uniform(0, 1, n))
    ground = Ground(np.zeros(n), np.zeros(n), np.zeros(n), air - 3.0)
    solved = solve_balance(absorbed, air, day, ground, inertia, share=share, exchange=exchange)

    def rest(skin, k):
        curve = 4098 * 0.6108 * np.exp(17.27 * air[k] / (air[k] + 237.3)) / (air[k] + 237.3) ** 2
        sky = EMISSIVITY * SIGMA * (0.72 + 0.23 * day.cloud[k]) * (air[k] + 273.15) ** 4
        net = absorbed[k] + sky - EMISSIVITY * SIGMA * (skin + 273.15) ** 4
        into = inertia[k] * (skin - ground.temperature[k])
        latent = share[k] * min(1.26 * curve / (curve + 0.054), 0.95) * (net - into)
        return net - into - latent - exchange[k] * (skin - air[k])

    expected = [optimize.brentq(rest, -80.0, 90.0, args=(k,)) for k in range(n)]
    np.testing.assert_allclose(solved, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("sand", "moisture", "expected"),
    [(92.0, 0.0, 620.0), (92.0, 0.4, 2550.0), (20.0, 0.0, 600.0), (20.0, 0.4, 2210.0)],
)
def test_thermal_inertia_is_that_of_the_textbook(sand, moisture, expected):
    # T. R. Oke, Boundary Layer Climates (1987), table 2.1: sandy and clay soil with 40 % pores
    found = thermal_inertia(soil_of(1, sand=sand, porosity=0.4), np.array([moisture]))
    assert found[0] == pytest.approx(expected, rel=0.12)


def test_sunshine_of_a_level_cell_at_the_equinox():
    up = np.cos(np.deg2rad(39.0)) * np.cos(np.deg2rad(22.5))  # 13:30 is 22.5 degrees past noon
    assert sunshine(surface_of(1), 80)[0] == pytest.approx(1361.0 * up, rel=1e-3)


def test_southern_and_western_slopes_get_more_sun_in_the_early_afternoon():
    one = np.ones(4)
    north = np.array([-1.0, 1.0, 0.0, 0.0])  # south, north, west, east
    east = np.array([0.0, 0.0, -1.0, 1.0])
    tilted = surface_of(4, slope=0.3 * one, northness=north, eastness=east)
    south, northern, west, eastern = sunshine(tilted, 300)
    level = sunshine(surface_of(1), 300)[0]
    assert south > level > northern
    assert west > level > eastern


@pytest.fixture(scope="module")
def summer():
    return heihe(size=(140, 122), days=92, start="2020-06-01", seed=0).fine


@pytest.mark.parametrize("name", STRATA)
def test_moisture_and_day_less_night_run_against_each_other(summer, name):
    here = (summer.land_cover == STRATA[name]).values
    difference = (summer.lst_day - summer.lst_night).values[:, here].astype("f8").ravel()
    r = np.corrcoef(difference, summer.soil_moisture.values[:, here].astype("f8").ravel())[0, 1]
    assert r < -0.35


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_forest_has_no_relation(seed):
    fine = heihe(size=(140, 122), days=92, start="2020-06-01", seed=seed).fine
    here = (fine.land_cover == 1).values
    difference = (fine.lst_day - fine.lst_night).values[:, here].astype("f8").ravel()
    r = np.corrcoef(difference, fine.soil_moisture.values[:, here].astype("f8").ravel())[0, 1]
    assert abs(r) < 0.1


def test_noise_of_surface_temperature_grows_with_cloud():
    from soilscope.twin.heihe_model import CLEAR_NOISE, CLOUD_NOISE, days_of, land_of, seen_skin
    from soilscope.twin.heihe_place import place

    land = land_of(place(size=(60, 50), resolution=1000.0), seed=0)
    moments = list(days_of(land, first=737_600, number=10))
    cloud = np.stack([m.wet.weather.cloud for m in moments])
    error = np.stack([seen_skin(m, 0)[0] - m.skin[0] for m in moments])
    for low, high in ((0.0, 0.1), (0.85, 1.0)):
        chosen = (cloud >= low) & (cloud < high)
        assert chosen.sum() > 300
        expected = CLEAR_NOISE + CLOUD_NOISE * cloud[chosen].mean()
        assert error[chosen].std() == pytest.approx(expected, rel=0.06)
