"""Windows: parts of a record, named by their first and last stamp, that are analysed alike."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass

import numpy as np
import xarray as xr

from soilscope.errors import InputError
from soilscope.times import is_time_like

Bound = str | int | float
Windows = Sequence[tuple[Bound, Bound]]


@dataclass(frozen=True)
class Window:
    """The stamps from `first` up to, and without, `behind`, and the bounds that name them."""

    start: str
    end: str
    first: int
    behind: int

    @property
    def label(self) -> str:
        """Both bounds as one word."""
        return f"{self.start}/{self.end}"


def read_windows(windows: Windows, time: xr.DataArray) -> tuple[Window, ...]:
    """Find the stamps of each window on the ascending axis `time`; both bounds belong to it.

    On dates a bound is a year, a month or a day (2000, "2000-06", "2000-06-15") and stands for all
    of it; on an axis of plain numbers it is a number.
    """
    if not isinstance(windows, Sized) or not len(windows):
        raise InputError(
            f"windows is {windows!r}; give pairs of bounds, as in [(2000, 2010), (2005, 2020)]."
        )
    found = tuple(_window(pair, time, f"windows[{i}]") for i, pair in enumerate(windows))
    labels = [window.label for window in found]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise InputError(f"windows holds {twice[0]} twice; drop one of them.")
    return found


def label_windows(ds: xr.Dataset, windows: Sequence[Window]) -> xr.Dataset:
    """Name the windows along the dimension `window` of `ds`."""
    words = {
        "window": ([window.label for window in windows], "window"),
        "window_start": ([window.start for window in windows], "first stamp asked for"),
        "window_end": ([window.end for window in windows], "last stamp asked for"),
    }
    return ds.assign_coords(
        {
            name: ("window", np.array(texts, dtype=object), {"long_name": meaning})
            for name, (texts, meaning) in words.items()
        }
    )


def _window(pair: tuple[Bound, Bound], time: xr.DataArray, name: str) -> Window:
    if isinstance(pair, str) or not isinstance(pair, Sized) or len(pair) != 2:
        raise InputError(f"{name} is {pair!r}; give its first and last bound, as in (2000, 2010).")
    start, end = (_text(bound) for bound in pair)
    try:
        first, behind = _rows(start, end, time)
    except (ValueError, KeyError, TypeError) as error:  # whatever the parsers of dates raise
        kind = "a year, month or day" if is_time_like(time) else "a number"
        raise InputError(f"{name} is {pair!r}; each bound must be {kind}.") from error
    if first >= behind:
        has = f"{_text(time.values[0])} to {_text(time.values[-1])}" if time.size else "no stamp"
        raise InputError(f"{name}, {start} to {end}, holds no stamp; the record has {has}.")
    return Window(start, end, first, behind)


def _text(bound: object) -> str:
    """Write a bound as a word: 2000 for 2000.0, 2000-01-01 for a stamp at midnight."""
    if isinstance(bound, float) and bound.is_integer():
        return str(int(bound))
    if isinstance(bound, np.datetime64):
        return str(bound.astype("datetime64[D]"))
    return str(bound).removesuffix(" 00:00:00")


def _rows(start: str, end: str, time: xr.DataArray) -> tuple[int, int]:
    """Return the first row inside the bounds, and the row behind the last."""
    if is_time_like(time):
        rows = time.to_index().slice_indexer(start, end)
        return int(rows.start), int(rows.stop)
    low, high = float(start), float(end)
    first = np.searchsorted(time.values, low, side="left")
    return int(first), int(np.searchsorted(time.values, high, side="right"))
