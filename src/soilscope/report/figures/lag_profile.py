"""Lag profile: the coefficient of one driver by depth and by months before."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.drivers import (
    CIRCULAR,
    circular,
    circular_note,
    driver_method,
    driver_name,
    significance,
)
from soilscope.report.figures.place_matrices import MOST, PER_SHEET, place_matrices
from soilscope.report.lags import lag_family, lag_word
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, as_places, place_dim, place_names
from soilscope.report.seen import said_runs
from soilscope.report.style import SIGNED, symmetric
from soilscope.report.words import file_stem, number, sentences


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every six places of a family of lags, with its first result."""
    family = lag_family(study, name)
    if family is None or name != family.results[0]:
        return
    coefficient = xr.concat(
        [_one(study, n, family.driver, study.data(n)["standardized_coefficient"])
         for n in family.results], dim=xr.Variable("lag", list(family.lags)),
    )  # fmt: skip
    firm = xr.concat(
        [_one(study, n, family.driver, significance(study, n)[0]) for n in family.results],
        dim=xr.Variable("lag", list(family.lags)),
    )
    dim = str(place_dim(coefficient))
    order = (dim, "depth", "lag")
    coefficient, firm = coefficient.transpose(*order), firm.transpose(*order)
    layers = study.layers(coefficient)
    driver = driver_name(family.driver)
    alone = study.data(name).sel(driver=[family.driver])
    dagger = CIRCULAR * circular(alone)[0]
    method, test = driver_method(study, name), significance(study, name)[1]
    title = f"{driver[0].upper()}{driver[1:]}{dagger} of the months before, by depth"
    scale = symmetric(coefficient.values, SIGNED)
    count = min(coefficient.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = {dim: slice(start, min(start + PER_SHEET, count))}
        chosen = coefficient.isel(window)
        seen = _seen(chosen, driver, family.lags, layers)
        yield Plate(
            key=file_stem("lag-profile", family.driver, name, *([] if count <= PER_SHEET
                                                                else [str(part + 1)])),
            title=title,
            seen=seen,
            how=f"Standardised coefficient of {driver} lagged by 0 or more months, the other "
            f"drivers of the same month; {method}; hatched: {test}.",
            alt=f"Matrix of layers by lags of {', '.join(map(str, family.lags))} months for each "
            f"place. {seen}",
            draw=partial(
                place_matrices, chosen, firm.isel(window), layers=layers, scale=scale, title=title,
                columns=[str(lag) for lag in family.lags], cell=0.55,
                label=f"standardised coefficient of {driver}{dagger}",
                subtitle=f"Columns: months between {driver} and soil moisture. "
                f"{method[0].upper()}{method[1:]}.",
                note=sentences(f"Hatched: {test}.", "Association, not effect.",
                               circular_note(alone)), frame=study.frame,
            ),
        )  # fmt: skip


def _one(study: Study, name: str, driver: str, field: xr.DataArray) -> xr.DataArray:
    """Return one driver of a result (place, depth), without coordinates that differ by result."""
    chosen = field.sel(driver=driver).reset_coords(drop=True)
    bare = as_places(chosen.to_dataset(name="value"))["value"].compute()
    bounds = [c for c in ("depth_top", "depth_bottom") if c in study.data(name).coords]
    return bare.assign_coords({c: study.data(name)[c] for c in bounds})


def _seen(
    coefficient: xr.DataArray, driver: str, lags: Sequence[int], layers: Sequence[str]
) -> str:
    """Say which lag has the largest coefficient, by depth, in the first two places."""
    said = []
    for place, block in list(zip(place_names(coefficient), coefficient.values, strict=True))[:2]:
        size = np.where(np.isfinite(block), np.abs(block), -1.0)
        words = [lag_word(lags[int(k)]) for k in size.argmax(axis=1)]
        largest = block.ravel()[int(size.argmax())]
        said.append(f"{place}: {said_runs(words, layers)} (up to {number(largest, 2)})")
    return f"Lag of {driver} with the largest coefficient. {'; '.join(said)}."
