"""Sums over pairs of sites, and over pairs of cells of grids of latitude and longitude."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.variogram_classes import Floats, LagClasses
from soilscope.kernels.variogram_pairs import row_distances, site_sums
from soilscope.kernels.variogram_rows import (
    padded_row,
    pair_counts_of_rows,
    row_spectra,
    squared_differences_of_rows,
)

Bools = npt.NDArray[np.bool_]
Sums = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class SiteSums:
    """Count pairs of sites and add up their distances and differences."""

    places: tuple[tuple[float, float], ...]
    ellipsoid: tuple[float, float]
    classes: LagClasses
    azimuths: tuple[float, ...]
    tolerance: float
    root: bool

    def __call__(self, z: Floats) -> Sums:
        """Return numbers, distances and differences (n_field, n_group) of z (n_field, n_site)."""
        place = np.array(self.places).reshape(-1, 2)
        return pair_sums(place, z, self)


def pair_sums(place: Floats, z: Floats, how: "SiteSums | RowSums") -> Sums:
    """Add up all pairs of places (n_site, 2) one by one; z (n_field, n_site) is NaN if missing."""
    order = np.lexsort((place[:, 1], place[:, 0]))
    azimuths = how.azimuths if isinstance(how, SiteSums) else ()
    tolerance = how.tolerance if isinstance(how, SiteSums) else 90.0
    shape = (max(1, len(azimuths)), how.classes.count, z.shape[0])
    n, far, total = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    site_sums(
        np.ascontiguousarray(place[order]),
        np.ascontiguousarray(z[:, order].T),
        np.array(how.ellipsoid),
        np.array(how.classes.edges),
        how.classes.width,
        how.classes.right,
        how.root,
        np.array(azimuths, dtype=np.float64),
        tolerance,
        n,
        far,
        total,
    )
    parts: list[Any] = [part.reshape(-1, z.shape[0]).T for part in (n, far, total)]
    return parts[0].astype(np.float64), parts[1], parts[2]


@dataclass(frozen=True)
class RowSums:
    """The same for cells on an ellipsoid: rows in pairs, their columns by transforms."""

    latitude: tuple[float, ...]
    step: float
    ellipsoid: tuple[float, float]
    classes: LagClasses
    root: bool

    def __call__(self, z: Floats, mask: Bools) -> Sums:
        """Return numbers (n_group,), distances and differences (n_field, n_group) of pairs.

        `z` (n_field, rows, columns) holds values less their mean, 0 where missing.
        """
        if self.root:
            return self._one_by_one(z, mask)
        latitude = np.deg2rad(np.array(self.latitude))
        half_turns = self._half_turns(latitude, mask.shape[1])
        n_step = half_turns.size
        length = padded_row(mask.shape[1], n_step)
        masks = row_spectra(mask.astype(np.float64), length)
        spectra = [(row_spectra(field, length), row_spectra(field**2, length)) for field in z]
        count = self.classes.count
        n, far, total = np.zeros(count), np.zeros(count), np.zeros((z.shape[0], count))
        held: Any = mask.any(axis=1)
        for row in np.flatnonzero(held):
            partners = self._partners(latitude, row, held)
            counts = pair_counts_of_rows(masks, row, partners, n_step)
            distance = np.empty(counts.shape)
            which = np.empty(counts.shape, np.int64)
            row_distances(
                latitude, row, partners, half_turns, np.array(self.ellipsoid),
                np.array(self.classes.edges), self.classes.width, self.classes.right,
                distance, which,
            )  # fmt: skip
            share = np.ones(counts.shape)
            share[:, 0] = share[partners == row] = 0.5  # counted from both sides
            which[(partners == row)[:, np.newaxis] & (np.arange(n_step) == 0)] = -1
            at = np.flatnonzero((which.ravel() >= 0) & (counts.ravel() > 0))
            group, share = which.ravel()[at], share.ravel()[at]
            pairs = counts.ravel()[at] * share
            n += np.bincount(group, pairs, count)
            far += np.bincount(group, pairs * distance.ravel()[at], count)
            for number, (values, squares) in enumerate(spectra):
                found = squared_differences_of_rows(values, squares, masks, row, partners, n_step)
                total[number] += np.bincount(group, found.ravel()[at] * share, count)
        return np.rint(n), np.broadcast_to(far, total.shape), np.maximum(total, 0.0)

    def _half_turns(self, latitude: Floats, n_column: int) -> Floats:
        """Squared sine of half the longitude between columns, for the steps that can matter."""
        angle = np.deg2rad(self.step) * np.arange(n_column)
        if angle[-1] <= np.pi:  # else what is far by columns may be near around the world
            # the shortest way along the parallel nearest a pole, over a sphere that is too small
            radius = self.ellipsoid[0] * (1 - self.ellipsoid[1]) ** 2
            chord = np.cos(np.abs(latitude).max()) * np.sin(angle / 2)
            angle = angle[2 * radius * np.arcsin(np.clip(chord, 0, 1)) <= self.classes.reach * 1.01]
        return np.asarray(np.sin(angle / 2) ** 2, dtype=np.float64)

    def _partners(
        self, latitude: Floats, row: Any, held: npt.NDArray[Any]
    ) -> npt.NDArray[np.int64]:
        away = np.abs(latitude - latitude[row]) * self.ellipsoid[0] * (1 - self.ellipsoid[1]) ** 2
        near = held & (away <= self.classes.reach * 1.0001)
        near[:row] = False
        return np.flatnonzero(near)

    def _one_by_one(self, z: Floats, mask: Bools) -> Sums:
        rows, columns = np.nonzero(mask)
        latitude = np.deg2rad(np.array(self.latitude))[rows]
        place = np.stack([latitude, np.deg2rad(self.step) * columns], axis=1)
        n, far, total = pair_sums(place, z[:, mask], self)
        return n[0], far, total
