"""What the inputs of a study were made from, and which of them share an ancestor."""

from collections.abc import Sequence
from dataclasses import dataclass

from soilscope.report.reading import Study
from soilscope.study.store import CUBE


@dataclass(frozen=True)
class Input:
    """One input of the cube."""

    name: str
    product: str
    title: str
    ancestors: tuple[str, ...]
    variables: tuple[str, ...]


def inputs_of(study: Study) -> list[Input]:
    """Every input of the cube, in the order of the study."""
    if CUBE not in study.records:
        return []
    return [
        Input(
            str(about.get("name", "")),
            str(about.get("product", "")),
            str(about.get("title") or about.get("product") or ""),
            tuple(str(a) for a in about.get("lineage", ())),
            tuple(str(v) for v in about.get("variables", {})),
        )
        for about in study.records[CUBE].sources
    ]


def shared_ancestors(inputs: Sequence[Input]) -> dict[str, list[str]]:
    """Ancestor -> names of the inputs made from it, where there are several."""
    owners: dict[str, list[str]] = {}
    for one in inputs:
        for ancestor in dict.fromkeys(one.ancestors):
            owners.setdefault(ancestor, []).append(one.name)
    return {ancestor: names for ancestor, names in owners.items() if len(names) > 1}
