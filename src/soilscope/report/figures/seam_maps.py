"""One day of every downscaling beside the others: whether borders of coarse cells show."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.figures.month_maps import wetness_scale
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.words import decimals, file_stem, with_unit

MOST = 4


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet with the first of the downscalings: the others of its grid beside it."""
    names = [n for n in study.of_step("downscale") if _alike(study, name, n)][:MOST]
    if not names or names[0] != name:
        return
    day = _day(study.data(name))
    if day is None:
        return
    stamp = str(study.data(name)["time"].values[day])[:10]
    fields = [study.data(n)["soil_moisture"].isel(time=day, drop=True).compute() for n in names]
    field = xr.concat(fields, "depth", coords="minimal", compat="override")
    indices = [float(study.data(n)["seam_index"].mean()) for n in names]
    labels = [
        f"{n}: residual {study.records[n].options.get('residual')}, seam index {decimals(i, 2)}"
        for n, i in zip(names, indices, strict=True)
    ]
    said = ", ".join(f"{decimals(i, 2)} in {n}" for n, i in zip(names, indices, strict=True))
    seen = f"The mean seam index of all days is {said}; 1 means that no border shows."
    units = fields[0].attrs.get("units")
    title = f"Borders of coarse cells on {stamp}"
    yield Plate(
        key=file_stem("seams", name),
        title=title,
        seen=seen,
        how="Seam index: mean jump between neighbours across borders of coarse cells over mean "
        "jump inside of them; the day shown is that of the median index.",
        alt=f"Maps of soil moisture of one day, one for each downscaling. {seen}",
        draw=partial(
            layer_maps, field.assign_attrs(fields[0].attrs), layers=labels,
            scale=wetness_scale(field), title=title, label=with_unit("soil moisture", units),
            frame=study.frame, zone=study.zone, subtitle="The same day of each downscaling.",
        ),
    )  # fmt: skip


def _alike(study: Study, name: str, other: str) -> bool:
    """Whether two downscalings have the same cells and days."""
    a, b = (study.data(n)["soil_moisture"] for n in (name, other))
    return a.sizes == b.sizes and bool((a["time"].values == b["time"].values).all())


def _day(ds: xr.Dataset) -> int | None:
    """Return the day of the median seam index among those with most values."""
    index = ds["seam_index"].values
    share = ds["valid_share"].values
    usable = np.flatnonzero(np.isfinite(index) & (share >= 0.9 * np.nanmax(share, initial=0)))
    if usable.size == 0:
        return None
    order = usable[np.argsort(index[usable])]
    return int(order[order.size // 2])
