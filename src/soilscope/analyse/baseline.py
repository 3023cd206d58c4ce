"""What a standardised index is measured against, and what it therefore cannot show."""

import warnings

import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning
from soilscope.times import is_time_like


def refuse_empty_mean(index: xr.DataArray, *, name: str = "state") -> None:
    """Refuse a mean of `index` over the very record that it was standardised with.

    A z-score has zero mean over its own baseline by construction, so a map of that mean is empty.
    That baseline is the record for the reference "own", and a period such as "2000/2009".
    """
    reference = str(index.attrs.get("reference"))
    if reference != "own" and "/" not in reference:
        return
    first, last = _years(index.attrs.get("baseline"))
    begin, end = _span(index)
    if first is None or begin is None or end is None or last is None:
        covers = True
    else:
        covers = (begin, end) == (first, last) or (
            reference == "own" and begin <= first and end >= last
        )
    if covers:
        raise InputError(
            f"the mean of {name} is zero by construction: its reference {reference!r} is the "
            "record that is averaged; standardise against 'pooled_profile', 'pooled' or another "
            "period, as in reference=('2000', '2009'), or average another part of the record."
        )


def warn_of_pooled_mean(index: xr.DataArray) -> None:
    """Warn that a reference pooled over the region leaves each layer's regional mean at zero."""
    if index.attrs.get("reference") == "pooled":
        warnings.warn(
            "the index is pooled over the region, so the mean of each layer over the whole region "
            "is zero by construction: it compares zones, not layers (reference='pooled_profile' "
            "compares layers).",
            SoilscopeWarning,
            stacklevel=3,
        )


def _span(index: xr.DataArray) -> tuple[int | None, int | None]:
    """First and last year that `index` holds, or was averaged over (attribute `period`)."""
    if "time" in index.dims and is_time_like(index["time"]):
        years = index["time"].dt.year.values
        return int(years[0]), int(years[-1])
    return _years(index.attrs.get("period"))


def _years(span: object) -> tuple[int | None, int | None]:
    """Years of a text such as '2000-01-01/2020-12-01'."""
    begin, separator, end = str(span).partition("/")
    if not separator:
        return None, None
    return int(begin[:4]), int(end[:4])
