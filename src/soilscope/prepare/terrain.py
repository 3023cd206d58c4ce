"""Slope, aspect and topographic wetness of an elevation model."""

import json
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_choice, require_dims, require_numeric
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import grid_dims
from soilscope.grid.spacing import Spacing, spacing_of
from soilscope.kernels.fill import fill
from soilscope.kernels.flow import accumulate
from soilscope.kernels.horn import horn
from soilscope.kernels.wetness import wetness
from soilscope.labelled import label
from soilscope.lineage import inherit

Array = npt.NDArray[Any]
Flow = Literal["mfd", "d8"]

_FIELDS = ("slope", "aspect", "northness", "eastness", "specific_catchment_area", "twi")
_METRES = {
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international_feet"), 0.3048),
    **dict.fromkeys(("US survey foot", "US_survey_foot", "ft_us", "us-ft"), 1200 / 3937),
    **{"km": 1000.0, "dm": 0.1, "cm": 0.01},
}
#: m: no land or sea floor is beyond; nor lies the lowest place so far below the next and the sea.
_LOWEST, _HIGHEST, _DROP, _DEEP = -12_000.0, 9_500.0, 2_000.0, -1_000.0


def terrain(
    dem: xr.DataArray,
    *,
    flow: Flow = "mfd",
    exponent: float = 1.1,
    min_slope: float = 0.001,
) -> xr.Dataset:
    """Slope, aspect and topographic wetness index of an elevation model.

    Parameters
    ----------
    dem
        Elevation (m, or the unit that its `units` name) with dims (y, x) or (latitude, longitude),
        evenly spaced; missing cells are NaN. Lengths are those of the ellipsoid on latitude and
        longitude, else those of the map in the unit of its reference system.
    flow
        "mfd": water goes to all lower neighbours in proportion to slope ** `exponent` (Freeman).
        "d8": all of it goes to the steepest.
    exponent
        Of "mfd", above 0; the larger, the more of the flow takes the steepest way.
    min_slope
        Least tangent of the slope in the wetness index.

    Returns
    -------
    Dataset
        `slope` in degrees; `aspect`, the direction that the ground faces, in degrees clockwise from
        the north of the grid (NaN where flat), its cosine `northness` and sine `eastness` (0 where
        flat), which means and regressions need, as 359 and 1 degree are neighbours;
        `specific_catchment_area` (m), the area that drains through a cell, its own included, per
        width sqrt(cell area); `twi`, the wetness index ln(`specific_catchment_area` / tangent of
        the slope); `floored_share`, the share of cells whose slope was raised to `min_slope`.
        Single precision unless `dem` is double. Lazy if `dem` is: the whole field is one task of
        some 40 bytes a cell beside its input (60 in double precision).

    Raises
    ------
    GridError
        If there is no grid, or its coordinates are uneven, or look like degrees without saying so.
    InputError
        If `dem` has other dims, an unknown unit, or heights that are a code for missing ones (told
        when computed, if lazy). A map that distorts lengths by 5 % gives a SoilscopeWarning.

    References
    ----------
    Horn (1981), doi:10.1109/PROC.1981.11918; Barnes et al. (2014), doi:10.1016/j.cageo.2013.04.024;
    Freeman (1991), doi:10.1016/0098-3004(91)90048-I; Beven and Kirkby (1979),
    doi:10.1080/02626667909491834.

    Examples
    --------
    A slope of 45 degrees that faces east:

    >>> metres = {"units": "m"}
    >>> dem = xr.DataArray(
    ...     [[20.0, 10.0, 0.0], [20.0, 10.0, 0.0]],
    ...     {"y": ("y", [10.0, 0.0], metres), "x": ("x", [0.0, 10.0, 20.0], metres)},
    ...     ("y", "x"),
    ... )
    >>> found = terrain(dem, flow="d8")
    >>> found.slope.values[0].round(6), found.aspect.values[0]
    (array([45., 45., 45.]), array([90., 90., 90.]))
    >>> found.specific_catchment_area.values[0]
    array([10., 20., 30.])
    """
    dims = _check(dem, flow, exponent, min_slope)
    rows, columns = dims
    # ties are broken in one order, so that results do not depend on how the rows are stored
    turned = [d for d, step in ((rows, -1), (columns, 1)) if _step(dem, d) == -step]
    upright = _reversed(dem.transpose(*dims), turned)
    results = xr.apply_ufunc(
        partial(
            _derive,
            spacing=spacing_of(upright, name="dem"),
            metres=_METRES[str(dem.attrs.get("units", "m"))],
            codes=_missing_codes(dem),
            exponent=np.inf if flow == "d8" else float(exponent),
            min_slope=float(min_slope),
        ),
        upright if upright.chunks is None else upright.chunk(dict.fromkeys(dims, -1)),
        input_core_dims=[list(dims)],
        output_core_dims=[*(list(dims) for _ in _FIELDS), []],
        dask="parallelized",
        keep_attrs=False,
        output_dtypes=[*(_precision(dem.dtype) for _ in _FIELDS), np.dtype("f8")],
    )
    fields = {
        name: _reversed(field, turned).transpose(*dem.dims)
        for name, field in zip(_FIELDS, results[:-1], strict=True)
    }
    ds = xr.Dataset(fields | {"floored_share": results[-1]})
    for variable in fields:
        ds[variable].encoding = _grid_mapping(dem)
    ds["aspect"].attrs["comment"] = "circular: means and regressions take northness and eastness"
    options = {"flow": flow, "exponent": exponent, "min_slope": min_slope}
    return label(
        inherit(ds, dem),
        method="terrain",
        options=json.dumps(options),
        references="Horn (1981); Barnes et al. (2014); Freeman (1991); Beven and Kirkby (1979)",
    )


def _check(dem: xr.DataArray, flow: str, exponent: float, min_slope: float) -> tuple[str, str]:
    """Return the dims of the grid, rows first; refuse what terrain cannot be made from."""
    require_dims(dem, name="dem")
    require_numeric(dem, name="dem")
    require_choice(flow, get_args(Flow), name="flow")
    for name, value in (("exponent", exponent), ("min_slope", min_slope)):
        if not isinstance(value, int | float) or not 0 < value < np.inf:
            raise InputError(f"{name} is {value!r}; it must be a number above 0.")
    dims = grid_dims(dem)
    if dims is None:
        raise GridError("dem has no grid: no dims (y, x) or (latitude, longitude).")
    others = [str(d) for d in dem.dims if d not in dims]
    if others:
        raise InputError(
            f"dem has the dimension {others[0]!r} beside its grid; take one field, as in "
            f"dem.isel({others[0]}=0)."
        )
    units = str(dem.attrs.get("units", "m"))
    if units not in _METRES:
        raise InputError(f"dem is in {units!r}; bring it to m first, and write units 'm' on it.")
    return dims


def _step(dem: xr.DataArray, dim: str) -> float:
    """Return 1 where a coordinate ascends, -1 where it descends, else 0."""
    values = dem[dim].values
    return float(np.sign(values[-1] - values[0]))


def _reversed(da: xr.DataArray, dims: list[str]) -> xr.DataArray:
    return da.isel({dim: slice(None, None, -1) for dim in dims})


def _precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype("f8" if dtype == np.float64 else "f4")


def _missing_codes(dem: xr.DataArray) -> tuple[float, ...]:
    """Values that attributes say are missing: those that were not masked when it was read."""
    said = [dem.attrs[key] for key in ("_FillValue", "missing_value", "nodata") if key in dem.attrs]
    return tuple(float(code) for codes in said for code in np.ravel(codes) if codes is not None)


def _grid_mapping(dem: xr.DataArray) -> dict[str, Any]:
    return {k: v for k, v in dem.encoding.items() if k == "grid_mapping"}


def _derive(
    values: Array,
    *,
    spacing: Spacing,
    metres: float,
    codes: tuple[float, ...],
    exponent: float,
    min_slope: float,
) -> tuple[Array, ...]:
    """All fields of a grid (n_row, n_col), rows from north to south, and the floored share."""
    z = _heights(values, metres, codes)
    precision = _precision(values.dtype)
    slope, aspect, northness, eastness = (np.empty(z.shape, precision) for _ in range(4))
    horn(z, spacing.dx, spacing.dy, slope, aspect, northness, eastness)
    highest = np.nanmax(np.abs(z), initial=0.0)
    fill(z, max(4.0 * float(np.spacing(highest)), 1e-12))
    upslope = np.empty(z.shape)
    accumulate(z, spacing.dx, spacing.dy, spacing.area, exponent, upslope)
    del z
    catchment, twi = (np.empty(slope.shape, precision) for _ in range(2))
    floored, valid = wetness(upslope, spacing.area, slope, min_slope, catchment, twi)
    share = np.array(floored / valid if valid else np.nan)
    return slope, aspect, northness, eastness, catchment, twi, share


def _heights(values: Array, metres: float, codes: tuple[float, ...]) -> Array:
    """Heights in m, NaN where missing; refuse what can only be a code for missing ones."""
    z = np.array(values, dtype=np.float64, order="C")
    for code in codes:
        z[z == code] = np.nan
    z[~np.isfinite(z)] = np.nan
    z *= metres
    low = np.nanmin(z, initial=np.inf)
    high = np.nanmax(z, initial=-np.inf)
    next_low = np.nanmin(z, where=z > low, initial=np.inf)
    lone = low < _DEEP and np.inf > next_low > low + _DROP
    if low < _LOWEST or lone or high > _HIGHEST:
        code = (high if high > _HIGHEST else low) / metres
        raise InputError(
            f"dem holds {code:.9g}, which is no height but a code for missing cells; mask it "
            f"first, as in dem.where(dem != {code:.9g})."
        )
    return z
