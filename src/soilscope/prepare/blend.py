"""Coarse soil moisture of two products: the first, and where it is missing the second rescaled."""

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import (
    require_at_least,
    require_choice,
    require_dims,
    require_numeric,
    require_single_chunk,
    same_along,
)
from soilscope.errors import InputError
from soilscope.kernels.blend import blend
from soilscope.labelled import Output, label, over_series
from soilscope.lineage import inherit
from soilscope.names import flag_attrs
from soilscope.prepare.cell_methods import done_to
from soilscope.times import require_dates

Array = npt.NDArray[Any]
By = Literal["season", "month", "year"]

_SEASONS = ("DJF", "MAM", "JJA", "SON")
#: Attributes that tell of one product alone.
_OWN = ("product", "lineage", "source_name", "source_units", "expected")


def blend_moisture(
    primary: xr.DataArray,
    secondary: xr.DataArray,
    *,
    by: By = "season",
    min_overlap: int = 30,
    clip: bool = False,
) -> xr.Dataset:
    """Soil moisture of one product, filled from another that is rescaled to it.

    In each cell and season the second product is brought to the mean and standard deviation that
    the first has on the days on which both have a value: theta = mean_1 + (x - mean_2) sd_1 / sd_2.

    Parameters
    ----------
    primary, secondary
        Soil moisture (m3 m-3) with dates along `time`, on the same cells (or sites); `time` may
        differ, and every date of both is kept. ESA CCI and SMOPS, say. Infinite values count as
        missing.
    by
        "season" (December to February, ...), "month", or "year": one pair of means for all.
    min_overlap
        Fewest days of a season, over all years, on which both have a value; with fewer (or without
        any spread of the second product) the second one is not used.
    clip
        Set rescaled values outside 0 to 1 to these ends; they are counted in any case.

    Returns
    -------
    Dataset
        `soil_moisture`; `source` of each value (-1 none, 0 primary, 1 secondary); `n_obs`, the
        number of days on which both have a value, on `season` (or `month`); `n_unphysical`, how
        many rescaled values lie outside 0 to 1 along `time`. Lazy if one of the inputs is, by
        chunks in space. The lineage is that of both.

    Raises
    ------
    InputError
        If cells differ, no date is common to both, time is not dates in ascending order, or an
        input is split into chunks along it.

    References
    ----------
    Liu et al. (2011), https://doi.org/10.5194/hess-15-425-2011 (rescaling of products); Brocca et
    al. (2010), https://doi.org/10.5194/hess-14-1881-2010 (by mean and standard deviation)

    Examples
    --------
    >>> days = xr.date_range("2015-06-01", periods=60, freq="D")
    >>> second = xr.DataArray(0.3 + 0.001 * np.arange(60.0), {"time": days}, "time")
    >>> first = (0.1 + 2.0 * (second - 0.3)).where(np.arange(60) != 7)
    >>> found = blend_moisture(first, second)
    >>> found.soil_moisture.values[6:9].round(3).tolist(), found.source.values[6:9].tolist()
    ([0.112, 0.114, 0.116], [0, 1, 0])
    """
    require_choice(by, get_args(By), name="by")
    require_at_least(min_overlap, 2, name="min_overlap")
    for name, da in (("primary", primary), ("secondary", secondary)):
        require_dims(da, "time", name=name)
        require_numeric(da, name=name)
        require_dates(da["time"])
        require_single_chunk(da, "time", name=name)
    _require_same_cells(primary, secondary)
    first, second = _on_all_dates(primary, secondary)
    dim, labels, season = _seasons(first["time"], by)
    block = Blend(tuple(season.tolist()), len(labels), int(min_overlap), bool(clip))
    kind = "f4" if primary.dtype == np.float32 else "f8"
    outputs = {
        "soil_moisture": Output(kind, "time"),
        "source": Output("i1", "time"),
        "n_obs": Output("i8", dim, len(labels)),
        "n_unphysical": Output("i8"),
    }
    ds = over_series(block, first, second, dim="time", outputs=outputs, name="primary")
    ds = ds.assign_coords({dim: (dim, labels), "time": first["time"]})
    for name in ("soil_moisture", "source"):
        ds[name] = ds[name].transpose(*primary.dims)
    ds["soil_moisture"].attrs = _told(primary) | ds["soil_moisture"].attrs
    named = {"primary": primary, "secondary": secondary}
    products = {k: str(da.attrs["product"]) for k, da in named.items() if "product" in da.attrs}
    flags = flag_attrs(("none", "primary", "secondary"), first=-1)
    ds["source"].attrs = ds["source"].attrs | flags | products
    return label(
        inherit(ds, primary, secondary),
        units=primary.attrs.get("units"),
        method="blend_moisture",
        options=json.dumps({"by": by, "min_overlap": min_overlap, "clip": clip}),
        references="Liu et al. (2011), https://doi.org/10.5194/hess-15-425-2011",
    )


@dataclass(frozen=True)
class Blend:
    """The blending, to be called on two (n_time, n_series) arrays."""

    season: tuple[int, ...]
    n_season: int
    least: int
    clip: bool

    def __call__(self, primary: Array, secondary: Array) -> tuple[Array, Array, Array, Array]:
        """Return the values, their source, the numbers of pairs and of values outside 0 to 1."""
        n_series = primary.shape[1]
        values = np.empty(primary.shape, primary.dtype)
        source = np.empty(primary.shape, np.int8)
        n_obs = np.empty((self.n_season, n_series), np.int64)
        outside = np.empty(n_series, np.int64)
        gain, mean_p, mean_s = (np.empty((self.n_season, n_series)) for _ in range(3))
        season = np.array(self.season, np.int64)
        moments = (gain, mean_p, mean_s, n_obs)
        blend(primary, secondary, season, self.least, *moments, values, source, outside)
        if self.clip:
            values = np.where(source == 1, np.clip(values, 0.0, 1.0), values)
        return values, source, n_obs, outside


def _require_same_cells(primary: xr.DataArray, secondary: xr.DataArray) -> None:
    if set(primary.dims) != set(secondary.dims):
        raise InputError(
            f"primary has the dimensions {', '.join(map(str, primary.dims))}, secondary "
            f"{', '.join(map(str, secondary.dims))}; give both the same."
        )
    for dim in primary.dims:
        if dim != "time" and not same_along(primary, secondary, dim):
            raise InputError(
                f"primary and secondary differ along {dim!r}; bring them onto the same cells with "
                "soilscope.regrid."
            )


def _on_all_dates(
    primary: xr.DataArray, secondary: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return both on every date that one of them has, missing where the other has none."""
    given = (primary.reset_coords(drop=True), secondary.reset_coords(drop=True))
    if same_along(primary, secondary, "time"):
        first, second = given
    else:
        if not np.isin(primary["time"].values, secondary["time"].values).any():
            raise InputError(
                "primary and secondary have no date in common; choose periods that overlap, and "
                "bring stamps at hours to their dates, with .assign_coords(time=da.time.dt.floor"
                "('D'))."
            )
        first, second = xr.align(*given, join="outer")
        first, second = (da.chunk(time=-1) if da.chunks else da for da in (first, second))
    fixed = {k: c for k, c in primary.coords.items() if "time" not in c.dims}
    return first.assign_coords(fixed), second


def _seasons(time: xr.DataArray, by: By) -> tuple[str, Array, Array]:
    """Return the dimension and the labels of the seasons, and the number of each date's season."""
    month = np.asarray(time.dt.month.values, np.int64)
    if by == "month":
        return "month", np.arange(1, 13), month - 1
    if by == "year":
        return "season", np.array(["year"], dtype=object), np.zeros_like(month)
    return "season", np.array(_SEASONS, dtype=object), month % 12 // 3


def _told(primary: xr.DataArray) -> dict[Any, Any]:
    attrs = {key: value for key, value in primary.attrs.items() if key not in _OWN}
    return done_to(attrs, "time: point (comment: gaps filled from another product)")
