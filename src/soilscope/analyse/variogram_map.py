"""Lag maps: the semivariance of every step of rows and columns, all directions at once."""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.variogram_classes import lag_classes
from soilscope.analyse.variogram_map_sums import masks
from soilscope.analyse.variogram_places import MapGrid, places_of
from soilscope.checks import require_dims, require_numeric
from soilscope.errors import InputError
from soilscope.kernels.variogram_fft import padded, pair_counts, spectrum, squared_differences
from soilscope.labelled import label
from soilscope.lineage import inherit

Array = npt.NDArray[Any]
_REFERENCES = "Matheron (1963) doi:10.2113/gsecongeo.58.8.1246; Marcotte (1996) " + (
    "doi:10.1016/S0098-3004(96)00026-X"
)


def variogram_map(field: xr.DataArray, *, max_lag: float) -> xr.Dataset:
    """Semivariance of a map's field for every step of rows and columns, over all pairs of cells.

    Parameters
    ----------
    field
        Values with dims (y, x); each further dimension has maps of its own. NaN and infinities are
        missing.
    max_lag
        Largest step to the north and to the east, m.

    Returns
    -------
    Dataset
        On `lag_north` and `lag_east` (m, negative to the south and west), and on the other dims of
        `field`: `semivariance` (units of `field`, squared) and `n_pairs`. A step and the one back
        are the same pairs. NaN at no step, and where there is no pair. Lazy if `field` is.

    Raises
    ------
    InputError
        If `field` is not on a map, or `max_lag` is less than a cell or beyond the field.

    References
    ----------
    Matheron (1963), doi:10.2113/gsecongeo.58.8.1246; Marcotte (1996),
    doi:10.1016/S0098-3004(96)00026-X.

    Examples
    --------
    Values that rise to the east alone differ only by steps to the east:

    >>> axes = {d: (d, 100.0 * np.arange(5), {"units": "m"}) for d in ("y", "x")}
    >>> field = xr.DataArray(np.tile(np.arange(5.0), (5, 1)), axes, ("y", "x"))
    >>> variogram_map(field, max_lag=100).semivariance.sel(lag_north=100).values
    array([0.5, 0. , 0.5])
    """
    require_dims(field, name="field")
    require_numeric(field, name="field")
    lag_classes(max_lag, max_lag, "right")
    places = places_of(field)
    if not isinstance(places, MapGrid):
        raise InputError("field is not on a map's grid (y, x); reproject it, or use variogram.")
    if max_lag < places.narrowest * (1 - 1e-6):
        raise InputError(
            f"max_lag is {max_lag:g} m, less than a cell, {places.narrowest:.6g} m; lengthen it."
        )
    steps = (abs(places.north), abs(places.east))
    if max_lag > places.extent * (1 + 1e-6):
        raise InputError(
            f"max_lag is {max_lag:g} m, but no two places of field are farther apart than "
            f"{places.extent:.6g} m; a third of that is usual."
        )
    reach = tuple(
        min(n - 1, int(max_lag / step * (1 + 1e-6)))
        for n, step in zip(places.shape, steps, strict=True)
    )
    dims = ("lag_north", "lag_east")
    core = list(places.dims)
    whole = field.transpose(..., *core)
    turn = (places.north < 0, places.east < 0)
    results = xr.apply_ufunc(
        LagMaps((reach[0], reach[1]), (bool(turn[0]), bool(turn[1]))),
        whole if whole.chunks is None else whole.chunk(dict.fromkeys(core, -1)),
        input_core_dims=[core],
        output_core_dims=[list(dims)] * 2,
        dask="parallelized",
        output_dtypes=[np.dtype("f8"), np.dtype("i8")],
        dask_gufunc_kwargs={
            "output_sizes": {d: 2 * n + 1 for d, n in zip(dims, reach, strict=True)}
        },
        keep_attrs=False,
    )
    ds = xr.Dataset(dict(zip(("semivariance", "n_pairs"), results, strict=True)))
    ds = ds.drop_vars([c for c in ("spatial_ref",) if c in ds.coords])
    for dim, n, step, way in zip(dims, reach, steps, ("north", "east"), strict=True):
        attrs = {"units": "m", "long_name": f"step to the {way}"}
        ds = ds.assign_coords({dim: xr.Variable(dim, step * np.arange(-n, n + 1), attrs)})
    return label(
        inherit(ds.transpose(*dims, ...), field),
        units=field.attrs.get("units"),
        method="variogram_map",
        options=json.dumps({"max_lag": max_lag}),
        references=_REFERENCES,
    )


@dataclass(frozen=True)
class LagMaps:
    """Make the lag maps of arrays; a class, so that dask can name it by its parts."""

    reach: tuple[int, int]
    turned: tuple[bool, bool]  # rows run to the south, columns to the west

    def __call__(self, values: Array) -> tuple[Array, Array]:
        """Return semivariance and pairs of values (..., rows, columns)."""
        before, shape = values.shape[:-2], values.shape[-2:]
        fields = values.reshape(math.prod(before), *shape)
        valid = np.isfinite(fields)
        size = padded(shape, self.reach)
        rows, columns = self.reach
        maps = np.zeros((2, len(fields), 2 * rows + 1, 2 * columns + 1))
        for numbers in masks(valid.reshape(len(fields), -1)):
            mask = valid[numbers[0]]
            of_mask = spectrum(mask.astype(np.float64), size)
            n = pair_counts(of_mask, size, self.reach)
            for number in numbers:
                z = np.zeros(shape)
                if mask.any():
                    z[mask] = fields[number][mask]
                    z[mask] -= z[mask].mean()
                sums = squared_differences(z, of_mask, size, self.reach)
                for whole, half in zip(maps[:, number], (sums, n), strict=True):
                    whole[rows:] = half
                    whole[: rows + 1] = half[::-1, ::-1]  # the way back
        sums, n = maps[(slice(None), slice(None), *self._upright())]
        n[:, rows, columns] = 0
        with np.errstate(invalid="ignore"):
            gamma = np.maximum(sums, 0.0) / np.where(n > 0, 2 * n, np.nan)
        made = (gamma, n.astype(np.int64))
        return made[0].reshape(*before, *n.shape[1:]), made[1].reshape(*before, *n.shape[1:])

    def _upright(self) -> tuple[slice, slice]:
        south, west = (slice(None, None, -1 if turned else 1) for turned in self.turned)
        return south, west
