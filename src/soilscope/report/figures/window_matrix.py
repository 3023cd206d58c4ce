"""Trends in parts of the record of regions or sites: layers down, windows across."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from soilscope.report.figures.place_matrices import MOST, PER_SHEET, place_matrices
from soilscope.report.parts import firm_and_test, window_names, windows_seen
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, as_places, place_dim
from soilscope.report.style import symmetric
from soilscope.report.trends import subtitle_of, test_text
from soilscope.report.words import file_stem, listed, number, p_text, with_unit


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every six places."""
    firm, test = firm_and_test(study, name)
    names = window_names(study.data(name))
    ds = as_places(study.data(name)[["slope", "p_value"]].assign(firm=firm)).load()
    dim, layers = str(place_dim(ds)), study.layers(ds)
    ds = ds.transpose(dim, "depth", "window", ...)
    units = study.data(name)["slope"].attrs.get("units")
    scale = symmetric(ds["slope"].values)
    title = f"Trend in parts of the record ({name})"
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        one = ds.isel({dim: slice(start, min(start + PER_SHEET, count))})
        texts = [
            [[_text(s, p) for s, p in zip(slopes, ps, strict=True)]
             for slopes, ps in zip(block, others, strict=True)]
            for block, others in zip(one["slope"].values, one["p_value"].values, strict=True)
        ]  # fmt: skip
        seen = windows_seen(one["slope"], one["firm"], names, "series")
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        yield Plate(
            key=file_stem("window-matrix", name, *suffix),
            title=title,
            seen=seen,
            how=f"Theil-Sen slope of {listed(names)}, {test_text(study, name)}; hatched: {test}. "
            "Windows that overlap share their data.",
            alt=f"Matrix of layers by windows for each place. {seen}",
            draw=partial(
                place_matrices, one["slope"], one["firm"], columns=names, layers=layers,
                scale=scale, texts=texts, title=title, subtitle=subtitle_of(study, name), cell=0.75,
                label=with_unit("Theil-Sen slope", units), frame=study.frame,
                note=f"In each cell: the slope, below it p. Hatched: {test}.",
            ),
        )  # fmt: skip


def _text(slope: float, p: float) -> str:
    return f"{number(slope, 2)}\n{p_text(p)}" if np.isfinite(slope) else ""
