"""Trend maps: slope in colour, cells without a significant trend hatched."""

from collections.abc import Iterator
from functools import partial

import xarray as xr

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.parts import window_names
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import at_layer, map_count, typical_cells
from soilscope.report.style import Scale, symmetric
from soilscope.report.trends import significant, subtitle_of, test_text
from soilscope.report.words import ALPHA, file_stem, percent, with_unit


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet with a slope map for each layer, and of each window of the record if it has."""
    ds = study.data(name)[["slope"]].compute()
    adjusted = study.adjusted(name)
    windows = window_names(ds) if "window" in ds.dims else [""]
    scale = symmetric(ds["slope"].values)
    for k, window in enumerate(windows):
        part = {"window": k} if window else {}
        slope = ds["slope"].isel(part)
        p = None if adjusted is None else adjusted.isel(part)
        yield _plate(study, name, slope, p, scale, window, k + 1)


def _plate(
    study: Study,
    name: str,
    slope: xr.DataArray,
    adjusted: xr.DataArray | None,
    scale: Scale,
    window: str,
    part: int,
) -> Plate:
    layers = study.layers(slope)
    test = test_text(study, name)
    reference = study.reference_text(name)
    what = "the index" if reference else "soil moisture"
    what = what if reference or study.is_moisture(name) else "the series"
    when = f", {window}" if window else ""
    title = f"Trend of {what} in each layer{when} ({name})"
    if adjusted is not None:
        note = (
            f"Hatched: not significant; bare colour: p < {ALPHA:g} after the false discovery rate "
            f"of each map, so that about {percent(ALPHA)} of the bare cells may be false."
        )
        claim = f"hatched where p after the false discovery rate is not below {ALPHA:g}"
    else:
        note = "No cell is marked: the study adjusts no p-values for the many tests of a map."
        claim = "no significance is claimed, since no p-values were adjusted"
    seen = _seen(slope, adjusted, layers)
    key = ("window-maps", name, str(part)) if window else ("trend-maps", name)
    return Plate(
        key=file_stem(*key),
        title=title,
        seen=f"{window}: {seen[0].lower()}{seen[1:]}" if window else seen,
        how=(
            f"Theil-Sen slope of {what}{when}, {test}; {claim}"
            + (f"; index against {reference}." if reference else ".")
            + (" All windows share their colours." if window else "")
        ),
        alt=f"{map_count(layers)} of the slope{when}. {_alt(slope, adjusted, layers)}",
        draw=partial(
            layer_maps, slope, layers=layers, scale=scale,
            label=with_unit("Theil-Sen slope", slope.attrs.get("units")), title=title,
            subtitle=subtitle_of(study, name),
            note=note, frame=study.frame, zone=study.zone,
            hatched=None if adjusted is None else ~significant(adjusted),
        ),
    )  # fmt: skip


def _alt(slope: xr.DataArray, adjusted: xr.DataArray | None, layers: list[str]) -> str:
    if adjusted is None:
        return _seen(slope, adjusted, layers)
    said = [
        f"{layer}: of {cells} cells {up} significantly rising, {down} falling"
        for layer, (cells, up, down) in zip(layers, _counts(slope, adjusted), strict=True)
    ]
    return "; ".join(said) + "."


def _counts(slope: xr.DataArray, adjusted: xr.DataArray) -> list[tuple[int, int, int]]:
    """Cells of each layer: (all, significantly rising, significantly falling)."""
    found = []
    for i in range(slope.sizes.get("depth", 1)):
        one, p = (a.isel(depth=i) if "depth" in a.dims else a for a in (slope, adjusted))
        up, down = (int((significant(p) & side).sum()) for side in (one > 0, one < 0))
        found.append((int(one.notnull().sum()), up, down))
    return found


def _seen(slope: xr.DataArray, adjusted: xr.DataArray | None, layers: list[str]) -> str:
    """Say in which layers most cells rise and fall significantly."""
    if adjusted is None:
        units = slope.attrs.get("units")
        values = slope.transpose("depth", ..., missing_dims="ignore").values
        return typical_cells(values, layers, "slope", units)
    counts = _counts(slope, adjusted)
    shares = [(up / n if n else 0.0, down / n if n else 0.0) for n, up, down in counts]
    said = []
    for side, word in enumerate(("rises", "falls")):
        most = max(range(len(layers)), key=lambda k, s=side: shares[k][s])  # type: ignore[misc]
        if shares[most][side] > 0:
            share = percent(shares[most][side])
            said.append(f"{word} significantly in {share} of the cells{at_layer(layers[most])}")
    if not said:
        return "The slope is significant in no cell of any layer."
    return f"The series {' and '.join(said)}, the largest {'shares' if said[1:] else 'share'}."
