"""Tables of what happens within a record: trends of its windows, and changes of its level."""

from collections.abc import Iterator

import pandas as pd
import xarray as xr

from soilscope.report.parts import change_method
from soilscope.report.reading import Study, as_places, grid_dims, place_dim, place_names
from soilscope.report.tables.table import Table, count, p_value, three, two
from soilscope.report.trends import test_text
from soilscope.report.words import STATUS, file_stem, flags, with_unit


def trend_windows(study: Study, name: str) -> Table | None:
    """List slope, interval and p of each place, layer and window."""
    if grid_dims(study.data(name)) is not None:
        return None
    ds = _with_adjusted(study, name)
    rows = [
        keys
        | {"from": str(one["window_start"].item()), "to": str(one["window_end"].item())}
        | _values(one, ("n_obs", "slope", "slope_low", "slope_high", *_PS))
        for keys, part in _series(study, ds)
        for one in (part.isel(window=i) for i in range(ds.sizes["window"]))
    ]
    return Table(
        file_stem("trend-windows", name), name, "trend", f"Trend of parts of the record ({name})",
        f"Theil-Sen slope of each window, {test_text(study, name)}. Windows that overlap share "
        "their data.",
        pd.DataFrame(rows),
        _PS | {"n_obs": "n", "slope": with_unit("slope", ds["slope"].attrs.get("units")),
               "slope_low": "interval from", "slope_high": "interval to"},
        dict.fromkeys(("slope", "slope_low", "slope_high"), three)
        | dict.fromkeys(_PS, p_value) | {"n_obs": count},
    )  # fmt: skip


def changes(study: Study, name: str) -> Table | None:
    """List time, size and p of the likeliest change of each place and layer."""
    if grid_dims(study.data(name)) is not None:
        return None
    ds = _with_adjusted(study, name)
    values = ("n_obs", "change_time", "shift", "lag1_autocorrelation", *_PS)
    rows = [keys | _values(part, values) for keys, part in _series(study, ds)]
    return Table(
        file_stem("changes", name), name, "trend", f"Likeliest change of level ({name})",
        f"{change_method(study, name)}. A trend is found as a change too: read both.",
        pd.DataFrame(rows),
        _PS | {"n_obs": "n", "change_time": "last year before",
               "shift": with_unit("shift", ds["shift"].attrs.get("units")),
               "lag1_autocorrelation": "lag-1 autocorrelation"},
        {"n_obs": count, "change_time": lambda year: three(year) if year < 1000 else count(year),
         "shift": three, "lag1_autocorrelation": two} | dict.fromkeys(_PS, p_value),
    )  # fmt: skip


_PS = {"p_value_uncorrected": "p, uncorrected", "p_value": "p, corrected", "_adjusted": "p, FDR"}


def _with_adjusted(study: Study, name: str) -> xr.Dataset:
    """Return the result with places and layers, and the adjusted p where the study has one."""
    ds, adjusted = study.data(name), study.adjusted(name)
    if adjusted is not None and adjusted.sizes == ds["p_value"].sizes:
        ds = ds.assign(_adjusted=adjusted)
    return as_places(ds).load()


def _series(study: Study, ds: xr.Dataset) -> Iterator[tuple[dict[str, object], xr.Dataset]]:
    """Give each series with the names of its place and layer."""
    dim = str(place_dim(ds))
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            yield {dim: place, "layer": layer}, ds.isel({dim: i, "depth": j})


def _values(one: xr.Dataset, variables: tuple[str, ...]) -> dict[str, object]:
    """Numbers of one series, and what its status says in words."""
    word = flags(one["status"])[int(one["status"])].replace(" ", "_")
    numbers = {name: float(one[name]) for name in variables if name in one}
    return numbers | {"status": STATUS.get(word) or word}
