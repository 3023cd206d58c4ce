"""Fits of the downscaling on whole coarse fields: which samples, which lines, and how good."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.strata import Strata, ndvi_classes, refuse_unscaled
from soilscope.errors import InputError
from soilscope.kernels import strata_fit as kernel
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW, WRONG_SIGN
from soilscope.times import month_count

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_FEWEST_BLOCKS = 8  # of days, that a bootstrap draws from
_OF_STRATUM = {
    "coefficient": "f8",
    "intercept": "f8",
    "stderr": "f8",
    "coefficient_high": "f8",
    "p_value": "f8",
    "r_squared": "f8",
    "rmse": "f8",
    "rmse_cv": "f8",
    "n_obs": "i8",
    "usable": "i1",
    "status": "i1",
}
_OF_SATELLITE = {"dlst_bias": "f8", "dlst_slope": "f8", "dlst_intercept": "f8"}
_OF_GROUP = {
    "coefficient_by": "f8",
    "intercept_by": "f8",
    "n_obs_by": "i8",
    "usable_by": "i1",
    "status_by": "i1",
}


@dataclass(frozen=True)
class Plan:
    """Strata, groups, blocks and draws of one fit, all known before a value is read."""

    strata: Strata
    shape: tuple[int, int]  # of the coarse grid
    by: str | None
    day_effects: bool
    min_samples: int
    alpha: float
    block_length: int
    day_block: Integers  # block of days of each day
    month: Integers  # calendar month of each day, 0 to 11
    record_month: Integers  # month of the record of each day, from 0 on
    cell_block: Integers  # block of places of each coarse cell
    draws: Integers  # (n_boot, n_block): how often each block of days is taken

    @classmethod
    def of(
        cls,
        strata: Strata,
        time: xr.DataArray,
        shape: tuple[int, int],
        *,
        by: str | None,
        day_effects: bool,
        min_samples: int,
        alpha: float,
        rng: np.random.Generator,
        n_boot: int,
        block_length: int,
        block_cells: int,
    ) -> "Plan":
        """Lay blocks of days and of places, and draw the resamples."""
        n = time.size
        if n < _FEWEST_BLOCKS:
            raise InputError(
                f"coarse_sm has {n} days; a relation needs {_FEWEST_BLOCKS} or more, to tell it "
                "from chance."
            )
        length = max(1, min(block_length, n // _FEWEST_BLOCKS))
        day_block = np.minimum(np.arange(n) // length, n // length - 1)
        n_blocks = int(day_block[-1]) + 1
        drawn = rng.integers(n_blocks, size=(n_boot, n_blocks))
        draws = np.stack([np.bincount(row, minlength=n_blocks) for row in drawn])
        months = month_count(time)
        rows, columns = np.indices(shape) // block_cells
        return cls(
            strata,
            shape,
            by,
            day_effects,
            min_samples,
            alpha,
            length,
            day_block,
            months % 12,
            np.unique(months, return_inverse=True)[1],
            np.unique(rows * shape[1] + columns, return_inverse=True)[1].ravel(),
            draws,
        )

    def outputs(self, *, satellite: bool) -> dict[str, str]:
        """Return the variables of the result, with their dtypes."""
        more = _OF_SATELLITE if satellite else {}
        return _OF_STRATUM | more | (_OF_GROUP if self.by is not None else {})


@dataclass(frozen=True)
class FitOfField:
    """The fit, to be called on whole coarse fields."""

    plan: Plan
    fields: tuple[str, ...]
    outputs: tuple[str, ...]

    def __call__(self, *arrays: Array) -> tuple[Array, ...]:
        """Return one array for each of the outputs."""
        plan = self.plan
        n_time = plan.month.size
        cells = plan.shape[0] * plan.shape[1]
        flat = {
            name: np.broadcast_to(a.reshape(-1, cells), (n_time, cells)).ravel()
            for name, a in zip(self.fields, arrays, strict=True)
        }
        samples = _Samples.of(flat, plan)
        made = _of_strata(samples, plan)
        if "satellite" in flat:
            made |= _of_satellite(flat, plan)
        if plan.by is not None:
            made |= _of_groups(samples, plan)
        return tuple(made[name] for name in self.outputs)


@dataclass(frozen=True)
class _Samples:
    """Valid cell days: difference and moisture less their shifts, stratum, day and cell."""

    x: Floats
    y: Floats
    stratum: Integers
    day: Integers
    cell: Integers
    shift: tuple[float, float]

    @classmethod
    def of(cls, flat: Mapping[str, Array], plan: Plan) -> "_Samples":
        stratum = _strata_of(flat, plan)
        x, y = flat["difference"], flat["moisture"]
        kept = np.flatnonzero((stratum >= 0) & np.isfinite(x) & np.isfinite(y))
        x, y = x[kept].astype(np.float64), y[kept].astype(np.float64)
        day, cell = np.divmod(kept, plan.shape[0] * plan.shape[1])
        if plan.day_effects and kept.size:
            x, y = x - _day_means(x, day), y - _day_means(y, day) + y.mean()
        shift = (float(x.mean()), float(y.mean())) if kept.size else (0.0, 0.0)
        return cls(x - shift[0], y - shift[1], stratum[kept], day, cell, shift)

    def sums(self, plan: Plan, *groups: tuple[Integers, int]) -> Floats:
        """Moments (*sizes of the groups, stratum, 6), each sample in the group that is given."""
        index = np.zeros(self.x.size, dtype=np.int64)
        shape: list[int] = []
        for of_sample, size in (*groups, (self.stratum, plan.strata.n_strata)):
            index, shape = index * size + of_sample, [*shape, size]
        found = kernel.moments(self.x, self.y, index, int(np.prod(shape)))
        return found.reshape(*shape, kernel.N_MOMENTS)

    def intercept(self, line: kernel.Line) -> Floats:
        """Return the intercept of the values themselves."""
        return np.asarray(line.intercept + self.shift[1] - line.slope * self.shift[0])


def _day_means(values: Floats, day: Integers) -> Floats:
    """Mean of the samples of each one's day."""
    count = np.bincount(day)
    return np.asarray((np.bincount(day, values) / np.maximum(count, 1))[day])


def _strata_of(flat: Mapping[str, Array], plan: Plan) -> Integers:
    cover = np.nan_to_num(flat["cover"], nan=-1).astype(np.int64)
    ndvi = ndvi_classes(flat["ndvi"], plan.strata.edges)
    refuse_unscaled(np.abs(flat["ndvi"][(cover >= 0) & (ndvi >= 0)]).max(initial=0.0))
    return np.where((cover >= 0) & (ndvi >= 0), cover * plan.strata.n_ndvi + ndvi, -1)


def _of_strata(samples: _Samples, plan: Plan) -> dict[str, Array]:
    n_blocks = int(plan.day_block[-1]) + 1
    blocks = plan.strata.with_totals(samples.sums(plan, (plan.day_block[samples.day], n_blocks)))
    total = blocks.sum(axis=0)
    line = kernel.fit(total)
    slopes = kernel.bootstrap_slopes(blocks, plan.draws)
    high, p_value = _bounds(slopes, plan.alpha)
    status = status_of(total, line, plan.min_samples)
    return {
        "coefficient": _where(status, line.slope),
        "intercept": _where(status, samples.intercept(line)),
        "stderr": _where(status, _spread(slopes)),
        "coefficient_high": _where(status, high),
        "p_value": _where(status, p_value),
        "r_squared": _where(status, line.r_squared),
        "rmse": _where(status, line.rmse),
        "rmse_cv": left_out_error(samples, plan),
        "n_obs": np.rint(total[..., 0]).astype(np.int64),
        "usable": ((status == OK) & (high < 0)).astype(np.int8),
        "status": status,
    }


def _of_groups(samples: _Samples, plan: Plan) -> dict[str, Array]:
    """Fit every calendar month, or every coarse cell, on its own."""
    of_sample = plan.month[samples.day] if plan.by == "month" else samples.cell
    n_groups = 12 if plan.by == "month" else plan.shape[0] * plan.shape[1]
    n_blocks = int(plan.day_block[-1]) + 1
    blocks = samples.sums(plan, (plan.day_block[samples.day], n_blocks), (of_sample, n_groups))
    blocks = plan.strata.with_totals(blocks)
    total = blocks.sum(axis=0)
    line = kernel.fit(total)
    high, _ = _bounds(kernel.bootstrap_slopes(blocks, plan.draws), plan.alpha)
    status = status_of(total, line, plan.min_samples)
    made = {
        "coefficient_by": _where(status, line.slope),
        "intercept_by": _where(status, samples.intercept(line)),
        "n_obs_by": np.rint(total[..., 0]).astype(np.int64),
        "usable_by": ((status == OK) & (high < 0)).astype(np.int8),
        "status_by": status,
    }
    shape = (12,) if plan.by == "month" else plan.shape
    return {name: np.moveaxis(a, 0, -1).reshape(-1, *shape) for name, a in made.items()}


def _of_satellite(flat: Mapping[str, Array], plan: Plan) -> dict[str, Array]:
    """Compare the satellite's difference, averaged, with that of the reanalysis."""
    both = {"difference": flat["difference"], "moisture": flat["satellite"]}
    plain = replace(plan, day_effects=False)
    samples = _Samples.of(both | {k: flat[k] for k in ("cover", "ndvi")}, plain)
    total = plan.strata.with_totals(samples.sums(plan))
    line = kernel.fit(total)
    enough = total[..., 0] >= plan.min_samples
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = (total[..., k] / total[..., 0] for k in (1, 2))
    bias = mean_y - mean_x + samples.shift[1] - samples.shift[0]
    made = {
        "dlst_bias": bias,
        "dlst_slope": line.slope,
        "dlst_intercept": samples.intercept(line),
    }
    return {name: np.where(enough, values, np.nan) for name, values in made.items()}


def left_out_error(samples: _Samples, plan: Plan) -> Floats:
    """Root mean square error of cell days whose month and block of places the fit has not seen.

    A stratum takes its own line where enough is left and its slope is negative, else that of its
    land cover, else that of all; covers and all take their own.
    """
    n_months, n_places = int(plan.record_month[-1]) + 1, int(plan.cell_block.max()) + 1
    months = (plan.record_month[samples.day], n_months)
    sums = samples.sums(plan, months, (plan.cell_block[samples.cell], n_places))
    tested = plan.strata.with_totals(sums)
    left = kernel.held_out(tested)
    line = kernel.fit(left)
    good = (left[..., 0] >= plan.min_samples) & (line.slope < 0)
    n, n_covers = plan.strata.n_strata, len(plan.strata.covers)
    parent = np.append(n + np.arange(n) // plan.strata.n_ndvi, np.full(n_covers + 1, n + n_covers))
    slope, intercept = line.slope.copy(), line.intercept.copy()
    for _ in range(2):  # to the land cover, and to all
        poor, own = ~good[..., :n], parent[:n]
        slope[..., :n] = np.where(poor, slope[..., own], slope[..., :n])
        intercept[..., :n] = np.where(poor, intercept[..., own], intercept[..., :n])
        good = good.copy()
        good[..., :n] |= good[..., own]
        parent = np.append(np.full(n, n + n_covers), parent[n:])
    error = kernel.squared_error(tested, slope, intercept)
    counted = np.isfinite(error) & (tested[..., 0] > 0)
    total = np.where(counted, error, 0.0).sum(axis=(0, 1))
    count = np.where(counted, tested[..., 0], 0.0).sum(axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, np.sqrt(total / count), np.nan))


def status_of(sums: Floats, line: kernel.Line, min_samples: int) -> Array:
    """Return the status of each line."""
    status = np.full(sums.shape[:-1], OK, dtype=np.int8)
    status[line.slope >= 0] = WRONG_SIGN
    status[~np.isfinite(line.slope)] = CONSTANT
    status[sums[..., 0] < min_samples] = TOO_FEW
    status[sums[..., 0] == 0] = NO_DATA
    return status


def _bounds(slopes: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Return the upper one-sided bound of resampled slopes, and the share that is not negative."""
    valid = np.isfinite(slopes)
    enough = valid.mean(axis=0) >= 0.9
    filled = np.where(valid, slopes, np.inf)
    rank = min(slopes.shape[0] - 1, int(np.ceil((1.0 - alpha) * slopes.shape[0])))
    high = np.partition(filled, rank, axis=0)[rank]
    share = ((filled >= 0).sum(axis=0) + 1.0) / (slopes.shape[0] + 1.0)
    return np.where(enough, high, np.nan), np.where(enough, share, np.nan)


def _spread(slopes: Floats) -> Floats:
    """Return the standard deviation over the resamples that gave a slope."""
    valid = np.isfinite(slopes)
    count = np.maximum(valid.sum(axis=0), 1)
    mean = np.where(valid, slopes, 0.0).sum(axis=0) / count
    square = np.where(valid, (slopes - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(square / np.maximum(count - 1, 1))
    return np.asarray(np.where(count > slopes.shape[0] // 2, spread, np.nan))


def _where(status: Array, values: Floats) -> Floats:
    """Keep the values of lines that exist, whatever their sign."""
    return np.where((status == OK) | (status == WRONG_SIGN), values, np.nan)
