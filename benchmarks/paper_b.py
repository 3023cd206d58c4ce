"""Paper B at its full size, from 14 products' files to the report: where the time goes.

The whole Heihe basin (560 x 490 cells of 1 km, some 143,000 in the basin) for 366 days, drawn as
the synthetic twin and written as files in the products' own layouts; `examples/heihe.yaml` is run
on them by the command line in a process of its own, twice: the first run compiles.
"""

import argparse
import os
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path

from whole_run import run

EXAMPLE = Path(__file__).parents[1] / "examples" / "heihe.yaml"
FILES = "files"


def write_inputs(folder: Path, *, size: tuple[int, int]) -> None:
    """Write the files of a year, unless an earlier run did."""
    import xarray as xr

    from soilscope.twin.heihe import Heihe
    from soilscope.twin.heihe_files import write_heihe
    from soilscope.twin.heihe_products import write_products

    done = folder / "files.done"
    if done.exists():
        return
    stores = write_heihe(folder / "twin", size=size)
    held = {
        f.name: xr.open_zarr(stores[f.name], consolidated=False, decode_coords="all", chunks={})
        for f in fields(Heihe)
    }
    cells = int(held["fine"].elevation.notnull().sum())
    soil = int(held["fine"].soil_moisture[0].notnull().sum())
    small = {name: ds.load() for name, ds in held.items() if name != "fine"}
    (folder / FILES).mkdir(exist_ok=True)
    write_products(folder / FILES, Heihe(**held | small), first="2020-01-01", last="2020-12-31")
    shutil.rmtree(folder / "twin")
    done.write_text(f"{cells:,} cells in the basin, {soil:,} of them with soil", encoding="utf-8")


def where_the_time_went(results: Path) -> None:
    """Print the seconds of every result; what is left is opening, checking and the report."""
    from soilscope.study.store import Store

    store = Store(results)
    records = sorted((store.record(n) for n in store.names()), key=lambda r: -r.seconds)
    print("| result | step | s |\n|---|---|---:|")
    for record in records:
        if record.seconds >= 0.5:
            print(f"| {record.name} | {record.step} | {record.seconds:.1f} |")
    rest = sum(record.seconds for record in records if record.seconds < 0.5)
    print(f"| the others | | {rest:.1f} |")
    print(f"| all | | {sum(record.seconds for record in records):.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where files are written and kept")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        default=(560, 490),
        help="rows, columns; lags of 250 km must fit",
    )
    parser.add_argument("--surrogates", type=int, default=99, help="draws a month and factor")
    parser.add_argument("--once", action="store_true", help="one run: kernels are compiled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (given.folder or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        write_inputs(folder, size=tuple(given.size))
        text = EXAMPLE.read_text(encoding="utf-8")
        text = text.replace("n_surrogates: 99", f"n_surrogates: {given.surrogates}")
        study = folder / "heihe.yaml"
        study.write_text(text, encoding="utf-8")
        os.environ["SOILSCOPE_HEIHE"] = str(folder / FILES)
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "compiled")
        print((folder / "files.done").read_text(encoding="utf-8"))
        for results in ("second",) if given.once else ("first", "second"):
            cost = run(folder, study, results)
            print(
                f"{results} run: {cost.wall:.0f} s, {cost.processor:.0f} s of processor time, "
                f"highest memory of all processes {cost.peak:.2f} GiB",
                flush=True,
            )
        page = folder / "second" / "report" / "index.html"
        print(f"page {page.stat().st_size / 1e6:.1f} MB\n")
        where_the_time_went(folder / "second")


if __name__ == "__main__":
    main()
