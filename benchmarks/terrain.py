"""Terrain beside richdem: microseconds a cell of processor time on one thread, and peak memory.

Run with one thread (OMP_NUM_THREADS=1). richdem is in the dependency group `oracles`; without it
its column stays empty.
"""

import gc
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope import terrain
from soilscope.grid.crs import stamp
from timing import seconds

CELL = 30.0


def hills(n: int) -> np.ndarray:
    """Return random land of a natural spectrum; a third of its cells lie in depressions."""
    k = np.hypot(np.fft.fftfreq(n)[:, np.newaxis], np.fft.rfftfreq(n))
    k[0, 0] = 1.0
    noise = np.fft.rfft2(np.random.default_rng(0).normal(size=(n, n)))
    z = np.fft.irfft2(noise * k**-1.6, s=(n, n))
    return 1500 + 300 * z / z.std()


def dem(n: int, kind: str) -> xr.DataArray:
    z = hills(n)
    values = np.rint(z / 5).astype("i2") if kind == "whole metres" else z.astype(kind)
    coords = {"y": 4.2e6 - CELL * np.arange(n), "x": 5e5 + CELL * np.arange(n)}
    return stamp(xr.DataArray(values, coords, ("y", "x")), "EPSG:32648")


def richdem_twi(z: np.ndarray) -> None:
    """Slope, depressions with epsilon, Freeman accumulation and the index, by richdem."""
    import richdem

    raw = richdem.rdarray(z.copy(), no_data=-9999.0)
    raw.geotransform = (0, CELL, 0, 0, 0, -CELL)
    slope = richdem.TerrainAttribute(raw, attrib="slope_riserun")
    richdem.TerrainAttribute(raw, attrib="aspect")
    richdem.FillDepressions(raw, epsilon=True, in_place=True)
    cells = richdem.FlowAccumulation(raw, method="Freeman", exponent=1.1)
    np.log(np.asarray(cells) * CELL / np.maximum(np.asarray(slope), 0.001))


def memory(key: str) -> int:
    """Bytes of memory by Linux: VmRSS is held now, VmHWM the most since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key))


def peak(n: int, kind: str) -> float:
    """Bytes a cell that `terrain` needs beyond its input."""
    field = dem(n, kind)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    terrain(field)
    return (memory("VmHWM") - before) / n**2


def main() -> None:
    has_richdem = find_spec("richdem") is not None
    print("| cells | heights | flow | us a cell | richdem 2, times ours |\n|---|---|---|---:|---:|")
    for n in (1000, 2000, 4000):
        kinds = ("f4", "f8", "whole metres") if n == 1000 else ("f4",)
        for kind in kinds:
            field = dem(n, kind)
            for flow in ("mfd", "d8") if n == 1000 else ("mfd",):
                ours = seconds(lambda f=field, w=flow: terrain(f, flow=w), 3 if n == 1000 else 1)
                theirs = ""
                if has_richdem and flow == "mfd" and n == 1000 and kind != "whole metres":
                    z = np.asarray(field.values, "f8")
                    theirs = f"{seconds(lambda z=z: richdem_twi(z), 2) / ours:.1f}"
                print(f"| {n} x {n} | {kind} | {flow} | {ours / n**2 * 1e6:.2f} | {theirs} |")
    for kind in ("f4", "f8"):
        print(f"peak memory beyond the input, {kind}: {peak(2000, kind):.0f} bytes a cell")


if __name__ == "__main__":
    main()
