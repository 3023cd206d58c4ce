"""Fields and lags that no variogram can be made of: one line, or a status, wherever values lie."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from soilscope import fit_variogram, variogram, variogram_map
from soilscope.errors import GridError, InputError
from soilscope.names import STATUS

pytestmark = pytest.mark.filterwarnings("ignore:max_lag:soilscope.errors.SoilscopeWarning")
OPTIONS = {"lag_width": 2000.0, "max_lag": 6000.0}
KINDS = ("map", "degrees", "sites", "sites in degrees")


def field(kind, values=None):
    """Return 10 x 12 values, some 1 km apart, in each way in which they can lie."""
    z = np.random.default_rng(0).normal(size=(10, 12)) if values is None else np.array(values)
    z = np.broadcast_to(z, (10, 12)).astype(float)
    if "degrees" in kind:
        axes = {"latitude": 40 - 0.01 * np.arange(10), "longitude": 100 + 0.01 * np.arange(12)}
        da = xr.DataArray(z, axes, ("latitude", "longitude"))
    else:
        metres = {"units": "m"}
        axes = {"y": ("y", 1e3 * np.arange(10)[::-1], metres), "x": ("x", 1e3 * np.arange(12))}
        axes["x"] = (*axes["x"], metres)
        da = xr.DataArray(z, axes, ("y", "x"))
    return da.stack(site=da.dims).reset_index("site") if "sites" in kind else da


@pytest.mark.parametrize("kind", KINDS)
def test_lags_that_do_not_fit_the_field_are_refused_in_one_line(kind):
    da = field(kind)
    for options, words in (
        ({"lag_width": 0}, "lag_width is 0; it must be a length above 0"),
        ({"lag_width": -1.0}, "above 0"),
        ({"lag_width": np.nan}, "above 0"),
        ({"max_lag": 0.0}, "max_lag is 0.0; it must be a length above 0"),
        ({"max_lag": 1e6, "lag_width": 1e5}, "no two places of field are farther apart than"),
    ):
        with pytest.raises(InputError, match=words) as told:
            variogram(da, **(OPTIONS | options))
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(("kind", "words"), [("map", "a cell"), ("degrees", "half a cell")])
def test_classes_below_the_cell_size_are_refused(kind, words):
    with pytest.raises(InputError, match=f"less than {words}"):
        variogram(field(kind), lag_width=300.0, max_lag=6000.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", ["matheron", "cressie"])
def test_a_constant_field_has_a_semivariance_of_0_and_no_fit(kind, estimator):
    made = variogram(field(kind, 0.1), estimator=estimator, **OPTIONS)
    assert STATUS[int(made["status"])] == "constant"
    assert (made["semivariance"] == 0).all()
    fit = fit_variogram(made)
    assert STATUS[int(fit["status"])] in ("constant", "too_few")
    assert int(fit["best_model"]) == -1
    assert fit["sill"].isnull().all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "status"), [(0, "no_data"), (1, "too_few")])
def test_fewer_than_two_values_have_a_status_and_no_fit(kind, n, status):
    z = np.full(120, np.nan)
    z[:n] = 0.3
    made = variogram(field(kind, z.reshape(10, 12)), **OPTIONS)
    assert STATUS[int(made["status"])] == status
    assert int(made["n_obs"]) == n
    assert made["semivariance"].isnull().all()
    assert_array_equal(made["n_pairs"], 0)
    fit = fit_variogram(made)
    assert STATUS[int(fit["status"])] == "no_data"
    assert fit["sill"].isnull().all()


@pytest.mark.parametrize("kind", KINDS)
def test_infinities_are_missing_wherever_values_lie(kind):
    z = np.random.default_rng(1).normal(size=(10, 12))
    spoilt = z.copy()
    z[3:5, 4:9] = np.nan
    spoilt[3, 4:9], spoilt[4, 4:9] = np.inf, -np.inf
    for estimator in ("matheron", "cressie"):
        made = [variogram(field(kind, v), estimator=estimator, **OPTIONS) for v in (z, spoilt)]
        xr.testing.assert_identical(*made)
    if kind == "map":
        made = [variogram_map(field(kind, v), max_lag=4000.0) for v in (z, spoilt)]
        xr.testing.assert_identical(*made)


def test_sites_at_places_that_are_infinite_or_shared_are_refused():
    da = field("sites")
    lost = da.assign_coords(x=("site", np.where(np.arange(120) == 7, np.inf, da["x"]), {}))
    with pytest.raises(GridError, match="1 sites have no y or x, first number 8"):
        variogram(lost, **OPTIONS)
    around = field("sites in degrees")
    twice = xr.concat([around, around.isel(site=[5])], "site")
    with pytest.raises(InputError, match="1 places have two sites or more, first latitude 40"):
        variogram(twice, **OPTIONS)


def test_degrees_that_are_called_y_and_x_without_a_reference_system_are_refused():
    da = field("degrees").rename(latitude="y", longitude="x")
    for one in (da, da.stack(site=("y", "x")).reset_index("site")):
        with pytest.raises(GridError, match="look like degrees"):
            variogram(one, **OPTIONS)
    with pytest.raises(GridError, match="look like degrees"):
        variogram_map(da, max_lag=4000.0)


def test_steps_beyond_a_map_are_refused():
    with pytest.raises(InputError, match=r"no two places of field are farther apart than 14212\.7"):
        variogram_map(field("map"), max_lag=14_500.0)
    assert variogram_map(field("map"), max_lag=14_000.0).sizes["lag_north"] == 19
