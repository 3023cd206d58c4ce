"""Whether values are plausible: a slice is looked at on opening, all when a cube is written."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import grid_dims
from soilscope.sources.canonical import CANONICAL
from soilscope.sources.exchanged import ORDERED, tell_exchanged
from soilscope.sources.guesses import cause, fill, mend, too_small
from soilscope.sources.scales import require_one_scale

Array = npt.NDArray[Any]
Range = tuple[float, float]

#: Up to this many values a variable is looked at as a whole, beyond at single time steps.
_WHOLE = 5_000_000
#: A share of values outside the range above which the units must be wrong, not the values.
_WRONG_UNITS = 0.01
#: Rounding in packed files: this share of the range beyond its ends is not counted.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class RangeCount:
    """How many values there are, and how many are missing, infinite or implausible."""

    n: int = 0
    missing: int = 0
    infinite: int = 0
    below: int = 0
    above: int = 0
    lowest: float = np.inf
    highest: float = -np.inf

    def __add__(self, other: "RangeCount") -> "RangeCount":
        return RangeCount(
            self.n + other.n,
            self.missing + other.missing,
            self.infinite + other.infinite,
            self.below + other.below,
            self.above + other.above,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
        )

    @property
    def valid(self) -> int:
        """Number of finite values."""
        return self.n - self.missing - self.infinite


def count_range(block: xr.Dataset) -> dict[str, RangeCount]:
    """Count the values of each variable of a Dataset in memory, in our units.

    Counts of several blocks add up with ``+``. The attribute ``expected`` of a variable replaces
    its plausible range.
    """
    return {str(name): _count(np.asarray(da.data), _range(da)) for name, da in block.items()}


def refuse_infinite(counts: Mapping[str, RangeCount], *, file: str) -> None:
    """Refuse infinite values."""
    for name, count in counts.items():
        if count.infinite:
            raise SourceError(
                f"{name} in {file} holds {count.infinite} infinite values of {count.n}; write "
                f"them as missing, or declare variables: {{{name}: {{valid: [lowest, highest]}}}}."
            )


def check_opening(
    ds: xr.Dataset, *, file: str, step: Callable[[np.datetime64], xr.Dataset] | None = None
) -> None:
    """Look at the values of each variable: all of a small one, else of one time step.

    `step` opens a single time step anew, where the chunks of `ds` hold many. Refuses infinite
    values and those that wrong units explain; warns about single implausible values and about
    variables without any value, and about two that seem exchanged.
    """
    looked: dict[str, xr.DataArray] = {}
    for name, da in ds.data_vars.items():
        count = RangeCount()
        for piece in _pieces(da, step):
            block = _read(piece.to_dataset(name=name), file)
            count = count_range(block)[str(name)]
            if count.valid or count.infinite:
                break
        refuse_infinite({str(name): count}, file=file)
        _judge(str(name), da, count, file)
        if da.size <= _WHOLE and "expected" not in da.attrs:
            require_one_scale(block[name], file=file)
        looked |= {str(name): block[name]} if name in ORDERED else {}
    tell_exchanged(looked, file=file)


def needs_steps(ds: xr.Dataset) -> bool:
    """Whether a variable of `ds` is looked at by single time steps, and its chunks hold many."""
    return any(
        da.size > _WHOLE and da.chunks is not None and max(da.chunksizes.get("time", (1,))) > 1
        for da in ds.data_vars.values()
    )


def _pieces(
    da: xr.DataArray, step: Callable[[np.datetime64], xr.Dataset] | None
) -> Iterator[xr.DataArray]:
    """All of `da` if it is small, else the middle, first and last time step in turn.

    Of a large grid without time, windows: the middle and the middles of its quarters.
    """
    if da.size <= _WHOLE:
        yield da
        return
    if "time" not in da.dims:
        yield from _windows(da)
        return
    n_time = da.sizes["time"]
    for at in dict.fromkeys((n_time // 2, 0, n_time - 1)):
        yield da.isel(time=[at]) if step is None else step(da["time"].values[at])[da.name]


def _windows(da: xr.DataArray) -> Iterator[xr.DataArray]:
    dims = grid_dims(da)
    if dims is None:
        yield da
        return
    share = (_WHOLE / da.size) ** 0.5
    for row, column in ((2, 2), (1, 1), (1, 3), (3, 1), (3, 3)):
        window = {}
        for dim, quarter in zip(dims, (row, column), strict=True):
            size = max(1, int(da.sizes[dim] * share))
            first = min(max(0, da.sizes[dim] * quarter // 4 - size // 2), da.sizes[dim] - size)
            window[dim] = slice(first, first + size)
        yield da.isel(window)


def _read(block: xr.Dataset, file: str) -> xr.Dataset:
    try:
        return block.compute()
    except (OSError, RuntimeError, ValueError) as fault:
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:160]
        raise SourceError(
            f"{file} cannot be read to its end; it may be truncated or damaged: download or write "
            f"it again ({reason})."
        ) from fault


def _range(da: xr.DataArray) -> Range:
    low, high = da.attrs.get("expected", (None, None))
    known = CANONICAL.get(str(da.name))
    if low is not None:
        return float(low), float(high)
    return (-np.inf, np.inf) if known is None else (known.low, known.high)


def _count(values: Array, expected: Range) -> RangeCount:
    if values.dtype.kind != "f":
        values = values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    missing = int(np.isnan(values).sum())
    finite = values[np.isfinite(values)]
    if not finite.size:
        return RangeCount(values.size, missing, values.size - missing)
    slack = _ROUNDING * (expected[1] - expected[0]) if np.isfinite(expected).all() else 0.0
    return RangeCount(
        values.size,
        missing,
        values.size - missing - finite.size,
        int((finite < expected[0] - slack).sum()),
        int((finite > expected[1] + slack).sum()),
        float(finite.min()),
        float(finite.max()),
    )


def _judge(name: str, da: xr.DataArray, count: RangeCount, file: str) -> None:
    if count.n and not count.valid:
        _warn(f"{name} in {file} holds no value where it was looked at ({count.n} missing values).")
        return
    (low, high), units = _range(da), da.attrs["units"]
    outside = count.below + count.above
    if outside:
        text = (
            f"{name} in {file} holds {count.lowest:g} to {count.highest:g} {units}, expected "
            f"{low:g} to {high:g} ({outside} of {count.valid} values outside)"
        )
        extreme = count.lowest if count.below >= count.above else count.highest
        if outside > _WRONG_UNITS * count.valid or fill(extreme, da.attrs) is not None:
            raise SourceError(text + cause(name, count, da.attrs))
        _warn(
            f"{text}; if these are wrong, write {mend(name, 'valid', '[lowest, highest]')} in "
            "stored numbers, if all are, units or scale."
        )
    elif "expected" not in da.attrs:
        whole_year = da.size <= _WHOLE and "time" in da.dims and da.sizes["time"] >= 12
        small = too_small(name, count, whole_year=whole_year)
        if small:
            raise SourceError(
                f"{name} in {file} holds at most {count.highest:g} {units}{small}; if the values "
                f"are right, write {mend(name, 'expected', f'[{low:g}, {high:g}]')}."
            )


def _warn(text: str) -> None:
    warnings.warn(text, SoilscopeWarning, stacklevel=4)
