"""What the inputs of a study were made from, and which of them are not independent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from soilscope.report.reading import Study
from soilscope.report.words import DECLARED, product_name
from soilscope.study.store import CUBE


@dataclass(frozen=True)
class Input:
    """One input of the cube."""

    name: str
    product: str
    title: str
    ancestors: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """Products of a study, what they were made from, and the variables that came of them.

    `parents` maps every name to the names that it was made from directly; a product of the study
    that others were made from is one name with them. `variables` maps products to variables.
    """

    parents: Mapping[str, tuple[str, ...]]
    variables: Mapping[str, tuple[str, ...]]

    @property
    def products(self) -> list[str]:
        """Names of the products of the study, in its order."""
        return list(self.variables)

    def children(self, name: str) -> list[str]:
        """Names of what was made from `name` directly."""
        return [child for child, parents in self.parents.items() if name in parents]

    @property
    def shared(self) -> list[str]:
        """What stands behind several products of the study, itself among them if it is one."""
        return [
            name
            for name in self.parents
            if len(self.children(name)) + (name in self.variables) > 1 and self.children(name)
        ]

    def level(self, name: str) -> int:
        """Column of `name`: after all that it was made from, and just before what came of it."""
        if self.parents.get(name):
            return self._depth(name)
        after = [self._depth(child) for child in self.children(name)]
        return min(after) - 1 if after else 0

    def _depth(self, name: str) -> int:
        return max((1 + self._depth(parent) for parent in self.parents.get(name, ())), default=0)


def inputs_of(study: Study) -> list[Input]:
    """Every input of the cube, in the order of the study."""
    if CUBE not in study.records:
        return []
    return [
        Input(
            str(about.get("name", "")),
            str(about.get("product", "")),
            product_name(about),
            tuple(str(a) for a in about.get("lineage", ())),
            tuple(str(v) for v in about.get("variables", {})),
        )
        for about in study.sources
    ]


def lineage(inputs: Sequence[Input]) -> Lineage:
    """Join inputs of one product, and products with those that were made from them."""
    names = [one.name if one.product in DECLARED else one.title for one in inputs]
    known = {_key(name): name for name in names}
    ancestors: dict[str, dict[str, None]] = {}
    variables: dict[str, dict[str, None]] = {}
    for name, one in zip(names, inputs, strict=True):
        mine = ancestors.setdefault(name, {})
        variables.setdefault(name, {}).update(dict.fromkeys(one.variables))
        for ancestor in one.ancestors:
            own = _key(ancestor).startswith(_key(name))  # MODIS NDVI is MODIS
            if not own:
                mine[known.setdefault(_key(ancestor), ancestor)] = None
    parents = {name: _direct(mine, ancestors) for name, mine in ancestors.items()}
    for name in [name for direct in parents.values() for name in direct]:
        parents.setdefault(name, ())
    return Lineage(parents, {name: tuple(mine) for name, mine in variables.items()})


def _direct(
    mine: Mapping[str, None], ancestors: Mapping[str, Mapping[str, None]]
) -> tuple[str, ...]:
    """Leave out what is an ancestor of another ancestor."""
    behind = {name for other in mine for name in ancestors.get(other, ())}
    return tuple(name for name in mine if name not in behind)


def product_behind(study: Study, reference: str) -> str:
    """Name of the product that a reference of the study was made from; '' if there are several."""
    owner = reference.split(".")[0]
    made_of = {owner, *(study.made_from(owner) if owner in study.analyses else ())}
    found = {
        one.title
        for one in inputs_of(study)
        if made_of & ({one.name} if one.name in study.records else set(one.variables))
    }
    return found.pop() if len(found) == 1 else ""


def _key(name: str) -> str:
    """ERA5-Land, era5_land and ERA5 Land are one product."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
