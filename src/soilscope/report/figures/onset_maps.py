"""Maps of the delay of drought onsets behind the layer above."""

from collections.abc import Iterator
from functools import partial

from soilscope.report.events import onset_method
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import map_count, typical_cells
from soilscope.report.style import from_zero
from soilscope.report.words import file_stem


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet with a map for each layer but the first."""
    delay = study.data(name)["onset_delay"].isel(depth=slice(1, None)).compute()
    layers = study.layers(delay)
    method = onset_method(study, name)
    seen = typical_cells(delay.values, layers, "median delay", "month")
    title = f"Delay of drought onsets behind the layer above ({name})"
    yield Plate(
        key=file_stem("onset-maps", name),
        title=title,
        seen=seen,
        how=f"{method[0].upper()}{method[1:]}.",
        alt=f"{map_count(layers)} of the delay. {seen}",
        draw=partial(
            layer_maps, delay, layers=layers, scale=from_zero(delay.values),
            label="median delay (months)", title=title, frame=study.frame, zone=study.zone,
            subtitle=f"{method[0].upper()}{method[1:]}.",
        ),
    )  # fmt: skip
