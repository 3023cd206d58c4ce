"""A sample of a grid at the knots of a square net of given width."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_between, require_number
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.grid.spacing import spacing_of

T = TypeVar("T", xr.DataArray, xr.Dataset)
Floats = npt.NDArray[np.float64]
_EDGE = 1e-9  # of a cell: a knot on the edge between two falls to the second


def fishnet(da: T, *, spacing: float, offset: tuple[float, float] = (0.5, 0.5)) -> T:
    """Keep the cells of a grid under the knots of a square net; the others become missing.

    The grid stays as it is, so that the sample can be used with whatever lies on it. The net is
    counted from the north-western corner; on latitude and longitude its knots are `spacing` apart
    along each parallel, so that fewer cells of a row are kept towards the poles.

    Parameters
    ----------
    da : DataArray or Dataset
        Data on a grid, of any other dimensions; of a Dataset what lies on the grid. Numbers with a
        fraction become NaN, whole numbers (codes) -1.
    spacing : float
        Distance between knots in m, a cell's width and height or more.
    offset : (float, float)
        Place of the first knot, as shares (0 to 1) of the spacing to the south and to the east.

    Returns
    -------
    DataArray or Dataset
        The type of `da`, missing beside the knots; the attribute ``sampling`` says of which net.

    Raises
    ------
    InputError
        If options do not fit, or an array holds what cannot be missing (text, booleans).
    GridError
        If there is no even grid, no way to tell metres, or cells are wider than the net.

    References
    ----------
    Jelinski and Wu (1996), doi:10.1007/BF02447512.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from soilscope import fishnet
    >>> y, x = 1000.0 * np.arange(8, 0, -1), 1000.0 * np.arange(8)
    >>> field = xr.DataArray(np.ones((8, 8)), {"y": y, "x": x}, ("y", "x"))
    >>> int(fishnet(field, spacing=4000).notnull().sum())
    4
    """
    require_number(spacing, name="spacing")
    first = _offset(offset)
    if not np.isfinite(spacing) or spacing <= 0:
        raise InputError(f"spacing is {spacing!r}; give a distance in m, as in 8000.")
    kept = _knots(da, float(spacing), first)
    said = {"sampling": f"fishnet of {spacing:g} m"}
    if isinstance(da, xr.DataArray):
        return _thinned(da, kept).assign_attrs(said)
    names = [name for name in da if set(kept.dims) <= set(da[name].dims)]
    on_grid = {name: _thinned(da[name], kept) for name in names}
    if not on_grid:
        raise InputError("da has no variable on its grid; give data on (y, x).")
    return da.assign(on_grid).assign_attrs(said)


def _offset(offset: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(offset, (tuple, list)) or len(offset) != 2:
        raise InputError(f"offset is {offset!r}; give two shares, as in (0.5, 0.5).")
    for share in offset:
        require_between(share, 0.0, 1.0, name="a share in offset")
    return float(offset[0]), float(offset[1])


def _knots(
    obj: xr.DataArray | xr.Dataset, spacing: float, offset: tuple[float, float]
) -> xr.DataArray:
    """Return whether a cell lies under a knot."""
    if not isinstance(obj, (xr.DataArray, xr.Dataset)) or grid_dims(obj) is None:
        raise InputError("a fishnet needs a grid: da has no dims (y, x) or (latitude, longitude).")
    box, size = geobox_of(obj), spacing_of(obj)
    widest = max(float(size.dx.max()), float(size.dy.max()))
    if spacing < widest * (1.0 - 1e-6):
        raise GridError(f"spacing is {spacing:g} m, and cells are up to {widest:.6g} m wide.")
    kept = np.zeros(tuple(map(int, box.shape)), dtype=bool)
    rows = kept[::-1] if box.affine.e > 0 else kept  # north first
    dx, dy = (v[::-1] if box.affine.e > 0 else v for v in (size.dx, size.dy))
    for row in _under(dy, spacing, offset[0]):
        rows[row, _under(np.full(kept.shape[1], dx[row]), spacing, offset[1])] = True
    if box.affine.a < 0:  # west first
        kept = kept[:, ::-1]
    if not kept.any():
        raise GridError(f"no knot of a net of {spacing:g} m lies on the grid; take a smaller one.")
    return xr.DataArray(kept, dims=grid_dims(obj))


def _under(width: Floats, spacing: float, offset: float) -> npt.NDArray[np.int64]:
    """Return the cells of a row of cells of these widths that lie under knots."""
    ends = np.cumsum(width)
    knots = spacing * (offset + np.arange(int(ends[-1] / spacing) + 2))
    found = np.searchsorted(ends, knots + _EDGE * width[0], side="right")
    return np.unique(found[found < width.size])


def _thinned(da: xr.DataArray, kept: xr.DataArray) -> xr.DataArray:
    if da.dtype.kind == "f":
        return da.where(kept).transpose(*da.dims)
    if da.dtype.kind == "i":
        return da.where(kept, da.dtype.type(-1)).transpose(*da.dims)
    raise InputError(
        f"{da.name or 'da'} holds {da.dtype}, of which none is missing; sample the response alone, "
        "as factors only count where it has a value."
    )
