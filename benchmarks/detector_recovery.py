"""Recovery by the geographical detector of what drives the Heihe twin, and of nothing else.

Each seed is a world of its own: the whole basin in cells of 10 km. Two responses are looked at.
`planted`: in each season one map makes 60 % of the variance, a smooth field at random the rest.
`model`: the mean soil moisture of each season, whose causes are known from the water balance
(`heihe_drivers`: the change when a cause is switched off). Beside the maps of the causes stand two
that cause nothing: a decoy that resembles the map of the leading cause (r = 0.8), and a smooth
field drawn at random.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr
from scipy import ndimage

from soilscope import factor_detector, optimize_strata
from soilscope.prepare.terrain import terrain
from soilscope.twin.heihe import heihe
from soilscope.twin.heihe_drivers import SEASONS, heihe_drivers

SIZE, CELL = (56, 49), 10_000.0
LENGTH = 4.0  # cells over which fields at random are smoothed
ALIKE = 0.8  # correlation of the decoy with the leading map
SHARE = 0.6  # of the variance that a planted map makes
PLANTED = {"winter": "irrigation", "spring": "soil", "summer": "rain", "autumn": "warmth"}
CAUSES = ("rain", "warmth", "soil", "vegetation", "irrigation", "aspect")


def standard(field: xr.DataArray) -> xr.DataArray:
    """Return a field with a mean of 0 and a standard deviation of 1."""
    made: xr.DataArray = (field - field.mean()) / field.std()
    return made


def at_random(like: xr.DataArray, seed: int) -> xr.DataArray:
    """Return a smooth field that has nothing to do with anything, where `like` has values."""
    white = np.random.default_rng(seed).normal(size=like.shape)
    smooth = ndimage.gaussian_filter(white, LENGTH)
    return standard(like.copy(data=smooth).where(like.notnull()))


def decoy_of(lead: xr.DataArray, seed: int) -> xr.DataArray:
    """Return a map like `lead` that causes nothing; of classes, a fifth is dealt out anew."""
    if lead.dtype.kind in "iu":
        rng = np.random.default_rng(seed)
        values = lead.values.copy()
        at = np.flatnonzero(values.ravel() >= 0)
        at = rng.choice(at, round((1.0 - ALIKE) * at.size), replace=False)
        values.ravel()[at] = values.ravel()[rng.permutation(at)]
        return lead.copy(data=values)
    one, other = standard(lead), at_random(lead, seed)
    other = standard(other - (one * other).mean() * one)
    made: xr.DataArray = ALIKE * one + np.sqrt(1.0 - ALIKE**2) * other
    return made


def world(seed: int) -> tuple[xr.DataArray, dict[str, xr.DataArray]]:
    """Draw soil moisture by season, and the maps of its causes; irrigation is one of classes."""
    fine = heihe(size=SIZE, resolution=CELL, seed=seed).fine
    season = fine["time"].dt.month % 12 // 3
    moisture = fine.soil_moisture.groupby(season.rename("season")).mean()
    moisture = moisture.assign_coords(season=list(SEASONS))
    maps = {
        "rain": fine.precipitation.sum("time", min_count=1),
        "warmth": fine.elevation,
        "soil": fine.field_capacity,
        "vegetation": fine.ndvi.mean("time"),
        "irrigation": fine.irrigated,
        "aspect": terrain(fine.elevation).northness,
    }
    return moisture.drop_attrs(), {name: da.drop_attrs() for name, da in maps.items()}


def detect(
    y: xr.DataArray, maps: dict[str, xr.DataArray], *, n_surrogates: int, seed: int
) -> xr.Dataset:
    """Choose classes of each map; return adjusted q, and p that pays for the search."""
    spatial = {"p": "spatial", "n_surrogates": n_surrogates, "rng": seed}
    numbers = {name: da for name, da in maps.items() if da.dtype.kind == "f"}
    best = optimize_strata(y, numbers, select="adjusted", **spatial)
    strata = {name: best.codes.sel(factor=name, drop=True) for name in numbers}
    strata |= {name: da for name, da in maps.items() if name not in numbers}
    found = factor_detector(y, strata, **spatial)
    searched = best.p_value.reindex(factor=found.factor)
    return xr.Dataset({"q": found.q_adjusted, "p": searched.fillna(found.p_value)})


def planted(lead: xr.DataArray, like: xr.DataArray, seed: int) -> xr.DataArray:
    """Return a response of which `lead` makes a known share."""
    known = like.notnull() & (lead >= 0 if lead.dtype.kind in "iu" else lead.notnull())
    one = standard(lead.where(known).astype("f8"))
    y: xr.DataArray = np.sqrt(SHARE) * one + np.sqrt(1.0 - SHARE) * at_random(one, seed)
    return y


def one_world(seed: int, kind: str, n_surrogates: int) -> list[dict[str, object]]:
    """Look at the four seasons of one world."""
    moisture, maps = world(seed)
    effects = heihe_drivers(size=SIZE, resolution=CELL, seed=seed).true_effect
    rows: list[dict[str, object]] = []
    for number, season in enumerate(SEASONS):
        y = moisture.sel(season=season, drop=True)
        drawn = 1000 * seed + number
        lead = str(effects.sel(season=season, driver=list(CAUSES)).to_pandas().idxmax())
        if kind == "planted":
            lead = PLANTED[season]
            y = planted(maps[lead], y, drawn + 250)
        tried = dict(maps)
        tried["decoy"] = decoy_of(maps[lead], drawn)
        tried["noise"] = at_random(y, drawn + 500)
        found = detect(y, tried, n_surrogates=n_surrogates, seed=drawn).to_dataframe()
        significant = found.index[found.p < 0.05].tolist()
        ranked = [name for name in found.q.sort_values(ascending=False).index if name != "decoy"]
        rows.append(
            {
                "seed": seed,
                "season": season,
                "lead": lead,
                "q": found.q.round(4).to_dict(),
                "p": found.p.round(4).to_dict(),
                "first": next((name for name in ranked if name in significant), "none"),
                "decoy_ahead": bool(found.q["decoy"] >= found.q[lead]),
                "noise_significant": "noise" in significant,
            }
        )
    return rows


def table(rows: list[dict[str, object]]) -> str:
    """Write the findings of all seeds, a line for each season."""
    lines = ["| season | leading cause | first by q | lead first | decoy ahead | noise, p < 0.05 |"]
    lines += ["|---|---|---|---|---|---|"]
    for season in SEASONS:
        part = [row for row in rows if row["season"] == season]
        n = len(part)

        def counted(key: str, part: list[dict[str, object]] = part) -> str:
            found = Counter(str(row[key]) for row in part).most_common()
            return ", ".join(f"{name} {times}" for name, times in found)

        first = sum(row["first"] == row["lead"] for row in part)
        decoy = sum(bool(row["decoy_ahead"]) for row in part)
        noise = sum(bool(row["noise_significant"]) for row in part)
        lines.append(
            f"| {season} | {counted('lead')} | {counted('first')} | {first} of {n} "
            f"| {decoy} of {n} | {noise} of {n} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run some seeds, print the table, and keep every number if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--surrogates", type=int, default=99)
    parser.add_argument("--kind", choices=("planted", "model"), default="planted")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = [
        row for seed in range(args.seeds) for row in one_world(seed, args.kind, args.surrogates)
    ]
    if args.json is not None:
        args.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
