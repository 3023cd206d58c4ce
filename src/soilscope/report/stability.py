"""Classes of stability as the report counts and names them."""

from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.words import flags

BOUNDS = (0.03, 0.08, 0.13, 0.2)
N_CLASSES = 5
Array = np.ndarray[Any, Any]


def class_words(ds: xr.Dataset) -> list[str]:
    """Names of the classes, most stable first."""
    words = flags(ds["stability"])
    return [words[k] for k in range(N_CLASSES)]


def class_shares(ds: xr.Dataset) -> Array:
    """Share of the cells with a class that each class has: (layer, class); NaN without cells."""
    code = ds["stability"]
    code = code.transpose("depth", ...) if "depth" in code.dims else code.expand_dims("depth")
    rows = code.values.reshape(code.sizes["depth"], -1)
    counts = np.stack([(rows == k).sum(axis=1) for k in range(N_CLASSES)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.where(total > 0, total, np.nan))
