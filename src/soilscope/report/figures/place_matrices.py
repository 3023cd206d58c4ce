"""A matrix for each region or site: layers down; drivers, lags or windows across."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import draw_matrix, lie_flat, steep, steep_height, wrapped
from soilscope.report.reading import Frame, place_names
from soilscope.report.style import WIDTH, Scale
from soilscope.report.words import decimals

PER_SHEET = 6
MOST = 24
LEFT = 0.85
GAP = 0.15
SIZE = 5.8  # points of the headings


def place_matrices(
    values: xr.DataArray,
    firm: xr.DataArray,
    *,
    columns: Sequence[str],
    layers: Sequence[str],
    scale: Scale,
    label: str,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    texts: Sequence[Sequence[Sequence[str]]] | None = None,
    cell: float = 0.66,
) -> Figure:
    """Draw a panel a place from `values` (place, depth, column), hatched where not `firm`.

    `texts` (place, depth, column) stand in the cells; without them the values with two decimals.
    `cell` is the greatest width of a cell in inches.
    """
    places = place_names(values)
    cols = min(len(places), 3)
    rows = -(-len(places) // cols)
    width = min(cell * len(columns), (WIDTH - LEFT - 0.1 - (cols - 1) * GAP) / cols)
    inches = width / len(columns)
    flat = lie_flat(columns, inches=inches, fontsize=SIZE)
    names = [wrapped(c, inches=inches, fontsize=SIZE) for c in columns] if flat else list(columns)
    lines = max(name.count("\n") + 1 for name in names)
    head = 0.09 * lines + 0.05 if flat else steep_height(names, fontsize=SIZE)
    if texts is None:
        texts = [[[decimals(v, 2) for v in row] for row in block] for block in values.values]
    high = 0.11 + 0.1 * max((t.count("\n") + 1 for b in texts for r in b for t in r), default=1)
    out = sheet(
        rows, cols, panel=(width, high * len(layers)), title=title, subtitle=subtitle, note=note,
        frame=frame, foot=0.5, margins=Margins(left=LEFT, right=0.1, top=0.24 + head, bottom=0.06,
                                               gap_x=GAP, gap_y=0.32 + head),
    )  # fmt: skip
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        draw_matrix(
            ax, values.values[k], scale, rows=layers, columns=names, label_rows=k % cols == 0,
            texts=texts[k], hatched=~firm.values[k], fontsize=6.2 if high < 0.3 else 5.8,
        )  # fmt: skip
        ax.tick_params(axis="x", labelsize=SIZE)
        if not flat:
            steep(ax)
        box = out.place(*divmod(k, cols))
        out.figure.text(
            box.left / out.width, (box.top + head + 0.07) / out.height, places[k], fontsize=7,
            fontweight="bold", va="bottom",
        )  # fmt: skip
    out.bar_below(scale, label)
    return out.figure
