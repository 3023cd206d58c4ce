"""Statistics of fields as the report reads them: a series of dates for each region and layer."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from soilscope.report.reading import Study, place_dim, place_names


def groups(study: Study, ds: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield (name, part) for every place and layer of `ds`; the name is empty if there is one."""
    dim = place_dim(ds)
    places = place_names(ds)
    layers = study.layers(ds)
    for i, place in enumerate(places):
        for k, layer in enumerate(layers):
            here = ({dim: i} if dim else {}) | ({"depth": k} if "depth" in ds.dims else {})
            part = ds.isel(here, drop=True)
            others = [d for d in part.dims if d not in ("time", "probability")]
            if not others:
                yield ", ".join(word for word in (place, layer) if word), part


def date_names(time: xr.DataArray) -> list[str]:
    """Write dates as '2020-07', or '2020-07-15' where a month comes twice; numbers as they are."""
    if not hasattr(time, "dt"):
        return [f"{v:g}" for v in time.values]
    months = [str(v) for v in time.dt.strftime("%Y-%m").values]
    if len(set(months)) == len(months):
        return months
    return [str(v) for v in time.dt.strftime("%Y-%m-%d").values]


def spaced_out(count: int, most: int) -> list[int]:
    """At most `most` of `count` positions, evenly from the first to the last.

    >>> spaced_out(36, 4)
    [0, 12, 23, 35]
    """
    return sorted({round(float(k)) for k in np.linspace(0, count - 1, min(count, most))})
