"""Rows of a CSV or Parquet file: one a site and date (and depth), in any order."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import nearest
from soilscope.errors import SourceError
from soilscope.sources.axes import guess_column
from soilscope.sources.canonical import CANONICAL
from soilscope.sources.declared import Declared
from soilscope.sources.timeaxis import parse_stamps

Array = npt.NDArray[Any]
_KEYS = ("time", "depth", "site")


def read_rows(path: Path, declared: Declared, *, kind: str) -> xr.Dataset:
    """Read rows into a Dataset with the file's own variable names, and dims named as columns.

    A column along time, depth and site becomes a variable; one that depends on the site (or the
    depth) alone a coordinate.
    """
    table = _read_parquet(path) if kind == "parquet" else _read_text(path, declared)
    if table.empty:
        raise SourceError(f"{path} has no rows.")
    keys = _keys(table, path, declared)
    columns = _columns(table, path, declared)
    where = {
        dim: pd.factorize(_key(table[column], dim, path, declared), sort=dim != "site")
        for dim, column in keys.items()
    }
    _require_single(table, keys, path)
    layers = declared.layers
    bounds = [] if layers is None else [c for c in (layers.top, layers.bottom) if c is not None]
    ds = xr.Dataset(coords={keys[d]: (keys[d], _labels(where[d][1])) for d in keys})
    by_site = _places(table, columns, keys, declared)
    shape = tuple(len(where[d][1]) for d in keys)
    codes = tuple(where[d][0] for d in keys)
    for column in columns:
        values = np.full(shape, np.nan)
        values[codes] = _numbers(table[column], path, declared)
        ds[column] = (tuple(keys.values()), values)
    for dim, names in (("site", by_site), ("depth", bounds)):
        for column in names if dim in keys else ():
            ds.coords[column] = (keys[dim], _one_each(table, column, where[dim], path, dim))
    return ds


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


def _read_text(path: Path, declared: Declared) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path,
            sep=declared.separator,
            decimal=declared.decimal,
            encoding=declared.encoding,
            low_memory=False,
            dtype=_as_text(declared),
        )
    except UnicodeDecodeError as fault:
        raise SourceError(
            f"{path} is not encoded in {declared.encoding} (byte {fault.object[fault.start]:#x}); "
            "write encoding, as in encoding: gb18030 or latin-1."
        ) from None
    except LookupError:
        raise SourceError(f"encoding {declared.encoding!r} is unknown.") from None
    except pd.errors.ParserError as fault:
        raise SourceError(
            f"{path} is no table of equal rows: {str(fault).splitlines()[0]}; see separator "
            f"(now {declared.separator!r})."
        ) from None


def _as_text(declared: Declared) -> dict[str, type[str]]:
    """Site labels such as 01022500 keep their zeros."""
    theirs = declared.theirs("site")
    return {} if theirs is None else {theirs: str}


def _keys(table: pd.DataFrame, path: Path, declared: Declared) -> dict[str, str]:
    names = [str(c) for c in table.columns]
    keys = {}
    for dim in _KEYS:
        theirs = declared.theirs(dim)
        if theirs is not None and theirs not in names:
            raise SourceError(
                f"dims.{dim} names the column {theirs!r}, which {path} does not have"
                f"{nearest(theirs, names)}; its columns are: {_some(names)}."
                f"{_one_column(names, declared)}"
            )
        theirs = theirs or guess_column(names, dim)
        if theirs is not None:
            keys[dim] = theirs
    if "time" not in keys and declared.time_from_name is None:
        raise SourceError(
            f"{path} has no column of dates that we know; name it, as in dims: {{time: date}}; its "
            f"columns are: {_some(names)}.{_one_column(names, declared)}"
        )
    return keys


def _columns(table: pd.DataFrame, path: Path, declared: Declared) -> list[str]:
    names = [str(c) for c in table.columns]
    if declared.variables is None:
        return [n for n in names if n in CANONICAL]
    asked = [s for v in declared.variables for s in v.source]
    missing = [s for s in asked if s not in names]
    if len(missing) == len(asked):
        raise SourceError(
            f"{path} has no column {missing[0]!r}{nearest(missing[0], names)}; "
            f"its columns are: {_some(names)}.{_one_column(names, declared)}"
        )
    return [s for s in asked if s in names]


def _key(column: pd.Series, dim: str, path: Path, declared: Declared) -> pd.Series:
    if column.isna().any():
        row = int(column.isna().to_numpy().argmax()) + 1
        raise SourceError(
            f"{path} has no {column.name!r} in row {row} of its data; fill or drop it."
        )
    if dim != "time":
        return column.astype(str) if dim == "site" else column
    if declared.time_format is not None:
        stamps = parse_stamps(
            column.to_numpy(), declared.time_format, where=f"{column.name!r} in {path}"
        )
        return pd.Series(stamps)
    if pd.api.types.is_numeric_dtype(column):
        raise SourceError(
            f"{column.name!r} in {path} holds numbers such as {column.iloc[0]}; write their "
            "format, as in time_format: '%Y%m'."
        )
    dates = pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)
    if dates.isna().any():
        row = int(dates.isna().to_numpy().argmax())
        raise SourceError(
            f"{column.name!r} in {path} holds {column.iloc[row]!r} (row {row + 1}), which is no "
            "date like the others; mend it, or write time_format."
        )
    return dates.astype("datetime64[ns]")


def _require_single(table: pd.DataFrame, keys: dict[str, str], path: Path) -> None:
    twice = table.duplicated(list(keys.values()))
    if twice.any():
        row = int(twice.to_numpy().argmax())
        what = ", ".join(f"{c} {table[c].iloc[row]}" for c in keys.values())
        raise SourceError(
            f"{path} holds {what} twice (row {row + 1} of its data, {int(twice.sum())} such rows); "
            "keep one of them, or name the missing dimension in dims (site, depth)."
        )


def _numbers(column: pd.Series, path: Path, declared: Declared) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    texts = {m for v in declared.variables or () if column.name in v.source for m in v.missing}
    column = column.where(~column.isin([t for t in texts if isinstance(t, str)]))
    plain = column.astype("str").str.replace(declared.decimal, ".", regex=False)
    numbers = pd.to_numeric(plain.where(column.notna()), errors="coerce")
    bad = numbers.isna() & column.notna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise SourceError(
            f"{column.name!r} in {path} holds {column.iloc[row]!r} (row {row + 1} of its data), "
            f"which is no number; write it as missing: [{column.iloc[row]!r}], or see decimal "
            f"(now {declared.decimal!r})."
        )
    return numbers.astype(float)


def _places(
    table: pd.DataFrame, columns: list[str], keys: dict[str, str], declared: Declared
) -> list[str]:
    names = [str(c) for c in table.columns]
    found = []
    for ours in ("latitude", "longitude", "x", "y"):
        theirs = declared.theirs(ours) or guess_column(names, ours)
        if theirs in names and theirs not in columns and theirs not in keys.values():
            found.append(str(theirs))
    return found


def _one_each(
    table: pd.DataFrame,
    column: str,
    where: tuple[Array, pd.Index],
    path: Path,
    dim: str,
) -> Array:
    if column not in table.columns:
        raise SourceError(f"depth_bounds names the column {column!r}, which {path} does not have.")
    groups = table[column].groupby(where[0])
    if (groups.nunique() > 1).any():
        raise SourceError(f"{column!r} in {path} changes within one {dim}; it must not.")
    values: Array = groups.first().reindex(range(len(where[1]))).to_numpy()
    return values


def _labels(index: pd.Index) -> Array:
    text = index.dtype.kind in "OTU"
    values: Array = index.to_numpy(dtype=object) if text else index.to_numpy()
    return values


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _one_column(names: Sequence[str], declared: Declared) -> str:
    if len(names) > 1:
        return ""
    return f" A single column: is the separator not {declared.separator!r}? Write separator."
