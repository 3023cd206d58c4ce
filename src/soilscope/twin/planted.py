"""What is planted into the Helan twin: levels, trends and driver effects by zone and depth.

The tables follow the words of Hou et al. (2025): dry on top with one or two wet bands below,
wetting above drying, precipitation fading with depth while vegetation gains.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.fields import KM_PER_DEGREE
from soilscope.twin.oasis import Oasis, zone_weights

Array = npt.NDArray[Any]

EDGES = np.linspace(0.0, 1.0, 11)  # m: ten layers of 0.1 m
DEPTH = (EDGES[:-1] + EDGES[1:]) / 2.0
RHO = np.round(
    0.3 + 0.6 * np.linspace(0.0, 1.0, 10) ** 1.5, 3
)  # lag-1 autocorrelation of the monthly noise, top to bottom
NOISE = np.linspace(0.013, 0.008, 10)  # its standard deviation, m3 m-3

# Rows: Weining, southern and northern Yinchuan Plain. Columns: layers from the top.
# Level against the mean of the profile, 1e-3 m3 m-3: D-S-D in the south, D-S-D-S-D in the north.
LEVEL = 1e-3 * np.array(
    [
        [-60, -45, -30, -18, 28, 42, 52, 45, -18, -28],
        [-42, -32, -18, 30, -18, -24, 28, 40, 34, -22],
        [-38, -30, -20, 30, 26, -22, 30, 40, 24, -30],
    ]
)
# Trend where there is one, 1e-3 m3 m-3 a year: wetting-drying, and wetting-drying-wetting.
TREND = 1e-3 * np.array(
    [
        [1.1, 1.0, 0.8, -0.9, -1.2, -1.3, -1.2, -1.1, -1.0, -1.0],
        [0.9, 0.9, 0.7, -0.8, -1.0, -0.9, 0.8, 1.0, 1.0, 0.9],
        [1.1, 1.0, 0.9, -1.0, -1.3, -1.2, 0.8, 0.9, 0.9, 0.9],
    ]
)
# Effect of one standard deviation of the driver, in standard deviations of the noise,
# at the depths EFFECT_DEPTH (m), linear between them.
EFFECT_DEPTH = np.array([0.05, 0.25, 0.60, 0.95])
EFFECT = {
    "precipitation": [[0.85, 0.50, 0.15, 0.06], [1.00, 0.70, 0.50, 0.35], [0.80, 0.50, 0.20, 0.12]],
    "temperature": [
        [0.55, -0.50, -0.12, 0.08],
        [0.45, -0.60, -0.30, -0.15],
        [0.25, -0.50, -0.15, 0.08],
    ],
    "vpd": [
        [-0.30, -0.35, -0.18, -0.08],
        [-0.80, -0.55, -0.30, -0.15],
        [-0.30, -0.35, -0.15, -0.06],
    ],
    "ndvi": [[0.40, 0.12, -0.70, -1.15], [0.30, -0.10, -0.50, -0.90], [0.22, 0.25, -0.60, -1.00]],
}
# Root mean square of each driver's anomaly, by which effects become coefficients.
SCALE = {"precipitation": 6.0, "temperature": 1.45, "vpd": 0.10, "ndvi": 0.025}


def planted_level(place: Oasis) -> Array:
    """Mean moisture against that of all cells and layers (depth, lat, lon), m3 m-3.

    The irrigated core is less dry at the top, the far north is wet there, the far west driest.
    """
    weights = zone_weights(place)
    level = np.einsum("zd,zyx->dyx", LEVEL, weights)
    level *= 1.0 + 0.3 * _waves(place, 60.0, 0.4)
    level += 0.045 * np.stack([_waves(place, 60.0, 5.0 + 1.5 * depth) for depth in DEPTH])
    top = np.clip((0.35 - DEPTH) / 0.15, 0.0, 1.0)[:, None, None]
    level += top * 0.012 * np.exp(-((place.across / 0.35) ** 2))
    level += top * 0.050 / (1.0 + np.exp(-(place.along - place.length + 32.0) / 6.0))
    level -= top * 0.012 * np.exp(-((place.along / 30.0) ** 2))
    area = np.cos(np.deg2rad(place.latitude))[:, None] * place.inside
    return np.asarray(level - (level * area).sum() / (area.sum() * len(DEPTH)))


def planted_trend(place: Oasis) -> Array:
    """Slope (depth, lat, lon), m3 m-3 a year; exactly zero outside the patches."""
    amplitude = np.einsum("zd,zyx->dyx", TREND, zone_weights(place))
    patch = np.stack([_waves(place, 80.0, 1.1 + 1.5 * depth) for depth in DEPTH])
    shape = np.clip(0.6 + 0.8 * patch, 0.0, 1.0)
    return np.asarray(np.where(patch > -0.08, amplitude * shape, 0.0))


def planted_coefficients(place: Oasis, drivers: tuple[str, ...]) -> Array:
    """Coefficients (driver, depth, lat, lon), m3 m-3 per unit of each driver; zero if unlisted."""
    weights = zone_weights(place)
    out = np.zeros((len(drivers), len(DEPTH), *weights.shape[1:]))
    for i, driver in enumerate(drivers):
        if driver in EFFECT:
            profile = [np.interp(DEPTH, EFFECT_DEPTH, row) for row in EFFECT[driver]]
            effect = np.einsum("zd,zyx->dyx", np.array(profile), weights)
            effect *= 1.0 + 0.5 * _waves(place, 90.0, 1.7 * i)
            out[i] = effect * NOISE[:, None, None] / SCALE[driver]
    return out


def _waves(place: Oasis, length: float, phase: float) -> Array:
    """Smooth fixed pattern (lat, lon) of mean 0 within -1 and 1, crests about `length` km apart.

    Six plane waves in golden-angle directions with unlike lengths, so that nothing repeats.
    """
    north = (place.latitude[:, None] - place.latitude[0]) * KM_PER_DEGREE
    shrink = np.cos(np.deg2rad(place.latitude.mean()))
    east = (place.longitude[None, :] - place.longitude[0]) * KM_PER_DEGREE * shrink
    total = np.zeros(place.zone.shape)
    for k, stretch in enumerate((0.7, 0.85, 1.0, 1.2, 1.5, 1.9)):
        angle = 2.39996 * k + 0.3
        way = east * np.cos(angle) + north * np.sin(angle)
        total += np.sin(2.0 * np.pi * way / (length * stretch) + (1.0 + 0.6 * k) * phase + k)
    return total / 6.0
