"""Coarse soil moisture onto fine cells, by the relation to the daily range of temperature."""

import json
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.downscaling_field import DownscaleField
from soilscope.analyse.downscaling_inputs import (
    maps_of_years,
    on_days,
    one_layer,
    require_cells,
    require_field,
    require_kelvin,
    tell_sign,
    where_known,
)
from soilscope.analyse.downscaling_tables import LEVELS, TABLES
from soilscope.analyse.fit_downscaling import REFERENCES
from soilscope.analyse.strata import Strata, require_classes, require_ndvi
from soilscope.checks import require_choice
from soilscope.errors import InputError
from soilscope.grid.crs import PLANAR, geobox_of, grid_dims
from soilscope.grid.membership import members_of, whole_in_space
from soilscope.labelled import label
from soilscope.lineage import inherit
from soilscope.names import flag_attrs

Residual = Literal["block", "smooth", "none"]
#: Where the coarse value of a cell comes from.
SOURCES = ("none", "first", "second", "interpolated")
#: How the caller named what a block knows by another name.
_GIVEN = {
    "difference": "fine_dlst",
    "cover": "land_cover",
    "product": "coarse_product",
    "origin": "coarse_source",
    "doubt": "coarse_uncertainty",
}
_OF_COARSE = ("product", "origin", "doubt")
_NEEDED = ("coefficient", "intercept", "usable", "rmse_cv", "n_obs")


def downscale(
    model: xr.Dataset,
    fine_dlst: xr.DataArray,
    *,
    land_cover: xr.DataArray,
    ndvi: xr.DataArray,
    coarse_product: xr.DataArray,
    coarse_source: xr.DataArray | None = None,
    coarse_uncertainty: xr.DataArray | None = None,
    frozen: xr.DataArray | None = None,
    porosity: xr.DataArray | None = None,
    residual: Residual = "block",
    fill_gaps: bool = False,
    rescale_dlst: bool = False,
    clip: bool = False,
) -> xr.Dataset:
    """Bring coarse soil moisture onto fine cells.

    The line of each cell's stratum gives a first estimate; what it lacks to the coarse product, on
    the mean of a coarse cell, is added.

    Parameters
    ----------
    model
        As `fit_downscaling` returns it.
    fine_dlst
        Surface temperature by day less that by night (K) on the fine grid, (time, y, x) or (time,
        latitude, longitude); with the same sign as in the fit. Only all-weather temperatures give
        all-weather moisture.
    land_cover, ndvi
        On the fine grid, as in the fit: the same classes; NDVI of each day, or without time.
    coarse_product
        Soil moisture (m3 m-3) on a coarse grid, of any resolution and reference system; a day that
        it lacks gives NaN. A fine cell belongs to the coarse cell that holds its centre.
    coarse_source
        Which product a coarse value is from, as `blend_moisture` tells (0 first, 1 second).
    coarse_uncertainty
        Standard uncertainty of `coarse_product` (m3 m-3), on its grid.
    frozen
        Where and when soil is frozen (true, or above 0), on the fine grid: NaN.
    porosity
        Upper end of soil moisture on the fine grid; 1 without it.
    residual
        "block" adds one number to all of a coarse cell (as published; its borders show), "smooth"
        a continuous surface with the same means, "none" nothing.
    fill_gaps
        Give cells whose coarse cell has no value the residual of the surface (flagged
        ``interpolated``) in place of NaN.
    rescale_dlst
        Bring `fine_dlst` to the difference of the reanalysis first, by the line that the model has
        of both in each stratum.
    clip
        Set values outside 0 .. porosity to these ends; they are counted in any case.

    Returns
    -------
    xr.Dataset
        `soil_moisture`; `uncertainty` (the relation's error on cells that it has not seen, and
        `coarse_uncertainty`, as root of the sum of squares); `fallback`, whose relation was taken;
        `source` of the coarse value. For each day `valid_share` (mean share of valid cells in the
        coarse cells that have any), `conservation_error` (largest difference of a coarse value and
        the mean of its cells, before clipping), `conservation_error_clipped`, `n_below` and
        `n_above` (values outside the limits), `seam_index` (mean jump across borders of coarse
        cells over mean jump inside; 1 where no border shows) and `seam_index_estimate` without the
        residual. `n_obs` of each relation stands in the model.

    Raises
    ------
    InputError
        If the model's strata or its options do not fit, days are lacking, or NDVI passes 1.5 (of
        lazy data when they are computed).
    GridError
        If grids differ that must not, or do not meet.

    Warns
    -----
    SoilscopeWarning
        If most of `fine_dlst` is negative (looked at only where the values are in memory).

    References
    ----------
    Fang et al. (2018), https://doi.org/10.2136/vzj2017.11.0198; Yin et al. (2023),
    https://doi.org/10.3390/rs15245768; Tobler (1979),
    https://doi.org/10.1080/01621459.1979.10481647.

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> from soilscope import fit_downscaling
    >>> day = pd.date_range("2020-05-01", periods=40)
    >>> fine = {"time": day, "y": 4e6 - 1e3 * np.arange(8), "x": 1e3 * np.arange(8)}
    >>> coarse = {"time": day, "y": [3.9985e6, 3.9945e6], "x": [1.5e3, 5.5e3]}
    >>> warming = np.random.default_rng(1).uniform(5, 30, (40, 8, 8))
    >>> dlst = xr.DataArray(warming, fine, ("time", "y", "x"))
    >>> truth = 0.4 - 0.01 * dlst
    >>> flags = {"flag_values": [0], "flag_meanings": "grass"}
    >>> cover = xr.zeros_like(dlst[0], dtype=int).drop_vars("time").assign_attrs(flags)
    >>> ndvi = cover * 0.1 + 0.2
    >>> means = truth.values.reshape(40, 2, 4, 2, 4).mean(axis=(2, 4))
    >>> coarse_sm = xr.DataArray(means, coarse, ("time", "y", "x"))
    >>> model = fit_downscaling(
    ...     coarse_sm, (0.4 - coarse_sm) / 0.01, land_cover=cover, ndvi=ndvi, rng=1
    ... )
    >>> found = downscale(model, dlst, land_cover=cover, ndvi=ndvi, coarse_product=coarse_sm)
    >>> float(abs(found.soil_moisture - truth).max()) < 1e-6
    True
    >>> float(found.conservation_error.max()) < 1e-9
    True
    """
    require_choice(residual, get_args(Residual), name="residual")
    strata = _strata_of(model, rescale_dlst=rescale_dlst)
    _require_differences(fine_dlst)
    require_ndvi(ndvi)
    require_classes(land_cover, strata)
    options_of_fit = json.loads(model.attrs["options"])
    day_effects = bool(options_of_fit.get("day_effects", False))
    _require_residual(residual, day_effects=day_effects, fill_gaps=fill_gaps)
    coarse = {
        "product": coarse_product,
        "origin": coarse_source,
        "doubt": coarse_uncertainty,
    }
    given = {k: one_layer(da, name=_GIVEN[k]) for k, da in coarse.items() if da is not None}
    require_field(given["product"], name="coarse_product")
    members = members_of(fine_dlst, coarse_product, names=("fine_dlst", "coarse_product"))
    more = {"frozen": frozen, "porosity": porosity}
    own = {"difference": fine_dlst, "ndvi": ndvi, "cover": land_cover}
    own |= {k: da for k, da in more.items() if da is not None}
    fields = _fields(own, given, strata)
    fields["group"] = _groups(model, fine_dlst)
    fields |= {str(name): model[name] for name in model.data_vars if name in TABLES}
    field = DownscaleField(
        strata=strata,
        n_groups=12 if "month" in model.dims else max(1, _n_cells(model)),
        rescale=rescale_dlst,
        day_effects=day_effects,
        fine=geobox_of(fine_dlst, name="fine_dlst"),
        coarse=geobox_of(coarse_product, name="coarse_product"),
        members=members,
        residual=residual,
        fill_gaps=fill_gaps,
        clip=clip,
        names=tuple(fields),
    )
    ds = _apply(field, fields, fine_dlst, coarse_product)
    levels = LEVELS if "coefficient_by" in model else LEVELS[1:]
    ds["fallback"].attrs |= flag_attrs(("none", *levels), first=-1)
    ds["source"].attrs |= flag_attrs(SOURCES)
    options = {
        "residual": residual,
        "fill_gaps": fill_gaps,
        "rescale_dlst": rescale_dlst,
        "clip": clip,
        "frozen": frozen is not None,
        "porosity": porosity is not None,
    }
    return label(
        inherit(ds, coarse_product, fine_dlst, land_cover, ndvi, *model.data_vars.values()),
        units="m3 m-3",
        method="downscale",
        options=json.dumps(options),
        references=f"{REFERENCES}; Tobler 1979 doi:10.1080/01621459.1979.10481647",
    )


def _strata_of(model: xr.Dataset, *, rescale_dlst: bool) -> Strata:
    """Read the strata back from a model."""
    absent = [name for name in _NEEDED if name not in model]
    if absent or "land_cover_meanings" not in model.attrs:
        raise InputError(
            "model is no result of fit_downscaling: it lacks "
            f"{', '.join(absent) or 'the classes of land cover in its attributes'}."
        )
    if rescale_dlst and "dlst_slope" not in model:
        raise InputError(
            "rescale_dlst needs a model that was fitted with fine_dlst, the difference that the "
            "satellite sees."
        )
    edges = json.loads(model.attrs["options"])["ndvi_edges"]
    codes = np.atleast_1d(model.attrs["land_cover_values"]).tolist()
    return Strata(
        tuple(model.attrs["land_cover_meanings"].split()),
        tuple(int(code) for code in codes),
        tuple(float(edge) for edge in edges),
    )


def _require_differences(dlst: xr.DataArray) -> None:
    require_field(dlst, name="fine_dlst")
    require_kelvin(dlst, name="fine_dlst")
    tell_sign(dlst, name="fine_dlst")


def _require_residual(residual: str, *, day_effects: bool, fill_gaps: bool) -> None:
    if residual != "none":
        return
    if day_effects:
        raise InputError(
            "a model with day_effects tells differences within a day alone; its level comes from "
            "the residual: use residual='block' or 'smooth'."
        )
    if fill_gaps:
        raise InputError("fill_gaps fills residuals, which residual='none' does not have.")


def _fields(
    own: Mapping[str, xr.DataArray], coarse: Mapping[str, xr.DataArray], strata: Strata
) -> dict[str, xr.DataArray]:
    """Bring what is given onto the days of the difference; refuse other cells."""
    time = own["difference"]["time"]
    for grids, of in ((own, "fine_dlst"), (coarse, "coarse_product")):
        like = next(iter(grids.values()))
        for name, da in grids.items():
            require_cells(da, like, name=_GIVEN.get(name, name), of=of)
    fields = dict(own) | {"ndvi": on_days(own["ndvi"], time, name="ndvi")}
    fields["cover"], fields["map"] = maps_of_years(strata.index(own["cover"]), time)
    later = {k: da for k, da in own.items() if k in ("frozen", "porosity")}
    later |= coarse
    return fields | {
        name: where_known(da, time, name=_GIVEN.get(name, name), of="fine_dlst")
        for name, da in later.items()
    }


def _n_cells(model: xr.Dataset) -> int:
    """Return the number of coarse cells that a model by cell was fitted on; 0 for others."""
    dims = grid_dims(model)
    return 0 if dims is None else model.sizes[dims[0]] * model.sizes[dims[1]]


def _groups(model: xr.Dataset, like: xr.DataArray) -> xr.DataArray:
    """Return the column of the tables of each day (by month) or each cell (by cell)."""
    rows, columns = grid_dims(like) or PLANAR
    if "month" in model.dims:
        return (like["time"].dt.month - 1).astype(np.int64).reset_coords(drop=True)
    if not _n_cells(model):
        return xr.zeros_like(like["time"], dtype=np.int64).reset_coords(drop=True)
    found = members_of(like, model["coefficient_by"], names=("fine_dlst", "model"))
    cells = found.cell.reshape(found.fine)
    return xr.DataArray(cells, {rows: like[rows], columns: like[columns]}, (rows, columns))


def _apply(
    field: DownscaleField,
    fields: dict[str, xr.DataArray],
    fine: xr.DataArray,
    coarse: xr.DataArray,
) -> xr.Dataset:
    """Call the block on whole fields of some days."""
    ours, theirs = grid_dims(fine) or PLANAR, grid_dims(coarse) or PLANAR
    apart = dict(zip(theirs, ("_row", "_column"), strict=True))  # both grids may name theirs alike
    arrays, cores = [], []
    for name, da in fields.items():
        bare = da.reset_coords(drop=True).drop_vars([str(d) for d in da.dims if d in da.coords])
        if name in TABLES:
            bare = bare.rename({d: f"_model_{d}" for d in da.dims})
            core = [str(d) for d in bare.dims]
        elif name in _OF_COARSE:
            bare, core = bare.rename(apart), list(apart.values())
        else:
            core = [str(d) for d in ("_map", *ours) if d in da.dims]
        arrays.append(bare.transpose(..., *core))
        cores.append(core)
    results = xr.apply_ufunc(
        field,
        *_in_blocks(arrays, cores),
        input_core_dims=cores,
        output_core_dims=[list(ours) if name in field.FIELDS else [] for name in field.OUTPUTS],
        dask="parallelized",
        output_dtypes=[np.dtype(dtype) for dtype in field.OUTPUTS.values()],
        keep_attrs=False,
        join="override",
    )
    ds = xr.Dataset(dict(zip(field.OUTPUTS, results, strict=True)))
    coords = {name: c for name, c in fine.coords.items() if set(c.dims) <= {"time", *ours}}
    ds = ds.assign_coords(coords)
    for name in field.FIELDS:
        ds[name].encoding |= {k: v for k, v in fine.encoding.items() if k == "grid_mapping"}
    return ds.transpose("time", *ours)


def _in_blocks(arrays: list[xr.DataArray], cores: list[list[str]]) -> list[xr.DataArray]:
    """Split lazy data along time alone, all as the first of them."""
    days = None
    made = []
    for da, core in zip(arrays, cores, strict=True):
        if da.chunks is None:
            made.append(da)
        elif "time" not in da.dims:
            made.append(da.chunk(dict.fromkeys(da.dims, -1)))
        else:
            days = whole_in_space(da).chunksizes["time"] if days is None else days
            made.append(da.chunk({**dict.fromkeys(core, -1), "time": days}))
    return made
