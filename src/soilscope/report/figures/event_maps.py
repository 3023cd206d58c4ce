"""Maps of drought events, a sheet each: how many, how long, how severe."""

from collections.abc import Iterator
from functools import partial

from soilscope.report.events import (
    MEASURES,
    event_method,
    measure_label,
    measure_units,
    measures_of,
)
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import map_count, typical_cells
from soilscope.report.style import spread
from soilscope.report.words import file_stem


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each measure, with a map a layer."""
    ds = study.data(name)
    method = event_method(study, name)
    for variable in measures_of(ds):
        field = ds[variable].where(ds["n_obs"] > 0) if "n_obs" in ds else ds[variable]
        field = field.compute()
        what = MEASURES[variable]
        layers = study.layers(field)
        title = f"Drought events: {what} ({name})"
        seen = typical_cells(field.values.astype(float), layers, what, measure_units(ds, variable))
        yield Plate(
            key=file_stem("event-maps", name, variable),
            title=title,
            seen=seen,
            how=f"Drought events in each layer: {what}; {method}.",
            alt=f"{map_count(layers)} of the {what} of droughts. {seen}",
            draw=partial(
                layer_maps, field, layers=layers, scale=spread(field.values.astype(float)),
                label=measure_label(ds, variable), title=title,
                subtitle=f"{method[0].upper()}{method[1:]}.", frame=study.frame, zone=study.zone,
            ),
        )  # fmt: skip
