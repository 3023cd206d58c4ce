"""A synthetic twin of the oasis east of the Helan Mountains, with everything planted known."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.errors import InputError
from soilscope.grid.depth import layer_coordinates
from soilscope.names import flag_attrs
from soilscope.twin.climate import Driver, weather
from soilscope.twin.fields import GaussianFields, autoregress
from soilscope.twin.oasis import OUTSIDE, ZONES, Oasis, oasis
from soilscope.twin.planted import (
    DEPTH,
    EDGES,
    NOISE,
    RHO,
    planted_coefficients,
    planted_level,
    planted_trend,
)

Array = npt.NDArray[Any]

REACH = 5.0  # km over which the noise correlates by exp(-(h / REACH)^2)
UPWARD = 0.4  # correlation of a layer's innovations with those of the layer above
MOISTURE = 0.25  # mean over all cells and layers, m3 m-3
NO_STATE = -2
# Normal year of the top layer, January to December, 1e-3 m3 m-3: summer rain and irrigation,
# and the winter irrigation of November.
SEASON = 1e-3 * np.array([-14, -12, -10, -6, 4, 8, 15, 14, 5, -4, 4, -4])

_UNITS = {
    "precipitation": ("mm month-1", "precipitation"),
    "temperature": ("degC", "air temperature"),
    "vpd": ("kPa", "vapour pressure deficit"),
    "ndvi": ("1", "normalised difference vegetation index"),
    "wind": ("m s-1", "wind speed (planted without any effect)"),
    "relative_dryness": ("1", "vapour pressure deficit over 2 kPa (planted decoy)"),
}


def helan(
    *, seed: int = 0, spacing: float = 0.03, start: str = "2000-01", months: int = 252
) -> xr.Dataset:
    """Draw a synthetic twin of the Helan oasis: soil moisture, its drivers, and the truth.

    Soil moisture of a cell and layer is a normal year, plus `true_coefficient` times the anomaly
    of each driver, plus `true_slope` times the years since the middle of the period, plus noise:
    AR(1) in time with `true_rho`, correlated in space by exp(-(h / 5 km)^2) and with the layer
    above. Annual means of the driver anomalies have no linear trend, by construction, so
    `true_slope` is the whole trend.

    Parameters
    ----------
    seed
        Seed of everything that is drawn; what is planted does not depend on it.
    spacing
        Size of a cell in degrees.
    start
        First month.
    months
        Number of months, at least 36.

    Returns
    -------
    xarray.Dataset
        On (time, depth, latitude, longitude), NaN outside the oasis: `soil_moisture` (m3 m-3);
        the drivers `precipitation` (mm month-1), `temperature` (degC), `vpd` (kPa), `ndvi`,
        `wind` (m s-1; no effect) and the decoy `relative_dryness` (half of `vpd`: exactly in the
        Weining Plain, nearly elsewhere); `zone` and `irrigated` (flags); and the truth:
        `true_slope` (m3 m-3 year-1), `true_coefficient` (driver, ...; m3 m-3 per unit of the
        driver), `true_state` (flags: deficit or surplus against the mean of all cells and
        layers), `true_rho` (depth).

    Raises
    ------
    InputError
        If `months` is below 36 or `spacing` is not between 0.008 and 0.25 degrees.

    References
    ----------
    The oasis, and the patterns that are planted: Hou Y. et al. (2025), Spatiotemporal analysis of
    multi-layered soil moisture deficit in the oases at the eastern foothill of Helan Mountains.

    Examples
    --------
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.1, months=36)
    >>> dict(twin.soil_moisture.sizes)
    {'time': 36, 'depth': 10, 'latitude': 27, 'longitude': 27}
    >>> float(abs(twin.true_coefficient.sel(driver="wind")).max())
    0.0
    """
    if months < 36:
        raise InputError(f"months is {months}; it must be at least 36.")
    if not 0.008 <= spacing <= 0.25:
        raise InputError(f"spacing is {spacing}; it must be between 0.008 and 0.25 degrees.")
    rng = np.random.default_rng(seed)
    place = oasis(spacing=spacing)
    time = pd.date_range(start, periods=months, freq="MS")
    drivers = weather(place, month=time.month.to_numpy(), rng=rng)
    truth = _truth(place, tuple(drivers))
    moisture = _moisture(place, time, truth=truth, drivers=drivers, rng=rng)
    ds = xr.Dataset(
        _measured(moisture, drivers) | truth,
        coords={
            "time": time,
            **layer_coordinates(np.stack([EDGES[:-1], EDGES[1:]], axis=1)),
            "latitude": ("latitude", place.latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", place.longitude, {"units": "degrees_east"}),
            "driver": ("driver", np.array(list(drivers), dtype=object)),
        },
        attrs={
            "title": "Synthetic twin of the oasis east of the Helan Mountains",
            "source": f"synthetic twin, seed {seed}",
            "synthetic": 1,
        },
    )
    return _outside_blank(ds, place)


def _truth(place: Oasis, drivers: tuple[str, ...]) -> dict[str, Any]:
    """Make the planted variables; they do not depend on the seed."""
    grid = ("latitude", "longitude")
    level = planted_level(place)
    state = np.where(place.inside, np.sign(level), NO_STATE).astype(np.int8)
    states = flag_attrs(("deficit", "neutral", "surplus"), first=-1)
    return {
        "zone": (grid, place.zone, flag_attrs(ZONES) | {"long_name": "zone"}),
        "irrigated": (
            grid,
            np.where(place.inside, place.core, OUTSIDE).astype(np.int8),
            flag_attrs(("margin", "irrigated_core")) | {"long_name": "irrigated core"},
        ),
        "true_slope": (
            ("depth", *grid),
            planted_trend(place),
            _attrs("m3 m-3 year-1", "planted slope"),
        ),
        "true_coefficient": (
            ("driver", "depth", *grid),
            planted_coefficients(place, drivers),
            _attrs("m3 m-3", "planted coefficient, per unit of the driver"),
        ),
        "true_state": (("depth", *grid), state, states | {"long_name": "planted state"}),
        "true_rho": ("depth", RHO, _attrs("1", "planted lag-1 autocorrelation of the noise")),
        "_level": (("depth", *grid), level),
    }


def _moisture(
    place: Oasis,
    time: pd.DatetimeIndex,
    *,
    truth: dict[str, Any],
    drivers: dict[str, Driver],
    rng: np.random.Generator,
) -> Array:
    """Soil moisture (time, depth, latitude, longitude) in float32, layer by layer."""
    level = truth.pop("_level")[1]
    slope, coefficient = truth["true_slope"][1], truth["true_coefficient"][1]
    years = (np.arange(len(time)) - (len(time) - 1) / 2.0) / 12.0
    out = np.empty((len(time), *slope.shape), dtype=np.float32)
    fields = GaussianFields.over(place.latitude, place.longitude, length=REACH)
    above: Array | None = None
    for k in range(len(DEPTH)):
        innovation = fields.draw(len(time), rng)
        if above is not None:
            innovation *= np.float32(np.sqrt(1.0 - UPWARD**2))
            innovation += np.float32(UPWARD) * above
        above = innovation.copy()
        layer = NOISE[k] * autoregress(innovation, RHO[k])
        layer += MOISTURE + level[k] + _season(time, k)[:, None, None]
        layer += np.multiply.outer(years, slope[k])
        for i, driver in enumerate(drivers.values()):
            if coefficient[i, k].any():
                layer += coefficient[i, k] * driver.anomaly
        out[:, k] = layer
    return out


def _season(time: pd.DatetimeIndex, k: int) -> Array:
    """Give the normal year in layer `k`: it fades with depth and comes later, up to 3 months."""
    lag = 3.0 * DEPTH[k]
    month = time.month.to_numpy() - 1.0
    delayed = np.interp((month - lag) % 12.0, np.arange(13.0), np.append(SEASON, SEASON[0]))
    return np.asarray((delayed - SEASON.mean()) * np.exp(-DEPTH[k] / 0.45))


def _measured(moisture: Array, drivers: dict[str, Driver]) -> dict[str, Any]:
    dims = ("time", "latitude", "longitude")
    made: dict[str, Any] = {
        "soil_moisture": (
            ("time", "depth", "latitude", "longitude"),
            moisture,
            _attrs("m3 m-3", "volumetric soil moisture"),
        )
    }
    for name, driver in drivers.items():
        made[name] = (dims, driver.value.astype(np.float32), _attrs(*_UNITS[name]))
    return made


def _outside_blank(ds: xr.Dataset, place: Oasis) -> xr.Dataset:
    """NaN outside the oasis; flags have their own code there."""
    for name, variable in ds.data_vars.items():
        if variable.dtype.kind == "f" and "latitude" in variable.dims:
            ds[name].values[..., ~place.inside] = np.nan
    return ds


def _attrs(units: str, long_name: str) -> dict[str, Any]:
    return {"units": units, "long_name": long_name}
