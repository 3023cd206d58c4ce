"""What is known of a series of files: a product with its variables, or a plain grid."""

from dataclasses import dataclass

from soilscope.sources.timeaxis import Step
from soilscope.study.file_series import Series

Bounds = tuple[float, float, float, float]
Layers = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Extent:
    """Where and when data are."""

    bounds: Bounds | None = None  # degrees
    cell: str = ""  # width of a cell, in words
    step: Step = "none"
    first: str = ""  # month, as in 2000-01
    last: str = ""
    layers: Layers = ()  # m
    days: tuple[str, str] = ("", "")  # first and last stamp, where files tell them
    hours: float | None = None  # between most stamps, where these are less than a day apart


@dataclass(frozen=True)
class Known:
    """A series of a product, and which of our variables it holds."""

    series: Series
    product: str
    family: str  # what must not be mixed in one input: a grid, a satellite
    variables: tuple[str, ...]  # or layers that mask others, as "reliability"
    extent: Extent
    gaps: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # files of the series that cannot be read, and why


@dataclass(frozen=True)
class Plain:
    """A series that no product knows, or that cannot be read as it is (`fault`)."""

    series: Series
    kind: str = ""  # "raster", "table", or ""
    variables: tuple[tuple[str, str], ...] = ()  # their name and units
    dims: tuple[str, ...] = ()
    extent: Extent = Extent()
    fault: str = ""
