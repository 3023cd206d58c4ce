"""The command `sources`: what can be opened, and what must be known of it."""

from typing import Annotated

import typer

from soilscope.cli.voice import Voice


def sources(
    product: Annotated[
        str | None, typer.Argument(help="Product to explain [a list of all].", metavar="PRODUCT")
    ] = None,
    *,
    voice: Voice,
) -> None:
    """List the products that can be opened, or explain one.

    What is told of a product: its origin, files, units, lineage and traps.
    """
    from soilscope.study.explained import explained

    for line in explained(product):
        voice.answer(line)
