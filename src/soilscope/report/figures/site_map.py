"""Where the sites of a study lie: points with names on a graticule, and a scale bar."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.areas import extent_text
from soilscope.report.figures.study_area import graticule, scale_bar
from soilscope.report.mapping import Area, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, grid_dims, place_names
from soilscope.report.style import CATEGORIES, INK, WIDTH
from soilscope.report.words import listed, number

Array = np.ndarray[Any, Any]
WIDEST = 6.2
TALLEST = 4.6
NAMED = 60  # sites that get their names on the map
LETTER = 0.054  # inches
HIGH = 0.1  # of a name
POINT = 0.05
NONE = np.empty((0, 2, 2))


def site_map(
    at: Array,
    names: Sequence[str],
    area: Area,
    *,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
) -> Figure:
    """Draw sites `at` (n, 2: longitude, latitude), with their names where there is room."""
    width = min(WIDEST, TALLEST / area.shape, WIDTH - 0.6)
    out = map_sheet(
        1, 1, area, width=width, title=title, subtitle=subtitle, note=note, frame=frame, foot=0.02,
        top=0.1,
    )  # fmt: skip
    box = out.place(0, 0)
    out.canvas.frame(box)
    graticule(out)
    left, right, bottom, top = area.extent
    points = np.stack([box.across(at[:, 0], left, right), box.up(at[:, 1], bottom, top)], axis=1)
    out.canvas.marks(points, CATEGORIES[0], 4.5, markeredgecolor="white", markeredgewidth=0.5)
    if len(names) <= NAMED:
        limits = (box.left, box.right, box.bottom, box.top)
        for name, corner in zip(names, labels(points, names, limits), strict=True):
            if corner is not None:
                out.canvas.text(*corner, name, fontsize=6.2, color=INK, va="center_baseline",
                                zorder=4)  # fmt: skip
    scale_bar(out)
    return out.done()


def labels(
    points: Array, names: Sequence[str], limits: tuple[float, float, float, float]
) -> list[tuple[float, float] | None]:
    """Left ends and heights of names beside their points: none upon another, or None."""
    taken = [(x - POINT, x + POINT, y - POINT, y + POINT) for x, y in points]
    found: list[tuple[float, float] | None] = []
    for (x, y), name in zip(points, names, strict=True):
        wide = len(name) * LETTER
        corners = [
            (x + 0.07, y), (x - 0.07 - wide, y), (x - wide / 2, y + 0.11), (x - wide / 2, y - 0.11),
            (x + 0.05, y + 0.1), (x + 0.05, y - 0.1),
        ]  # fmt: skip
        best = next((c for c in corners if _free(c, wide, taken, limits)), None)
        found.append(best)
        if best is not None:
            taken.append((best[0], best[0] + wide, best[1] - HIGH / 2, best[1] + HIGH / 2))
    return found


def _free(
    corner: tuple[float, float],
    wide: float,
    taken: Sequence[tuple[float, float, float, float]],
    limits: tuple[float, float, float, float],
) -> bool:
    x, y = corner
    inside = limits[0] <= x and x + wide <= limits[1] and limits[2] <= y - 0.05 <= limits[3] - 0.1
    return inside and not any(
        x < right and x + wide > left and y - HIGH / 2 < top and y + HIGH / 2 > bottom
        for left, right, bottom, top in taken
    )


def area_around(at: Array) -> Area:
    """Frame points (n, 2: longitude, latitude) with room for their names."""
    low, high = at.min(axis=0), at.max(axis=0)
    aspect = 1 / np.cos(np.deg2rad(float(np.clip((low[1] + high[1]) / 2, -80, 80))))
    middle, half = (low + high) / 2, np.maximum((high - low) * 0.62, 0.1)
    half[0] = max(half[0], half[1] * aspect / 1.0)  # no narrower than high
    half[1] = max(half[1], half[0] / aspect * 0.5)  # no lower than half its width
    ends = np.stack([middle - half, middle + half], axis=1)
    return Area(
        ("latitude", "longitude"), slice(None), slice(None),
        (float(ends[0, 0]), float(ends[0, 1]), float(ends[1, 0]), float(ends[1, 1])), True,
        float(aspect), NONE,
    )  # fmt: skip


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one map of the sites of a cube that says where they lie."""
    cube = study.data(name)
    if grid_dims(cube) is not None or "site" not in cube.dims:
        return
    places = [cube.coords.get(c) for c in ("longitude", "latitude")]
    if any(c is None or c.dims != ("site",) for c in places):
        return
    at = np.stack([np.asarray(c.values, float) for c in places if c is not None], axis=1)
    known = np.isfinite(at).all(axis=1)
    if not known.any():
        return
    names = [site for site, there in zip(place_names(cube), known, strict=True) if there]
    area = area_around(at[known])
    seen = _seen(cube, at[known], names)
    lost = int((~known).sum())
    yield Plate(
        key="study-area",
        title="Study area",
        seen=seen + (f" {lost} more have no coordinates." if lost else ""),
        how="Sites of the study at the coordinates that their file gives; the scale bar holds at "
        "the middle of the map.",
        alt=f"Map of the sites. {seen}",
        draw=partial(
            site_map, at[known], names, area, title="Study area",
            subtitle=f"{extent_text(area)[0].upper()}{extent_text(area)[1:]}.",
            note="Points: sites" + (", named where there is room." if len(names) <= NAMED else "."),
            frame=study.frame,
        ),
    )  # fmt: skip


def _seen(cube: xr.Dataset, at: Array, names: Sequence[str]) -> str:
    """Say how many sites there are, and how far they reach."""
    low, high = at.min(axis=0), at.max(axis=0)
    ends = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    where = extent_text(
        Area(("latitude", "longitude"), slice(None), slice(None), ends, True, 1.0, NONE)
    )
    text = f"{len(names)} {'sites lie' if len(names) > 1 else 'site lies'} {where}"
    if "area_km2" in cube.coords:
        areas = np.asarray(cube["area_km2"].values, float)
        text += f", with areas of {number(areas.min(), 2)} to {number(areas.max(), 2)} km²"
    return f"{text}: {listed(list(names), most=8)}."
