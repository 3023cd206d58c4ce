"""Lineage: which data were made from which, and whether two of them are independent."""

import itertools
import json
from collections.abc import Iterable, Mapping

import xarray as xr

#: Products that a user declares by hand: their name says nothing about what they hold.
_DECLARED = frozenset({"table", "raster"})

#: What products were made from, as far as their name tells; the sources read it here. Versions of
#: TerraClimate differ in the last three: files that are opened tell which it is.
_MADE_FROM = {
    "ERA5-Land": ("ERA5",),
    "SMCI": ("ERA5-Land", "ERA5", "MODIS", "CMA stations"),
    "TerraClimate": ("WorldClim", "CRU TS", "JRA-55", "ERA5"),
    "ESA CCI COMBINED": ("GLDAS-Noah",),
    "ESA CCI": ("ESA CCI COMBINED", "GLDAS-Noah", "ASCAT", "AMSR2", "SMOS", "SMAP"),
    "SMOPS": ("ASCAT", "AMSR2", "SMOS", "SMAP"),
    "GLDAS": ("GLDAS-Noah",),
    "MODIS ET": ("MERRA-2", "MODIS LAI", "MODIS albedo", "MODIS land cover"),
    "TRIMS LST": ("MODIS LST", "GLDAS-Noah"),
    "GEBCO": ("SRTM15+",),
    "SoilGrids": ("MODIS",),
    "Soil hydraulics": ("SoilGrids",),
    "Peng precipitation": ("CRU TS", "WorldClim"),
    "FVC China": ("MODIS",),
}

#: Names of parts of a product that has a name as a whole.
_PART_OF = {
    "MODIS NDVI": "MODIS",
    "MODIS LAI": "MODIS",
    "MODIS LST": "MODIS",
    "MODIS albedo": "MODIS",
    "MODIS land cover": "MODIS",
}

Data = xr.DataArray | xr.Dataset


def made_from(product: str) -> tuple[str, ...]:
    """Names of what a product was made from, by its name; none if that is not known.

    >>> made_from("era5_land")
    ('ERA5',)
    """
    return _PARENTS.get(_key(product), ())


def lineage_of(obj: Data) -> tuple[str, ...]:
    """Names of the product that `obj` is, where known, and of all that it was made from.

    They are read from the attributes ``product`` and ``lineage`` (a JSON list), to which the
    ancestors of the names in ``lineage`` are added; those of the product itself only where there is
    no ``lineage``, since a source knows better than a name.

    >>> lineage_of(xr.DataArray(0.0, attrs={"lineage": '["SMCI"]'}))
    ('SMCI', 'ERA5-Land', 'ERA5', 'MODIS', 'CMA stations')
    """
    own, declared = _own(obj), _declared(obj)
    names = {_key(name): name for name in (*own, *declared)}
    waiting = [_key(name) for name in declared or own]
    while waiting:
        for name in _PARENTS.get(waiting.pop(0), ()):
            if _key(name) not in names:
                names[_key(name)] = name
                waiting.append(_key(name))
    return tuple(names.values())


def shared_lineage(a: Data, b: Data) -> tuple[str, ...]:
    """Names in the lineage of both: common ancestors, or one of them where the other came from it.

    >>> smci = xr.DataArray(0.0, attrs={"product": "smci"})
    >>> era5_land = xr.DataArray(0.0, attrs={"product": "era5_land"})
    >>> shared_lineage(smci, era5_land)
    ('ERA5-Land', 'ERA5')
    """
    return _common(lineage_of(a), lineage_of(b))


def dependence(**arrays: Data) -> str:
    """Say which of the named arrays are not independent, and by what; empty if none is known.

    >>> a, b = (xr.DataArray(0.0, attrs={"lineage": text}) for text in ('["ERA5"]', '["SMCI"]'))
    >>> dependence(product=a, reference=b)
    'product and reference share ERA5'
    """
    pairs = itertools.combinations(arrays.items(), 2)
    shared = ((left, right, shared_lineage(a, b)) for (left, a), (right, b) in pairs)
    return "; ".join(f"{a} and {b} share {', '.join(names)}" for a, b, names in shared if names)


def circular(y: Data, drivers: Mapping[str, xr.DataArray] | xr.Dataset) -> dict[str, str]:
    """Drivers that the response was made from, that share its product or were made from it.

    Such a driver is associated with the response by construction. NDVI of MODIS counts where the
    response was made from "MODIS". A driver and a response that merely have an ancestor in common
    are not circular. A driver declared by hand is taken to be all that its lineage says.

    Parameters
    ----------
    y
        The response.
    drivers
        The drivers by name.

    Returns
    -------
    dict
        Name of each circular driver -> names of the products, joined by commas.

    Examples
    --------
    >>> sm, ndvi, rain = (
    ...     xr.DataArray(0.0, attrs={"lineage": text})
    ...     for text in ('["SMCI"]', '["MODIS NDVI"]', '["CHIRPS"]')
    ... )
    >>> circular(sm, {"ndvi": ndvi, "rain": rain})
    {'ndvi': 'MODIS'}
    """
    items = drivers.data_vars.items() if isinstance(drivers, xr.Dataset) else drivers.items()
    family, product = lineage_of(y), _own(y)
    found: dict[str, str] = {}
    for name, driver in items:
        made_of = _common(_called(driver), family)
        names = _distinct((*made_of, *_common(lineage_of(driver), product)))
        if names:
            found[str(name)] = ", ".join(names)
    return found


def inherit(result: xr.Dataset, *inputs: Data) -> xr.Dataset:
    """Write the lineage of all `inputs` on every variable of `result` that has none; in place.

    Coordinates that lost their attributes on the way, such as the reference system, get them back.

    >>> inherit(xr.Dataset({"r": 0.5}), xr.DataArray(0.0, attrs={"lineage": '["ERA5"]'})).r.lineage
    '["ERA5"]'
    """
    names = _distinct(name for obj in inputs for name in lineage_of(obj))
    products = _distinct(name for obj in inputs for name in _own(obj))
    told = {"lineage": json.dumps(list(names))} if names else {}
    if len(products) == 1:
        told["product"] = products[0]
    for variable in result.data_vars.values():
        variable.attrs = told | variable.attrs
    for name in [name for name, coord in result.coords.items() if not coord.attrs]:
        held = (obj.coords[name].attrs for obj in inputs if name in obj.coords)
        attrs = next((attrs for attrs in held if attrs), None)
        if attrs is not None:  # a copy: the variable may be an input's own
            result.coords[name] = result.coords[name].assign_attrs(attrs)
    return result


def _own(obj: Data) -> tuple[str, ...]:
    """Return the name of the product that `obj` is; none where a user declared it by hand."""
    product = str(obj.attrs.get("product", ""))
    return (_PRINTED.get(_key(product), product),) if product not in ("", *_DECLARED) else ()


def _declared(obj: Data) -> tuple[str, ...]:
    """Names in the attribute ``lineage``, which other software may have written in another way."""
    written = obj.attrs.get("lineage", "[]")
    try:
        names = json.loads(written) if isinstance(written, str) else list(written)
    except (ValueError, TypeError):
        names = [written]
    return tuple(str(name) for name in (names if isinstance(names, list) else [names]))


def _called(driver: Data) -> tuple[str, ...]:
    """Names of what a driver is: those of its product, of the parts that it holds, of the whole."""
    declared = _declared(driver)
    names = _own(driver) or declared
    keys = {_key(name) for name in names}
    parts = [name for name in declared if _key(_WHOLE.get(_key(name), "")) in keys]
    wholes = [_WHOLE[key] for key in keys if key in _WHOLE]
    return _distinct((*names, *parts, *wholes))


def _common(some: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    keys = {_key(name) for name in others}
    return _distinct(name for name in some if _key(name) in keys)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple({_key(name): name for name in names}.values())


def _key(name: str) -> str:
    """ERA5-Land, era5_land and ERA5 Land are one product."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_PARENTS = {_key(name): parents for name, parents in _MADE_FROM.items()}
_WHOLE = {_key(name): whole for name, whole in _PART_OF.items()}
_PRINTED = {
    _key(name): name for name in (*_MADE_FROM, *itertools.chain.from_iterable(_MADE_FROM.values()))
}
