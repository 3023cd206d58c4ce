"""Stored numbers to values in our units, block by block."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.kernels.decoding import decode
from soilscope.sources.declared import Variable
from soilscope.sources.units import Conversion

Array = npt.NDArray[Any]
#: No conversion: the units of the file.
AS_STORED = Conversion("")
_KEYS = ("_FillValue", "missing_value", "scale_factor", "add_offset")


def decode_values(
    da: xr.DataArray, variable: Variable, units: Conversion = AS_STORED
) -> xr.DataArray:
    """Return `da` as floats in the units asked for, with NaN where it is missing.

    What `variable` declares (scale, offset, missing, valid) is applied to the stored numbers; what
    it does not declare comes from the attributes of `da`.
    """
    dtype = np.dtype("f4") if da.dtype.itemsize < 4 or da.dtype == np.float32 else np.dtype("f8")
    attrs = da.attrs  # of what xarray has decoded already, the numbers are not in here
    plain = not variable.by_hand and not set(_KEYS) & set(attrs)
    if plain and (units.factor, units.offset) == (1.0, 0.0):
        return da if da.dtype.kind == "f" else da.astype(dtype)
    missing = [float(m) for m in variable.missing if not isinstance(m, str)]
    missing += [float(attrs[k]) for k in _KEYS[:2] if k in attrs]
    scale = _first(variable.scale, attrs.get("scale_factor"), 1.0)
    offset = _first(variable.offset, attrs.get("add_offset"), 0.0)
    values: xr.DataArray = xr.apply_ufunc(
        _decode,
        da,
        kwargs={
            "missing": tuple(m for m in missing if m == m),  # NaN is missing anyway
            "valid": (-np.inf, np.inf) if variable.valid is None else variable.valid,
            "linear": (scale, offset, units.factor, units.offset),
            "dtype": dtype,
        },
        dask="parallelized",
        output_dtypes=[dtype],
    )
    return values


def _decode(
    stored: Array,
    *,
    missing: tuple[float, ...],
    valid: tuple[float, float],
    linear: tuple[float, float, float, float],
    dtype: np.dtype[Any],
) -> Array:
    native = stored.dtype.newbyteorder("=")
    flat = np.ascontiguousarray(stored, native).reshape(-1)
    # a float32 file holds -9999.9 as its nearest float32
    kind = np.dtype("f4") if native == np.float32 else np.dtype("f8")
    out = np.empty(flat.size, dtype)
    low, high = np.array(valid, kind)
    decode(flat, np.array(missing, kind), low, high, tuple(np.array(linear, dtype)), out)
    return out.reshape(stored.shape)


def _first(declared: float | None, stored: Any, default: float) -> float:
    if declared is not None:
        return declared
    return default if stored is None else float(np.asarray(stored).item())
