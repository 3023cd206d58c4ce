"""Sums over pairs of sites on the ellipsoid and along directions, beside a loop over all pairs."""

import itertools

import numpy as np
import pyproj
import pytest

from soilscope.kernels.variogram_pairs import site_sums

WGS84 = np.array([6378137.0, 1 / 298.257223563])
PLANE = np.zeros(2)
NO_WAY = np.empty(0)


def summed(place, z, ellipsoid, edges, *, right=True, root=False, azimuths=NO_WAY, tolerance=90.0):
    shape = (max(1, azimuths.size), edges.size - 1, z.shape[1])
    n, far, total = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    order = np.argsort(place[:, 0], kind="stable")
    site_sums(
        place[order], z[order], ellipsoid, edges, edges[1] - edges[0], right, root, azimuths,
        tolerance, n, far, total,
    )  # fmt: skip
    return n, far, total


def looped(place, z, edges, distance, along, *, right, root):
    n, far, total = np.zeros((3, edges.size - 1, z.shape[1]))
    for i, j in itertools.combinations(range(len(place)), 2):
        d = distance(place[i], place[j])
        for k in range(edges.size - 1):
            inside = edges[k] < d <= edges[k + 1] if right else edges[k] <= d < edges[k + 1]
            for f in range(z.shape[1]):
                if inside and along(place[j] - place[i]) and np.isfinite(z[i, f] - z[j, f]):
                    away = abs(z[i, f] - z[j, f])
                    n[k, f] += 1
                    far[k, f] += d
                    total[k, f] += np.sqrt(away) if root else away**2
    return n, far, total


def values(n, seed=0):
    z = np.random.default_rng(seed).normal(size=(n, 2))
    z[::4, 1] = np.nan
    return z


def in_the_plane(a, b):
    return float(np.hypot(*(a - b)))


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("root", [True, False])
def test_pairs_in_the_plane_are_those_of_a_loop(root, right):
    # whole places: many distances lie on the edges of classes
    place = np.random.default_rng(1).integers(0, 9, (20, 2)).astype(float)
    place[3] = place[4]
    z, edges = values(20), np.array([0.0, 1.0, 2.0, 3.0, 4.5])
    found = summed(place, z, PLANE, edges, root=root, right=right)
    expected = looped(place, z, edges, in_the_plane, lambda _: True, right=right, root=root)
    for got, known in zip(found, expected, strict=True):
        np.testing.assert_allclose(got[0], known, rtol=1e-12)


def test_pairs_on_the_ellipsoid_are_those_of_geodesics():
    rng = np.random.default_rng(2)
    degrees = rng.uniform((30, 95), (42, 107), (24, 2))
    z, edges = values(24), np.array([0.0, 150e3, 300e3, 420e3])
    geod = pyproj.Geod(ellps="WGS84")
    n, far, total = summed(np.deg2rad(degrees), z, WGS84, edges)
    expected = looped(
        degrees, z, edges, lambda a, b: geod.inv(a[1], a[0], b[1], b[0])[2], lambda _: True,
        right=True, root=False,
    )  # fmt: skip
    np.testing.assert_array_equal(n[0], expected[0])
    np.testing.assert_allclose(far[0], expected[1], rtol=2e-5)
    np.testing.assert_allclose(total[0], expected[2], rtol=1e-12)


def test_pairs_due_north_count_to_the_very_reach():
    # the break by latitude must not lose the longest pairs of a meridian, of which a degree is
    # shortest at the equator
    geod = pyproj.Geod(ellps="WGS84")
    reach = geod.inv(0, 0, 0, 3)[2] * (1 + 3e-5)
    place = np.deg2rad([[0.0, 0.0], [3.0, 0.0], [6.1, 0.0]])
    n, *_ = summed(place, np.ones((3, 1)), WGS84, np.array([0.0, reach]))
    assert n[0, 0, 0] == 1


def test_directions_hold_the_pairs_within_their_tolerance():
    rng = np.random.default_rng(3)
    place, z, edges = rng.uniform(0, 9, (22, 2)), values(22), np.array([0.0, 2.0, 4.0, 6.0])
    azimuths = np.array([0.0, 45.0, 90.0, 135.0])
    found = summed(place, z, PLANE, edges, azimuths=azimuths, tolerance=22.5)
    whole = summed(place, z, PLANE, edges)
    for a, azimuth in enumerate(azimuths):
        way = np.array([np.cos(np.deg2rad(azimuth)), np.sin(np.deg2rad(azimuth))])  # (y, x)

        def along(step, way=way):
            angle = np.degrees(np.arccos(min(1.0, abs(step @ way) / np.hypot(*step))))
            return angle <= 22.5

        expected = looped(place, z, edges, in_the_plane, along, right=True, root=False)
        for got, known in zip(found, expected, strict=True):
            np.testing.assert_allclose(got[a], known, rtol=1e-12)
    for got, known in zip(found, whole, strict=True):  # four sectors are the whole circle
        np.testing.assert_allclose(got.sum(axis=0), known[0], rtol=1e-12)


def test_a_pair_between_two_directions_is_in_one_of_them():
    # a way to the north-east at exactly 45 degrees, and one to the east
    place, z = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.ones((3, 1))
    n, *_ = summed(
        place, z, PLANE, np.array([0.0, 1.5]), azimuths=np.array([0.0, 90.0]), tolerance=45.0
    )
    assert n[:, 0, 0].tolist() == [1, 1]
    every, *_ = summed(place, z, PLANE, np.array([0.0, 1.5]), azimuths=np.array([10.0]))
    assert every[0, 0, 0] == 2


@pytest.mark.parametrize("n_site", [0, 1])
def test_less_than_two_sites_make_no_pair(n_site):
    n, far, total = summed(
        np.zeros((n_site, 2)), np.zeros((n_site, 1)), PLANE, np.array([0.0, 1.0])
    )
    assert not n.any()
    assert not far.any()
    assert not total.any()
