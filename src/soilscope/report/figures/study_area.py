"""Where the study lies: zones in colours or sites as points, graticule and scale bar."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from soilscope.report.areas import bar_km, extent_text, inside, km_per_unit
from soilscope.report.mapping import Area, MapSheet, area_of, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, grid_dims, zone_names
from soilscope.report.style import CATEGORIES, INK, MASKED, QUIET, WIDTH
from soilscope.report.words import file_stem, listed, percent

WIDEST = 5.4
TALLEST = 5.0
ALONE = "#a9c6df"  # of one zone: a whole sheet of a strong colour says nothing


def study_area(
    codes: xr.DataArray,
    names: Mapping[int, str],
    area: Area,
    *,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw `codes` of zones (negative: outside) with a legend, a graticule and a scale bar."""
    width = min(WIDEST, TALLEST / area.shape, WIDTH - 0.6)
    out = map_sheet(
        1, 1, area, width=width, title=title, subtitle=subtitle, note="Grey: outside the study.",
        frame=frame, foot=0.12 + 0.17 * -(-len(names) // 3), top=0.1,
    )  # fmt: skip
    order = sorted(names)
    values = area.cells(codes)
    positions = np.full(values.shape, -1)
    for place, code in enumerate(order):
        positions[values == code] = place
    colours = [CATEGORIES[k % len(CATEGORIES)] for k in range(len(order))]
    if len(order) == 1:
        colours = [ALONE]
    norm = BoundaryNorm(np.arange(-1.5, len(order)), len(order) + 1)
    out.draw_categories(0, 0, positions, ListedColormap([MASKED, *colours]), norm)
    graticule(out)
    scale_bar(out)
    out.figure.legend(
        handles=[Patch(color=c, label=names[k]) for c, k in zip(colours, order, strict=True)],
        loc="lower center", ncols=min(3, len(order)), frameon=False, fontsize=7,
        bbox_to_anchor=(0.5, (out.sheet.note + 0.01) / out.sheet.height),
    )  # fmt: skip
    return out.done()


def graticule(out: MapSheet) -> None:
    """Label the edges of the one map of a sheet, and draw lines between the labels."""
    box = out.place(0, 0)
    across, up = out.degrees(0, 0, bottom=True, left=True)
    lines = [[(x, box.bottom), (x, box.top)] for x in across]
    lines += [[(box.left, y), (box.right, y)] for y in up]
    out.canvas.lines(np.asarray(lines), QUIET, 0.3)


def scale_bar(out: MapSheet) -> None:
    """Draw a bar of a round length in the lower right corner."""
    box, length = out.place(0, 0), bar_km(out.area)
    left, right = out.area.extent[:2]
    inches = length / km_per_unit(out.area) / (right - left) * box.width
    x, y = box.right - 0.15 - inches, box.bottom + 0.13
    out.canvas.lines(np.asarray([[(x, y), (x + inches, y)]]), INK, 2.2, above=3.0)
    out.canvas.text(
        x + inches / 2, y + 0.05, f"{length:g} km", ha="center", va="bottom", fontsize=7,
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}, zorder=3,
    )  # fmt: skip


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one map of the study area of a gridded cube."""
    cube = study.data(name)
    if grid_dims(cube) is None or not {"zone", "soil_moisture"} & set(cube.data_vars):
        return
    valid = inside(cube)
    if "zone" in cube and "flag_values" in cube["zone"].attrs:
        codes = cube["zone"].compute()
        names = zone_names(cube["zone"])
    else:
        codes, names = valid.astype(int) - 1, {0: "study area"}
    if list(names.values()) == ["region"]:  # what a zone is called that nobody named
        names = dict.fromkeys(names, "study area")
    area = area_of(codes.where(valid), study.zone)
    counts = {code: int((codes == code).sum()) for code in names}
    labels = {code: f"{word} ({counts[code]:,} cells)" for code, word in names.items()}
    many = f"{len(names)} zones" if len(names) > 1 else "The study area"
    told = listed([labels[k] for k in sorted(labels)], most=6)
    named = f"{many}, {told}," if [*names.values()] != ["study area"] else f"The {told}"
    seen = (
        f"{named} {'cover' if len(names) > 1 else 'covers'} {percent(float(valid.mean()))} of the "
        f"grid; the map reaches {extent_text(area)}."
    )
    geographic = area.dims[0] in ("latitude", "lat")
    yield Plate(
        key=file_stem("study-area"),
        title="Study area",
        seen=seen,
        how="Zones of the study on the grid of its cube; "
        + ("thin lines: meridians and parallels; " if geographic else "")
        + "the scale bar holds at the middle of the map.",
        alt=f"Map of the study area. {seen}",
        draw=partial(
            study_area, codes, labels, area, title="Study area", frame=study.frame,
            subtitle=f"{extent_text(area)[0].upper()}{extent_text(area)[1:]}.",
        ),
    )  # fmt: skip
