"""An index of labelled arrays with given parameters, and how far a method's index reaches."""

import xarray as xr
from scipy.special import ndtri

from soilscope.analyse.index_fit import float_dtype
from soilscope.analyse.index_methods import METHODS
from soilscope.analyse.index_options import IndexOptions
from soilscope.analyse.slots import lies_within, slot_of
from soilscope.checks import require_dims, require_numeric, require_single_chunk, same_along
from soilscope.errors import InputError
from soilscope.labelled import Output, over_series


def index_of_parameters(
    da: xr.DataArray, parameters: xr.Dataset, *, dim: str, options: IndexOptions
) -> xr.Dataset:
    """Index of each series with given parameters."""
    require_dims(da, dim, name="da")
    require_numeric(da, name="da")
    require_single_chunk(da, dim, name="da")
    slot, size = slot_of(da[dim], by=options.by)
    _require_fitting(parameters, da, size=size, options=options)
    method = METHODS[options.method]
    tables = []
    for name in method.tables:
        table = parameters[name]
        if options.by is None:
            table = table.expand_dims("slot")
        ranked = ("rank",) if "rank" in table.dims else ()
        tables.append((table, (options.core, *ranked)))
    ds = over_series(
        method.application(options, slot),
        da,
        dim=dim,
        outputs={"ssmi": Output(float_dtype(da), dim)},
        tables=tables,
    )
    return ds.assign(
        {name: parameters[name].drop_attrs(deep=False) for name in ("n_obs", "status")}
    )


def reach(time: xr.DataArray, *, n: int, baseline: str, options: IndexOptions) -> dict[str, float]:
    """Largest index that `n` reference values allow, as an attribute; nothing where none does.

    A rank never leaves the reference. A kernel density gives a value of its own reference half of
    that value's kernel, hence at most 1 - 1/(2n); a new value may lie beyond.
    """
    if options.method == "empirical":
        return {"reachable": float(ndtri((n - 0.44) / (n + 0.12)))}
    if options.method == "kde" and lies_within(time, baseline):
        return {"reachable": float(ndtri(1.0 - 0.5 / n))}
    return {}


def _require_fitting(
    parameters: xr.Dataset, da: xr.DataArray, *, size: int, options: IndexOptions
) -> None:
    """Refuse parameters of other cells, layers or calendars than those of `da`."""
    for name in parameters.dims:
        if name == "rank":
            continue
        if name == options.by:
            if parameters.sizes[name] != size:
                raise InputError(
                    f"parameters has {parameters.sizes[name]} entries along {name!r}, the calendar "
                    f"of da has {size}; convert da with convert_calendar."
                )
        elif name not in da.dims:
            raise InputError(
                f"parameters has a dimension {name!r} that da lacks; take da's own entry with "
                "parameters.sel or parameters.isel."
            )
        elif not same_along(parameters, da, name):
            raise InputError(
                f"parameters and da differ along {name!r}; make both on the same coordinates."
            )
