"""Recovery of what drives each season by `examples/heihe.yaml`, from files to the detector.

Each seed is a world of its own: the whole basin in cells of 10 km, in which one map makes 80 % of
the variance of soil moisture in each season (`heihe(planted=...)`). Its year is written as the 14
products of the example, which downscales soil moisture from them. Beside the factors of the example
stand two that cause nothing: a decoy that resembles the season's driver (r = 0.8), and a smooth map
drawn at random. Q is adjusted, p is spatial and pays for the search, and is adjusted (Benjamini and
Hochberg) over all factors and months.
"""

import argparse
import json
import os
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
import yaml

from detector_recovery import CELL, SIZE, at_random, decoy_of
from soilscope import adjust_p_values
from soilscope.grid.crs import stamp
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.heihe import Heihe, heihe
from soilscope.twin.heihe_drivers import SEASONS
from soilscope.twin.heihe_place import ALBERS
from soilscope.twin.heihe_products import write_products

EXAMPLE = Path(__file__).parents[1] / "examples" / "heihe.yaml"
PLANTED = {
    "winter": "field_capacity",
    "spring": "precipitation",
    "summer": "saturated_conductivity",
    "autumn": "field_capacity",
}
#: Analyses that the detector does not need.
LEFT_OUT = (
    *("block", "against_smci", "statistics", "statistics_by_reach", "stability"),
    *("semivariances", "models", "interactions", "risks", "differences"),
)
#: Land that has PET (where something grows) with all 17 factors; all land with the other 16.
SETS = {
    "where PET is known": ("classes", "drivers"),
    "all land": ("classes_of_all", "drivers_of_all"),
}
ALPHA = 0.05


def season_of(month: int) -> str:
    """Return the season of a month."""
    return SEASONS[month % 12 // 3]


def others(twin: Heihe, seed: int) -> xr.Dataset:
    """Draw the decoy of each month, and the noise of each season."""
    fine = twin.fine
    rain = fine.precipitation.resample(time="MS").sum(min_count=1)
    decoys, noises = [], []
    for month in range(1, 13):
        name, season = PLANTED[season_of(month)], SEASONS.index(season_of(month))
        lead = rain.isel(time=month - 1, drop=True) if name == "precipitation" else fine[name]
        decoys.append(decoy_of(lead.drop_attrs(), 1000 * seed + season))
        noises.append(at_random(fine.elevation.drop_attrs(), 1000 * seed + season + 500))
    months = xr.DataArray(rain.indexes["time"], dims="time", name="time")
    maps = {"decoy": xr.concat(decoys, months), "noise": xr.concat(noises, months)}
    for da in maps.values():
        da.attrs["units"] = "1"
    return stamp(xr.Dataset(maps).drop_vars("spatial_ref", errors="ignore"), ALBERS)


def edited(*, whole: bool, n_surrogates: int, seed: int) -> dict[str, Any]:
    """Return the example with two factors more, lags for cells of 10 km, and fewer analyses."""
    study: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    study["inputs"]["others"] = {
        "product": "raster",
        "paths": "data:others.nc",
        "variables": {"decoy": "decoy", "noise": "noise"},
        "calendar": "own",
    }
    steps = study["analyses"]
    steps["semivariances"]["lag_width"] = 20_000
    for classes, drivers in SETS.values():
        steps[classes]["factors"] += ["others.decoy", "others.noise"]
        steps[classes]["select"] = "adjusted"
        for name in (classes, drivers):
            steps[name] |= {"p": "spatial", "n_surrogates": n_surrogates, "rng": seed}
    if not whole:
        study["inputs"].pop("smci")
        for name in LEFT_OUT:
            steps.pop(name)
    return study


def one_world(folder: Path, seed: int, *, whole: bool, n_surrogates: int) -> list[dict[str, Any]]:
    """Write the files of one world, run the study on them, and read what it found."""
    twin = heihe(size=SIZE, resolution=CELL, seed=seed, reanalysis_spacing=0.25, planted=PLANTED)
    write_products(folder, twin, first="2020-01-01", last="2020-12-31")
    others(twin, seed).to_netcdf(folder / "others.nc")
    study = folder / "heihe.yaml"
    made = edited(whole=whole, n_surrogates=n_surrogates, seed=seed)
    study.write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True), encoding="utf-8")
    os.environ["SOILSCOPE_HEIHE"] = str(folder)
    store = Store(run_study(study, results=folder / "results"))
    return [row for name in SETS for row in found_in(store, name, seed)]


def found_in(store: Store, kind: str, seed: int) -> list[dict[str, Any]]:
    """Read q and p of one set of factors, a row for each month that has soil moisture."""
    classes, drivers = (store.open(name).load() for name in SETS[kind])
    searched = classes.p_value.reindex(factor=drivers.factor)
    p = adjust_p_values(searched.fillna(drivers.p_value), dim=["factor", "time"])
    rows = []
    for number, stamped in enumerate(drivers.indexes["time"]):
        q = drivers.q_adjusted.isel(time=number).to_series()
        if q.notna().any():
            rows.append(
                {
                    "seed": seed,
                    "set": kind,
                    "month": stamped.month,
                    "season": season_of(stamped.month),
                    "n_obs": int(drivers.n_obs.isel(time=number)),
                    "q": q.round(4).to_dict(),
                    "p": p.isel(time=number).to_series().round(4).to_dict(),
                    "circular": drivers.factor.values[drivers.circular.values == 1].tolist(),
                }
            )
    return rows


def verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what leads in a season of one world: by the mean q of its months.

    Significant is what is so in most of them; of noise it is also told whether it is so in any.
    """
    lead = PLANTED[rows[0]["season"]]
    q = pd.DataFrame([row["q"] for row in rows]).mean()
    p = pd.DataFrame([row["p"] for row in rows])
    ranked = q[p.median() <= ALPHA].drop("decoy", errors="ignore").sort_values(ascending=False)
    others = ranked.drop(rows[0]["circular"], errors="ignore")
    return {
        "first": next(iter(ranked.index), "none"),
        "first_not_circular": next(iter(others.index), "none"),
        "decoy_ahead": bool(q["decoy"] >= q[lead]),
        "noise": bool(p["noise"].median() <= ALPHA),
        "noise_once": bool((p["noise"] <= ALPHA).any()),
        "q_lead": q[lead],
        "q_next": q.drop([lead, "decoy"]).max(),
        "q_decoy": q["decoy"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Write the findings of all seeds, a line for each set and season."""
    lines = [
        "| sample | season | driver | first | first that is not circular | decoy ahead "
        "| noise significant | in any month | q: driver, next, decoy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in SETS:
        for season in SEASONS[1:]:
            part = [r for r in rows if (r["set"], r["season"]) == (kind, season)]
            seeds = sorted({r["seed"] for r in part})
            found = pd.DataFrame([verdict([r for r in part if r["seed"] == s]) for s in seeds])
            first, other = (
                ", ".join(f"{name} {n}" for name, n in Counter(found[key]).most_common())
                for key in ("first", "first_not_circular")
            )
            n = len(seeds)
            q = ", ".join(f"{found[key].mean():.2f}" for key in ("q_lead", "q_next", "q_decoy"))
            lines.append(
                f"| {kind} | {season} | {PLANTED[season]} | {first} | {other} "
                f"| {found.decoy_ahead.sum()} of {n} | {found.noise.sum()} of {n} "
                f"| {found.noise_once.sum()} of {n} | {q} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run some seeds, print the table, and keep every number of each seed in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--surrogates", type=int, default=199)
    parser.add_argument("--whole", action="store_true", help="leave no analysis out")
    parser.add_argument("--keep", type=Path, default=Path("study_recovery"))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    args.keep.mkdir(exist_ok=True)
    for seed in range(args.first, args.first + args.seeds):
        path = args.keep / f"{seed}.json"
        if path.exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows = one_world(Path(folder), seed, whole=args.whole, n_surrogates=args.surrogates)
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    kept = sorted(args.keep.glob("*.json"), key=lambda path: int(path.stem))
    print(table([row for path in kept for row in json.loads(path.read_text(encoding="utf-8"))]))


if __name__ == "__main__":
    main()
