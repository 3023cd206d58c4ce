"""The relation that downscaling rests on: moisture against the daily range of temperature."""

import json
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.downscaling_fit import FitOfField, Plan
from soilscope.analyse.downscaling_inputs import (
    lies_on,
    maps_of_years,
    on_days,
    one_layer,
    require_cells,
    require_field,
    require_kelvin,
    same_days,
    tell_sign,
    where_known,
)
from soilscope.analyse.strata import Strata, read_strata, require_ndvi
from soilscope.checks import (
    require_between,
    require_choice,
    require_numeric,
    same_along,
)
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import PLANAR, grid_dims, require_same_crs
from soilscope.grid.membership import (
    Membership,
    member_means,
    members_of,
    whole_in_space,
)
from soilscope.labelled import label
from soilscope.lineage import inherit

By = Literal["month", "cell"]
REFERENCES = "Fang et al. 2018 doi:10.2136/vzj2017.11.0198; Yin et al. 2023 doi:10.3390/rs15245768"


def fit_downscaling(
    coarse_sm: xr.DataArray,
    coarse_dlst: xr.DataArray,
    *,
    land_cover: xr.DataArray,
    ndvi: xr.DataArray,
    frozen: xr.DataArray | None = None,
    fine_dlst: xr.DataArray | None = None,
    by: By | None = None,
    day_effects: bool = False,
    ndvi_edges: Sequence[float] = (0.3, 0.6),
    min_samples: int = 8,
    min_purity: float = 0.6,
    alpha: float = 0.05,
    rng: int | np.random.Generator | None = None,
    n_boot: int = 500,
    block_length: int = 10,
    block_cells: int = 5,
) -> xr.Dataset:
    """Fit soil moisture to the day-night difference of surface temperature in each stratum.

    A stratum is a class of land cover times a class of NDVI. Dry soil warms and cools more than
    wet soil: a slope that is not significantly negative is no relation, and is not used.

    Parameters
    ----------
    coarse_sm
        Soil moisture (m3 m-3) on a coarse grid, (time, y, x) or (time, latitude, longitude).
    coarse_dlst
        Surface temperature by day less that by night (K), signed, on the same grid and days.
    land_cover
        Classes with ``flag_values`` and ``flag_meanings``, as `cover_strata` makes them, on a fine
        grid, without time or of several years (each day takes the map of its year). A coarse cell
        has the class that most of its cells have.
    ndvi
        NDVI (-1 to 1) on the fine grid (a coarse cell takes the mean) or on the coarse one, for
        each day of `coarse_sm`, or without time.
    frozen
        Where and when soil is frozen (true, or above 0), on the coarse grid: left out.
    fine_dlst
        The difference that a satellite sees, on the fine grid: its means over coarse cells are
        compared with `coarse_dlst` in each stratum, for `downscale(..., rescale_dlst=True)`.
    by
        Fit each calendar "month", or each coarse "cell", on its own too; where that fails, the
        relation of the stratum as a whole is used.
    day_effects
        Fit differences between cells of one day alone: what a day's mean temperature and moisture
        share, such as weather and season, says nothing of where it is wetter.
    ndvi_edges
        Edges between NDVI classes; the outer edges belong to the classes between them.
    min_samples
        Fewest samples (cell days) of a relation.
    min_purity
        Least share of a coarse cell that has its class; others are left out.
    alpha
        Level of the one-sided test that the slope is below 0.
    rng
        Seed or generator of the bootstrap.
    n_boot, block_length
        Resamples, and days of a block: whole blocks of days are drawn, with all cells together,
        since neither days nor cells are independent. A block has at most an eighth of the days.
    block_cells
        Side of the blocks of coarse cells that are left out, each with a whole month, when the
        relation is judged (`rmse_cv`).

    Returns
    -------
    xr.Dataset
        On `stratum` (each stratum, each class of land cover, and all together): `coefficient`
        (m3 m-3 K-1), `intercept`, `stderr` and the one-sided bound `coefficient_high`, `p_value`
        (share of resampled slopes that are not negative), `r_squared`, `rmse`, `rmse_cv`,
        `n_obs`, `usable` and `status` (``wrong_sign`` where the slope is not negative); with
        `fine_dlst` also `dlst_bias`, `dlst_slope`, `dlst_intercept`. With `by`, `coefficient_by`,
        `intercept_by`, `n_obs_by`, `usable_by` and `status_by` on `month`, or on the coarse grid,
        too. It can be saved as it is, and applied to other days.

    Raises
    ------
    InputError
        If days, units or options do not fit, `rng` is missing, or NDVI passes 1.5 (of lazy data
        when they are computed).
    GridError
        If grids differ that must not, or do not meet.

    Warns
    -----
    SoilscopeWarning
        If most of `coarse_dlst` is negative (looked at only where the values are in memory).

    References
    ----------
    Fang et al. (2018), https://doi.org/10.2136/vzj2017.11.0198; Yin et al. (2023),
    https://doi.org/10.3390/rs15245768.

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> day, north, east = pd.date_range("2020-05-01", periods=40), 4e6 - 1e3 * np.arange(8), 1e3
    >>> fine = {"y": north, "x": east * np.arange(8)}
    >>> coarse = {"time": day, "y": [3.9985e6, 3.9945e6], "x": [1.5e3, 5.5e3]}
    >>> flags = {"flag_values": [0, 1], "flag_meanings": "grass barren"}
    >>> cover = xr.DataArray(np.repeat([[0, 1]], 8, 0).repeat(4, 1), fine, ("y", "x"), attrs=flags)
    >>> ndvi = xr.full_like(cover, 0.2, dtype=float).assign_attrs(units="1")
    >>> warming = np.random.default_rng(1).uniform(5, 30, (40, 2, 2))
    >>> dlst = xr.DataArray(warming, coarse, ("time", "y", "x"))
    >>> model = fit_downscaling(0.4 - 0.01 * dlst, dlst, land_cover=cover, ndvi=ndvi, rng=1)
    >>> barren = model.sel(stratum="barren, NDVI < 0.3")
    >>> round(float(barren.coefficient), 6), int(barren.n_obs), int(barren.usable)
    (-0.01, 80, 1)
    """
    require_choice(by, (None, *get_args(By)), name="by")
    require_between(min_samples, 3, 10**9, name="min_samples")
    require_between(min_purity, 0.0, 1.0, name="min_purity")
    require_between(alpha, 0.0001, 0.5, name="alpha")
    require_between(n_boot, 50, 10**6, name="n_boot")
    require_between(block_length, 1, 10**6, name="block_length")
    require_between(block_cells, 1, 10**6, name="block_cells")
    coarse_sm = one_layer(coarse_sm, name="coarse_sm")
    _require_fields(coarse_sm, coarse_dlst)
    require_ndvi(ndvi)
    strata = read_strata(land_cover, ndvi_edges)
    if rng is None:
        raise InputError("the blocks of the bootstrap are drawn at random; give rng, as in rng=1.")
    members = members_of(land_cover, coarse_sm, names=("land_cover", "coarse_sm"))
    plan = Plan.of(
        strata,
        coarse_sm["time"],
        members.coarse,
        by=by,
        day_effects=day_effects,
        min_samples=min_samples,
        alpha=alpha,
        rng=np.random.default_rng(rng),
        n_boot=n_boot,
        block_length=block_length,
        block_cells=block_cells,
    )
    fields = {
        "moisture": coarse_sm if frozen is None else _thawed(coarse_sm, frozen),
        "difference": coarse_dlst,
        "cover": _majority(land_cover, coarse_sm, strata, members, min_purity),
        "ndvi": _on_coarse(ndvi, coarse_sm, land_cover, members, name="ndvi"),
    }
    if fine_dlst is not None:
        fields["satellite"] = _on_coarse(
            fine_dlst, coarse_sm, land_cover, members, name="fine_dlst"
        )
    ds = _apply(plan, fields, coarse_sm)
    options = {
        "by": by,
        "day_effects": day_effects,
        "ndvi_edges": list(strata.edges),
        "min_samples": min_samples,
        "min_purity": min_purity,
        "alpha": alpha,
        "rng": rng if isinstance(rng, int) else "generator",
        "n_boot": n_boot,
        "block_length": plan.block_length,
        "block_cells": block_cells,
        "frozen": frozen is not None,
        "fine_dlst": fine_dlst is not None,
    }
    ds.attrs |= {
        "land_cover_values": list(strata.codes),
        "land_cover_meanings": " ".join(strata.covers),
    }
    return label(
        inherit(ds, coarse_sm, coarse_dlst, land_cover, ndvi),
        units=str(coarse_sm.attrs.get("units", "m3 m-3")),
        method="fit_downscaling",
        options=json.dumps(options),
        references=REFERENCES,
    )


def _require_fields(sm: xr.DataArray, dlst: xr.DataArray) -> None:
    require_field(sm, name="coarse_sm")
    require_field(dlst, name="coarse_dlst")
    if not lies_on(dlst, sm) or not same_days(dlst, sm["time"]):
        dims = (*(grid_dims(sm) or ()), "time")
        apart = next(
            (d for d in dims if d not in dlst.dims or not same_along(sm, dlst, d)),
            "time",
        )
        raise InputError(
            f"coarse_sm and coarse_dlst differ along {apart!r}; bring them onto one grid and the "
            "same days first."
        )
    require_kelvin(dlst, name="coarse_dlst")
    tell_sign(dlst, name="coarse_dlst")


def _thawed(sm: xr.DataArray, frozen: xr.DataArray) -> xr.DataArray:
    """Return moisture where it is not frozen; days that `frozen` lacks are not."""
    require_cells(frozen, sm, name="frozen", of="coarse_sm")
    known = where_known(frozen, sm["time"], name="frozen", of="coarse_sm")
    here = known.reset_coords(drop=True).assign_coords({d: sm[d] for d in known.dims})
    return sm.where(~(here > 0))


def _majority(
    land_cover: xr.DataArray,
    like: xr.DataArray,
    strata: Strata,
    members: Membership,
    min_purity: float,
) -> xr.DataArray:
    """Return the class that most cells of each coarse cell have, -1 where that is too few."""
    maps, day = maps_of_years(strata.index(land_cover), like["time"])
    shares = [
        member_means((maps == k).astype(np.float32), members, like)
        for k in range(len(strata.covers))
    ]
    joined = xr.concat(shares, "_cover")
    if joined.chunks is not None:
        joined = joined.chunk({"_cover": -1})
    best = joined.fillna(0).argmax("_cover")
    found = best.where(joined.max("_cover") >= max(min_purity, 1e-9), -1)
    return found.isel(_map=0) if found.sizes["_map"] == 1 else found.isel(_map=day)


def _on_coarse(
    da: xr.DataArray,
    like: xr.DataArray,
    fine: xr.DataArray,
    members: Membership,
    *,
    name: str,
) -> xr.DataArray:
    """Return means over the coarse cells, or the values of a coarse grid as they are."""
    require_numeric(da, name=name)
    dims = grid_dims(da)
    if dims is None:
        raise GridError(f"{name} has no grid: no dims (y, x) or (latitude, longitude).")
    da = on_days(da, like["time"], name=name)
    if lies_on(da, like):
        return da
    if not lies_on(da, fine):
        shape = tuple(da.sizes[dim] for dim in dims)
        raise GridError(
            f"{name} has {shape[0]} x {shape[1]} cells; it must lie on the grid of land_cover "
            f"({members.fine[0]} x {members.fine[1]}) or of coarse_sm "
            f"({members.coarse[0]} x {members.coarse[1]})."
        )
    require_same_crs({"land_cover": fine, name: da})
    return member_means(da, members, like)


def _apply(plan: Plan, fields: dict[str, xr.DataArray], like: xr.DataArray) -> xr.Dataset:
    """Call the fit on whole fields."""
    rows, columns = grid_dims(like) or PLANAR
    core = ["time", rows, columns]
    arrays = []
    for da in fields.values():
        bare = da.reset_coords(drop=True).transpose(..., *(d for d in core if d in da.dims))
        arrays.append(
            whole_in_space(bare).chunk(dict.fromkeys(bare.dims, -1)) if bare.chunks else bare
        )
    outputs = plan.outputs(satellite="satellite" in fields)
    own = {"month": ["month"], "cell": [rows, columns]}.get(plan.by or "", [])
    sizes = {"stratum": len(plan.strata.labels), "month": 12}
    sizes |= dict(zip((rows, columns), plan.shape, strict=True))
    dims = {name: ["stratum", *own] if name.endswith("_by") else ["stratum"] for name in outputs}
    used = {d for listed in dims.values() for d in listed}
    results = xr.apply_ufunc(
        FitOfField(plan, tuple(fields), tuple(outputs)),
        *arrays,
        input_core_dims=[[d for d in core if d in da.dims] for da in arrays],
        output_core_dims=list(dims.values()),
        exclude_dims={d for d in core if d in arrays[0].dims},
        dask="parallelized",
        output_dtypes=[np.dtype(dtype) for dtype in outputs.values()],
        dask_gufunc_kwargs={"output_sizes": {d: n for d, n in sizes.items() if d in used}},
        keep_attrs=False,
        join="override",
    )
    ds = xr.Dataset(dict(zip(outputs, results, strict=True)))
    ds = ds.assign_coords(stratum=("stratum", np.array(plan.strata.labels, dtype=object)))
    if plan.by == "month":
        ds = ds.assign_coords(month=("month", np.arange(1, 13)))
    elif plan.by == "cell":
        ds = ds.assign_coords({d: like[d] for d in (rows, columns)})
        if "spatial_ref" in like.coords:
            ds = ds.assign_coords(spatial_ref=like["spatial_ref"])
    return ds
