"""One peer of the geographical detector, in a process of its own so that it can be stopped.

`detector_peers.py NAME TASK N FOLDER` prints processor seconds. A peer is imported from the
environment, or from a folder of its own: `geodetector` and `py-geodetector` have one import name.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

LIMIT = 120  # seconds of wall-clock that a peer may take
K, CLASSES = 17, range(3, 9)
PEERS = {"py-geodetector": ("pairs",), "geodetector": ("pairs", "search"), "fuzzygd": ("search",)}


def frame(n: int) -> pd.DataFrame:
    """Return a response y of three of seventeen skewed factors."""
    rng = np.random.default_rng(0)
    made = pd.DataFrame({f"x{i}": rng.gamma(2.0, size=n) for i in range(K)})
    made["y"] = made["x0"] + np.sqrt(made["x1"]) - 0.5 * made["x2"] + rng.normal(size=n)
    return made


def in_five(data: pd.DataFrame) -> pd.DataFrame:
    """Return five classes of equal size of each factor."""
    return data.drop(columns="y").apply(lambda x: pd.qcut(x, 5, labels=False))


def py_geodetector_pairs(data: pd.DataFrame) -> Callable[[], object]:
    from geodetector import GeoDetector

    strata = in_five(data).assign(y=data["y"])

    def run() -> None:
        peer = GeoDetector(strata, "y", list(strata)[:K])
        peer.factor_detector()
        peer.interaction_detector()

    return run


def geodetector_pairs(data: pd.DataFrame) -> Callable[[], object]:
    from geodetector import InteractionDetector

    strata = in_five(data)
    return lambda: InteractionDetector().fit(strata, data["y"])


def geodetector_search(data: pd.DataFrame) -> Callable[[], object]:
    from geodetector import OptimalDiscretizer

    return lambda: [
        OptimalDiscretizer(k_range=(3, 8)).fit(data[[f"x{i}"]], data["y"]) for i in range(K)
    ]


def fuzzygd_search(data: pd.DataFrame) -> Callable[[], object]:
    from Fuzzygd import OPGD

    y = data["y"].to_numpy()
    return lambda: [OPGD(data[f"x{i}"].to_numpy(), y, k) for i in range(K) for k in CLASSES]


RUNS = {
    ("py-geodetector", "pairs"): py_geodetector_pairs,
    ("geodetector", "pairs"): geodetector_pairs,
    ("geodetector", "search"): geodetector_search,
    ("fuzzygd", "search"): fuzzygd_search,
}


def timed(name: str, task: str, n: int, folder: Path | None) -> str:
    """Return the processor seconds of a peer, or why there are none."""
    command = [sys.executable, __file__, name, task, str(n)]
    own = folder / name if folder and (folder / name).is_dir() else None
    try:
        done = subprocess.run(
            [*command, str(own or "")], capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"over {LIMIT} s"
    if done.returncode:
        return "absent" if "ImportError" in done.stderr else done.stderr.splitlines()[-1][:60]
    return done.stdout.split()[-1]


def main(name: str, task: str, n: int, folder: str) -> None:
    if folder:
        sys.path.insert(0, folder)
    run = RUNS[name, task](frame(n))
    if n < 10_000:
        run()
    start = time.process_time()
    run()
    print(f"{time.process_time() - start:.3f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
