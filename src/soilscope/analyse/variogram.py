"""Empirical semivariograms: how much values differ with the distance between them."""

import json
import math
import warnings
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.variogram_classes import Closed, Estimator, LagClasses, lag_classes
from soilscope.analyse.variogram_detrend import Detrend
from soilscope.analyse.variogram_fields import Variograms
from soilscope.analyse.variogram_places import DegreeGrid, MapGrid, Places, Sites, places_of
from soilscope.analyse.variogram_tiles import FromTiles, middles, sums_by_tile, tiles_of
from soilscope.checks import require_between, require_choice, require_dims, require_numeric
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.labelled import label
from soilscope.lineage import inherit

Style = Literal["gstat", "gs+"]

_REFERENCES = (
    "Matheron (1963) doi:10.2113/gsecongeo.58.8.1246; Marcotte (1996) "
    "doi:10.1016/S0098-3004(96)00026-X; Cressie and Hawkins (1980) doi:10.1007/BF01035243"
)
_CLOSED: dict[str | None, Closed] = {None: "right", "gstat": "right", "gs+": "left"}


def variogram(
    field: xr.DataArray,
    *,
    lag_width: float,
    max_lag: float,
    estimator: Estimator = "matheron",
    azimuths: Sequence[float] | None = None,
    tolerance: float = 22.5,
    closed: Closed | None = None,
    detrend: Detrend = "none",
    style: Style | None = None,
    n_tiles: int | None = None,
) -> xr.Dataset:
    """Semivariance of a field by classes of distance, over every pair of valid cells or sites.

    Parameters
    ----------
    field
        Values with dims (y, x), (latitude, longitude), or `site` with coordinates (latitude,
        longitude) or (y, x) along it; each further dimension (month, depth) has variograms of its
        own. NaN and infinities are missing. Distances are those of the map in m, or those on the
        ellipsoid where places are in degrees.
    lag_width
        Width of a class of distances, m; on a map at least a cell, on degrees half of one.
    max_lag
        Largest distance, m. The last class ends there.
    estimator
        "matheron": half the mean squared difference. "cressie": Cressie and Hawkins' estimator,
        which outliers move less; each pair is looked at, so it takes much longer on grids.
    azimuths
        Directions in degrees clockwise from the map's north, for variograms by direction; not on
        grids of latitude and longitude.
    tolerance
        Half the width of a direction, degrees. A pair belongs to (azimuth - tolerance, azimuth +
        tolerance], so that directions side by side share none.
    closed
        "right": a class is (low, high], as in gstat. "left": [low, high), as in GS+ and gstools.
        By default as `style` says, else "right". On a grid many pairs lie on an edge.
    detrend
        "linear" or "quadratic": take a surface of that order in the coordinates off each field
        first, by least squares.
    style
        "gstat" or "gs+": the `closed` of that program.
    n_tiles
        Tiles along each side of a map whose own variograms are returned too, for intervals of
        `fit_variogram`: 8. With "matheron" and without a trend.

    Returns
    -------
    Dataset
        On `lag` (middle of the class; `lag_low` and `lag_high` are its edges; m), on `azimuth` if
        asked for, and on the other dims of `field`: `semivariance` (units of `field`, squared),
        `n_pairs`, and `distance`, the mean distance of those pairs (m); NaN in a class without
        pairs. For each field `n_obs`, the number of values, and `status` (too_few: fewer than two;
        constant: the semivariance is 0). With `n_tiles` also `tile_semivariance`, `tile_n_pairs`
        and `tile_n_obs` of the `tile` (`tile_y`, `tile_x`: its middle, m from the first cell) that
        the first cell of a pair lies in. Lazy if `field` is. A map of more than 4 million cells is
        taken in tiles of about 1,000 cells and what lies within `max_lag` of them, which need not
        be in memory together (except for a trend); any other field is whole in a task.

    Raises
    ------
    InputError
        If a length is not above 0, lags are narrower than a cell or reach beyond the field, or two
        sites share a place. Lags beyond half the extent give a SoilscopeWarning.
    GridError
        If places are missing, uneven, or look like degrees without saying so.

    References
    ----------
    Matheron (1963), doi:10.2113/gsecongeo.58.8.1246; Marcotte (1996),
    doi:10.1016/S0098-3004(96)00026-X; Cressie and Hawkins (1980), doi:10.1007/BF01035243.

    Examples
    --------
    Values that rise by 1 from column to column differ by the square of the distance, halved:

    >>> metres = {"units": "m"}
    >>> axes = {"y": ("y", [100.0, 0.0], metres), "x": ("x", 100.0 * np.arange(5), metres)}
    >>> field = xr.DataArray(np.tile(np.arange(5.0), (2, 1)), axes, ("y", "x"))
    >>> made = variogram(field, lag_width=100.0, max_lag=200.0, azimuths=[90], tolerance=10)
    >>> made.semivariance.values, made.n_pairs.values, made.distance.values
    (array([[0.5, 2. ]]), array([[8, 6]]), array([[100., 200.]]))
    """
    places, classes, directions = _check(
        field, lag_width, max_lag, estimator, azimuths, tolerance, closed, detrend, style
    )
    _require_tiles(n_tiles, places, estimator, detrend)
    core = list(places.dims)
    data = field.transpose(..., *core)
    make: Variograms | FromTiles
    make = Variograms(places, classes, estimator, directions, float(tolerance), detrend)
    tiles = tiles_of(places, classes, n_tiles) if detrend == "none" else []
    if tiles and isinstance(places, MapGrid):
        by = (directions, float(tolerance))
        data = sums_by_tile(data, tiles, places, classes, by, estimator)
        data = data.assign_coords(middles(tiles, places)) if n_tiles else data
        make, core = FromTiles(classes, estimator, n_tiles is not None), ["tile", "part"]
    dims, kinds = [["azimuth", "lag"]] * 3 + [[], []], ["f8", "i8", "f8", "i8", "i1"]
    names = ["semivariance", "n_pairs", "distance", "n_obs", "status"]
    if n_tiles is not None:
        dims += [["tile", "azimuth", "lag"]] * 2 + [["tile"]]
        kinds += ["f8", "i8", "i8"]
        names += ["tile_semivariance", "tile_n_pairs", "tile_n_obs"]
    results = xr.apply_ufunc(
        make,
        data if data.chunks is None else data.chunk(dict.fromkeys(core, -1)),
        input_core_dims=[core],
        output_core_dims=dims,
        dask="parallelized",
        output_dtypes=[np.dtype(kind) for kind in kinds],
        dask_gufunc_kwargs={
            "output_sizes": {"azimuth": max(1, len(directions)), "lag": classes.count}
        },
        keep_attrs=False,
    )
    ds = xr.Dataset(dict(zip(names, results, strict=True))).assign_coords(classes.coords())
    ds = ds.drop_vars([c for c in ("spatial_ref",) if c in ds.coords])
    order = ("tile", "azimuth", "lag")
    ds = _with_azimuths(ds, directions).transpose(*order, ..., missing_dims="ignore")
    options = {
        "lag_width": lag_width,
        "max_lag": max_lag,
        "estimator": estimator,
        "azimuths": list(directions) or None,
        "tolerance": tolerance,
        "closed": "right" if classes.right else "left",
        "detrend": detrend,
        "n_tiles": n_tiles,
    }
    return label(
        inherit(ds, field),
        units=field.attrs.get("units"),
        method="variogram",
        options=json.dumps(options),
        references=_REFERENCES,
    )


def _check(
    field: xr.DataArray,
    lag_width: float,
    max_lag: float,
    estimator: str,
    azimuths: Sequence[float] | None,
    tolerance: float,
    closed: Closed | None,
    detrend: str,
    style: str | None,
) -> tuple[Places, LagClasses, tuple[float, ...]]:
    """Return places, classes and directions; refuse what variograms cannot be made from."""
    require_dims(field, name="field")
    require_numeric(field, name="field")
    require_choice(estimator, get_args(Estimator), name="estimator")
    require_choice(closed, (*get_args(Closed), None), name="closed")
    require_choice(detrend, get_args(Detrend), name="detrend")
    require_choice(style, (*get_args(Style), None), name="style")
    classes = lag_classes(lag_width, max_lag, closed or _CLOSED[style])
    places = places_of(field)
    if lag_width < places.narrowest * (1 - 1e-6):
        cell = "a cell" if isinstance(places, MapGrid) else "half a cell"
        raise InputError(
            f"lag_width is {lag_width:g} m, less than {cell}, {places.narrowest:.6g} m; classes "
            "would be empty: widen it."
        )
    if max_lag > places.extent * (1 + 1e-6):
        raise InputError(
            f"max_lag is {max_lag:g} m, but no two places of field are farther apart than "
            f"{places.extent:.6g} m; a third of that is usual."
        )
    if max_lag > 0.5 * places.extent * (1 + 1e-6):
        warnings.warn(
            f"max_lag is {max_lag:g} m, more than half the extent of field, {places.extent:.6g} m: "
            "pairs so far apart lie at its edges only.",
            SoilscopeWarning,
            stacklevel=3,
        )
    return places, classes, _directions(azimuths, tolerance, places)


def _require_tiles(n_tiles: int | None, places: Places, estimator: str, detrend: str) -> None:
    if n_tiles is None:
        return
    if not isinstance(n_tiles, int | np.integer) or isinstance(n_tiles, bool):
        raise InputError(f"n_tiles is {n_tiles!r}; give a whole number, as in n_tiles=8.")
    require_between(n_tiles, 2, 32, name="n_tiles")
    if not isinstance(places, MapGrid) or estimator != "matheron" or detrend != "none":
        raise InputError(
            "n_tiles needs a map's grid (y, x), estimator='matheron' and detrend='none'; leave "
            "n_tiles out."
        )


def _directions(
    azimuths: Sequence[float] | None, tolerance: float, places: Places
) -> tuple[float, ...]:
    require_between(tolerance, 1e-6, 90.0, name="tolerance")
    if azimuths is None:
        return ()
    given = [azimuths] if isinstance(azimuths, int | float) else list(azimuths)
    if not given or not all(
        isinstance(a, int | float | np.number) and math.isfinite(a) for a in given
    ):
        raise InputError(f"azimuths is {azimuths!r}; give degrees, as in [0, 45, 90, 135].")
    turned = tuple(float(a) for a in given)
    if len({a % 180.0 for a in turned}) < len(turned):
        raise InputError(
            f"azimuths has a direction twice ({list(turned)}); 0 and 180 degrees are one."
        )
    if isinstance(places, DegreeGrid) or (isinstance(places, Sites) and places.ellipsoid[0]):
        raise InputError(
            "azimuths are directions on a map, but field is in latitude and longitude; reproject "
            "it first, or leave azimuths out."
        )
    return turned


def _with_azimuths(ds: xr.Dataset, directions: tuple[float, ...]) -> xr.Dataset:
    if not directions:
        return ds.isel(azimuth=0)
    attrs = {"units": "degree", "long_name": "direction, clockwise from the map's north"}
    return ds.assign_coords(azimuth=xr.Variable("azimuth", list(directions), attrs))
