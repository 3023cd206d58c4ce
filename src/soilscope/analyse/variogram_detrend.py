"""Trend surfaces taken off before a variogram is made."""

from typing import Literal

import numpy as np

from soilscope.analyse.variogram_classes import Floats

Detrend = Literal["none", "linear", "quadratic"]
#: What is left of values that lie on a surface is rounding: this share of their range.
_NOTHING = 1e-12


def without_trend(values: Floats, coordinates: Floats, order: Detrend) -> Floats:
    """Return values (n,) less their mean, or less a surface in the coordinates (2, n)."""
    centred: Floats = values - values.mean()
    if order == "none":
        return centred
    spread = np.ptp(coordinates, axis=1, keepdims=True)
    middle = coordinates.mean(axis=1, keepdims=True)
    y, x = (coordinates - middle) / np.where(spread > 0, spread, 1.0)
    columns = [np.ones_like(y), y, x]
    if order == "quadratic":
        columns += [y * y, x * y, x * x]
    design = np.stack(columns, axis=1)
    rest = centred - design @ np.linalg.lstsq(design, centred, rcond=None)[0]
    lasting = np.abs(rest).max() > _NOTHING * np.abs(values).max()
    return np.asarray(rest if lasting else np.zeros_like(rest), dtype=np.float64)
