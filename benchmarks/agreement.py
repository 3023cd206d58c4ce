"""Agreement beside its peers: time per pair of series on one thread.

Run with one thread (OMP_NUM_THREADS=1). Processor time, so that other work counts less.
"""

import numpy as np
import xarray as xr
from scipy import stats

from soilscope import agreement, triple_collocation
from timing import seconds

N_TIME, N_SERIES, PEER_SERIES, N_BOOT = 252, 4000, 100, 1000
MOMENTS = ["r", "r_squared", "nse", "bias", "rmse", "ubrmse", "mse", "kge"]


def products(n_series: int, n: int = 2) -> list[xr.DataArray]:
    rng = np.random.default_rng(0)
    months = {"time": xr.date_range("2000-01", periods=N_TIME, freq="MS")}
    truth = rng.normal(size=(N_TIME, n_series)) + 5
    return [
        xr.DataArray((truth + rng.normal(size=truth.shape)).astype("f4"), months, ("time", "site"))
        for _ in range(n)
    ]


def moments_loop(x: np.ndarray, y: np.ndarray) -> None:
    for a, b in zip(x.T, y.T, strict=True):
        np.corrcoef(a, b), np.mean(a - b), np.sqrt(np.mean((a - b) ** 2)), a.std(), b.std()


def scipy_loop(x: np.ndarray, y: np.ndarray) -> None:
    for a, b in zip(x.T, y.T, strict=True):
        stats.pearsonr(a, b), stats.spearmanr(a, b), stats.kendalltau(a, b)


def bootstrap_loop(x: np.ndarray, y: np.ndarray, *, rank: bool) -> None:
    """Resample blocks with NumPy, all resamples of a pair at once where that is possible."""
    rng = np.random.default_rng(0)
    length = 7
    starts = rng.integers(0, N_TIME - length + 1, (N_BOOT, N_TIME // length))
    rows = (starts[:, :, None] + np.arange(length)).reshape(N_BOOT, -1)
    for a, b in zip(x.T, y.T, strict=True):
        if rank:
            for row in rows:
                stats.spearmanr(a[row], b[row]), stats.kendalltau(a[row], b[row])
            continue
        p, q = a[rows], b[rows]
        p, q = p - p.mean(1, keepdims=True), q - q.mean(1, keepdims=True)
        r = (p * q).sum(1) / np.sqrt((p * p).sum(1) * (q * q).sum(1))
        rmse = np.sqrt(((a[rows] - b[rows]) ** 2).mean(1))
        np.quantile(r, (0.025, 0.975)), np.quantile(rmse, (0.025, 0.975))


def show(words: str, micro: float, ours: float | None = None) -> float:
    ratio = "" if ours is None else f"{micro / ours:8.1f} times ours"
    print(f"{words:56} {micro:12.1f} us {ratio}", flush=True)
    return micro


def main() -> None:
    print(f"{N_TIME} months, float32; per pair of series; {N_BOOT} resamples")
    pair = products(N_SERIES)
    few = [da[:, :PEER_SERIES] for da in pair]
    x, y = (da.values.astype(float) for da in few)
    bounds = {"confidence": 0.95, "rng": 0, "n_boot": N_BOOT}

    def timed(words: str, **options: object) -> float:
        chosen = few if "confidence" in options else pair
        took = seconds(lambda: agreement(*chosen, **options))
        return show(f"soilscope {words}", took / chosen[0].sizes["site"] * 1e6)

    plain = timed("moments", statistics=MOMENTS)
    every = timed("all statistics")
    bounded = timed("moments with bounds", statistics=MOMENTS, **bounds)
    timed("spearman with bounds", statistics=["spearman"], **bounds)
    ranked = timed("spearman and kendall with bounds", statistics=["spearman", "kendall"], **bounds)
    show("NumPy loop, five moments", seconds(lambda: moments_loop(x, y)) / PEER_SERIES * 1e6, plain)
    took = seconds(lambda: scipy_loop(x, y)) / PEER_SERIES * 1e6
    show("SciPy loop, pearsonr spearmanr kendalltau", took, every)
    took = seconds(lambda: bootstrap_loop(x, y, rank=False), 2) / PEER_SERIES * 1e6
    show("NumPy bootstrap, r and rmse", took, bounded)
    took = seconds(lambda: bootstrap_loop(x[:, :1], y[:, :1], rank=True), 1) * 1e6
    show("SciPy bootstrap, spearman and kendall", took, ranked)
    three = products(N_SERIES, 3)
    show(
        "soilscope triple collocation", seconds(lambda: triple_collocation(*three)) / N_SERIES * 1e6
    )


if __name__ == "__main__":
    main()
