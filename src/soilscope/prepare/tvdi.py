"""The temperature vegetation dryness index: how near to the dry edge of all cells of a date."""

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_at_least, require_between, require_choice, require_numeric
from soilscope.errors import InputError
from soilscope.kernels.bin_quantiles import bin_quantiles
from soilscope.labelled import label, spatial_dims
from soilscope.lineage import inherit
from soilscope.names import NO_DATA, OK, TOO_FEW, WRONG_SIGN
from soilscope.prepare.beside import require_beside

Array = npt.NDArray[Any]
Wet = Literal["constant", "line"]

_OF_A_DATE = {
    "dry_intercept": "f8",
    "dry_slope": "f8",
    "wet_intercept": "f8",
    "wet_slope": "f8",
    "n_bins": "i8",
    "n_obs": "i8",
    "n_outside": "i8",
    "status": "i1",
}


def tvdi(
    lst: xr.DataArray,
    ndvi: xr.DataArray,
    *,
    wet: Wet = "constant",
    quantile: float = 0.99,
    bin_width: float = 0.02,
    ndvi_range: tuple[float, float] = (0.0, 1.0),
    edge_range: tuple[float, float] | None = None,
    min_cells: int = 10,
    min_bins: int = 5,
    clip: bool = False,
) -> xr.Dataset:
    """Temperature vegetation dryness index of each cell, by the edges of the field of its date.

    TVDI = (Ts - Ts_min) / (a + b NDVI - Ts_min): 0 at the wet edge Ts_min, 1 at the dry edge
    a + b NDVI. Both are fitted to quantiles of the surface temperature in bins of NDVI.

    Parameters
    ----------
    lst
        Land surface temperature on a grid or at sites, any units, with any other dimensions: each
        field (a date) has edges of its own.
    ndvi
        Vegetation index on the same coordinates; without time, the same for all dates.
    wet
        ``"constant"``: Ts_min is the mean over bins of their lower quantile. ``"line"``: a line
        in NDVI is fitted to the lower quantiles, as the dry edge is to the upper ones.
    quantile
        Upper quantile in each bin, 0.5 to 1; the lower one is 1 - `quantile`. 1 takes extremes.
    bin_width
        Width of the bins of NDVI.
    ndvi_range
        Cells with an NDVI outside (as water) have no index and make no edge.
    edge_range
        NDVI between which edges are fitted. Default: `ndvi_range`.
    min_cells, min_bins
        Fewest cells of a bin, and bins of an edge.
    clip
        Bring values below 0 to 0 and above 1 to 1; they are counted either way.

    Returns
    -------
    xarray.Dataset
        `tvdi`, and for each date `dry_intercept` and `dry_slope` (a and b), `wet_intercept` and
        `wet_slope` (0 for a constant), in the units of `lst`; `n_bins` of the fit; `n_obs`, cells
        with both values within `ndvi_range`; `n_outside`, cells with an index below 0 or above
        1; `status`: ``no_data``, ``too_few`` (bins), ``wrong_sign`` (the dry edge does not fall
        with NDVI: the index is NaN, the edges are given), else ``ok``. Where the dry edge is not
        above the wet edge the index is NaN. Lazy if an input is; a field is put into one block.

    Raises
    ------
    InputError
        If `lst` has no dimension in space, `ndvi` lies on other coordinates, or an option does
        not fit.

    References
    ----------
    Sandholt et al. (2002), https://doi.org/10.1016/S0034-4257(01)00274-7

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> ndvi, dry = np.meshgrid(np.linspace(0.05, 0.75, 36), np.linspace(0.0, 1.0, 21))
    >>> lst = 20 + dry * (50 - 30 * ndvi - 20)  # wet edge 20, dry edge 50 - 30 NDVI
    >>> field = (xr.DataArray(values, dims=("y", "x")) for values in (lst, ndvi))
    >>> result = tvdi(*field, quantile=1.0)
    >>> round(float(result.dry_slope)), round(float(result.wet_intercept))
    (-30, 20)
    >>> round(float(abs(result.tvdi - dry).max()), 6)
    0.0
    """
    require_choice(wet, get_args(Wet), name="wet")
    require_between(quantile, 0.5, 1.0, name="quantile")
    require_at_least(min_cells, 1, name="min_cells")
    require_at_least(min_bins, 2, name="min_bins")
    require_numeric(lst, name="lst")
    require_numeric(ndvi, name="ndvi")
    dims = [str(d) for d in spatial_dims(lst)]
    if not dims:
        raise InputError("lst has no dimension in space; the edges are those of a whole field.")
    for dim in dims:
        require_beside(ndvi, lst, dim, name="ndvi", of="lst")
    edges = edge_range or ndvi_range
    low, n_bins = _bins(edges, ndvi_range, bin_width)
    rule = Edges(wet, quantile, bin_width, low, n_bins, min_cells, min_bins)
    kind = "f4" if lst.dtype == np.float32 else "f8"
    whole = dict.fromkeys(dims, -1)
    results = xr.apply_ufunc(
        _Fields(rule, (float(ndvi_range[0]), float(ndvi_range[1])), len(dims), clip, kind),
        *(a if a.chunks is None else a.chunk(whole) for a in (lst, ndvi.transpose(..., *dims))),
        input_core_dims=[dims, dims],
        output_core_dims=[dims, *[[]] * len(_OF_A_DATE)],
        dask="parallelized",
        output_dtypes=[np.dtype(d) for d in (kind, *_OF_A_DATE.values())],
        keep_attrs=False,
    )
    ds = xr.Dataset(dict(zip(("tvdi", *_OF_A_DATE), results, strict=True)))
    ds["tvdi"] = ds["tvdi"].transpose(*lst.dims)
    options: dict[str, Any] = {"wet": wet, "quantile": quantile, "bin_width": bin_width}
    options |= {"ndvi_range": ndvi_range, "edge_range": edges, "min_cells": min_cells}
    return label(
        inherit(ds, lst, ndvi),
        units=lst.attrs.get("units"),
        method="tvdi",
        options=json.dumps(options | {"min_bins": min_bins, "clip": clip}),
        references="Sandholt et al. 2002 doi:10.1016/S0034-4257(01)00274-7",
    )


def _bins(
    edges: tuple[float, float], within: tuple[float, float], width: float
) -> tuple[float, int]:
    """Return the lower end and the number of the bins."""
    require_between(width, 1e-4, 1.0, name="bin_width")
    for name, pair in (("ndvi_range", within), ("edge_range", edges)):
        if len(pair) != 2 or not -1.0 <= pair[0] < pair[1] <= 1.0:
            raise InputError(f"{name} is {pair!r}; it must be two numbers that rise from -1 to 1.")
    return float(edges[0]), max(1, round((edges[1] - edges[0]) / width))


@dataclass(frozen=True)
class Edges:
    """How the edges of a field are found."""

    wet: Wet
    quantile: float
    width: float
    low: float
    n_bins: int
    min_cells: int
    min_bins: int

    def fit(self, lst: Array, ndvi: Array) -> tuple[Array, ...]:
        """Return intercepts and slopes of the dry and the wet edge, and the bins, of each field."""
        shape = (len(lst), self.n_bins)
        lower, upper, count = np.empty(shape), np.empty(shape), np.empty(shape, np.int64)
        bin_quantiles(
            lst, ndvi, self.low, self.width, self.quantile, self.min_cells, lower, upper, count
        )
        middle = self.low + self.width * (np.arange(self.n_bins) + 0.5)
        used = np.isfinite(upper)
        n = used.sum(axis=1)
        dry = _line(middle, upper, used)
        wet = _line(middle, lower, used)
        if self.wet == "constant":
            wet = np.where(used, lower, 0.0).sum(axis=1) / np.maximum(n, 1), np.zeros(len(lst))
        enough = n >= self.min_bins
        return (*(np.where(enough, c, np.nan) for c in (*dry, *wet)), n)


def _line(x: Array, y: Array, used: Array) -> tuple[Array, Array]:
    """Intercept and slope of the least-squares line of each row of `y` on `x`."""
    n = np.maximum(used.sum(axis=1), 1)
    mean_x = np.where(used, x, 0.0).sum(axis=1) / n
    mean_y = np.where(used, y, 0.0).sum(axis=1) / n
    away = np.where(used, x - mean_x[:, None], 0.0)
    spread = (away**2).sum(axis=1)
    rise = (away * np.where(used, y - mean_y[:, None], 0.0)).sum(axis=1)
    slope = rise / np.where(spread > 0.0, spread, 1.0)
    return mean_y - slope * mean_x, slope


@dataclass(frozen=True)
class _Fields:
    """The index of fields, (..., *cells) with `n_core` dimensions of cells."""

    edges: Edges
    ndvi_range: tuple[float, float]
    n_core: int
    clip: bool
    kind: str

    def __call__(self, lst: Array, ndvi: Array) -> tuple[Array, ...]:
        fields = np.broadcast_shapes(lst.shape, ndvi.shape)
        shape = fields[: len(fields) - self.n_core]
        flat = (int(np.prod(shape)), int(np.prod(fields[len(shape) :])))
        t, v = (
            np.ascontiguousarray(np.broadcast_to(a, fields), dtype=np.float64).reshape(flat)
            for a in (lst, ndvi)
        )
        low, high = self.ndvi_range
        valid = np.isfinite(t) & (v >= low) & (v <= high)
        *edges, n_bins = self.edges.fit(np.where(valid, t, np.nan), v)
        a, b, c, d = (edge[:, None] for edge in edges)
        n_obs = valid.sum(axis=1)
        status = np.full(flat[0], OK, dtype=np.int8)
        status[edges[1] >= 0.0] = WRONG_SIGN
        status[n_bins < self.edges.min_bins] = TOO_FEW
        status[n_obs == 0] = NO_DATA
        with np.errstate(invalid="ignore", divide="ignore"):
            wet = c + d * v
            room = a + b * v - wet
            index = np.where(valid & (room > 0.0), (t - wet) / room, np.nan)
        index[status != OK] = np.nan
        outside = ((index < 0.0) | (index > 1.0)).sum(axis=1)
        if self.clip:
            index = np.clip(index, 0.0, 1.0)
        of_a_date = (*edges, n_bins, n_obs, outside, status)
        return (index.reshape(fields).astype(self.kind), *(o.reshape(shape) for o in of_a_date))
