"""Paper A at its full size, from NetCDF to the report: where the time goes, step by step.

About 25,000 cells x 10 layers x 252 months with four drivers, drawn as the synthetic twin, written
as NetCDF, and run by the command line in a process of its own, twice: the first run compiles.
"""

import argparse
import os
import tempfile
from pathlib import Path

from whole_run import run

SPACING = 0.0095  # degrees: about 25,000 cells of the oasis
STUDY = """\
title: Paper A at full size
inputs:
  twin:
    product: raster
    paths: twin.nc
    depth_bounds: {bounds}
    variables: [soil_moisture, precipitation, temperature, vpd, ndvi]
  zones:
    product: raster
    paths: zones.nc
    variables: [zone]
analyses:
"""


def write_inputs(folder: Path, spacing: float) -> int:
    """Write the twin as NetCDF and a study with the analyses of the paper; return its cells."""
    from soilscope.twin.helan import helan

    twin = helan(spacing=spacing)
    names = ["soil_moisture", "precipitation", "temperature", "vpd", "ndvi"]
    months = {  # a month a chunk, as the products are stored
        name: {"zlib": True, "complevel": 1, "chunksizes": (1, *twin[name].shape[1:])}
        for name in names
    }
    twin[names].to_netcdf(folder / "twin.nc", encoding=months)
    twin[["zone"]].to_netcdf(folder / "zones.nc")
    example = Path(__file__).parents[1] / "examples" / "helan.yaml"
    analyses = example.read_text(encoding="utf-8").split("analyses:\n")[1]
    start = analyses.index("  # Standardised index of each layer")
    three = "[[0, 0.1], [0.1, 0.3], [0.3, 1.0]]"
    merged = f"  merged: {{step: merge_layers, sm: soil_moisture, bounds: {three}}}\n"
    bounds = [[top / 10, (top + 1) / 10] for top in range(10)]
    text = STUDY.replace("{bounds}", str(bounds)) + merged + analyses[start:]
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return int((twin.zone >= 0).sum())


def where_the_time_went(results: Path) -> None:
    from soilscope.study.store import Store

    store = Store(results)
    records = [store.record(name) for name in store.names()]
    steps: dict[str, float] = {}
    for record in records:
        steps[record.step] = steps.get(record.step, 0.0) + record.seconds
    for step, seconds in sorted(steps.items(), key=lambda item: -item[1]):
        print(f"| {step} | {seconds:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spacing", type=float, default=SPACING)
    spacing = parser.parse_args().spacing
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = write_inputs(folder, spacing)
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "compiled")
        study = folder / "study.yaml"
        first = run(folder, study, "first")
        second = run(folder, study, "second")
        print(
            f"{cells:,} cells x 10 layers x 252 months: {second.wall:.0f} s "
            f"(compiling: {first.wall:.0f} s), "
        )
        print(f"highest memory of all processes {second.peak:.2f} GiB\n")
        print("| step | s |\n|---|---:|")
        where_the_time_went(folder / "second")


if __name__ == "__main__":
    main()
