"""Whether one year or layer of soil moisture is in other units than the rest."""

import warnings

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError

#: A year whose mean differs so many times from that of the others, or a layer, is in other units.
_YEAR, _LAYER = 5.0, 20.0
#: Soil moisture whose highest value (m3 m-3) is below this is told: percents stored as thousandths.
_DRY = 0.06


def require_one_scale(da: xr.DataArray, *, file: str) -> None:
    """Refuse soil moisture (in memory) of which a year or a layer is in other units."""
    if da.name != "soil_moisture" or "time" not in da.dims or not da.size:
        return
    others = [dim for dim in da.dims if dim not in ("time", "depth")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing
        mean = da.groupby(da["time"].dt.year).mean(["time", *others])
        layer = mean.median("year")
        _require_alike(mean / layer, mean, _YEAR, file)
        if "depth" in layer.dims:
            _require_alike(layer / layer.median(), layer, _LAYER, file)
        highest = float(da.max())
    if 0.0 < highest < _DRY:
        warnings.warn(
            f"soil_moisture in {file} holds at most {highest:g} m3 m-3; if its numbers are "
            'percent, write variables: {soil_moisture: {units: "%"}}.',
            SoilscopeWarning,
            stacklevel=4,
        )


def _require_alike(ratio: xr.DataArray, mean: xr.DataArray, limit: float, file: str) -> None:
    odd = np.argwhere((ratio.values > limit) | (ratio.values < 1.0 / limit))
    if not odd.size:
        return
    at = dict(zip(mean.dims, odd[0], strict=True))
    here = mean[at]
    where = [f"of {int(here['year'])}"] if "year" in here.coords else []
    where += [f"at a depth of {float(here['depth']):g} m"] if "depth" in here.coords else []
    raise SourceError(
        f"soil_moisture in {file} is {float(here):.3g} m3 m-3 on average {' '.join(where)}, "
        f"{float(ratio[at]):.3g} times the rest: its file is in other units. Replace it, or open "
        "it as an input of its own, with variables: {soil_moisture: {units: ...}}."
    )
