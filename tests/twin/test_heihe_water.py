from datetime import date

import numpy as np
import pytest

from soilscope.twin.heihe import heihe
from soilscope.twin.heihe_bucket import DEPTH, HELD, THROUGH, State, liquid_moisture
from soilscope.twin.heihe_climate import SHARE, annual_rain, rain, share_of_day
from soilscope.twin.heihe_cover import CROP, FOREST
from soilscope.twin.heihe_drivers import heihe_drivers
from soilscope.twin.heihe_irrigation import TURN
from soilscope.twin.heihe_model import land_of, waters_of
from soilscope.twin.heihe_place import place
from soilscope.twin.heihe_terrain import terrain

FIRST = date(2020, 1, 1).toordinal()


@pytest.fixture(scope="module")
def land():
    return land_of(place(size=(56, 49), resolution=10_000.0), seed=1)


@pytest.fixture(scope="module")
def year(land):
    return [wet for (wet,) in waters_of([land], first=FIRST, number=366)]


def test_no_water_is_lost_or_made(land, year):
    before = year[0]
    stored = before.state.water.astype("f8") + before.state.snow
    for wet in year[1:]:
        flux = wet.fluxes
        arriving = flux.precipitation.astype("f8") + flux.inflow
        stored += arriving - flux.evapotranspiration - flux.drainage - flux.runoff
    np.testing.assert_allclose(year[-1].state.water + year[-1].state.snow, stored, atol=0.02)
    assert max(float(wet.fluxes.precipitation.max()) for wet in year) > 10.0


def test_stores_stay_within_their_limits(land, year):
    soil = land.cell_soil
    for wet in year[::10]:
        assert (wet.state.snow >= 0.0).all()
        assert (wet.state.water <= DEPTH * soil.porosity * (1 + 1e-5)).all()
        assert (wet.state.water >= 0.99 * DEPTH * soil.residual_water_content).all()
        for name in ("evapotranspiration", "drainage", "runoff", "potential"):
            assert (getattr(wet.fluxes, name) >= 0.0).all()


def test_liquid_water_falls_as_the_soil_freezes():
    water = np.full(4, 30.0)
    state = State(water, np.zeros(4), np.array([5.0, 1.0, THROUGH, -20.0]))
    liquid = liquid_moisture(state)
    np.testing.assert_allclose(liquid[:3], [0.3, 0.3, 0.3 * HELD], rtol=1e-6)
    assert liquid[3] < 0.3 * 0.2


def test_the_soil_is_frozen_in_winter_and_its_liquid_water_low():
    twin = heihe(size=(60, 60), days=366, satellite_spacing=0.125)
    by_month = twin.fine.groupby("time.month").mean()
    frozen = by_month.frozen_share.mean(("y", "x"))
    moisture = by_month.soil_moisture.mean(("y", "x"))
    assert (frozen.sel(month=[1, 12]) > 0.9).all()
    assert (frozen.sel(month=[6, 7, 8]) < 0.05).all()
    assert float(moisture.sel(month=1)) < 0.5 * float(moisture.sel(month=[6, 7, 8]).mean())
    good = (twin.cci.flag == 0).groupby("time.month").mean().mean(("latitude", "longitude"))
    assert float(good.sel(month=1)) == 0.0
    assert float(good.sel(month=7)) > 0.3


def test_rain_has_the_normal_as_its_mean():
    field = np.random.default_rng(0).standard_normal(2_000_000)
    for normal in (0.1, 1.0, 4.0):
        drawn = rain(field, np.full(1, normal, dtype=np.float32))
        assert drawn.mean(dtype="f8") == pytest.approx(normal, rel=0.02)
        assert drawn.min() == 0.0


def test_shares_of_days_make_a_year():
    assert SHARE.sum() == pytest.approx(1.0)
    assert sum(share_of_day(day) for day in range(365)) == pytest.approx(1.0, abs=0.01)


def test_the_mountains_get_ten_times_the_rain_of_the_desert():
    where = place(size=(112, 98), resolution=5000.0)
    normal = annual_rain(where, terrain(where, seed=0))
    north, south = where.inside & (where.latitude > 42.0), where.inside & (where.latitude < 38.3)
    assert 25.0 < normal[north].mean() < 70.0  # 40 mm at Ejina
    assert 350.0 < normal[south].mean() < 650.0


def test_each_field_is_watered_once_a_turn(land):
    crop = land.cell_cover.code == CROP
    inflow = np.stack([land.irrigation.on(day) for day in range(366)])
    assert not inflow[:, ~crop].any()
    summer = (inflow[120 : 120 + TURN, crop] > 0).sum(axis=0)
    assert (summer == 1).all()
    assert not inflow[:100].any()
    assert (inflow[290:330, crop] > 0).sum(axis=0).tolist() == [1] * int(crop.sum())


def test_slopes_water_thawed_forest_alone(land):
    course = land.seepage.course(FIRST + 180)
    warm, cold = (land.seepage.into(np.full(course.shape, t), course) for t in (10.0, -5.0))
    forest = land.cell_cover.code == FOREST
    assert (warm[forest] > 0.0).all()
    assert not warm[~forest].any()
    assert not cold.any()


def test_the_same_day_has_the_same_weather_in_any_run(land):
    late = next(waters_of([land], first=FIRST + 200, number=1))[0]
    early = [w for (w,) in waters_of([land], first=FIRST + 198, number=3)][-1]
    np.testing.assert_array_equal(late.weather.precipitation, early.weather.precipitation)
    np.testing.assert_array_equal(late.weather.temperature, early.weather.temperature)


def test_the_run_up_forgets_the_first_guess(land, year):
    later = next(waters_of([land], first=FIRST + 200, number=1))[0]
    late, carried = liquid_moisture(later.state), liquid_moisture(year[200].state)
    assert np.sqrt(np.mean((late - carried) ** 2)) < 0.003


@pytest.fixture(scope="module")
def causes():
    return heihe_drivers(seed=2)


def test_irrigation_counts_for_most_in_winter_and_soil_or_rain_in_summer(causes):
    share = causes.true_effect / causes.true_spread
    assert str(share.sel(season="winter").idxmax("driver").item()) == "irrigation"
    assert str(share.sel(season="summer").idxmax("driver").item()) in ("soil", "rain")
    falls = share.sel(driver="irrigation", season=["winter", "summer"])
    assert float(falls[0]) > 3.0 * float(falls[1])


def test_aspect_never_counts(causes):
    assert not causes.true_effect.sel(driver="aspect").any()
    assert (causes.true_effect.drop_sel(driver="aspect") > 0.0).all()
