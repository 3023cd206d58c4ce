"""Which stamps of an ERA5 file are final, and which preliminary (ERA5T): its `expver`."""

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.names import flag_attrs
from soilscope.sources.declared import Variable
from soilscope.sources.stored import decode_values
from soilscope.sources.timeaxis import Stamps, show

UNKNOWN, FINAL, PRELIMINARY = -1, 0, 1
STATUS = "expver_status"
#: expver 1 is ERA5, 5 is ERA5T; files hold numbers or texts such as "0005".
_MEANING = {1: FINAL, 5: PRELIMINARY}

_WORDS = {UNKNOWN: "unknown", FINAL: "final", PRELIMINARY: "preliminary"}

Period = tuple[pd.Timestamp, pd.Timestamp]
Codes = npt.NDArray[np.int8]


def split_versions(
    raw: xr.Dataset, variables: Sequence[Variable], *, path: Path
) -> list[tuple[xr.Dataset, Codes]]:
    """Return `raw` as parts without the dimension `expver`, each with the status of its stamps.

    Where ERA5 and ERA5T lie along a dimension, the former is missing in the last months: the month
    from which on it is missing is found by reading few fields.
    """
    codes = _codes(raw, path)
    if "expver" in raw.dims and raw.sizes["expver"] > 1:
        return _split(raw, variables, codes, path)
    time = _time_dim(raw)
    n = raw.sizes[time] if time else 1
    raw = raw.isel(expver=0) if "expver" in raw.dims else raw
    full = np.full(n, codes[0]) if codes.size == 1 else codes
    return [(raw.drop_vars("expver", errors="ignore"), full.astype(np.int8))]


def with_status(ds: xr.Dataset, known: Sequence[tuple[Stamps, Codes]]) -> xr.Dataset:
    """Return `ds` with the coordinate `expver_status` (time), if any file tells it.

    Each stamp of a file counts for the day or month of `ds` that it lies in, which is preliminary
    as soon as one value is.
    """
    if "time" not in ds.dims or all((codes == UNKNOWN).all() for _, codes in known):
        return ds
    time = ds["time"].values
    status = np.full(time.size, UNKNOWN, np.int8)
    for stamps, codes in known:
        at = np.searchsorted(time, stamps, side="right") - 1
        np.maximum.at(status, at[at >= 0], codes[at >= 0])
    attrs = flag_attrs(tuple(_WORDS.values()), first=UNKNOWN)
    attrs |= {"long_name": "ERA5 (final) or ERA5T (preliminary)"}
    return ds.assign_coords({STATUS: ("time", status, attrs)})


def tell_preliminary(ds: xr.Dataset, *, period: Period | None, file: str) -> xr.Dataset:
    """Warn of preliminary stamps in `period`, and note them in ``attrs["preliminary"]``."""
    if STATUS not in ds.coords:
        return ds
    time = ds["time"].values
    inside = np.ones(time.size, bool)
    if period is not None:
        inside = (time >= period[0].to_datetime64()) & (time <= period[1].to_datetime64())
    stamps = time[inside & (ds[STATUS].values == PRELIMINARY)]
    if not stamps.size:
        return ds
    span = " to ".join(dict.fromkeys(show(t)[:10] for t in stamps[[0, -1]]))
    text = f"{stamps.size} of {inside.sum()} time steps ({span})"
    warnings.warn(
        f"{text} in {file} are preliminary (ERA5T) and may still change; download them again "
        "about three months later, or end the period before them.",
        SoilscopeWarning,
        stacklevel=3,
    )
    return ds.assign_attrs(preliminary=text)


def months_by_status(ds: xr.Dataset) -> list[dict[str, str]]:
    """Return the runs of months of one status: first and last month, and the status in words.

    A month is preliminary as soon as one of its stamps is. Empty where no file tells a status: the
    coordinate of ERA5, or that of another product with the same meanings.
    """
    meanings = " ".join(_WORDS.values())
    told = [c for c in ds.coords.values() if c.attrs.get("flag_meanings") == meanings]
    coordinate = next((c for c in told if c.dims == ("time",)), None)
    if coordinate is None:
        return []
    months, at = np.unique(ds["time"].values.astype("datetime64[M]"), return_inverse=True)
    status = np.full(months.size, UNKNOWN, np.int8)
    np.maximum.at(status, at, coordinate.values)
    edges = [0, *(np.flatnonzero(np.diff(status)) + 1).tolist(), months.size]
    return [
        {
            "first": str(months[start]),
            "last": str(months[stop - 1]),
            "status": _WORDS[int(status[start])],
        }
        for start, stop in pairwise(edges)
    ]


def _codes(raw: xr.Dataset, path: Path) -> Codes:
    if "expver" not in raw.variables:
        return np.array([UNKNOWN], np.int8)
    values = raw["expver"].values.ravel()
    try:
        numbers = [int(v.decode() if isinstance(v, bytes) else v) for v in values]
    except ValueError:
        raise SourceError(
            f"expver in {path} holds {values[0]!r}, which is no version; drop it, with "
            "ds.drop_vars('expver')."
        ) from None
    return np.array([_MEANING.get(number, UNKNOWN) for number in numbers], np.int8)


def _split(
    raw: xr.Dataset, variables: Sequence[Variable], codes: Codes, path: Path
) -> list[tuple[xr.Dataset, Codes]]:
    time = _time_dim(raw)
    sources = [(v, s) for v in variables for s in v.source if s in raw.data_vars]
    held = next(((v, s) for v, s in sources if "expver" in raw[s].dims), None)
    if sorted(codes) != [FINAL, PRELIMINARY] or time is None or held is None:
        raise SourceError(
            f"{path} holds versions {raw['expver'].values.tolist()} along expver; 1 (ERA5) and 5 "
            "(ERA5T) along time are understood: choose one, with ds.sel(expver=1)."
        )
    variable, source = held
    final, last = (int(np.flatnonzero(codes == code)[0]) for code in (FINAL, PRELIMINARY))

    def is_final(at: int) -> bool:
        field = raw[source].isel({"expver": final, time: at})
        return bool(np.isfinite(decode_values(field, variable)).any())

    n_final = _first_failure(is_final, raw.sizes[time])
    parts = (
        (raw.isel({"expver": final, time: slice(0, n_final)}), FINAL),
        (raw.isel({"expver": last, time: slice(n_final, None)}), PRELIMINARY),
    )
    return [
        (part.drop_vars("expver"), np.full(part.sizes[time], code, np.int8))
        for part, code in parts
        if part.sizes[time]
    ]


def _first_failure(holds: Callable[[int], bool], n: int) -> int:
    """Return the first of 0..n-1 for which `holds` is false (n if none), by bisection."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _time_dim(raw: xr.Dataset) -> str | None:
    return next((d for d in ("valid_time", "time", "date") if d in raw.dims), None)
