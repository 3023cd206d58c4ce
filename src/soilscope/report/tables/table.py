"""What a table of the report is: data for CSV, and text for the page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from soilscope.report.plates import Theme
from soilscope.report.words import decimals, number, p_text, percent

SHOWN = 200  # rows on the page; the CSV holds all
TALL = 48  # rows above which a table scrolls in its box
LAYERS = ("layer", "above")  # columns whose words stay on one line
HARD = "\N{NO-BREAK SPACE}"
Format = Callable[[Any], str]


@dataclass(frozen=True)
class Table:
    """A table of the report."""

    key: str  # stem of the file name and anchor on the page
    result: str  # what it is made of
    theme: Theme
    title: str
    note: str
    data: pd.DataFrame
    headings: Mapping[str, str]  # column -> heading with its unit
    formats: Mapping[str, Format]
    aside: Sequence[str] = ()  # columns that only the CSV holds

    @property
    def columns(self) -> list[str]:
        """Headings of the columns on the page."""
        return [self.headings.get(c, c.replace("_", " ")) for c in self._shown]

    @property
    def _shown(self) -> list[str]:
        """Columns of the page: the verdict says what the status would."""
        told = {*self.aside, *(["status"] if "verdict" in self.data else [])}
        return [c for c in self.data.columns if c not in told]

    @property
    def numeric(self) -> list[bool]:
        """Whether each column is aligned as numbers."""
        return [c in self.formats for c in self._shown]

    def rows(self) -> Iterator[list[str]]:
        """Rows as text, up to SHOWN."""
        for _, row in self.data.head(SHOWN).iterrows():
            cells = {c: self.formats.get(c, plain)(row[c]) for c in self._shown}
            yield [v.replace(" ", HARD) if c in LAYERS else v for c, v in cells.items()]

    @property
    def tall(self) -> bool:
        """Whether the table gets a box of its own height to scroll in."""
        return len(self.data) > TALL

    @property
    def hidden(self) -> int:
        """Number of rows that only the CSV holds."""
        return max(0, len(self.data) - SHOWN)


def plain(value: Any) -> str:
    """Text as it is; nothing for what is missing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value)


def count(value: Any) -> str:
    """Whole number."""
    return f"{value:.0f}" if np.isfinite(value) else ""


def share(value: Any) -> str:
    """Share in percent."""
    return percent(value) if np.isfinite(value) else ""


def two(value: Any) -> str:
    """Two decimals."""
    return decimals(value, 2)


def three(value: Any) -> str:
    """Three significant digits."""
    return number(value, 3) if np.isfinite(value) else ""


def p_value(value: Any) -> str:
    """p-value."""
    return p_text(value) if value is not None and np.isfinite(value) else ""


def written(tables: Sequence[Table], folder: Any) -> None:
    """Write every table as CSV with a byte-order mark, so that spreadsheets read it."""
    for table in tables:
        table.data.to_csv(
            folder / f"{table.key}.csv", index=False, encoding="utf-8-sig", float_format="%.6g"
        )
