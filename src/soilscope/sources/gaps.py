"""Times that no file holds between those that the files hold."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.sources.timeaxis import show

#: A gap is longer than so many steps, and than a month.
_STEPS = 1.5
_MONTH = 40.0  # days


def tell_gaps(
    ds: xr.Dataset, *, period: Sequence[pd.Timestamp] | None, file: str, stacklevel: int = 4
) -> None:
    """Warn of gaps in time, of a month at least, within `period`."""
    if "time" not in ds.dims or ds.sizes["time"] < 3:
        return
    time = np.sort(ds["time"].values)
    days = np.diff(time) / np.timedelta64(1, "D")
    long = (days > _STEPS * np.median(days)) & (days > _MONTH)
    if period is not None:
        first, last = (stamp.to_datetime64() for stamp in period)
        long &= (time[1:] > first) & (time[:-1] < last)
    at = np.flatnonzero(long)
    if at.size:
        listed = ", ".join(f"{show(time[i])[:10]} and {show(time[i + 1])[:10]}" for i in at[:3])
        warnings.warn(
            f"{file} hold nothing between {listed}{' ...' if at.size > 3 else ''}; these times are "
            "missing in every result. Add their files, or change period.",
            SoilscopeWarning,
            stacklevel=stacklevel,
        )
