"""Results as tables: a row for each place, date and layer, in UTF-8 with a byte-order mark."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.grid.crs import grid_dims
from soilscope.names import flag_table
from soilscope.study.export_piece import Piece
from soilscope.study.export_words import date_form
from soilscope.times import is_time_like

ROWS = 500_000  # that are made at a time


def csv_pieces(name: str, ds: xr.Dataset) -> Iterator[Piece]:
    """Yield a table for each set of dimensions of a result, and one of their columns."""
    tables: dict[str, xr.Dataset] = {}
    for dims, variables in _by_dims(ds).items():
        stem = name if not tables else f"{name}_by_{'_'.join(dims)}" if dims else f"{name}_whole"
        tables[f"{stem}.csv"] = ds[variables].transpose(*dims)
    for file, table in tables.items():
        yield Piece(file, partial(_write, ds=table))
    yield Piece(f"{name}_columns.csv", partial(_write_columns, tables=tables))


def _by_dims(ds: xr.Dataset) -> dict[tuple[str, ...], list[str]]:
    """Group variables with the same dimensions, in the order of the result."""
    groups: dict[frozenset[str], list[str]] = {}
    for key, da in ds.data_vars.items():
        groups.setdefault(frozenset(map(str, da.dims)), []).append(str(key))
    return {tuple(map(str, ds[names[0]].dims)): names for names in groups.values()}


def _write(path: Path, *, ds: xr.Dataset) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        for k, part in enumerate(_parts(ds)):
            part.to_csv(
                file, index=False, header=k == 0, float_format="%.9g", lineterminator="\n",
                encoding="utf-8-sig",
            )  # fmt: skip


def _parts(ds: xr.Dataset) -> Iterator[pd.DataFrame]:
    dims = [str(d) for d in next(iter(ds.data_vars.values())).dims]
    if not dims:
        yield _frame(ds.expand_dims("_"), ["_"]).drop(columns="_", errors="ignore")
        return
    first = dims[0]
    rest = int(np.prod([ds.sizes[d] for d in dims[1:]], dtype=np.int64))
    step = max(1, ROWS // max(1, rest))
    for start in range(0, max(1, ds.sizes[first]), step):
        yield _frame(ds.isel({first: slice(start, start + step)}).load(), dims)


def _frame(ds: xr.Dataset, dims: list[str]) -> pd.DataFrame:
    """Make rows; on a grid those without any value are left out."""
    floats = [str(v) for v, da in ds.data_vars.items() if da.dtype.kind == "f"]
    dates = {
        str(key): coord.dt.strftime(date_form(coord))
        for key, coord in ds.coords.items()
        if is_time_like(coord)
    }
    frame = ds.to_dataframe(dim_order=dims).reset_index()
    for name, texts in dates.items():
        words = dict(zip(ds[name].values.ravel(), texts.values.ravel(), strict=True))
        frame[name] = frame[name].map(words)
    if grid_dims(ds) is not None and floats:
        frame = frame[frame[floats].notna().any(axis=1)]
    for key, da in ds.data_vars.items():
        if "flag_meanings" in da.attrs:
            frame[str(key)] = frame[str(key)].map(_meanings(da.attrs))
    beside = {*map(str, frame.columns)} - {*map(str, ds.data_vars), "spatial_ref", *dims}
    coords = [d for d in dims if d in frame]
    return frame[[*coords, *sorted(beside, reverse=True), *map(str, ds.data_vars)]]


def _meanings(attrs: dict[str, Any]) -> dict[int, str]:
    return {int(code): word for code, word in flag_table(attrs).items()}


def _write_columns(path: Path, *, tables: dict[str, xr.Dataset]) -> None:
    """Say what each column holds, and in which units."""
    rows = [
        {
            "file": file,
            "column": key,
            "units": variable.attrs.get("units", ""),
            "long_name": variable.attrs.get("long_name", ""),
            "values": str(variable.attrs.get("flag_meanings", "")).replace(" ", ", "),
        }
        for file, table in tables.items()
        for key, variable in (*table.coords.items(), *table.data_vars.items())
        if key != "spatial_ref"
    ]
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
