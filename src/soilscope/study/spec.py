"""The parts of a study as frozen values: an input, an analysis, the report."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from soilscope.study.download_spec import DownloadSpec
from soilscope.study.schema import Strict

Own = Literal["study", "own"]


class InputSpec(Strict):
    """An input: a product, its files, and the options of the function that opens it.

    With a `suffix`, its variables are `soil_moisture_SUFFIX` and so on, on layers of their own: a
    second product of the same variable. `download` says from where its files can be fetched. With
    its own `grid` or `calendar` it is no part of the cube but stands apart: `NAME.soil_moisture`.
    """

    product: str
    suffix: str | None = None
    grid: Own = "study"
    calendar: Own = "study"
    paths: tuple[Path, ...] = ()
    options: dict[str, Any] = Field(default={})
    download: DownloadSpec | None = None

    @property
    def apart(self) -> bool:
        """Whether the input is no part of the cube."""
        return "own" in (self.grid, self.calendar)


class Analysis(Strict):
    """An analysis: a step under a name, what its data parameters refer to, and its options."""

    name: str
    step: str
    inputs: dict[str, str | list[str]]
    options: dict[str, Any] = Field(default={})


class ReportSpec(Strict):
    """What the report is made of: formats of the figures, a title, and the size of its page."""

    formats: tuple[Literal["png", "pdf"], ...] = ("png",)
    title: str | None = None
    page_megabytes: float = Field(default=8.0, gt=0, allow_inf_nan=False)
