"""Maps in rows and columns with one scale of colours: layers down; drivers or windows across."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.mapping import area_of, map_sheet
from soilscope.report.reading import Frame
from soilscope.report.style import WIDTH, Scale

LEFT = 1.0
GAP = 0.08
TALL = 8.3  # inches that the maps of one sheet may take


def map_grid(
    field: xr.DataArray,
    *,
    columns: Sequence[str],
    layers: Sequence[str],
    scale: Scale,
    label: str,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    zone: xr.DataArray | None = None,
    hatched: xr.DataArray | None = None,
) -> Figure:
    """Draw `field` (column, depth, vertical, horizontal), hatched where `hatched`."""
    area = area_of(field, zone)
    n_rows, n_cols = len(layers), len(columns)
    by_width = (WIDTH - LEFT - 0.08 - (n_cols - 1) * GAP) / n_cols
    by_height = (TALL / n_rows - GAP) / area.shape
    width = min(by_width, by_height, 1.9)
    out = map_sheet(
        n_rows, n_cols, area, width=width, title=title, subtitle=subtitle, note=note,
        frame=frame, left=LEFT, gap_y=GAP,
    )  # fmt: skip
    size = min(7.0, width * 72 / (0.64 * max(len(column) for column in columns)))
    for row, col in np.ndindex(n_rows, n_cols):
        values = area.cells(field[col, row])
        mask = None
        if hatched is not None:
            mask = area.cells(hatched[col, row]).astype(bool) & np.isfinite(values)
        out.draw(row, col, values, scale, hatched=mask)
        out.degrees(row, col, bottom=row == n_rows - 1, left=col == 0)
        if row == 0:
            box = out.place(row, col)
            out.canvas.text(
                (box.left + box.right) / 2, box.top + 0.04, columns[col], ha="center", va="bottom",
                fontsize=size, fontweight="bold",
            )  # fmt: skip
        if col == 0:
            box = out.place(row, col)
            out.canvas.text(
                box.left - 0.42, (box.bottom + box.top) / 2, layers[row], ha="right", va="center",
                fontsize=6.8,
            )  # fmt: skip
    out.sheet.bar_below(scale, label)
    return out.done()
