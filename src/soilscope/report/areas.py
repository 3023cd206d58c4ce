"""Where a study lies: zones, extent in words, and the length of a scale bar."""

import numpy as np
import xarray as xr

from soilscope.report.mapping import Area
from soilscope.report.words import number

_EQUATOR = 6378.137  # km, WGS 84
_E2 = 0.00669438
_ROUND = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def km_per_unit(area: Area) -> float:
    """Kilometres per horizontal unit of the map, at its middle."""
    if area.dims[0] not in ("latitude", "lat"):
        return 0.001
    middle = np.deg2rad((area.extent[2] + area.extent[3]) / 2)
    radius = _EQUATOR * np.cos(middle) / np.sqrt(1 - _E2 * np.sin(middle) ** 2)
    return float(np.deg2rad(radius))


def bar_km(area: Area) -> float:
    """Longest round number of kilometres within a third of the map's width."""
    width = (area.extent[1] - area.extent[0]) * km_per_unit(area)
    fitting = [length for length in _ROUND if length <= width / 3]
    return float(fitting[-1]) if fitting else float(f"{width / 3:.1g}")


def extent_text(area: Area) -> str:
    """Say the extent: 'from 104.3 to 107.0° E and from 36.6 to 39.4° N'."""
    left, right, bottom, top = area.extent
    if area.dims[0] in ("latitude", "lat"):
        across, up = _degrees(left, right, "EW"), _degrees(bottom, top, "NS")
        return f"from {across} and from {up}"
    return (
        f"over {number((right - left) / 1000)} km from west to east and "
        f"{number((top - bottom) / 1000)} km from south to north"
    )


def _degrees(low: float, high: float, letters: str) -> str:
    def letter(value: float) -> str:
        return letters[0] if value >= 0 else letters[1]

    if letter(low) == letter(high):
        return f"{abs(low):.2f} to {abs(high):.2f}° {letter(high)}"
    return f"{abs(low):.2f}° {letter(low)} to {abs(high):.2f}° {letter(high)}"


def inside(cube: xr.Dataset) -> xr.DataArray:
    """Where the study has data: the zones, else the cells with soil moisture in any layer."""
    if "zone" in cube:
        return (cube["zone"] >= 0).compute()
    moisture = cube["soil_moisture"]
    if "time" in moisture.dims:
        moisture = moisture.isel(time=slice(0, 12)).notnull().any("time")
    else:
        moisture = moisture.notnull()
    return (moisture.any("depth") if "depth" in moisture.dims else moisture).compute()
