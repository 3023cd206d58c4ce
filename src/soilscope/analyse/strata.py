"""Strata of the downscaling: classes of land cover times classes of NDVI."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.kernels.downscale import SLACK
from soilscope.names import flag_table

Array = npt.NDArray[Any]

#: Smoothed NDVI may pass 1 a little; what passes this is none.
_OVERSHOT = 1.5


@dataclass(frozen=True)
class Strata:
    """Names of the classes of land cover, with their codes, and the edges between NDVI classes."""

    covers: tuple[str, ...]
    codes: tuple[int, ...]
    edges: tuple[float, ...]

    @property
    def n_ndvi(self) -> int:
        """Number of NDVI classes."""
        return len(self.edges) + 1

    @property
    def n_strata(self) -> int:
        """Number of strata proper."""
        return len(self.covers) * self.n_ndvi

    @property
    def ndvi_labels(self) -> tuple[str, ...]:
        """Names of the NDVI classes, in ascending order."""
        low, high = f"NDVI < {self.edges[0]:g}", f"NDVI > {self.edges[-1]:g}"
        pairs = zip(self.edges[:-1], self.edges[1:], strict=True)
        return (low, *(f"NDVI {a:g} to {b:g}" for a, b in pairs), high)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the strata, then of the covers whatever their NDVI, then of all together."""
        proper = [f"{cover}, {ndvi}" for cover in self.covers for ndvi in self.ndvi_labels]
        return (*proper, *self.covers, "all")

    def index(self, land_cover: xr.DataArray) -> xr.DataArray:
        """Return the place of each code among the covers, -1 for every other one; lazily."""
        table = dict(zip(self.codes, range(len(self.codes)), strict=True))
        found: xr.DataArray = xr.apply_ufunc(
            _Lookup(table), land_cover, dask="parallelized", output_dtypes=[np.int8]
        )
        return found

    def with_totals(self, sums: Array) -> Array:
        """Put the sums of covers and of all behind those of the strata (..., stratum, moment)."""
        shape = (*sums.shape[:-2], len(self.covers), self.n_ndvi, sums.shape[-1])
        covers = sums.reshape(shape).sum(axis=-2)
        return np.concatenate([sums, covers, covers.sum(axis=-2, keepdims=True)], axis=-2)


class _Lookup:
    """Codes to places; a class, so that dask can pickle and tokenise it."""

    def __init__(self, table: dict[int, int]) -> None:
        self.table = table

    def __call__(self, codes: Array) -> Array:
        found = np.full(codes.shape, -1, dtype=np.int8)
        for code, place in self.table.items():
            found[codes == code] = place
        return found


def read_strata(land_cover: xr.DataArray, ndvi_edges: Sequence[float]) -> Strata:
    """Read the covers from the flags of `land_cover`, and check the edges of NDVI."""
    if "flag_values" not in land_cover.attrs or "flag_meanings" not in land_cover.attrs:
        raise InputError(
            "land_cover does not say what its codes mean; make it with soilscope.cover_strata, or "
            "give it the attributes flag_values and flag_meanings."
        )
    table = {code: name for code, name in flag_table(land_cover.attrs).items() if code >= 0}
    edges = tuple(float(edge) for edge in ndvi_edges)
    rising = all(a < b for a, b in itertools.pairwise(edges))
    if not edges or not rising or not (edges[0] > -1.0 and edges[-1] < 1.0):
        raise InputError(
            f"ndvi_edges is {tuple(ndvi_edges)!r}; give rising numbers between -1 and 1, as in "
            "(0.3, 0.6)."
        )
    return Strata(tuple(table.values()), tuple(table), edges)


def require_classes(land_cover: xr.DataArray, strata: Strata) -> None:
    """Refuse land cover whose flags say that its classes are not those of the strata."""
    if "flag_values" not in land_cover.attrs or "flag_meanings" not in land_cover.attrs:
        return
    table = flag_table(land_cover.attrs)
    for code, cover in zip(strata.codes, strata.covers, strict=True):
        if table.get(code, cover) != cover:
            raise InputError(
                f"land_cover has {table[code]!r} at the code {code}, which is {cover!r} in the "
                "model; make both with soilscope.cover_strata and the same classes."
            )


def require_ndvi(ndvi: xr.DataArray) -> None:
    """Refuse NDVI whose attributes say that it is not scaled to -1 .. 1."""
    units = str(ndvi.attrs.get("units", "1"))
    if units not in ("1", ""):
        raise InputError(f"ndvi is in {units!r}; scale it to -1 to 1 first, with the units '1'.")


def refuse_unscaled(largest: float) -> None:
    """Refuse NDVI whose `largest` absolute value is beyond what smoothing overshoots."""
    if largest > _OVERSHOT:
        raise InputError(
            f"ndvi reaches {largest:g} (or the negative of it), beyond -1 to 1: scale it first "
            "(MODIS stores it times 10000), and mask fill values, as in "
            "ndvi.where(abs(ndvi) <= 1)."
        )


def ndvi_classes(ndvi: Array, edges: Sequence[float]) -> Array:
    """Return the class of each value, -1 where missing; outer edges belong to the inner classes."""
    values = np.asarray(ndvi, dtype=np.float64)
    inner = sum((values >= edge - SLACK).astype(np.int64) for edge in edges[:-1])
    found = inner + (values > edges[-1] + SLACK)
    return np.where(np.isfinite(values), found, -1)
