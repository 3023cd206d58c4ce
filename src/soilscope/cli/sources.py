"""The command `sources`: what can be opened, and what must be known of it."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from soilscope.sources.catalogue import Product
    from soilscope.sources.declared import Variable

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


def sources(
    product: Annotated[
        str | None, typer.Argument(help="Product to explain [a list of all].", metavar="PRODUCT")
    ] = None,
    *,
    voice: Voice,
) -> None:
    """List the products that can be opened, or explain one: files, units, ancestors, traps."""
    from soilscope.checks import require_choice
    from soilscope.sources.catalogue import PRODUCTS
    from soilscope.study.products import TWINS

    if product is not None:
        require_choice(product, (*PRODUCTS, *TWINS), name="the product")
    if product is None:
        lines = _all(PRODUCTS, tuple(TWINS))
    elif product in TWINS:
        lines = _twin(product, (TWINS[product].__doc__ or "").splitlines()[0])
    else:
        lines = _one(product, PRODUCTS[product])
    for line in lines:
        voice.answer(line)


def _all(products: "dict[str, Product]", twins: tuple[str, ...]) -> Iterator[str]:
    width = max(map(len, (*products, *twins))) + 2
    for name, product in products.items():
        variables = ", ".join(v.name for v in product.variables) or "what you declare"
        yield from _wrapped(f"{name:<{width}}", f"{product.description}")
        yield from _wrapped(" " * width, f"variables: {variables}")
    for name in twins:
        yield from _wrapped(f"{name:<{width}}", "synthetic data in which every answer is known")
    yield ""
    yield "One of them in detail: soilscope sources era5_land"


def _one(name: str, product: "Product") -> Iterator[str]:
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


def _variables(product: "Product") -> Iterator[str]:
    from soilscope.sources.canonical import CANONICAL

    if not product.variables:
        yield "Variables are declared by hand; these are ours, with the units that they get"
        yield from (f"  {name:<30}{_ours(name)}" for name in CANONICAL)
        return
    yield "Variables: ours, theirs, units in the files and here"
    width = max(len(variable.name) for variable in product.variables) + 2
    for variable in product.variables:
        yield from _wrapped(f"  {variable.name:<{width}}", _units(variable, product))


def _units(variable: "Variable", product: "Product") -> str:
    before = variable.units or product.units.get(variable.name) or "as the file says"
    if variable.scale is not None:
        before = f"stored numbers x {variable.scale:g}"
    after = _ours(variable.name) or variable.units or before
    return f"{', '.join(variable.source)}: {before} -> {after}"


def _ours(name: str) -> str:
    from soilscope.sources.canonical import CANONICAL, DAILY_FLUX

    known = CANONICAL.get(name)
    if known is None:
        return ""
    if known.kind == "class":
        return "codes"
    return f"{known.units} ({DAILY_FLUX} if daily)" if known.kind == "flux" else known.units


def _example(name: str, product: "Product") -> Iterator[str]:
    from soilscope.sources.canonical import CANONICAL

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
