"""Variograms tile by tile: the sums of all tiles are those of the map."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import variogram
from soilscope.analyse import variogram_tiles
from soilscope.names import STATUS

pytestmark = pytest.mark.filterwarnings("ignore:max_lag:soilscope.errors.SoilscopeWarning")
CELL = 1000.0


def on_map(values, east=CELL):
    values = np.asarray(values, dtype=float)
    metres = {"units": "m"}
    axes = {
        "y": ("y", CELL * np.arange(values.shape[-2])[::-1], metres),
        "x": ("x", east * np.arange(values.shape[-1]), metres),
    }
    dims = ("month", "y", "x")[-values.ndim :]
    return xr.DataArray(values, axes, dims, attrs={"units": "m3 m-3"})


def rough(*shape, seed=0, missing=0.3):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=shape).cumsum(-2).cumsum(-1)
    return np.where(rng.random(shape) < missing, np.nan, z)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(variogram_tiles, "_WHOLE", 8)
    monkeypatch.setattr(variogram_tiles, "_TILE", 5)
    monkeypatch.setattr(variogram_tiles, "_LAGS", 0)


def by_tile(lazy):
    return any("TileSums" in str(name) for name in lazy.__dask_graph__().layers)


def both(field, chunks=None, **options):
    """Return the variogram tile by tile, and that of the field as a whole."""
    given = {"lag_width": CELL, "max_lag": 3 * CELL} | options
    lazy = variogram(field.chunk(chunks or {"y": 4, "x": 3}), **given)
    assert by_tile(lazy)
    xr.testing.assert_identical(lazy.compute(), variogram(field, **given))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variogram_tiles, "_WHOLE", 10**9)
        return lazy.compute(), variogram(field, **given)


def assert_same(tiled, whole):
    for name in ("n_pairs", "n_obs", "status"):
        assert_array_equal(tiled[name], whole[name])
    assert_allclose(tiled["distance"], whole["distance"], rtol=1e-12)
    assert_allclose(tiled["semivariance"], whole["semivariance"], rtol=1e-10)
    assert tiled.attrs == whole.attrs
    xr.testing.assert_identical(tiled.coords.to_dataset(), whole.coords.to_dataset())


@settings(max_examples=12)
@given(
    st.integers(10, 24), st.integers(10, 24), st.integers(0, 99), st.sampled_from([CELL, 700.0]),
    st.sampled_from([1, 2, 4, 6]),
)  # fmt: skip
def test_the_sums_of_all_tiles_are_those_of_the_map(rows, columns, seed, east, reach):
    field = on_map(rough(rows, columns, seed=seed), east)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variogram_tiles, "_TILE", 5 + seed % 5)
        assert_same(*both(field, max_lag=reach * CELL))


@pytest.mark.parametrize(
    "options",
    [
        {"azimuths": [0, 45, 90, 135]},
        {"azimuths": [20], "tolerance": 40, "closed": "left"},
        {"estimator": "cressie"},
        {"estimator": "cressie", "azimuths": [30, 120], "tolerance": 45},
    ],
)
def test_directions_and_other_estimators_go_by_tile_too(options):
    assert_same(*both(on_map(rough(23, 31)), **options))


def test_every_month_goes_by_tile_with_its_own_mask():
    z = rough(3, 23, 17)
    z[1] = np.where(np.isnan(z[0]), np.nan, z[1])
    z[2, :11] = np.nan
    assert_same(*both(on_map(z), {"month": 2, "y": 9, "x": 4}))


def test_an_offset_of_a_million_and_neighbours_that_hardly_differ_keep_their_digits():
    assert_same(*both(on_map(rough(30, 20) + 1e6)))
    z = np.where(np.arange(40) < 20, 0.0, 1.0) + 1e-8 * rough(20, 40, missing=0)
    z[:, 18:22] = np.nan
    tiled, whole = both(on_map(z))
    assert_same(tiled, whole)
    assert float(whole["semivariance"].max()) < 1e-12


@pytest.mark.parametrize(
    ("cells", "status"),
    [([], "no_data"), ([1.0], "too_few"), ([0.1] * 300, "constant"), ([1, 1, 2], "ok")],
)
def test_tiles_without_values_or_differences_have_the_status_of_the_whole(cells, status):
    z = np.full(400, np.nan)
    z[: len(cells)] = cells
    tiled, whole = both(on_map(z.reshape(20, 20)))
    assert_same(tiled, whole)
    assert STATUS[int(tiled["status"])] == status


def test_infinities_are_missing_in_tiles():
    z = rough(20, 20)
    spoilt = np.where(np.isnan(z), np.inf, z)
    xr.testing.assert_identical(both(on_map(spoilt))[0], both(on_map(z))[0])


def test_maps_that_are_small_or_have_a_trend_or_few_cells_beyond_the_lag_are_not_cut(monkeypatch):
    field = on_map(rough(20, 20)).chunk(y=5)

    def tiled(**options):
        given = {"lag_width": CELL, "max_lag": 3 * CELL} | options
        return by_tile(variogram(field, **given))

    assert tiled()
    assert not tiled(detrend="linear")
    monkeypatch.setattr(variogram_tiles, "_LAGS", 4)
    assert not tiled(max_lag=5 * CELL)
    monkeypatch.setattr(variogram_tiles, "_WHOLE", 400)
    assert not tiled()
