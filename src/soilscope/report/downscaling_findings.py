"""What a downscaling found: where its relation holds, how far it errs, whether borders show."""

from collections.abc import Iterator

import numpy as np

from soilscope.report.reading import Study
from soilscope.report.words import decimals, number, unit_text


def relations_found(study: Study) -> Iterator[tuple[str, str]]:
    """In how many strata the relation holds, and its error on what it has not seen."""
    for name in list(study.of_step("fit_downscaling"))[:1]:
        ds = study.data(name)[["n_obs", "usable", "rmse_cv"]].load()
        ds = ds.isel(stratum=np.flatnonzero(ds["n_obs"].values > 0))
        if not ds.sizes["stratum"]:
            continue
        used = ds["usable"].values == 1
        text = (
            "Soil moisture falls as the day-night difference of temperature grows in "
            f"{int(used.sum())} of {used.size} strata"
        )
        errors = ds["rmse_cv"].values[used & np.isfinite(ds["rmse_cv"].values)]
        if errors.size:
            text += (
                "; on months and places that a fit has not seen it errs by "
                f"{number(float(np.median(errors)), 2)} {unit_text(ds['rmse_cv'].attrs['units'])} "
                "(median RMSE)"
            )
        yield name, f"{text}."


def borders_found(study: Study) -> Iterator[tuple[str, str]]:
    """Whether borders of coarse cells show in what was downscaled."""
    found: dict[str, tuple[float, str]] = {}
    for name in study.of_step("downscale"):
        index = float(study.data(name)["seam_index"].mean())
        if np.isfinite(index):
            found.setdefault(str(study.records[name].options.get("residual")), (index, name))
    if not found:
        return
    residual, (least, name) = min(found.items(), key=lambda one: one[1][0])
    text = (
        f"Jumps across borders of coarse cells are {decimals(least, 2)} times those inside of them "
        f"with the residual {residual}"
    )
    others = [f"{decimals(i, 2)} with {r}" for r, (i, _) in found.items() if r != residual]
    yield name, text + (f" ({', '.join(others)})." if others else ".")
