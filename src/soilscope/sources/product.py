"""What is known of a product: how it is opened, and what a user must know about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import xarray as xr

from soilscope.sources.declared import Variable


@dataclass(frozen=True)
class Product:
    """How a product is opened, and what a user must know about it."""

    open: Callable[..., xr.Dataset]  # (files, declared, *, chunks) -> Dataset in the files' units
    description: str
    files: str  # formats, and how files are named
    traps: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()  # known beforehand; without, the user declares them
    ancestors: tuple[str, ...] = ()  # data that the product was made from
    origin: str = ""  # who publishes it, with DOI
    names: str = ""  # regular expression of its files' (or folders') names, for `soilscope init`
    units: Mapping[str, str] = field(default_factory=dict)  # of the files, where they tell them
    options: tuple[str, ...] = ()  # options of `open_source` that other products do not have
    reach: float | None = None  # degrees around a study's region to be opened; None: everything
