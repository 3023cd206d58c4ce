"""Downscaling against what is simpler, on the Heihe twin whose daily truth at 1 km is known.

Each seed is a world of its own. Scored are the days and cells that are not frozen and have a coarse
value: against the truth itself; within coarse cells (both less their mean over the coarse cell and
day), which is what downscaling adds; and how that changes with time (less the mean of each cell
too), which no mean pattern can tell.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from soilscope import cover_strata, downscale, fit_downscaling, regrid
from soilscope.grid.membership import Membership, member_means, members_of
from soilscope.twin.heihe import Heihe, heihe

MODELS = {
    "as published": {},
    "day effects": {"day_effects": True},
    "day effects by month": {"day_effects": True, "by": "month", "block_length": 5},
}
BEST = "day effects by month, smooth"


def of_members(means: xr.DataArray, members: Membership, like: xr.DataArray) -> xr.DataArray:
    """Give every fine cell the value of its coarse cell."""
    flat = means.values.reshape(-1, members.n_coarse)
    padded = np.append(flat, np.full((flat.shape[0], 1), np.nan), axis=1)
    return like.copy(data=padded[:, members.cell].reshape(-1, *members.fine))


def scores(estimate: xr.DataArray, truth: xr.DataArray, product: xr.DataArray) -> dict[str, float]:
    """Error and correlation, as they are and within coarse cells."""
    members = members_of(truth, product, names=("truth", "product"))
    valid = np.isfinite(estimate) & np.isfinite(truth)
    valid &= np.isfinite(of_members(product, members, truth))
    pair = [da.where(valid) for da in (estimate.astype("f8"), truth.astype("f8"))]
    inner = [da - of_members(member_means(da, members, product), members, truth) for da in pair]
    plain, within = ([da.values[valid.values] for da in arrays] for arrays in (pair, inner))
    changing = [(da - da.where(valid).mean("time")).values[valid.values] for da in inner]
    return {
        "rmse": float(np.sqrt(np.mean((plain[0] - plain[1]) ** 2))),
        "rmse_within": float(np.sqrt(np.mean((within[0] - within[1]) ** 2))),
        "r_within": float(np.corrcoef(*within)[0, 1]),
        "r_changing": float(np.corrcoef(*changing)[0, 1]),
        "n": int(valid.values.sum()),
    }


def one_world(twin: Heihe) -> dict[str, dict[str, float]]:
    """Score every method on one world."""
    fine, coarse, product = twin.fine, twin.reanalysis, twin.smops.soil_moisture
    frozen = fine.frozen_share > 0
    truth = fine.soil_moisture.where(~frozen)
    strata = {"land_cover": cover_strata(fine.land_cover), "ndvi": fine.ndvi}
    warming = coarse.lst_day - coarse.lst_night
    icy = 0.5 * (coarse.lst_day + coarse.lst_night) < 2.0
    found = {}
    for (name, options), residual in itertools.product(MODELS.items(), ("block", "smooth")):
        model = fit_downscaling(
            coarse.soil_moisture, warming, frozen=icy, rng=1, **strata, **options
        )
        out = downscale(
            model,
            fine.lst_day - fine.lst_night,
            coarse_product=product,
            frozen=frozen,
            residual=residual,
            **strata,
        )
        found[f"{name}, {residual}"] = scores(out.soil_moisture, truth, product) | {
            "seam_index": float(out.seam_index.mean())
        }
    bilinear = regrid(product, truth).assign_coords(y=truth.y, x=truth.x)
    found["bilinear"] = scores(bilinear, truth, product)
    members = members_of(truth, product, names=("truth", "product"))
    for name, mean in (
        ("coarse + climatology of a learned product", twin.smci.soil_moisture.mean("time")),
        ("coarse + climatology of the truth itself", truth.mean("time")),
    ):
        days = mean.expand_dims(time=truth["time"]).transpose(*truth.dims)
        own = of_members(member_means(days, members, product), members, truth)
        found[name] = scores(of_members(product, members, truth) + days - own, truth, product)
    return found


def main() -> None:
    """Print a table: medians over the seeds, and in how many of them downscaling is better."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--size", type=int, nargs=2, default=(100, 90))
    parser.add_argument("--json", type=Path, help="write every score there")
    given = parser.parse_args()
    worlds = [one_world(heihe(size=tuple(given.size), seed=seed)) for seed in range(given.seeds)]
    if given.json:
        given.json.write_text(json.dumps(worlds), encoding="utf-8")
    rows = {}
    for name in worlds[0]:
        table = pd.DataFrame([world[name] for world in worlds])
        better = [
            all(world[BEST][k] < world[name][k] for k in ("rmse", "rmse_within"))
            and world[BEST]["r_within"] > world[name]["r_within"]
            for world in worlds
        ]
        rows[name] = table.median().to_dict() | {"beaten in": f"{sum(better)} of {len(worlds)}"}
    print(pd.DataFrame(rows).T.to_string())


if __name__ == "__main__":
    main()
