"""Mean index of regions or sites: layers down, places across."""

from collections.abc import Iterator, Sequence
from functools import partial

import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import draw_matrix, wrapped
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, as_places, place_dim, place_names
from soilscope.report.seen import extremes
from soilscope.report.style import WIDTH, Scale, symmetric
from soilscope.report.words import decimals, file_stem, listed

PER_SHEET = 12
MOST = 36
LEFT = 0.85


def state_matrix(
    mean: xr.DataArray,
    *,
    layers: Sequence[str],
    scale: Scale,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw `mean` (depth, place) with its numbers."""
    places = place_names(mean)
    cell = min(0.9, (WIDTH - LEFT - 0.1) / len(places))
    names = [wrapped(place, inches=cell) for place in places]
    lines = max(name.count("\n") + 1 for name in names)
    out = sheet(
        1, 1, panel=(cell * len(places), 0.24 * len(layers)), title=title, subtitle=subtitle,
        note="Below zero: deficit; above zero: surplus.", frame=frame,
        margins=Margins(left=LEFT, right=0.1, top=0.12 + 0.11 * lines, bottom=0.1), foot=0.5,
    )  # fmt: skip
    draw_matrix(
        out.flat[0], mean.values, scale, rows=layers, columns=names,
        texts=[[decimals(v, 2) for v in row] for row in mean.values],
    )  # fmt: skip
    out.bar_below(scale, "mean index")
    return out.figure


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every twelve places."""
    mean = study.primary(name)
    mean = as_places(mean.to_dataset(name="mean"))["mean"]
    dim = str(place_dim(mean))
    mean = mean.transpose("depth", dim)
    reference = study.reference_text(name)
    title = f"Mean soil moisture index ({name})"
    count = min(mean.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = mean.isel({dim: slice(start, min(start + PER_SHEET, count))})
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        places = place_names(window)
        seen = extremes(window.values.T, places, study.layers(mean), "mean index")
        yield Plate(
            key=file_stem("state-matrix", name, *suffix),
            title=title,
            seen=seen,
            how=f"Mean of the standardised soil moisture index by layer, against {reference}.",
            alt=f"Matrix of the mean index for {listed(places)}. {seen}",
            draw=partial(
                state_matrix, window, layers=study.layers(mean), scale=symmetric(mean.values),
                title=title, subtitle=f"Reference of the index: {reference}.", frame=study.frame,
            ),
        )  # fmt: skip
