"""Agreement of real layers with one another, beside SciPy, xarray and NumPy."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope import agreement, pooled_agreement, triple_collocation

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def moisture(shared_data):
    path = shared_data / "caravan-era5land" / "caravan_monthly.nc"
    with xr.open_dataset(path) as ds:
        return ds["sm"].rename(gauge="site").drop_vars("layer").load()


def layers(moisture):
    return moisture.isel(layer=1), moisture.isel(layer=0)


def test_every_catchment_gives_what_scipy_gives(moisture):
    below, surface = layers(moisture)
    found = agreement(below, surface)
    for k in range(moisture.sizes["site"]):
        pair = np.stack([below[:, k], surface[:, k]]).astype(float)
        a, b = pair[:, np.isfinite(pair).all(axis=0)]
        one = found.isel(site=k)
        assert one.n_obs == a.size
        assert one.r == pytest.approx(stats.pearsonr(a, b)[0], abs=1e-10)
        assert one.spearman == pytest.approx(stats.spearmanr(a, b)[0], abs=1e-10)
        assert one.kendall == pytest.approx(stats.kendalltau(a, b)[0], abs=1e-10)
        assert one.rmse == pytest.approx(np.sqrt(np.mean((a - b) ** 2)), rel=1e-9)
        assert one.nse == pytest.approx(1 - np.mean((a - b) ** 2) / b.var(), rel=1e-9)


def test_layers_agree_less_the_farther_apart_they_are(moisture):
    surface = moisture.isel(layer=0)
    r = [float(agreement(moisture.isel(layer=k), surface).r.mean()) for k in (1, 2, 3)]
    assert r[0] > r[1] > r[2] > 0
    assert r[0] > 0.9


def blocks_by_hand(a, b, length, n_boot=2000):
    """Standard deviation of Fisher's z over resamples of whole blocks."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, a.size - length + 1, (n_boot, -(-a.size // length)))
    rows = (starts[:, :, None] + np.arange(length)).reshape(n_boot, -1)[:, : a.size]
    return np.std([np.arctanh(np.corrcoef(a[r], b[r])[0, 1]) for r in rows])


@pytest.mark.jit
def test_bounds_of_the_anomalies_are_as_wide_as_by_hand(moisture):
    deep, surface = (moisture.isel(layer=k, site=5).dropna("time").astype("f8") for k in (3, 0))
    options = {"statistics": ["r_anomaly"], "rng": 1, "n_boot": 4000, "block_length": 12}
    found = agreement(deep, surface, confidence=0.68, **options)
    a, b = (da.groupby("time.month") - da.groupby("time.month").mean() for da in (deep, surface))
    half = float(np.arctanh(found.r_anomaly_high) - np.arctanh(found.r_anomaly_low)) / 2
    # 43 blocks: Student's quantile and sqrt(43 / 42) make it 2.5 % wider
    assert half / 1.025 == pytest.approx(blocks_by_hand(a.values, b.values, 12), rel=0.06)


def test_deep_layers_have_longer_blocks_and_fewer_independent_pairs(moisture):
    found = [
        agreement(
            moisture.isel(layer=k), moisture.isel(layer=0), statistics=["r"],
            confidence=0.95, rng=1, n_boot=100,
        )
        for k in (1, 3)
    ]  # fmt: skip
    assert (found[1].block_length > found[0].block_length).all()
    assert (found[1].n_eff < found[0].n_eff).all()


def test_the_pooled_correlation_splits_as_xarray_splits_it(moisture):
    below, surface = layers(moisture)
    both = below.notnull() & surface.notnull()
    below, surface = (da.where(both).astype("f8") for da in (below, surface))
    found = pooled_agreement(below, surface, sample=None)
    anomalies = [
        da.groupby("time.month") - da.groupby("time.month").mean("time") for da in (below, surface)
    ]
    assert found.r == pytest.approx(float(xr.corr(below, surface)), rel=1e-9)
    assert found.r_space == pytest.approx(
        float(xr.corr(below.mean("time"), surface.mean("time"))), rel=1e-9
    )
    assert found.r_anomaly == pytest.approx(float(xr.corr(*anomalies)), rel=1e-9)


def test_triple_collocation_of_three_layers_is_its_algebra(moisture):
    # three layers are no three products: only the numbers are compared
    three = [moisture.isel(layer=k, site=5).dropna("time").astype("f8") for k in (0, 1, 2)]
    found = triple_collocation(*three)
    q = np.cov([da.groupby("time.month") - da.groupby("time.month").mean() for da in three])
    q *= (three[0].size - 1) / (three[0].size - 12)  # twelve means were removed, not one
    error = q[0, 0] - q[0, 1] * q[0, 2] / q[1, 2]
    assert found.error_std[0] == pytest.approx(np.sqrt(error), rel=1e-9)
    assert found.snr_db[0] == pytest.approx(10 * np.log10((q[0, 0] - error) / error), rel=1e-9)
