"""Maps of the mean index: deficit and surplus in each layer against a named reference."""

from collections.abc import Iterator
from functools import partial

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import map_count, typical_cells
from soilscope.report.style import symmetric
from soilscope.report.words import file_stem


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet with a map of the mean index for each layer."""
    mean = study.primary(name).compute()
    reference = study.reference_text(name)
    layers = study.layers(mean)
    title = f"Mean soil moisture index ({name})"
    seen = typical_cells(mean.values, layers, "mean index", None)
    yield Plate(
        key=file_stem("state-maps", name),
        title=title,
        seen=seen,
        how=(
            f"Mean of the standardised soil moisture index in each layer, against {reference}: "
            "brown is a deficit, blue-green a surplus."
        ),
        alt=f"{map_count(layers)} of the mean index. {seen}",
        draw=partial(
            layer_maps, mean, layers=layers, scale=symmetric(mean.values),
            label="mean index (below zero: deficit)", title=title,
            subtitle=f"Reference of the index: {reference}.", frame=study.frame, zone=study.zone,
        ),
    )  # fmt: skip
