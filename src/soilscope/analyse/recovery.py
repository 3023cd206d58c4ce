"""What was planted in synthetic data against what an analysis found there."""

import json
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from soilscope.checks import nearest, require_between, require_dims
from soilscope.errors import InputError
from soilscope.labelled import Array, label, spatial_dims
from soilscope.names import flag_table

_POOLED = "_pooled"


def recovery(
    estimate: xr.Dataset,
    truth: xr.DataArray,
    *,
    variable: str = "slope",
    alpha: float = 0.05,
    dim: Sequence[str] | None = None,
    n_bins: int = 61,
) -> xr.Dataset:
    """Compare an estimate, its interval and its p-value with the planted truth.

    Cells where the truth is not zero are *planted*, those where it is exactly zero are *null*;
    cells where truth, estimate, a bound or the p-value is missing do not count. Shares are shares
    of cells, not of area. Cells that share noise are not independent: a share over few of them
    strays from its nominal value.

    Parameters
    ----------
    estimate
        A result with `variable`, its bounds `<variable>_low` and `<variable>_high`, and
        `p_value`: of `trend` with `confidence`, or of `partial_regression`. Beside a truth with
        flags, a variable with flags, or numbers whose sign means deficit or surplus.
    truth
        The planted values in the same units, on the dims of the estimate; drivers are matched by
        their labels, and drivers that were not estimated are left out. Or planted classes: codes
        with flags.
    variable
        What is compared.
    alpha
        Level at which a p-value counts as significant, without adjustment.
    dim
        Dims of one group; None: the spatial dims.
    n_bins
        Number of bins along each axis of `density`.

    Returns
    -------
    xr.Dataset
        Per group (layer, and driver), and with the suffix ``_pooled`` over all groups:
        `coverage_planted`, share of planted cells whose interval holds the truth;
        `detected_share`, share of planted cells that are significant; `false_positive_share`,
        share of null cells that are significant; `bias`, `rmse` and `correlation` of the estimate
        against the truth over all cells (units of the estimate); `n_planted`, `n_null` and their
        sum `n_obs`. Per group `density`, the number of cells in bins of truth (`planted_bin`)
        and estimate (`recovered_bin`), with edges `bin_edge`, in the units of the estimate, the
        same for every layer; the outer bins hold what lies beyond.
        Where drivers differ in units, errors are not pooled over them.
        For planted classes: `agreement`, the share of cells in the same class (by meaning), and
        `n_obs`, with their pooled values.

    Raises
    ------
    InputError
        If a variable is missing, or drivers or grids do not match.

    Examples
    --------
    >>> import xarray as xr
    >>> truth = xr.DataArray([0.0, 0.0, 1.0, 2.0], dims="site")
    >>> found = xr.Dataset({"slope": truth + 0.1, "slope_low": truth - 0.4,
    ...                     "slope_high": truth + 0.6, "p_value": ("site", [0.6, 0.7, 0.01, 0.0])})
    >>> result = recovery(found, truth)
    >>> float(result.coverage_planted), float(result.false_positive_share)
    (1.0, 0.0)
    """
    require_between(alpha, 0.0, 1.0, name="alpha")
    require_between(n_bins, 3, 1001, name="n_bins")
    for name, given in (("estimate", estimate), ("truth", truth)):
        require_dims(given, name=name)
    categorical = "flag_values" in truth.attrs
    bounds = [] if categorical else [f"{variable}_low", f"{variable}_high", "p_value"]
    for name in (variable, *bounds):
        if name not in estimate:
            held = [str(v) for v in estimate.data_vars]
            raise InputError(
                f"estimate has no {name!r}; it holds {', '.join(held)}{nearest(name, held)}."
            )
    found = estimate[variable]
    dims = spatial_dims(found) if dim is None else tuple(dim)
    require_dims(found, *map(str, dims), name=f"estimate.{variable}")
    truth = _on_estimate(truth, found)
    if categorical:
        ds = _agreement(found, truth, dims)
    else:
        ds = _numbers(estimate, truth, variable, dims, alpha)
        ds = ds.merge(_histogram(ds["_kept"], truth, dims, n_bins)).drop_vars("_kept")
        ds = ds.drop_vars([name for name in dims if name in ds.coords])
    options = {"variable": variable, "alpha": alpha, "dim": list(map(str, dims)), "n_bins": n_bins}
    ds = label(ds, units=found.attrs.get("units"), method="recovery", options=json.dumps(options))
    ds.attrs["references"] = ""
    return ds


def _on_estimate(truth: xr.DataArray, found: xr.DataArray) -> xr.DataArray:
    """Bring `truth` onto the drivers and the grid of the estimate."""
    require_dims(truth, *map(str, found.dims), name="truth")
    extra = [dim for dim in truth.dims if dim not in found.dims]
    if extra:
        raise InputError(f"truth has the dimension {extra[0]!r}, which the estimate lacks.")
    if "driver" in found.dims:
        known = [str(name) for name in truth["driver"].values]
        for name in map(str, found["driver"].values):
            if name not in known:
                raise InputError(
                    f"truth has no driver {name!r}; it has {', '.join(known)}"
                    f"{nearest(name, known)}."
                )
        truth = truth.sel(driver=found["driver"])
    try:
        xr.align(truth, found, join="exact", copy=False)
    except ValueError as error:
        raise InputError(
            f"truth and estimate do not lie on the same coordinates ({error})."
        ) from None
    return truth.transpose(*found.dims).reset_coords(drop=True)


def _numbers(
    estimate: xr.Dataset,
    truth: xr.DataArray,
    variable: str,
    dims: tuple[Hashable, ...],
    alpha: float,
) -> xr.Dataset:
    """Shares and errors per group and pooled; `_kept` is the estimate where a cell counts."""
    found, p = estimate[variable], estimate["p_value"]
    low, high = estimate[f"{variable}_low"], estimate[f"{variable}_high"]
    valid = _finite(found) & _finite(low) & _finite(high) & _finite(p) & _finite(truth)
    found, truth = found.astype(np.float64).where(valid), truth.astype(np.float64).where(valid)
    planted, null, significant = valid & (truth != 0.0), valid & (truth == 0.0), p <= alpha
    held = (low <= truth) & (truth <= high)
    made: dict[str, xr.DataArray] = {"_kept": found}
    for suffix, over in (("", dims), (_POOLED, tuple(found.dims))):
        group = {
            "coverage_planted": _share(held, planted, over),
            "detected_share": _share(significant, planted, over),
            "false_positive_share": _share(significant, null, over),
            "n_planted": planted.sum(over),
            "n_null": null.sum(over),
            "n_obs": valid.sum(over),
        } | _errors(found, truth, over)
        made |= {key + suffix: value.reset_coords(drop=True) for key, value in group.items()}
    if "driver" in found.dims:  # other units for each driver: nothing to pool
        for key in ("bias", "rmse", "correlation"):
            del made[key + _POOLED]
    return xr.Dataset({key: value.drop_attrs() for key, value in made.items()})


def _finite(da: xr.DataArray) -> xr.DataArray:
    return abs(da) < np.inf


def _share(condition: xr.DataArray, among: xr.DataArray, dims: Sequence[Hashable]) -> xr.DataArray:
    """Share of `among` for which `condition` holds; NaN where there is none."""
    n = among.sum(dims)
    return (condition & among).sum(dims) / n.where(n > 0)


def _errors(
    found: xr.DataArray, truth: xr.DataArray, dims: Sequence[Hashable]
) -> dict[str, xr.DataArray]:
    """Bias, root mean square error, and correlation (NaN where either does not vary)."""
    n = _finite(found).sum(dims)
    n = n.where(n > 0)
    error = found - truth
    a, b = found - found.sum(dims) / n, truth - truth.sum(dims) / n
    square = (a**2).sum(dims) * (b**2).sum(dims)
    return {
        "bias": error.sum(dims) / n,
        "rmse": ((error**2).sum(dims) / n) ** 0.5,
        "correlation": (a * b).sum(dims) / square.where(square > 0.0) ** 0.5,
    }


def _histogram(
    found: xr.DataArray, truth: xr.DataArray, dims: tuple[Hashable, ...], n_bins: int
) -> xr.Dataset:
    """Count cells by truth and estimate; layers share their bins, drivers have their own."""
    layers = tuple(dim for dim in found.dims if dim not in dims and dim != "driver")
    core = [*layers, *dims]
    arrays = [a.chunk(dict.fromkeys(core, -1)) if a.chunks else a for a in (found, truth)]
    density, edge = xr.apply_ufunc(
        _Histogram(n_bins, n_layer_dims=len(layers), n_core=len(core)),
        *arrays,
        input_core_dims=[core, core],
        output_core_dims=[[*layers, "planted_bin", "recovered_bin"], ["edge"]],
        dask="parallelized",
        output_dtypes=[np.dtype("i8"), np.dtype("f8")],
        dask_gufunc_kwargs={
            "output_sizes": {"planted_bin": n_bins, "recovered_bin": n_bins, "edge": n_bins + 1}
        },
    )
    ds = xr.Dataset({"density": density, "bin_edge": edge})
    return ds.reset_coords(drop=True)


class _Histogram:
    """Count (..., layers, cells) in bins symmetric about zero, one set for all layers."""

    def __init__(self, n_bins: int, *, n_layer_dims: int, n_core: int) -> None:
        self.n_bins = n_bins
        self.n_layer_dims = n_layer_dims
        self.n_core = n_core

    def __call__(self, found: Array, truth: Array) -> tuple[Array, Array]:
        first = found.ndim - self.n_core
        lead, layers = found.shape[:first], found.shape[first : first + self.n_layer_dims]
        shape = (int(np.prod(lead)), int(np.prod(layers)), -1)
        size = (self.n_bins, self.n_bins)
        density = np.zeros((*shape[:2], *size), dtype=np.int64)
        edges = np.full((shape[0], self.n_bins + 1), np.nan)
        pairs = zip(found.reshape(shape), truth.reshape(shape), strict=True)
        for k, (estimates, truths) in enumerate(pairs):
            edge = edges[k] = _edges(estimates, truths, self.n_bins)
            for layer, (a, b) in enumerate(zip(estimates, truths, strict=True)):
                valid = np.isfinite(a) & np.isfinite(b)
                row, column = (self._bin(values[valid], edge) for values in (b, a))
                np.add.at(density[k, layer], (row, column), 1)
        return density.reshape(*lead, *layers, *size), edges.reshape(*lead, -1)

    def _bin(self, values: Array, edges: Array) -> Array:
        number = np.searchsorted(edges, values, side="right") - 1
        return np.asarray(np.clip(number, 0, self.n_bins - 1))


def _edges(found: Array, truth: Array, n_bins: int) -> Array:
    """Edges that hold every truth and all but a thousandth of the estimates; NaN without any."""
    found, truth = np.abs(found[np.isfinite(found)]), np.abs(truth[np.isfinite(truth)])
    if not found.size:
        return np.full(n_bins + 1, np.nan)
    limit = max(float(truth.max(initial=0.0)), float(np.quantile(found, 0.999)))
    return np.linspace(-1.0, 1.0, n_bins + 1) * (limit or 1.0)


def _agreement(found: xr.DataArray, truth: xr.DataArray, dims: tuple[Hashable, ...]) -> xr.Dataset:
    """Share of cells whose class has the same meaning in both; other codes do not count."""
    codes = {meaning: code for code, meaning in flag_table(truth.attrs).items()}
    if "flag_values" in found.attrs:
        table = flag_table(found.attrs)
    else:
        found, table = (
            found.copy(data=np.sign(found.data)),
            {-1: "deficit", 0: "neutral", 1: "surplus"},
        )
    same = xr.zeros_like(found, dtype=bool)
    for code, meaning in table.items():
        if meaning in codes:
            same = same | ((found == code) & (truth == codes[meaning]))
    valid = found.isin(list(table)) & truth.isin(list(codes.values()))
    made: dict[str, Any] = {}
    for suffix, over in (("", dims), (_POOLED, tuple(found.dims))):
        made["agreement" + suffix] = _share(same, valid, over)
        made["n_obs" + suffix] = valid.sum(over)
    return xr.Dataset({key: value.reset_coords(drop=True) for key, value in made.items()})
