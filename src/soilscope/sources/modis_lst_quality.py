"""Which pixels of MODIS land surface temperature are good enough, by the bits of their quality."""

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.kernels.bits import bit_field
from soilscope.sources.modis_lst_layers import QUALITY, TEMPERATURES
from soilscope.sources.timeaxis import show

#: Largest error (K) that is kept; "any" keeps all that was produced.
MaxError = float | Literal["any"]
ANY: MaxError = "any"
#: What is kept unless the user says otherwise.
MAX_ERROR = 2.0
#: What the error is at most (K) where the bits 6 and 7 make 0, 1, 2, 3.
_CLASSES = (1.0, 2.0, 3.0, np.inf)
_PRODUCED = 1  # bits 0 and 1: good, or of other quality; 2 and 3 are not produced


def read_max_error(given: float | str | None) -> float:
    """Return the largest error that is kept, infinity for any."""
    if given is None:
        return MAX_ERROR
    if given == ANY:
        return np.inf
    if isinstance(given, str) or not given >= _CLASSES[0]:
        raise InputError(
            f"max_error is {given!r}; the classes of MODIS end at 1, 2 and 3 K: write 1, 2, 3, or "
            "any to keep whatever was produced."
        )
    return float(given)


def largest_class(max_error: float) -> int:
    """Return the highest class of error that is kept.

    >>> [largest_class(error) for error in (1, 2.5, float("inf"))]
    [0, 1, 3]
    """
    return int(np.searchsorted(_CLASSES, max_error, side="right")) - 1


def keep_good(ds: xr.Dataset, max_error: float, *, asked: bool, file: str) -> xr.Dataset:
    """Return `ds` with the temperatures whose error is at most `max_error` (K).

    Without layers of quality nothing is masked, which is told; if that error was `asked` for, it is
    refused.
    """
    held = [name for name in TEMPERATURES if name in ds]
    if not held or max_error == np.inf:
        return ds.assign_attrs(processing="all pixels kept, whatever their quality")
    without = [name for name in held if QUALITY[name] not in ds]
    if without:
        _tell_missing_layers(without, max_error if asked else None, file)
    highest = largest_class(max_error)
    masked = {
        name: _masked(ds[name], ds[QUALITY[name]], highest) for name in held if name not in without
    }
    kept = f"pixels with an error of at most {_CLASSES[highest]:g} K kept (QC bits 0-1, 6-7)"
    bare = f"not masked, as there is no layer of quality: {', '.join(without)}"
    told = [kept] * bool(masked) + [bare] * bool(without)
    return ds.assign(masked).assign_attrs(processing="; ".join(told))


def require_quality_dates(dates: Mapping[str, set[np.datetime64]], *, file: str) -> None:
    """Refuse a date of temperature that lacks its quality, where others have theirs."""
    for name, quality in QUALITY.items():
        if quality not in dates:
            continue
        lacking = sorted(dates.get(name, set()) - dates[quality])
        if lacking:
            layer = {"lst_day": "QC_Day", "lst_night": "QC_Night"}[name]
            raise SourceError(
                f"{file} hold no {layer} for {show(lacking[0])[:10]} ({len(lacking)} of "
                f"{len(dates[name])} dates of {name}); download it, or write max_error: any to "
                "keep all pixels."
            )


def _tell_missing_layers(names: list[str], max_error: float | None, file: str) -> None:
    layers = " and ".join({"lst_day": "QC_Day", "lst_night": "QC_Night"}[n] for n in names)
    text = f"{file} hold no layer {layers}, so pixels with large errors are not masked; add these "
    text += "files, or write max_error: any if they are masked already."
    if max_error is not None:
        raise SourceError(f"max_error: {max_error:g} needs what is not there: {text}")
    warnings.warn(text, SoilscopeWarning, stacklevel=4)


def _masked(lst: xr.DataArray, quality: xr.DataArray, highest: int) -> xr.DataArray:
    good = xr.apply_ufunc(
        _good,
        quality,
        kwargs={"highest": highest},
        dask="parallelized",
        output_dtypes=[np.bool_],
        keep_attrs=False,
    )
    return lst.where(good).transpose(*lst.dims).assign_attrs(lst.attrs)


def _good(quality: npt.NDArray[Any], *, highest: int) -> npt.NDArray[np.bool_]:
    produced = bit_field(quality, 0, 1)
    error = bit_field(quality, 6, 7)
    return (produced >= 0) & (produced <= _PRODUCED) & (error <= highest)
