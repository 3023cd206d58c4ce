"""Arrays that go beside series: weights, or the days on which values were seen."""

import xarray as xr

from soilscope.checks import require_dims, same_along
from soilscope.errors import InputError


def require_beside(
    other: xr.DataArray, da: xr.DataArray, dim: str, *, name: str, of: str = "da"
) -> None:
    """Refuse an array that `da`, called `of`, would have to grow, or be cut, to meet."""
    require_dims(other, dim, name=name)
    extra = [str(d) for d in other.dims if d not in da.dims]
    if extra:
        raise InputError(f"{name} has the dimension {extra[0]!r}, which {of} lacks.")
    differ = [str(d) for d in other.dims if not same_along(other, da, d)]
    if differ:
        raise InputError(
            f"{name} and {of} differ along {differ[0]!r}; bring them together with "
            'xarray.align(..., join="inner").'
        )
