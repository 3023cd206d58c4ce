"""The attribute ``cell_methods``: what has been done to values along a dimension."""

from collections.abc import Hashable, Mapping
from typing import Any


def done_to(attrs: Mapping[Hashable, Any], what: str) -> dict[Any, Any]:
    """Return `attrs` with one more entry at the end of ``cell_methods``."""
    before = attrs.get("cell_methods")
    return {**attrs, "cell_methods": f"{before} {what}" if before else what}
