"""A map for each layer with one scale of colours: the sheet that several kinds of maps share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.mapping import area_of, map_columns, map_sheet
from soilscope.report.reading import Frame
from soilscope.report.style import Scale


def layer_maps(
    field: xr.DataArray,
    *,
    layers: Sequence[str],
    scale: Scale,
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
    note: str = "",
    zone: xr.DataArray | None = None,
    hatched: xr.DataArray | None = None,
) -> Figure:
    """Draw `field` (depth, vertical, horizontal), a map a layer, hatched where `hatched`."""
    area = area_of(field, zone)
    count = len(layers)
    cols, width = map_columns(count, area)
    rows = -(-count // cols)
    out = map_sheet(
        rows, cols, area, width=width, title=title, subtitle=subtitle,
        note=f"{note} Grey: no value.".strip(), frame=frame,
    )  # fmt: skip
    for i, layer in enumerate(layers):
        row, col = divmod(i, cols)
        mask = None if hatched is None else area.cells(_layer(hatched, i)).astype(bool)
        values = area.cells(_layer(field, i)).astype(float)
        out.draw(row, col, values, scale, hatched=None if mask is None else _valid(mask, values))
        out.degrees(row, col, bottom=i + cols >= count, left=col == 0)
        out.title(row, col, layer)
    out.sheet.bar_below(scale, label)
    return out.done()


def _layer(field: xr.DataArray, i: int) -> xr.DataArray:
    return field.isel(depth=i) if "depth" in field.dims else field


def _valid(mask: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(mask & np.isfinite(values))
