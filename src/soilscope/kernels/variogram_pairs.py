"""Sums over pairs of sites in the plane or on the ellipsoid; distances of rows of cells."""

import math

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def ellipsoid_distance(sin_mean, sin_half, sin_half_turn, major, flattening):
    """Length (in units of `major`) of the way over the ellipsoid by Andoyer and Lambert.

    Parameters are squared sines: of the mean latitude, of half the difference of latitudes and of
    half the difference of longitudes. Off by the square of the flattening: up to about 1e-5 of
    the distance, except near antipodes.
    """
    cos_mean, cos_half, cos_half_turn = 1.0 - sin_mean, 1.0 - sin_half, 1.0 - sin_half_turn
    s = sin_half * cos_half_turn + cos_mean * sin_half_turn
    c = cos_half * cos_half_turn + sin_mean * sin_half_turn
    if s <= 0.0:
        return 0.0
    if c <= 0.0:
        return math.pi * major
    omega = math.atan(math.sqrt(s / c))
    ratio = math.sqrt(s * c) / omega
    first = (3.0 * ratio - 1.0) / (2.0 * c) * sin_mean * cos_half
    second = (3.0 * ratio + 1.0) / (2.0 * s) * cos_mean * sin_half
    return 2.0 * omega * major * (1.0 + flattening * (first - second))


@kernel
def _class_of(distance, edges, per_length, right):
    """Class of a distance: (edges[k], edges[k + 1]], or [edges[k], edges[k + 1]); -1 for none."""
    last = edges.size - 1
    if distance > edges[last] or (not right and distance >= edges[last]):
        return -1
    if right and distance <= edges[0]:
        return -1
    k = min(int(distance * per_length), last - 1)  # off by one at most, by rounding
    if right:
        k -= int(distance <= edges[k])
        return k + int(distance > edges[k + 1])
    k -= int(distance < edges[k])
    return k + int(distance >= edges[k + 1])


@kernel
def _separation(y, x, other_y, other_x, ellipsoid):
    """Distance of two places (y, x) in the plane, or (latitude, longitude) in radians."""
    down, across = other_y - y, other_x - x
    if ellipsoid[0] == 0.0:
        return math.sqrt(down * down + across * across)
    return ellipsoid_distance(
        math.sin(0.5 * (y + other_y)) ** 2,
        math.sin(0.5 * down) ** 2,
        math.sin(0.5 * across) ** 2,
        ellipsoid[0],
        ellipsoid[1],
    )


@kernel
def _is_along(north, east, azimuth, tolerance):
    """Whether a way, or the way back, lies in (azimuth - tolerance, azimuth + tolerance]."""
    away = math.degrees(math.atan2(east, north)) - azimuth
    away = (away + 90.0) % 180.0 - 90.0
    return tolerance >= 90.0 or -tolerance + 1e-9 < away <= tolerance + 1e-9


@kernel
def site_sums(place, z, ellipsoid, edges, width, right, root, azimuths, tolerance, n, far, total):
    """Add each pair of sites to its class: their number, distance and (root or square) difference.

    Parameters
    ----------
    place : (n_site, 2)
        (y, x), or (latitude, longitude) in radians, in ascending order of the first.
    z : (n_site, n_field)
        NaN where missing.
    ellipsoid : (2,)
        Half the long axis and the flattening; 0, 0 in the plane.
    azimuths : (n_azimuth,)
        Degrees clockwise from north; empty for all directions as one.
    n, far, total : (max(1, n_azimuth), n_class, n_field)
        Added to.
    """
    n_site, n_field = z.shape
    per_length, reach = 1.0 / width, edges[-1]
    if ellipsoid[0] > 0.0:  # a radian of a meridian is at least this long
        reach = 1.0001 * edges[-1] / (ellipsoid[0] * (1.0 - ellipsoid[1]) ** 2)
    for i in range(n_site):
        for j in range(i + 1, n_site):
            if place[j, 0] - place[i, 0] > reach:
                break
            distance = _separation(place[i, 0], place[i, 1], place[j, 0], place[j, 1], ellipsoid)
            k = _class_of(distance, edges, per_length, right)
            if k < 0:
                continue
            for a in range(n.shape[0]):
                if azimuths.size:
                    down, across = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1]
                    if not _is_along(down, across, azimuths[a], tolerance):
                        continue
                for f in range(n_field):
                    difference = abs(z[i, f] - z[j, f])
                    if not np.isnan(difference):
                        n[a, k, f] += 1
                        far[a, k, f] += distance
                        total[a, k, f] += math.sqrt(difference) if root else difference * difference


@kernel
def row_distances(latitude, row, partners, half_turns, ellipsoid, edges, width, right, far, which):
    """Distance and class of the cells of a row from those of other rows, by steps of columns.

    Parameters
    ----------
    latitude : (n_row,)
        Radians.
    row, partners
        The row, and the rows (n_partner,) that it is paired with.
    half_turns : (n_step,)
        Squared sine of half the longitude between cells that many columns apart.
    far, which : (n_partner, n_step)
        Written: distances, and classes (-1 for none).
    """
    for p in range(partners.size):
        other = latitude[partners[p]]
        sin_mean = math.sin(0.5 * (latitude[row] + other)) ** 2
        sin_half = math.sin(0.5 * (latitude[row] - other)) ** 2
        for k in range(half_turns.size):
            far[p, k] = ellipsoid_distance(
                sin_mean, sin_half, half_turns[k], ellipsoid[0], ellipsoid[1]
            )
            which[p, k] = _class_of(far[p, k], edges, 1.0 / width, right)
