import numpy as np
import pytest
import xarray as xr
from scipy import ndimage

from soilscope.errors import InputError
from soilscope.names import flag_table
from soilscope.twin.helan import REACH, helan
from soilscope.twin.oasis import CORE, ZONES, oasis
from soilscope.twin.planted import NOISE

DRIVERS = ["precipitation", "temperature", "vpd", "ndvi", "wind", "relative_dryness"]


@pytest.fixture(scope="module")
def twin():
    return helan(spacing=0.06)


def anomaly(da):
    """Departure from each cell's own calendar-month means, in double precision."""
    values = da.values.astype(np.float64).reshape(21, 12, *da.shape[1:])
    return (values - values.mean(axis=0)).reshape(da.shape)


def zone_at(place, longitude, latitude):
    row = np.abs(place.latitude - latitude).argmin()
    column = np.abs(place.longitude - longitude).argmin()
    code = int(place.zone[row, column])
    return ZONES[code] if code >= 0 else None


def runs(states):
    kept = [states[0]]
    for state in states[1:]:
        if state != kept[-1]:
            kept.append(state)
    return " -> ".join(kept)


@pytest.mark.parametrize(
    ("town", "longitude", "latitude", "zone"),
    [
        ("Zhongwei", 105.19, 37.51, "Weining_Plain"),
        ("Zhongning", 105.68, 37.49, "Weining_Plain"),
        ("Wuzhong", 106.20, 37.99, "Southern_Yinchuan_Plain"),
        ("Pingluo", 106.54, 38.91, "Northern_Yinchuan_Plain"),
        ("Huinong", 106.78, 39.24, "Northern_Yinchuan_Plain"),
        ("Alxa Left Banner, west of the mountains", 105.70, 38.84, None),
        ("Tongxin, in the southern hills", 105.91, 36.98, None),
        ("Yanchi, in the eastern steppe", 107.0, 37.78, None),
    ],
)
def test_towns_lie_where_they_are(town, longitude, latitude, zone):
    assert zone_at(oasis(spacing=0.03), longitude, latitude) == zone


def test_the_oasis_is_one_piece_and_no_rectangle():
    place = oasis(spacing=0.03)
    _, pieces = ndimage.label(place.inside)
    rows, columns = np.nonzero(place.inside)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert pieces == 1
    assert 2000 < place.inside.sum() < 4000
    assert place.inside.sum() < 0.5 * box


def test_the_two_plains_meet_in_a_gorge():
    place = oasis(spacing=0.03)
    across = [
        (place.inside & (np.abs(place.along - at) < 2.0)).sum() for at in (60.0, 156.0, 230.0)
    ]
    assert across[1] < 0.6 * min(across[0], across[2])


def test_the_irrigated_core_follows_the_river(twin):
    place = oasis(spacing=0.06)
    assert (np.abs(place.across[place.core]) < CORE).all()
    for zone in range(3):
        share = place.core[place.zone == zone].mean()
        assert 0.25 < share < 0.75
    greener = twin.ndvi.mean("time")
    assert greener.where(twin.irrigated == 1).mean() > greener.where(twin.irrigated == 0).mean()


def test_a_seed_gives_the_same_twin_and_another_seed_another():
    first, again = (helan(seed=3, spacing=0.2, months=36) for _ in range(2))
    other = helan(seed=4, spacing=0.2, months=36)
    xr.testing.assert_identical(first, again)
    assert not first.soil_moisture.equals(other.soil_moisture)
    for name in ("true_slope", "true_coefficient", "true_state", "true_rho", "zone"):
        xr.testing.assert_identical(first[name], other[name])


@pytest.mark.parametrize("seed", range(3))
def test_values_are_physical_without_clipping(seed):
    ds = helan(seed=seed, spacing=0.1)
    inside = ds.zone >= 0
    assert ds.soil_moisture.min() > 0.02
    assert ds.soil_moisture.max() < 0.5
    for name in ("soil_moisture", *DRIVERS):
        assert bool((ds[name].notnull() == inside).all())
        if name != "temperature":
            assert ds[name].min() > 0.0
    assert ds.ndvi.max() < 1.0


def test_rain_falls_in_summer_and_is_below_200_mm(twin):
    rain = twin.precipitation.mean(("latitude", "longitude")).groupby("time.month").mean()
    assert rain.sum() < 200.0
    assert int(rain.idxmax()) in (7, 8)


@pytest.mark.parametrize("driver", DRIVERS)
def test_annual_means_of_driver_anomalies_have_no_trend(twin, driver):
    inside = twin.zone.values >= 0
    annual = anomaly(twin[driver])[:, inside].reshape(21, 12, -1).mean(axis=1)
    slope = np.polyfit(np.arange(21), annual, 1)[0]
    assert np.abs(slope).max() < 1e-6 * twin[driver].values[:, inside].std()


def test_what_was_not_planted_is_noise_of_the_stated_size_memory_and_reach(twin):
    inside = twin.zone.values >= 0
    years = (np.arange(252) - 125.5) / 12.0
    drivers = [anomaly(twin[name]) for name in DRIVERS]
    for k in (0, 4, 9):
        rest = twin.soil_moisture.values[:, k] - np.multiply.outer(years, twin.true_slope.values[k])
        for i, driver in enumerate(drivers):
            rest = rest - twin.true_coefficient.values[i, k] * driver
        noise = anomaly(twin.soil_moisture[:, k].copy(data=rest))
        cells = noise[:, inside]
        rho = float(twin.true_rho[k])
        assert cells.std() == pytest.approx(NOISE[k], rel=0.1)
        lag_one = (cells[1:] * cells[:-1]).mean() / (cells**2).mean()
        assert lag_one == pytest.approx(rho, abs=0.07)
        step = 0.06 * 111.2
        together = noise[:, 1:] * noise[:, :-1]
        nearby = np.nanmean(together) / np.nanmean(noise**2)
        assert nearby == pytest.approx(np.exp(-((step / REACH) ** 2)), abs=0.04)


def test_wind_and_decoy_have_no_effect_and_every_layer_has_cells_without_trend(twin):
    inside = twin.zone.values >= 0
    assert np.nanmax(abs(twin.true_coefficient.sel(driver=["wind", "relative_dryness"]))) == 0.0
    for driver in DRIVERS[:4]:
        assert (twin.true_coefficient.sel(driver=driver).values[:, inside] != 0.0).all()
    for k in range(10):
        assert 0.2 < (twin.true_slope.values[k][inside] == 0.0).mean() < 0.6


def test_the_decoy_is_half_of_vpd_exactly_in_one_zone_only(twin):
    exact = (twin.relative_dryness == twin.vpd / np.float32(2.0)).all("time")
    assert bool(exact.where(twin.zone == 0, True).all())
    assert not bool(exact.where(twin.zone > 0, False).any())


def test_temperature_and_vpd_are_related_but_not_collinear(twin):
    inside = twin.zone.values >= 0
    a, b = (anomaly(twin[name])[:, inside] for name in ("temperature", "vpd"))
    r = (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    assert r.min() > 0.3
    assert r.max() < 0.8


def test_effects_fade_turn_and_grow_with_depth(twin):
    mean = twin.true_coefficient.mean(("latitude", "longitude"))
    rain, heat, plants = (
        mean.sel(driver=n).values for n in ("precipitation", "temperature", "ndvi")
    )
    assert (np.diff(rain) < 0).all()
    assert heat[0] > 0 > heat[2]
    assert plants[0] > 0
    assert plants[-1] < -plants[0]


@pytest.mark.parametrize(
    ("zone", "pattern"),
    [
        (0, "deficit -> surplus -> deficit"),
        (1, "deficit -> surplus -> deficit -> surplus -> deficit"),
        (2, "deficit -> surplus -> deficit -> surplus -> deficit"),
    ],
)
def test_wet_and_dry_layers_alternate_as_in_the_paper(twin, zone, pattern):
    meaning = flag_table(twin.true_state.attrs)
    here = twin.true_state.values[:, twin.zone.values == zone]
    assert runs([meaning[int(np.sign(layer.sum()))] for layer in here]) == pattern


def test_planted_states_are_those_of_the_long_term_mean(twin):
    mean = twin.soil_moisture.mean("time")
    level = mean - mean.weighted(np.cos(np.deg2rad(twin.latitude))).mean()
    inside = twin.zone >= 0
    same = (np.sign(level) == twin.true_state).where(inside)
    assert float(same.mean()) > 0.95


def test_it_says_that_it_is_synthetic_and_has_units_on_everything(twin):
    assert twin.attrs["synthetic"] == 1
    assert twin.attrs["source"] == "synthetic twin, seed 0"
    for name, variable in twin.data_vars.items():
        assert "units" in variable.attrs or "flag_values" in variable.attrs, name


def test_layers_are_ten_of_ten_centimetres(twin):
    np.testing.assert_allclose(twin.depth, np.arange(0.05, 1.0, 0.1))
    assert str(twin.time.values[0])[:7] == "2000-01"
    assert str(twin.time.values[-1])[:7] == "2020-12"


@pytest.mark.parametrize(
    ("options", "text"), [({"months": 35}, "at least 36"), ({"spacing": 1.0}, "0.008")]
)
def test_what_cannot_be_drawn_is_refused(options, text):
    with pytest.raises(InputError, match=text):
        helan(**options)
