"""Downscaling of some days: estimate, residual, and what both tell about themselves."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from soilscope.analyse.downscaling_tables import TABLES, Lines, rescaling
from soilscope.analyse.strata import Strata
from soilscope.grid.area_surface import AreaSurface
from soilscope.grid.membership import Membership
from soilscope.kernels import downscale as kernel

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

NONE, FIRST, SECOND, INTERPOLATED = range(4)


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

    FIELDS: ClassVar[tuple[str, ...]] = ("soil_moisture", "uncertainty", "fallback", "source")
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
        lead = given["difference"].shape[:-2]
        n_time, n_fine = int(np.prod(lead)), self.members.cell.size
        tables = {name: given.pop(name) for name in TABLES if name in given}
        lines = Lines.of(tables, self.strata, self.n_groups)
        rescale = rescaling(tables, self.strata) if self.rescale else None
        days = _Days(given, n_time, n_fine, lines, rescale)
        out = {
            name: np.empty((n_time, n_fine) if name in self.FIELDS else n_time, dtype)
            for name, dtype in self.OUTPUTS.items()
        }
        surface = AreaSurface(self.fine, self.coarse, self.members) if self._needs_surface else None
        # a day at a time: scratch of float64 fields stays small
        for t in range(n_time):
            self._day(days, t, surface, out)
        return tuple(
            a.reshape(*lead, *self.members.fine) if name in self.FIELDS else a.reshape(lead)
            for name, a in out.items()
        )

    @property
    def _needs_surface(self) -> bool:
        return self.residual == "smooth" or self.fill_gaps

    def _day(
        self, days: "_Days", t: int, surface: AreaSurface | None, out: dict[str, Array]
    ) -> None:
        estimate, level, row = self._estimate(days, t)
        group = days.of("group", t)
        product = days.of("product", t).astype(np.float64)
        cell, inside = self.members.cell, self.members.cell >= 0
        valid = np.isfinite(estimate) & inside
        count = np.bincount(cell[valid], minlength=self.members.n_coarse)
        mean = _means(estimate, cell, valid, count)
        lacking = product - mean
        added, filled = self._residual(lacking, valid, count, surface)
        moisture = estimate + added
        has = np.isfinite(moisture)
        low, high = 0.0, days.of("porosity", t) if "porosity" in days.given else 1.0
        below, above = has & (moisture < low), has & (moisture > high)
        clipped = np.clip(moisture, low, high) if self.clip else moisture
        fixed = np.isfinite(product) & (count > 0)
        shown = self.residual != "none"
        out["soil_moisture"][t] = clipped
        out["fallback"][t] = np.where(has, level, -1)
        out["source"][t] = np.where(has, self._source(days, t, fixed, filled), NONE)
        out["uncertainty"][t] = self._uncertainty(days, t, row, group, has)
        held = np.bincount(cell[inside], minlength=self.members.n_coarse)
        out["valid_share"][t] = (
            np.mean(count[count > 0] / held[count > 0]) if valid.any() else np.nan
        )
        out["conservation_error"][t] = (
            _error(moisture, product, cell, valid, count, fixed) if shown else np.nan
        )
        out["conservation_error_clipped"][t] = (
            _error(clipped, product, cell, valid, count, fixed) if shown and self.clip else np.nan
        )
        out["n_below"][t], out["n_above"][t] = below.sum(), above.sum()
        out["seam_index"][t] = self._seams(clipped)
        out["seam_index_estimate"][t] = self._seams(np.where(has, estimate, np.nan))

    def _estimate(self, days: "_Days", t: int) -> tuple[Floats, Array, Array]:
        difference = days.of("difference", t).astype(np.float64)
        ndvi, cover = days.of("ndvi", t), days.of("cover", t)
        group = np.atleast_1d(days.of("group", t)).astype(np.int64)
        if "frozen" in days.given:
            frozen = np.nan_to_num(days.of("frozen", t).astype(np.float64), nan=0.0) > 0
            difference[frozen] = np.nan
        n = difference.size
        moisture, level, row = (
            np.empty((1, n)),
            np.empty((1, n), np.int8),
            np.empty((1, n), np.int64),
        )
        edges = np.asarray(self.strata.edges)
        tables = (days.lines.slope, days.lines.intercept, days.lines.level)
        if days.rescale is not None:
            # bring the difference to the reanalysis': the stratum is found first
            kernel.estimate(
                difference[None], ndvi[None], cover[None], group[None], edges, *tables,
                moisture, level, row,
            )  # fmt: skip
            a, b = days.rescale
            known = row[0] >= 0
            difference[known] = (difference[known] - b[row[0][known]]) / a[row[0][known]]
        if self.day_effects:
            counted = np.isfinite(difference) & (cover >= 0) & np.isfinite(ndvi)
            if counted.any():
                difference -= difference[counted].mean()
        kernel.estimate(
            difference[None], ndvi[None], cover[None], group[None], edges, *tables,
            moisture, level, row,
        )  # fmt: skip
        return moisture[0], level[0], row[0]

    def _residual(
        self, lacking: Floats, valid: Array, count: Array, surface: AreaSurface | None
    ) -> tuple[Floats, Array]:
        """Return what is added to each fine cell, and where it was interpolated."""
        cell = self.members.cell
        n = cell.size
        none = np.zeros(n, dtype=bool)
        if self.residual == "none":
            return np.zeros(n), none
        outside = np.append(lacking, np.nan)  # the place -1
        block = outside[cell]
        known = np.isfinite(block)
        if surface is None:
            return block, none
        smooth = surface(np.where(count > 0, lacking, np.nan), valid)
        gaps = valid & ~known & np.isfinite(smooth)
        if self.residual == "smooth":
            added = np.where(known, smooth, np.nan)
        else:
            added = block
            smooth = _means(smooth, cell, valid, count)[cell]
        if not self.fill_gaps:
            return added, none
        return np.where(gaps, smooth, added), gaps

    def _source(self, days: "_Days", t: int, fixed: Array, filled: Array) -> Array:
        """Return the code of where each fine cell's coarse value comes from."""
        if "origin" in days.given:
            origin = np.nan_to_num(days.of("origin", t).astype(np.float64), nan=-1.0)
            code = np.where(origin == 0, FIRST, np.where(origin == 1, SECOND, NONE))
        else:
            code = np.full(fixed.size, FIRST)
        code = np.append(np.where(fixed, code, NONE), NONE)[self.members.cell]
        return np.asarray(np.where(filled, INTERPOLATED, code), dtype=np.int8)

    def _uncertainty(self, days: "_Days", t: int, row: Array, group: Array, has: Array) -> Floats:
        column = np.broadcast_to(np.asarray(group, dtype=np.int64), row.shape)
        square = days.lines.error[np.maximum(row, 0), np.maximum(column, 0)] ** 2
        if "doubt" in days.given:
            doubt = np.append(days.of("doubt", t).astype(np.float64), np.nan)[self.members.cell]
            square = square + np.nan_to_num(doubt, nan=0.0) ** 2
        return np.asarray(np.where(has & (row >= 0), np.sqrt(square), np.nan))

    def _seams(self, values: Floats) -> float:
        """Return the mean jump across borders of coarse cells over the mean jump inside."""
        sums = np.zeros(4)
        shape = self.members.fine
        kernel.jumps(values.reshape(shape), self.members.cell.reshape(shape), sums)
        if not (sums[1] and sums[3] and sums[2]):
            return np.nan
        return float(sums[0] / sums[1] / (sums[2] / sums[3]))


@dataclass(frozen=True)
class _Days:
    """Arrays with or without time in front, flat in space."""

    given: dict[str, Array]
    n_time: int
    n_fine: int
    lines: Lines
    rescale: tuple[Floats, Floats] | None  # line of the satellite on the reanalysis, by stratum

    def of(self, name: str, t: int) -> Array:
        """Return the values of one day (one row of cells); what has no time serves all days."""
        a = self.given[name]
        if name == "group":
            return a.reshape(-1)[t] if a.size == self.n_time and a.ndim < 2 else a.reshape(-1)
        flat: Array = a.reshape(-1, a.shape[-2] * a.shape[-1])
        day: Array = flat[t if flat.shape[0] > 1 else 0]
        return day


def _means(values: Floats, cell: Array, valid: Array, count: Array) -> Floats:
    """Mean of the valid fine cells of each coarse cell."""
    total = np.bincount(cell[valid], values[valid], minlength=count.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))


def _error(
    values: Floats, product: Floats, cell: Array, valid: Array, count: Array, fixed: Array
) -> float:
    """Largest difference of a coarse value and the mean of its fine cells."""
    away = np.abs(_means(values, cell, valid, count) - product)[fixed]
    return float(away.max()) if away.size else np.nan
