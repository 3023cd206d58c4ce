"""Maps of standardised coefficients: a row for each layer, a column for each driver."""

from collections.abc import Iterator
from functools import partial

from soilscope.report.drivers import (
    circular_note,
    circular_words,
    driver_labels,
    driver_method,
    driver_names,
)
from soilscope.report.figures.map_grid import map_grid
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import leaders
from soilscope.report.style import SIGNED, symmetric
from soilscope.report.trends import significant
from soilscope.report.words import ALPHA, file_stem, listed, sentences, without_estimate


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of maps, driver by layer."""
    ds = study.data(name)
    if "depth" not in ds.dims:
        ds = ds.expand_dims("depth")
    coefficient = ds["standardized_coefficient"].transpose("driver", "depth", ...).compute()
    adjusted = study.adjusted(name)
    if adjusted is not None and "depth" not in adjusted.dims:
        adjusted = adjusted.expand_dims("depth")
    drivers, layers = driver_names(ds), study.layers(study.data(name))
    title = f"Association of soil moisture with its drivers ({name})"
    method = driver_method(study, name)
    seen = leaders(coefficient.values, drivers, layers)
    missing = without_estimate(ds["status"].compute()) if "status" in ds else ""
    test = (
        f"p after the false discovery rate is not below {ALPHA:g}" if adjusted is not None else ""
    )
    yield Plate(
        key=file_stem("coefficient-maps", name),
        title=title,
        seen=sentences(seen, circular_words(ds)),
        how=(
            f"Standardised partial regression coefficients, {method}; "
            + (f"hatched where {test}." if test else
               "no significance is claimed, since no p-values were adjusted.")
        ),
        alt=f"{len(layers) * len(drivers)} maps: {len(layers)} layers by {listed(drivers)}. {seen}",
        draw=partial(
            map_grid, coefficient, columns=driver_labels(ds), layers=layers,
            scale=symmetric(coefficient.values, SIGNED), title=title,
            label="standardised partial regression coefficient",
            subtitle=f"{method[0].upper()}{method[1:]}.",
            note=sentences(
                f"Hatched: {test}." if test else "", "Association, not effect.",
                circular_note(ds), "Grey: no value.", missing,
            ),
            frame=study.frame, zone=study.zone,
            hatched=None if adjusted is None
            else ~significant(adjusted.transpose("driver", "depth", ...)),
        ),
    )  # fmt: skip
