"""Downscaling of some days: estimate, residual, and what both tell about themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from soilscope.analyse.downscaling_tables import TABLES, Lines, rescaling
from soilscope.analyse.strata import Strata, refuse_unscaled
from soilscope.grid.area_surface import AreaSurface, SurfaceNodes
from soilscope.grid.membership import Membership
from soilscope.kernels import downscale as kernel

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

NONE, FIRST, SECOND, INTERPOLATED = range(4)
_EMPTY = np.empty(0)


@dataclass(frozen=True)
class DownscaleField:
    """The downscaling with its tables and options, to be called on whole fields of some days."""

    strata: Strata
    n_groups: int  # columns of the model's tables
    rescale: bool
    day_effects: bool  # differences are taken from the mean of their day
    fine: GeoBox
    coarse: GeoBox
    members: Membership
    residual: str
    fill_gaps: bool
    clip: bool
    names: tuple[str, ...]

    FIELDS: ClassVar[tuple[str, ...]] = (
        "soil_moisture",
        "uncertainty",
        "fallback",
        "source",
    )
    OUTPUTS: ClassVar[dict[str, str]] = {
        "soil_moisture": "f4",
        "uncertainty": "f4",
        "fallback": "i1",
        "source": "i1",
        "valid_share": "f8",
        "conservation_error": "f8",
        "conservation_error_clipped": "f8",
        "n_below": "i8",
        "n_above": "i8",
        "seam_index": "f8",
        "seam_index_estimate": "f8",
    }

    def __call__(self, *arrays: Array) -> tuple[Array, ...]:
        """Return one array for each of `OUTPUTS`."""
        given = dict(zip(self.names, arrays, strict=True))
        n_time, n_fine = given["difference"].shape[0], self.members.cell.size
        tables = {name: given.pop(name) for name in TABLES if name in given}
        work = _Work(
            Lines.of(tables, self.strata, self.n_groups),
            rescaling(tables, self.strata) if self.rescale else (_EMPTY, _EMPTY),
            AreaSurface(self._nodes) if self.residual == "smooth" or self.fill_gaps else None,
            np.empty(n_fine, np.int32),
            np.empty(n_fine, np.int8),
            np.empty((2, n_fine)),
        )
        flat = {name: _flat(a, name) for name, a in given.items()}
        out = {
            name: np.empty((n_time, n_fine) if name in self.FIELDS else n_time, dtype)
            for name, dtype in self.OUTPUTS.items()
        }
        # a day at a time: scratch of float64 fields stays small
        for t in range(n_time):
            day = {name: a[t if a.shape[0] > 1 else 0] for name, a in flat.items()}
            day["cover"] = flat["cover"][int(day["map"][0])]
            self._day(day, work, t, out)
        shape = (n_time, *self.members.fine)
        return tuple(a.reshape(shape) if name in self.FIELDS else a for name, a in out.items())

    def __getstate__(self) -> dict[str, Any]:
        # the nodes are made anew where they are needed: they are large
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def _nodes(self) -> SurfaceNodes:
        return SurfaceNodes(self.fine, self.coarse, self.members)

    @cached_property
    def _held(self) -> Array:
        return self.members.held

    def _day(self, day: Mapping[str, Array], work: "_Work", t: int, out: dict[str, Array]) -> None:
        group, product = day["group"], day["product"].astype(np.float64)
        mean, count = self._estimate(day, work)
        moisture, estimated = work.fields
        residual, surface, filled = self._residual(product - mean, count, work)
        fixed = np.isfinite(product) & (count > 0)
        total, limits = np.empty((2, count.size)), np.empty(2, np.int64)
        highest = day["porosity"].astype(np.float64) if "porosity" in day else np.ones(1)
        kernel.add_residual(
            moisture, estimated, self.members.cell, residual, surface,
            self.residual == "none", highest, self.clip, total, limits, out["soil_moisture"][t],
        )  # fmt: skip
        kernel.tell_of_cells(
            moisture, work.used, work.row, group, self.members.cell, work.lines.error,
            day["doubt"].astype(np.float64) if "doubt" in day else _EMPTY,
            _codes(day, fixed, filled),
            *(out[name][t] for name in self.FIELDS[1:]),
        )  # fmt: skip
        some = count > 0
        away = np.abs(total[:, fixed] / count[fixed] - product[fixed])
        told = fixed.any() and self.residual != "none"
        out["valid_share"][t] = np.mean(count[some] / self._held[some]) if some.any() else np.nan
        out["conservation_error"][t] = away[0].max() if told else np.nan
        out["conservation_error_clipped"][t] = away[1].max() if told and self.clip else np.nan
        out["n_below"][t], out["n_above"][t] = limits
        out["seam_index"][t], out["seam_index_estimate"][t] = self._seams(work.fields)

    def _estimate(self, day: Mapping[str, Array], work: "_Work") -> tuple[Floats, Array]:
        """Write estimates and their strata to `work`; return mean and number by coarse cell."""
        frozen = day["frozen"] > 0 if "frozen" in day else np.empty(0, bool)
        largest = kernel.rows_of(
            day["difference"], day["ndvi"], day["cover"], frozen, day["group"],
            np.asarray(self.strata.edges), work.row,
        )  # fmt: skip
        refuse_unscaled(largest)
        scale, shift = work.rescale
        lines = work.lines
        mean, count = np.empty(self._held.size), np.empty(self._held.size, np.int64)
        kernel.estimate(
            day["difference"], work.row, day["group"], shift, scale, self.day_effects,
            lines.slope, lines.intercept, lines.level, self.members.cell,
            work.fields[0], work.used, mean, count,
        )  # fmt: skip
        return mean, count

    def _residual(
        self, lacking: Floats, count: Array, work: "_Work"
    ) -> tuple[Floats, Floats, Array]:
        """Return what each coarse cell adds, the surface (or nothing), and where it is filled."""
        gaps = ~np.isfinite(lacking) & (count > 0) & self.fill_gaps
        if work.surface is None or not (self.residual == "smooth" or gaps.any()):
            return lacking, _EMPTY, gaps
        valid = np.isfinite(work.fields[0]) & (self.members.cell >= 0)
        surface = work.surface(lacking, valid)
        if gaps.any():
            means, _ = self.members.means(np.where(valid, surface, np.nan))
            gaps &= np.isfinite(means)
            lacking = np.where(gaps, means, lacking)
        return lacking, surface if self.residual == "smooth" else _EMPTY, gaps

    def _seams(self, values: Floats) -> list[float]:
        """Return the mean jump across borders of coarse cells over the mean jump inside."""
        sums = np.empty((2, 4))
        first, second = values.reshape(2, *self.members.fine)
        kernel.jumps(first, second, self.members.cell.reshape(self.members.fine), sums)
        return [a / n / (b / m) if n and m and b else np.nan for a, n, b, m in sums.tolist()]


@dataclass(frozen=True)
class _Work:
    """What serves all days of a call: tables, and scratch for the fields of a day."""

    lines: Lines
    rescale: tuple[Floats, Floats]  # line of the satellite on the reanalysis, by stratum, or empty
    surface: AreaSurface | None
    row: Array  # stratum of each fine cell
    used: Array  # whose relation each has
    fields: Floats  # (2, fine cell): moisture, and its estimate without the residual


def _flat(a: Array, name: str) -> Array:
    """Return (day or 1, cell), as kernels take it; what has no time serves all days."""
    if name in ("group", "map") and a.ndim < 2:
        return np.ascontiguousarray(a).reshape(-1, 1)
    flat = np.ascontiguousarray(a).reshape(-1, a.shape[-2] * a.shape[-1])
    if name == "group":
        return flat.reshape(1, -1)
    plain = name in ("difference", "ndvi") and flat.dtype not in (
        np.float32,
        np.float64,
    )
    return flat.astype(np.float64) if plain else flat


def _codes(day: Mapping[str, Array], fixed: Array, filled: Array) -> Array:
    """Return the code of where each coarse value comes from."""
    code = np.full(fixed.size, FIRST, np.int8)
    if "origin" in day:
        origin = day["origin"]
        code = np.where(origin == 0, FIRST, np.where(origin == 1, SECOND, NONE)).astype(np.int8)
    code[~fixed] = NONE
    code[filled] = INTERPOLATED
    return code
