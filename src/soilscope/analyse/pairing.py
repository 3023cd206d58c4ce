"""Products that are compared with one another: same places, times and units; what they share."""

import warnings
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student

from soilscope.checks import (
    require_between,
    require_dims,
    require_numeric,
    require_single_chunk,
)
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import grid_dims, require_same_crs
from soilscope.kernels.resampling import FEWEST_BLOCKS
from soilscope.labelled import SPATIAL_DIMS
from soilscope.lineage import dependence
from soilscope.times import calendar_steps, is_time_like, month_count

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NONE: Integers = np.empty(0, dtype=np.int64)
_TOLERANCE = 1e-6  # of a step, by which coordinates in single precision may differ
_HINTS = {
    "depth": "bring both to the same layers with merge_layers",
    "time": "bring both to the same stamps, with composite and xarray.align(..., join='inner')",
}


@dataclass(frozen=True)
class PairAxis:
    """What the stamps mean: steps of a regular axis, and calendar months from 0, if any."""

    position: Integers
    group: Integers

    @property
    def span(self) -> int:
        """Steps from the first stamp to the last."""
        return int(self.position[-1]) + 1 if self.position.size else 0


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class Resampling:
    """Numbers drawn beforehand for a moving-block bootstrap, the same for every series."""

    draws: Floats  # (n_boot, n_draws), uniform; no rows: no bounds
    length: int  # steps of a block; 0: chosen for each series
    tails: Floats  # tail probability of the percentiles for each number of blocks

    @classmethod
    def none(cls) -> "Resampling":
        """Resample nothing."""
        return cls(np.empty((0, 1)), 0, np.zeros(1))


def matched(arrays: Mapping[str, xr.DataArray], *, same_units: bool) -> dict[str, xr.DataArray]:
    """Return the arrays on the coordinates of the first; refuse what differs, in one line."""
    first, *others = arrays
    found = {first: arrays[first]}
    for name in arrays:
        require_numeric(arrays[name], name=name)
        if "flag_values" in arrays[name].attrs:
            raise InputError(f"{name} holds classes, which are no numbers to compare.")
    require_same_crs({name: da for name, da in arrays.items() if grid_dims(da)})
    for name in others:
        found[name] = _on_first(arrays[name], arrays[first], name=name, first=first)
        units = [arrays[key].attrs.get("units") for key in (first, name)]
        if same_units and None not in units and units[0] != units[1]:
            raise InputError(
                f"{first} is in {units[0]!r} and {name} in {units[1]!r}; convert one of them."
            )
    return found


def _on_first(da: xr.DataArray, like: xr.DataArray, *, name: str, first: str) -> xr.DataArray:
    for one, other, names in ((da, like, (name, first)), (like, da, (first, name))):
        for dim in one.dims:
            if dim not in other.dims:
                raise InputError(
                    f"{names[0]} has the dimension {dim!r}, which {names[1]} lacks; select or "
                    f"average {names[0]} along it, or give {names[1]} the same."
                )
    for dim in like.dims:
        if not _same_along(da, like, dim):
            kind = GridError if dim in SPATIAL_DIMS else InputError
            hint = _HINTS.get(str(dim), "regrid the finer product to the coarser one")
            raise kind(
                f"{first} and {name} differ along {dim!r} ({_extent(like, dim)} against "
                f"{_extent(da, dim)}); {hint}."
            )
    bare = da.reset_coords(drop=True)
    return bare.assign_coords({d: like[d] for d in like.dims if d in like.indexes})


def _same_along(a: xr.DataArray, b: xr.DataArray, dim: Hashable) -> bool:
    if a.sizes[dim] != b.sizes[dim]:
        return False
    if dim not in a.indexes or dim not in b.indexes or a.indexes[dim].equals(b.indexes[dim]):
        return True
    one, two = a[dim].values, b[dim].values
    if not (one.dtype.kind == two.dtype.kind == "f"):
        return False
    step = np.abs(np.diff(two)).min(initial=np.inf) if two.size > 1 else np.abs(two).max()
    return bool(np.abs(one - two).max(initial=0.0) <= _TOLERANCE * step)


def _extent(da: xr.DataArray, dim: Hashable) -> str:
    if dim not in da.indexes or not da.sizes[dim]:
        return f"{da.sizes[dim]} values"
    values = da[dim]
    ends = [
        str(values[k].values)[:10] if is_time_like(values) else f"{values[k].item()}"
        for k in (0, -1)
    ]
    return f"{da.sizes[dim]} values, {ends[0]} to {ends[1]}"


def require_series(arrays: Mapping[str, xr.DataArray], dim: str) -> None:
    """Refuse arrays without whole series along `dim`, and a `dim` in space."""
    for name, da in arrays.items():
        require_dims(da, dim, name=name)
        require_single_chunk(da, dim, name=name)
    if dim in SPATIAL_DIMS:
        raise InputError(
            f"dim is {dim!r}, which lies in space; to compare places use pooled_agreement, with "
            "dim=None for each time step on its own."
        )


def pair_axis(da: xr.DataArray, dim: str) -> PairAxis:
    """Read the steps and months of the stamps along `dim`."""
    if dim not in da.coords:
        return PairAxis(np.arange(da.sizes[dim], dtype=np.int64), _NONE)
    steps = calendar_steps(da[dim])
    group = month_count(da[dim]) % 12 if is_time_like(da[dim]) else _NONE
    return PairAxis(_NONE if steps is None else steps, group)


def resampling(
    axis: PairAxis,
    *,
    confidence: float | None,
    rng: int | np.random.Generator | None,
    n_boot: int,
    block_length: int | None,
    dim: str | None,
) -> Resampling:
    """Draw all numbers of a bootstrap at once, so that chunks cannot change a result.

    The tails are those of expanded percentiles (Hesterberg 2015): a Student quantile for the
    number of blocks in place of a normal one.
    """
    if confidence is None:
        return Resampling.none()
    require_between(confidence, 0.5, 0.9999, name="confidence")
    require_between(n_boot, 100, 100_000, name="n_boot")
    if not axis.position.size:
        raise InputError(
            f"{dim!r} is not evenly spaced, so blocks have no length; bring the products to a "
            "regular axis (composite, resample), or leave confidence out."
        )
    if block_length is not None:
        require_between(block_length, 1, max(1, axis.span // 2), name="block_length")
    n_draws = _most_blocks(axis.span, block_length)
    draws = generator(rng, why="confidence").random((n_boot, n_draws))
    blocks = np.arange(n_draws + 1, dtype=np.float64)
    tails = np.zeros(n_draws + 1)
    quantile = student.ppf(0.5 - 0.5 * confidence, blocks[2:] - 1.0)
    tails[2:] = norm.cdf(quantile * np.sqrt(blocks[2:] / (blocks[2:] - 1.0)))
    return Resampling(draws, block_length or 0, tails)


def generator(rng: int | np.random.Generator | None, *, why: str) -> np.random.Generator:
    """Return the generator; refuse none where numbers are drawn."""
    if rng is None:
        raise InputError(f"{why} draws random numbers; give rng, a whole number or a Generator.")
    return np.random.default_rng(rng)


def _most_blocks(span: int, block_length: int | None) -> int:
    """Largest number of blocks that any series of at most `span` steps is made of."""
    spans = np.arange(1, span + 1)
    shortest = np.minimum(np.ceil(np.cbrt(spans) - 1e-9), spans // FEWEST_BLOCKS)
    length = np.maximum(1, shortest) if block_length is None else np.minimum(block_length, spans)
    return int(np.ceil(spans / length).max())


def recorded(rng: int | np.random.Generator | None) -> int | str | None:
    """How a result's options name the source of its random numbers."""
    return rng if rng is None or isinstance(rng, int) else "Generator"


def warn_of_dependence(arrays: Mapping[str, xr.DataArray]) -> str | None:
    """Warn where products share ancestors, and return which; None if none are known."""
    told = dependence(**arrays)
    if not told:
        return None
    warnings.warn(
        f"{told}: they are not independent, and a common error counts as agreement.",
        SoilscopeWarning,
        stacklevel=3,
    )
    return told
