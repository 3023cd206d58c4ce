"""Every product in words: where it comes from, its files, units, lineage, traps, an example."""

import textwrap
from collections.abc import Iterator

from soilscope.checks import require_choice
from soilscope.sources.canonical import CANONICAL, DAILY_FLUX
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.declared import Variable
from soilscope.sources.product import Product
from soilscope.study.products import TWINS, product_names

_WIDTH = 88
_BY_HAND = {
    "table": (
        "dims: {site: gauge}                    # ours: theirs",
        "depth_bounds: [[0, 0.1], [0.1, 0.4]]   # m, one pair a soil layer",
        "variables: {soil_moisture: [sm_10, sm_40], temperature: {name: t, units: degC}}",
        "lineage: [ERA5-Land]                   # what the data were made from",
    ),
    "raster": (
        "variables: {temperature: {name: t2m, units: K}}   # ours: theirs",
        "lineage: [ERA5]                                   # what the data were made from",
    ),
}


def explained(product: str | None = None) -> list[str]:
    """Explain a product in lines of at most 88 letters; without one, list all of them.

    >>> explained("era5_land")[0]
    'era5_land: land reanalysis at 0.1 degrees since 1950, four soil layers down to 2.89 m'
    """
    if product is None:
        return list(_all())
    require_choice(product, product_names(), name="the product")
    if product in TWINS:
        return list(_twin(product, (TWINS[product].__doc__ or "").splitlines()[0]))
    return list(_one(product, PRODUCTS[product]))


def _all() -> Iterator[str]:
    width = max(map(len, product_names())) + 2
    for name, product in PRODUCTS.items():
        variables = ", ".join(v.name for v in product.variables) or "what you declare"
        yield from _wrapped(f"{name:<{width}}", f"{product.description}")
        yield from _wrapped(" " * width, f"variables: {variables}")
    for name in TWINS:
        yield from _wrapped(f"{name:<{width}}", "synthetic data in which every answer is known")
    yield ""
    yield "One of them in detail: soilscope sources era5_land"


def _one(name: str, product: Product) -> Iterator[str]:
    yield from _wrapped(f"{name}: ", product.description)
    yield ""
    for head, text in (
        ("from", product.origin or "you"),
        ("files", product.files),
        ("lineage", ", ".join(product.ancestors)),
        ("options", ", ".join(product.options)),
    ):
        if text:
            yield from _wrapped(f"{head:<11}", text)
    yield ""
    yield from _variables(product)
    yield ""
    yield "What to know"
    for trap in product.traps:
        yield from _wrapped("  - ", trap)
    yield ""
    yield "In a study"
    yield from _example(name, product)


def _variables(product: Product) -> Iterator[str]:
    if not product.variables:
        yield "Variables are declared by hand; these are ours, with the units that they get"
        yield from (f"  {name:<30}{_ours(name)}" for name in CANONICAL)
        return
    yield "Variables: ours, theirs, units in the files and here"
    width = max(len(variable.name) for variable in product.variables) + 2
    for variable in product.variables:
        yield from _wrapped(f"  {variable.name:<{width}}", _units(variable, product))


def _units(variable: Variable, product: Product) -> str:
    before = variable.units or product.units.get(variable.name) or "as the file says"
    if variable.scale is not None:
        before = f"stored numbers x {variable.scale:g}"
    after = _ours(variable.name) or variable.units or before
    return f"{', '.join(variable.source)}: {before} -> {after}"


def _ours(name: str) -> str:
    known = CANONICAL.get(name)
    if known is None:
        return ""
    if known.kind == "class":
        return "codes"
    return f"{known.units} ({DAILY_FLUX} if daily)" if known.kind == "flux" else known.units


def _example(name: str, product: Product) -> Iterator[str]:
    ending = "tif" if product.files.startswith("GeoTIFF") else "nc"
    yield "  inputs:"
    yield f"    {name}:"
    yield f"      product: {name}"
    yield f"      paths: data:{name}/*.{ending}"
    if name in _BY_HAND:
        yield from (f"      {line}" for line in _BY_HAND[name])
    elif product.variables:
        usual = [v.name for v in product.variables if v.name in CANONICAL]
        yield f"      variables: [{', '.join(usual[:3])}]   # left out: all that the files hold"


def _twin(name: str, text: str) -> Iterator[str]:
    yield from _wrapped(f"{name}: ", text)
    yield ""
    yield "In a study"
    yield "  inputs:"
    yield f"    twin: {{product: {name}}}"


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
