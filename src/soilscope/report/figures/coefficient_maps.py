"""Maps of standardised coefficients: a row for each layer, a column for each driver."""

from collections.abc import Iterator, Sequence
from functools import partial

import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.drivers import driver_method, driver_names
from soilscope.report.mapping import area_of, draw_map, map_axes, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.seen import leaders
from soilscope.report.style import SIGNED, WIDTH, Scale, symmetric
from soilscope.report.trends import significant
from soilscope.report.words import ALPHA, file_stem, listed, without_estimate

LEFT = 0.95
GAP = 0.08


def coefficient_maps(
    coefficient: xr.DataArray,
    *,
    drivers: Sequence[str],
    layers: Sequence[str],
    scale: Scale,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    zone: xr.DataArray | None = None,
    hatched: xr.DataArray | None = None,
) -> Figure:
    """Draw `coefficient` (driver, depth, vertical, horizontal) with limits that all maps share."""
    area = area_of(coefficient, zone)
    n_rows, n_cols = len(layers), len(drivers)
    by_width = (WIDTH - LEFT - 0.08 - (n_cols - 1) * GAP) / n_cols
    by_height = (8.3 / n_rows - GAP) / area.shape
    width = min(by_width, by_height, 1.9)
    out = map_sheet(
        n_rows, n_cols, area, width=width, title=title, subtitle=subtitle, note=note,
        frame=frame, left=LEFT, gap_y=GAP,
    )  # fmt: skip
    for row, layer in enumerate(layers):
        for col, driver in enumerate(drivers):
            ax = out.axes[row, col]
            values = area.cells(coefficient.isel(driver=col, depth=row))
            mask = None
            if hatched is not None:
                mask = area.cells(hatched.isel(driver=col, depth=row)).astype(bool)
                mask &= values == values
            draw_map(ax, values, area, scale, hatched=mask)
            map_axes(ax, area, bottom=row == n_rows - 1, left=col == 0)
            if row == 0:
                ax.set_title(
                    driver, fontsize=_header_size(drivers, width), fontweight="bold", pad=3
                )
        first = out.axes[row, 0].get_position()
        out.figure.text(
            first.x0 - (LEFT - 0.06) / out.width,
            (first.y0 + first.y1) / 2,
            layer,
            va="center",
            fontsize=6.8,
        )
    out.bar_below(scale, "standardised partial regression coefficient")
    return out.figure


def _header_size(drivers: Sequence[str], width: float) -> float:
    """Size at which the longest name fits over a map of `width` inches."""
    longest = max(len(driver) for driver in drivers)
    return min(7.0, width * 72 / (0.68 * longest))


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of maps, driver by layer."""
    ds = study.data(name)
    coefficient = ds["standardized_coefficient"].transpose("driver", "depth", ...).compute()
    adjusted = study.adjusted(name)
    drivers, layers = driver_names(ds), study.layers(ds)
    title = f"Association of soil moisture with its drivers ({name})"
    method = driver_method(study, name)
    seen = leaders(coefficient.values, drivers, layers)
    missing = without_estimate(ds["status"].compute()) if "status" in ds else ""
    yield Plate(
        key=file_stem("coefficient-maps", name),
        title=title,
        seen=seen,
        how=(
            f"Standardised partial regression coefficients, {method}; "
            + (
                f"hatched where p after the false discovery rate is not below {ALPHA:g}."
                if adjusted is not None
                else "no significance is claimed, since no p-values were adjusted."
            )
        ),
        alt=f"{len(layers) * len(drivers)} maps: {len(layers)} layers by {listed(drivers)}. {seen}",
        draw=partial(
            coefficient_maps, coefficient, drivers=drivers, layers=layers,
            scale=symmetric(coefficient.values, SIGNED), title=title,
            subtitle=f"{method[0].upper()}{method[1:]}.",
            note=(
                f"Hatched: p after the false discovery rate is not below {ALPHA:g}. "
                if adjusted is not None else ""
            ) + f"Association, not effect. Grey: no value. {missing}".strip(),
            frame=study.frame, zone=study.zone,
            hatched=None if adjusted is None
            else ~significant(adjusted.transpose("driver", "depth", ...)),
        ),
    )  # fmt: skip
