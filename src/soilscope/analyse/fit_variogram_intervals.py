"""Intervals of fitted models: variograms as they might have been, fitted again.

A dependent wild bootstrap over the tiles of a map (Shao 2010, for time series). What each tile adds
to the departure of a semivariance from its mean is multiplied by a normal number; the numbers of
near tiles are alike, since their values are, and since pairs reach from one into the other. Such
departures add up to 0 over all tiles, so what they vary is too little, and few tiles are not alike:
by how much follows for departures that are as alike as the numbers, and is made
good, with a Student quantile in place of a normal one.
"""

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student

from soilscope.errors import InputError

Floats = npt.NDArray[np.float64]

BOUNDED = ("nugget", "sill", "effective_range", "structural_proportion")
_ALIKE = 0.25  # distance at which multipliers are alike by 1 / e, as a share of the map's side
_TAILS = (0.025, 0.975)
_NOTHING = 1e-9  # share of a variance that is rounding
_WITHOUT = 0.05  # share of resamples in which a parameter may be missing


def resampled(vg: xr.Dataset, n_boot: int, rng: np.random.Generator) -> xr.DataArray:
    """Return semivariances (boot, lag, ...) as other fields of the same kind might have them."""
    alike = _likeness(vg)
    values, vectors = np.linalg.eigh(alike)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = rng.standard_normal((n_boot, len(root))) @ root.T
    gamma = vg["semivariance"].where(vg["semivariance"] > 0)
    n = vg["tile_n_pairs"]
    share = n / vg["n_pairs"].where(vg["n_pairs"] > 0)
    departure = (share * (vg["tile_semivariance"] / gamma - 1)).fillna(0.0)
    missing = xr.apply_ufunc(
        _made_good,
        vg["tile_n_obs"],
        input_core_dims=[["tile"]],
        kwargs={"alike": alike},
        dask="parallelized",
        output_dtypes=[np.dtype("f8")],
    )
    moved: xr.DataArray = xr.dot(xr.DataArray(drawn, dims=("boot", "tile")), departure, dim="tile")
    made: xr.DataArray = vg["semivariance"] * np.exp(moved * missing)
    return made


def bounds(fits: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the ends of the 95 % intervals of what is fitted to resamples (boot)."""
    made = {}
    for name in BOUNDED:
        ends = xr.apply_ufunc(
            _ends,
            fits[name],
            input_core_dims=[["boot"]],
            output_core_dims=[["end"]],
            dask="parallelized",
            output_dtypes=[np.dtype("f8")],
            dask_gufunc_kwargs={"output_sizes": {"end": 2}},
        )
        made[f"{name}_low"], made[f"{name}_high"] = ends.isel(end=0), ends.isel(end=1)
    endless = (fits["range_at_bound"] == 1) & (fits["range_beyond_data"] == 1)
    upper = made["effective_range_high"]  # the end of a search is no range
    made["effective_range_high"] = upper.where(
        (endless.mean("boot") <= 1 - _TAILS[1]) | upper.isnull(), np.inf
    )
    return made


def _ends(values: Floats) -> Floats:
    """Return the ends (..., end) of values (..., boot); NaN where too many are missing."""
    lost = np.isnan(values).mean(axis=-1) > _WITHOUT
    ends = np.nanquantile(np.where(lost[..., np.newaxis], 0.0, values), _TAILS, axis=-1)
    return np.where(lost[..., np.newaxis], np.nan, np.moveaxis(ends, 0, -1))


def require_tiles(vg: xr.Dataset, n_boot: int) -> None:
    """Refuse a variogram without tiles, and numbers of resamples that tell nothing."""
    whole = isinstance(n_boot, int | np.integer) and not isinstance(n_boot, bool)
    if not whole or not 100 <= n_boot <= 10_000:
        raise InputError(f"n_boot is {n_boot!r}; give 0, or a whole number from 100 to 10000.")
    if "tile_semivariance" not in vg:
        raise InputError(
            "vg has no tiles to resample; make it with variogram(..., n_tiles=8), or leave n_boot "
            "out."
        )
    chunks = vg["tile_semivariance"].variable.chunksizes
    for dim in ("tile", "lag"):
        if len(chunks.get(dim, ())) > 1:
            raise InputError(f"vg is split along {dim!r}; use vg.chunk({dim}=-1).")


def _likeness(vg: xr.Dataset) -> Floats:
    """How alike the multipliers of two tiles are, by the distance of their middles."""
    middle = np.stack([vg["tile_y"].values, vg["tile_x"].values])
    away = middle[:, :, np.newaxis] - middle[:, np.newaxis]
    across = [np.unique(axis) for axis in middle]
    sides = [np.ptp(axis) * axis.size / (axis.size - 1) for axis in across if axis.size > 1]
    reach = _ALIKE * np.sqrt(np.prod(sides)) if len(sides) == 2 else _ALIKE * sides[0]
    return np.asarray(np.exp(-(away**2).sum(axis=0) / reach**2))


def _made_good(n_obs: npt.NDArray[np.int64], alike: Floats) -> Floats:
    """Factor by which departures are to be larger, for numbers of values (..., tile)."""
    flat = n_obs.reshape(-1, n_obs.shape[-1]).astype(np.float64)
    made = np.full(len(flat), np.nan)
    for at, n in enumerate(flat):
        if (n > 0).sum() < 2:
            continue
        spread = np.sqrt(np.outer(n, n)) * alike
        centre = np.eye(n.size) - np.outer(n / n.sum(), np.ones(n.size))
        form = alike @ centre @ spread @ centre.T
        found = np.trace(form)
        if found > _NOTHING * spread.sum():
            freedom = found**2 / (form * form.T).sum()  # Satterthwaite (1946)
            wider = student.ppf(_TAILS[0], freedom) / norm.ppf(_TAILS[0])
            made[at] = wider * np.sqrt(spread.sum() / found)
    return made.reshape(n_obs.shape[:-1])
