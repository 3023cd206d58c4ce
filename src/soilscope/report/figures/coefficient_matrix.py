"""Standardised coefficients of regions or sites: layers down, drivers across."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.drivers import (
    circular_note,
    circular_words,
    driver_labels,
    driver_method,
    driver_names,
    significance,
)
from soilscope.report.figures.place_matrices import MOST, PER_SHEET, place_matrices
from soilscope.report.lags import stands_for_family
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, as_places, place_dim, place_names
from soilscope.report.seen import largest_of_drivers
from soilscope.report.style import SIGNED, symmetric
from soilscope.report.words import file_stem, number, sentences


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every six places."""
    if not stands_for_family(study, name):
        return  # the lag profile shows it
    ds = as_places(study.data(name))
    dim = str(place_dim(ds))
    coefficient = ds["standardized_coefficient"].transpose(dim, "depth", "driver").load()
    firm, test = significance(study, name)
    firm = as_places(firm.to_dataset(name="firm"))["firm"].transpose(dim, "depth", "driver").load()
    drivers, layers = driver_names(ds), study.layers(ds)
    scale = symmetric(coefficient.values, SIGNED)
    method = driver_method(study, name)
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = {dim: slice(start, min(start + PER_SHEET, count))}
        chosen = coefficient.isel(window)
        seen = largest_of_drivers(chosen.values, place_names(chosen), layers, drivers)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"Association of soil moisture with its drivers ({name})"
        yield Plate(
            key=file_stem("coefficient-matrix", name, *suffix),
            title=title,
            seen=sentences(seen, circular_words(ds)),
            how=f"Standardised coefficients, {method}; hatched: {test}.",
            alt=f"{seen} {_alt(chosen, drivers, layers)}",
            draw=partial(
                place_matrices, chosen, firm.isel(window), columns=driver_labels(ds),
                layers=layers, scale=scale, title=title,
                label="standardised partial regression coefficient",
                subtitle=f"{method[0].upper()}{method[1:]}.",
                note=sentences(f"Hatched: {test}.", "Association, not effect.", circular_note(ds)),
                frame=study.frame,
            ),
        )  # fmt: skip


def _alt(coefficient: xr.DataArray, drivers: Sequence[str], layers: Sequence[str]) -> str:
    """Name the largest coefficient of each layer."""
    said = []
    for place, block in zip(place_names(coefficient), coefficient.values, strict=True):
        for layer, row in zip(layers, block, strict=True):
            if np.isfinite(row).any():
                k = int(np.nanargmax(np.abs(row)))
                said.append(f"{place} {layer}: largest {drivers[k]} ({number(row[k], 2)})")
    return "; ".join(said) + "."
