import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from soilscope import discretize, factor_detector, optimize_strata
from soilscope.kernels.detector_surrogates import permuted, spatial

SIDE = 28


def smooth(rng, width=4):
    wide = gaussian_filter(rng.normal(size=(SIDE + 40, SIDE + 40)), width)
    return xr.DataArray(wide[20:-20, 20:-20] / wide.std(), dims=("y", "x"))


def neighbours(field):
    return np.corrcoef(field[1:].ravel(), field[:-1].ravel())[0, 1]


def disc():
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return np.hypot(rows, columns) < SIDE / 2


@pytest.mark.parametrize("width", [0.3, 2, 4])
def test_surrogates_are_as_smooth_as_the_field(width):
    field = smooth(np.random.default_rng(1), width).values
    kept = np.ones_like(field, dtype=bool)
    drawn = np.concatenate(list(spatial(field, kept, 40, seed=2)), axis=1)
    found = [neighbours(column.reshape(field.shape)) for column in drawn.T]
    assert np.mean(found) == pytest.approx(neighbours(field), abs=0.06)


def test_surrogates_lie_at_the_cells_that_are_kept_and_are_drawn_from_a_seed():
    field, kept = smooth(np.random.default_rng(1)).values, disc()
    first, again, other = (
        np.concatenate(list(spatial(field, kept, 20, seed=s)), axis=1) for s in (3, 3, 4)
    )
    assert first.shape == (kept.sum(), 20)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_permuted_values_are_the_same_values():
    y = np.random.default_rng(0).normal(size=50)
    for columns in permuted(y, 20, seed=1):
        np.testing.assert_allclose(
            np.sort(columns, axis=0), np.sort(y)[:, None] + 0 * columns, rtol=1e-6
        )


@pytest.mark.filterwarnings("ignore:p='central'")
def test_smooth_maps_that_have_nothing_to_do_with_each_other_are_seldom_significant():
    rng = np.random.default_rng(9)
    central, fair = 0, 0
    for seed in range(20):
        y = smooth(rng).where(xr.DataArray(disc(), dims=("y", "x")))
        codes = discretize(smooth(rng), method="quantile", n_classes=6).codes
        central += factor_detector(y, {"x": codes}).p_value.item() < 0.05
        ds = factor_detector(y, {"x": codes}, p="spatial", rng=seed, n_surrogates=39)
        fair += ds.p_value.item() <= 0.05
        assert ds.q_low.isnull().all()
    assert central >= 15
    assert fair <= 4


def test_the_factor_that_made_a_map_is_significant_and_its_decoy_is_not():
    rng = np.random.default_rng(4)
    made, decoy = smooth(rng, 2), smooth(rng, 2)
    y = made + 0.3 * smooth(rng, 1)
    best = optimize_strata(
        y, {"made": made, "decoy": decoy}, n_classes=[3, 5], p="spatial", rng=1, n_surrogates=59
    )
    assert best.p_value.sel(factor="made").item() == pytest.approx(1 / 60)
    assert best.p_value.sel(factor="decoy").item() > 0.05


def test_months_and_chunks_have_the_p_values_of_maps_alone():
    rng = np.random.default_rng(6)
    y = xr.concat([smooth(rng), smooth(rng)], "time")
    codes = {"x": discretize(smooth(rng), method="equal", n_classes=4).codes}
    options = {"p": "spatial", "rng": 5, "n_surrogates": 19}
    both = factor_detector(y, codes, **options)
    alone = factor_detector(y[1], codes, **options)
    np.testing.assert_array_equal(both.p_value.isel(time=1), alone.p_value)
    lazy = factor_detector(y.chunk(time=1, x=10), codes, **options)
    assert lazy.p_value.chunks is not None
    np.testing.assert_array_equal(lazy.p_value, both.p_value)
