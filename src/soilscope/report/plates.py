"""What a figure kind is, and what it makes of a result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from soilscope.report.reading import Study, grid_dims

Theme = Literal[
    "area",
    "downscaling",
    "variation",
    "variogram",
    "detector",
    "index",
    "events",
    "trend",
    "drivers",
    "depth",
    "agreement",
    "recovery",
]


@dataclass(frozen=True)
class Plate:
    """One figure of the report: its file name, its words, and how to draw it."""

    key: str  # stem of the file name and anchor on the page
    title: str
    seen: str  # one sentence: what the figure shows, from its numbers
    how: str  # what is drawn, and how it was made: method, reference, test
    alt: str  # for readers who do not see it
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure: the results that it fits, and how it is made of one of them."""

    kind: str
    theme: Theme
    steps: tuple[str, ...]  # draws results of these steps
    on: Literal["grid", "places", "any"]  # maps, or series with names
    needs: tuple[str, ...]  # dimensions that the result must have
    plates: Callable[[Study, str], Iterator[Plate]]

    def fits(self, study: Study, name: str) -> bool:
        """Whether the result `name` can be drawn so."""
        if study.records[name].step not in self.steps:
            return False
        ds = study.data(name)
        gridded = grid_dims(ds) is not None
        if self.on != "any" and gridded != (self.on == "grid"):
            return False
        parts = "window" in self.needs  # what shows a whole record does not show its parts
        return set(self.needs) <= set(ds.dims) and parts == ("window" in ds.dims)
