"""What is reported of fitted variograms."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import fit_variogram, variogram
from soilscope.errors import InputError
from soilscope.names import STATUS

MODELS = ("linear", "linear_to_sill", "spherical", "exponential", "gaussian", "matern")
LAG = 1000.0 * np.arange(1, 26)


def of(gamma, lag=LAG, n=1000, units="m3 m-3 m3 m-3"):
    gamma = np.asarray(gamma, float)
    dims = ("lag", "month")[: gamma.ndim]
    parts = {
        "semivariance": (dims, gamma, {"units": units}),
        "distance": (dims, np.broadcast_to(lag.reshape(-1, *[1] * (gamma.ndim - 1)), gamma.shape)),
        "n_pairs": (dims, np.broadcast_to(n, gamma.shape)),
    }
    return xr.Dataset(parts, {"lag": lag - 500.0, "lag_high": ("lag", lag + 500.0)})


def exponential(nugget, partial, scale, lag=LAG):
    return nugget + partial * (1 - np.exp(-lag / scale))


def value(made, name, **at):
    return float(made[name].sel(**at))


def test_both_proportions_are_told_apart():
    # month 1 of the published table: nugget 0.00103, sill 0.00173, "nugget coefficient" 0.405
    found = fit_variogram(of(exponential(0.00103, 0.0007, 5000.0)))
    best = found.sel(model="exponential")
    assert value(best, "structural_proportion") == pytest.approx(0.405, abs=5e-4)
    assert value(best, "nugget_ratio") == pytest.approx(0.595, abs=5e-4)
    assert value(best, "sill") == pytest.approx(0.00173, rel=1e-6)


@pytest.mark.parametrize(
    ("model", "smoothness", "reached"),
    [
        ("exponential", 1.5, 1 - np.exp(-3)),
        ("gaussian", 1.5, 1 - np.exp(-3)),
        ("spherical", 1.5, 1.0),
        ("linear_to_sill", 1.5, 1.0),
        ("matern", 0.5, 1 - np.exp(-3)),
        ("matern", 1.5, 0.95),
        ("matern", 2.5, 0.95),
    ],
)
def test_the_effective_range_is_where_the_rise_is_all_but_over(model, smoothness, reached):
    made = fit_variogram(of(exponential(0.2, 1.0, 4000.0)), models=[model], smoothness=smoothness)
    made = made.isel(model=0)
    curve = made["fitted"].interp(fitted_lag=value(made, "effective_range"))
    expected = float(made["nugget"] + reached * made["partial_sill"])
    assert float(curve) == pytest.approx(expected, rel=5e-3)
    assert value(made, "fitted", fitted_lag=0.0) == pytest.approx(value(made, "nugget"))


def test_a_line_has_a_slope_and_no_range():
    made = fit_variogram(of(1.0 + LAG / 25_000))
    line = made.sel(model="linear")
    assert np.isnan(line["range_parameter"])
    assert np.isnan(line["effective_range"])
    assert value(line, "last_lag") == 25_000
    assert value(line, "sill") == pytest.approx(2.0)
    assert value(line, "r_squared") == pytest.approx(1.0)
    # the others try to be the line, and are told to have no range
    assert_array_equal(made["range_at_bound"].sel(model=["spherical", "exponential"]), 1)
    assert (made["sill_ratio"].sel(model="exponential") > 100).all()


def test_a_range_beyond_the_data_is_told():
    made = fit_variogram(of(exponential(0.0, 1.0, 20_000.0)), models=["exponential"]).isel(model=0)
    assert value(made, "effective_range") == pytest.approx(60_000, rel=1e-3)
    assert int(made["range_beyond_data"]) == 1
    assert int(made["range_at_bound"]) == 0
    assert value(made, "sill_ratio") == pytest.approx(1 / (1 - np.exp(-25 / 20)), rel=1e-4)


def test_a_pure_nugget_has_no_range():
    made = fit_variogram(of(np.full(25, 0.3)))
    assert_allclose(made["nugget"], 0.3)
    assert_allclose(made["nugget_ratio"], 1.0)
    assert made["effective_range"].isnull().all()
    assert (made["range_at_bound"] == 0).all()


def test_the_best_model_has_the_least_of_what_is_asked_for():
    rng = np.random.default_rng(0)
    gamma = exponential(0.2, 1.0, 4000.0)[:, None] + 0.05 * rng.normal(size=(25, 20))
    for select in ("rss", "wss", "aicc"):
        made = fit_variogram(of(gamma), models=MODELS, select=select, weights="n_pairs_over_h2")
        assert_array_equal(made["best_model"], made[select].argmin("model"))
        assert made["best_model"].attrs["flag_meanings"].split()[1:] == list(MODELS)
    flat = fit_variogram(of(0.3 + 0.001 * rng.normal(size=25)), select="aicc")
    assert int(flat["best_model"]) == 0  # the line has a parameter less


def test_presets_are_what_they_say():
    vg = of(exponential(0.2, 1.0, 4000.0) + 0.02 * np.sin(LAG), n=np.arange(25, 0, -1))
    xr.testing.assert_equal(
        fit_variogram(vg, style="gstat"),
        fit_variogram(vg, weights="n_pairs_over_h2", select="wss"),
    )
    xr.testing.assert_equal(fit_variogram(vg, style="gs+"), fit_variogram(vg))
    mixed = fit_variogram(vg, style="gstat", weights="equal")
    assert_allclose(mixed["wss"], mixed["rss"])
    assert fit_variogram(vg, style="gstat")["wss"].attrs["units"].endswith("m-2")


def test_units_of_lengths_and_values_do_not_matter():
    rng = np.random.default_rng(1)
    gamma = exponential(0.2, 1.0, 4000.0) + 0.03 * rng.normal(size=25)
    one = fit_variogram(of(gamma), models=MODELS)
    other = fit_variogram(of(1e4 * gamma, LAG / 1e3), models=MODELS)
    assert int(one["best_model"]) == int(other["best_model"])
    for name, factor in {"sill": 1e4, "effective_range": 1e-3, "rss": 1e8, "r_squared": 1}.items():
        assert_allclose(other[name], factor * one[name], rtol=1e-5)


def test_every_month_is_fitted_as_if_alone_and_lazily():
    rng = np.random.default_rng(2)
    gamma = exponential(0.2, 1.0, 4000.0)[:, None] + 0.05 * rng.normal(size=(25, 6))
    gamma[3:, 2] = np.nan
    gamma[2:, 1] = np.nan
    gamma[:, 3] = np.nan
    gamma[:, 4] = 0.0
    made = fit_variogram(of(gamma))
    assert [STATUS[int(s)] for s in made["status"]][2:5] == ["ok", "no_data", "constant"]
    assert STATUS[int(made["status"][1])] == "too_few"
    assert made["nugget"].sel(month=2).notnull().sum() == 1  # the line alone has enough: 3 classes
    assert int(made["best_model"][3]) == -1
    assert made[["rss", "wss"]].isel(month=3).to_array().isnull().all()
    for k in (0, 2, 5):
        alone = fit_variogram(of(gamma[:, k]))
        xr.testing.assert_allclose(made.isel(month=k), alone)
    lazy = fit_variogram(of(gamma).chunk(month=2))
    assert lazy["nugget"].chunks is not None
    xr.testing.assert_allclose(lazy.compute(), made)


def test_a_planted_range_comes_back_from_a_map():
    # moving means of noise over a disc have a range of its diameter
    rng = np.random.default_rng(3)
    y, x = np.mgrid[-5:6, -5:6]
    disc = np.hypot(y, x) <= 5.0
    noise = rng.normal(size=(130, 130))
    z = sum(
        noise[5 + i : 125 + i, 5 + j : 125 + j]
        for i, j in zip(y[disc].tolist(), x[disc].tolist(), strict=True)
    )
    axes = {d: (d, 1000.0 * np.arange(120), {"units": "m"}) for d in ("y", "x")}
    vg = variogram(xr.DataArray(z, axes, ("y", "x")), lag_width=1000, max_lag=30_000)
    made = fit_variogram(vg, models=["spherical"]).isel(model=0)
    assert value(made, "effective_range") == pytest.approx(10_500, rel=0.15)
    assert value(made, "structural_proportion") > 0.95


def planted(cells, scale, nugget, seed):
    """Return a field with an exponential variogram, by circulant embedding on a wider torus."""
    rng = np.random.default_rng(seed)
    size = 3 * cells
    away = np.minimum(np.arange(size), size - np.arange(size))
    powers = np.fft.fft2(np.exp(-np.hypot(away[:, None], away) / scale)).real.clip(min=0)
    noise = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    z = np.fft.fft2(np.sqrt(powers) / size * noise).real[:cells, :cells]
    return np.sqrt(1 - nugget) * z + np.sqrt(nugget) * rng.normal(size=z.shape)


def test_the_median_of_planted_ranges_over_20_seeds_is_within_15_percent():
    fields = np.stack([planted(90, 5.0, 0.2, seed) for seed in range(20)])
    axes = {d: (d, 1000.0 * np.arange(90), {"units": "m"}) for d in ("y", "x")}
    months = xr.DataArray(fields, axes, ("month", "y", "x"))
    vg = variogram(months, lag_width=1000, max_lag=45_000)
    made = fit_variogram(vg, models=["exponential"], style="gstat").isel(model=0)
    assert float(made["effective_range"].median()) == pytest.approx(15_000, rel=0.15)
    assert float(made["structural_proportion"].median()) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ["cubic"]}, "it must be one of"),
        ({"models": []}, "models is empty"),
        ({"models": ["linear", "linear"]}, "twice"),
        ({"weights": "pairs"}, "it must be one of"),
        ({"select": "aic"}, "did you mean 'aicc'"),
        ({"style": "GS+"}, "it must be one of"),
        ({"smoothness": 1.0}, "it must be one of 0.5, 1.5, 2.5"),
        ({"max_range": 0}, "above 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        fit_variogram(of(exponential(0.2, 1.0, 4000.0)), **options)


def test_what_is_no_variogram_is_refused():
    vg = of(exponential(0.2, 1.0, 4000.0))
    with pytest.raises(InputError, match=r"give the Dataset that soilscope\.variogram returns"):
        fit_variogram(vg["semivariance"])
    with pytest.raises(InputError, match="no variable 'n_pairs'"):
        fit_variogram(vg.drop_vars("n_pairs"))
    with pytest.raises(InputError, match="no dimension 'lag'"):
        fit_variogram(vg.rename(lag="h"))
    with pytest.raises(InputError, match="split into"):
        fit_variogram(vg.chunk(lag=5))
