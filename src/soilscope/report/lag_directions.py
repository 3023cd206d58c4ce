"""Directions in a map of semivariances: how much values differ half of the way out, each way."""

import numpy as np
import xarray as xr

#: Azimuth in the middle of a direction -> its name; half a circle, as a step and the one back
#: are the same pairs.
DIRECTIONS = {0: "N-S", 45: "NE-SW", 90: "E-W", 135: "SE-NW"}
RING = (0.4, 0.6)  # distances that are looked at, as shares of the largest


def ring_of(ds: xr.Dataset) -> tuple[float, float]:
    """Smallest and largest distance that is looked at, m."""
    longest = min(float(ds[d].max()) for d in ("lag_north", "lag_east"))
    return RING[0] * longest, RING[1] * longest


def by_direction(one: xr.Dataset) -> dict[str, float]:
    """Mean semivariance of the ring in each direction, over its pairs; NaN without pairs.

    >>> steps = 10.0 * np.arange(-4, 5)
    >>> axes = {"lag_north": steps, "lag_east": steps}
    >>> east = np.tile(steps**2, (9, 1))  # values differ to the east alone
    >>> parts = {"semivariance": (tuple(axes), east), "n_pairs": (tuple(axes), np.ones((9, 9)))}
    >>> found = by_direction(xr.Dataset(parts, axes))
    >>> min(found, key=found.get), max(found, key=found.get)
    ('N-S', 'E-W')
    """
    whole = one.transpose("lag_north", "lag_east")
    north, east = np.meshgrid(whole["lag_north"], whole["lag_east"], indexing="ij")
    distance = np.hypot(north, east)
    low, high = ring_of(one)
    azimuth = np.rad2deg(np.arctan2(east, north)) % 180
    sector = np.rint(azimuth / 45).astype(int) % 4
    gamma, pairs = whole["semivariance"].values, whole["n_pairs"].values
    used = (distance >= low) & (distance <= high) & (pairs > 0) & np.isfinite(gamma)
    found = {}
    for k, name in enumerate(DIRECTIONS.values()):
        here = used & (sector == k)
        total = float(pairs[here].sum())
        found[name] = float((gamma[here] * pairs[here]).sum() / total) if total else np.nan
    return found
