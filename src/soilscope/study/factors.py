"""The factors of a geographical detector, as a study names them: a list of unlike things."""

from collections.abc import Sequence
from typing import Any

import xarray as xr

from soilscope.study.derived import missing

#: Parameters that take factors.
FACTORS = frozenset({"strata", "factors"})


def spread(name: str, da: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the factors that an array holds under their names; one without them is itself.

    Each keeps its mark of whether the response was made from it.
    """
    from soilscope.analyse.detector_sample import MARK

    if "factor" not in da.dims:
        return {name: da}
    marks = {} if MARK not in da.coords else {MARK: da[MARK].values}
    parts = {}
    for number, label in enumerate(da["factor"].values):
        mark = {key: int(values[number]) for key, values in marks.items()}
        part = da.isel(factor=number).drop_vars(["factor", MARK], errors="ignore")
        parts[str(label)] = part.assign_attrs(mark)
    return parts


def beside(da: xr.DataArray, y: xr.DataArray) -> xr.DataArray:
    """Bring a factor to the dimensions and dates of the response `y`.

    One map of classes holds for all dates. Else each date takes the factor's own value of that
    date, which is missing where the factor lacks it.
    """
    da = without_layer(da, y)
    if "time" not in da.dims:
        return da.drop_vars("time", errors="ignore")
    if "time" not in y.dims or (da.sizes["time"] == 1 and "flag_values" in da.attrs):
        return da.isel(time=0, drop=True) if da.sizes["time"] == 1 else da
    if da.indexes["time"].equals(y.indexes["time"]):
        return da
    fill: Any = missing(da.to_dataset(name="it"))["it"]
    return da.reindex(time=y["time"].values, fill_value=fill)


def without_layer(da: xr.DataArray, first: xr.DataArray) -> xr.DataArray:
    """Drop a single soil layer where the first input of a step has no layers."""
    if "depth" not in da.dims or da.sizes["depth"] != 1 or "depth" in first.dims:
        return da
    return da.isel(depth=0, drop=True)


def unlike(labels: Sequence[tuple[str, str | None]]) -> list[str]:
    """Name things by their variable, by their analysis where two variables bear one name.

    >>> unlike([("relief", "slope"), ("a", "codes"), ("b", "codes"), ("c", None)])
    ['slope', 'a', 'b', 'c']
    """
    short = [variable or name for name, variable in labels]
    return [
        name if short.count(word) > 1 else word
        for (name, _), word in zip(labels, short, strict=True)
    ]
