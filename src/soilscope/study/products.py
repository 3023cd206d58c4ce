"""What a study can name as a product: files of the catalogue, or a synthetic twin."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import xarray as xr

from soilscope.errors import InputError
from soilscope.sources.catalogue import (
    PRODUCTS,
    declared_variables,
    open_source,
    refuse_foreign,
)
from soilscope.sources.declared import read_dims, read_layers
from soilscope.sources.timeaxis import read_period
from soilscope.study.schema import Parameters, parameters_of
from soilscope.twin.heihe_product import heihe_twin
from soilscope.twin.helan import helan

#: Synthetic products: they are made, not read.
TWINS: Mapping[str, Callable[..., xr.Dataset]] = {"helan_twin": helan, "heihe_twin": heihe_twin}

#: Options that make a twin small, to see what it brings.
_SMALL: Mapping[str, Mapping[str, Any]] = {
    "helan_twin": {"spacing": 0.25, "months": 36},
    "heihe_twin": {"rows": 30, "columns": 30, "days": 1},
}

#: Variables that every cube holds, whatever its inputs.
ALWAYS = ("zone", "cell_area")

_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "dims": read_dims,
    "depth_bounds": read_layers,
    "period": read_period,
}


def product_names() -> tuple[str, ...]:
    """Every product that an input can have."""
    return (*PRODUCTS, *TWINS)


def product_options(product: str) -> Parameters:
    """Options of an input, from the function that opens its product."""
    if product in TWINS:
        return parameters_of(TWINS[product], data=())
    return parameters_of(open_source, data=("chunks",))


def option_faults(product: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Check what is declared by hand about a product, without its files: option -> fault."""
    faults: dict[str, str] = {}
    for name, check in _CHECKS.items():
        try:
            check(options.get(name))
        except InputError as error:
            faults[name] = str(error)
    for name in ("accumulation", "reliability", "drop_flags", "max_error", "platform"):
        try:
            refuse_foreign(product, name, options.get(name))
        except InputError as error:
            faults[name] = str(error)
    for name in ("variables", "override"):
        override = options.get("override") if name == "override" else None
        if "variables" not in faults:
            try:
                declared_variables(product, options.get("variables"), override)
            except InputError as error:
                faults[name] = str(error)
    return faults


def variables_of(product: str, options: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Variables that an input brings; None if only its files can say."""
    if product in TWINS:
        return _twin_variables(product, options.get("view"))
    declared = options.get("variables")
    return None if declared is None else tuple(declared)


@cache
def _twin_variables(product: str, view: str | None) -> tuple[str, ...]:
    chosen = {} if view is None else {"view": view}
    small = TWINS[product](**_SMALL[product], **chosen)
    return tuple(str(name) for name in small.data_vars)
