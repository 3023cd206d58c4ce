"""What is wrong with the files of a study, as lines and as a table (CSV)."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from io import StringIO
from pathlib import Path

from soilscope.errors import StudyError

#: Lines that are shown of one input.
_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """One gap, double, or file that does not fit, and the way to mend it."""

    input: str
    file: str = ""  # none of a gap
    first: str = ""  # dates that the file holds, or that are missing
    last: str = ""
    grid: str = ""
    problem: str = ""
    remedy: str = ""

    def line(self) -> str:
        """Write it as one line, without the remedy."""
        span = " to ".join(dict.fromkeys(date for date in (self.first, self.last) if date))
        parts = [Path(self.file).name, span, self.problem]
        return f"{self.input}: {', '.join(part for part in parts if part)}"


COLUMNS = tuple(field.name for field in fields(Problem))


def in_lines(problems: Sequence[Problem]) -> list[str]:
    """Write problems as lines: the first few of each input, and how many more there are."""
    lines = []
    for name in dict.fromkeys(problem.input for problem in problems):
        own = [problem for problem in problems if problem.input == name]
        lines += [problem.line() for problem in own[:_SHOWN]]
        if len(own) > _SHOWN:
            lines.append(f"{name}: {len(own) - _SHOWN} more; --csv check.csv writes them all")
    return lines


def require_own_table(path: Path) -> None:
    """Refuse to write over a file that is no table of ours, or into a folder that is not there."""
    if not path.parent.is_dir():
        raise StudyError(f"there is no folder {path.parent} for {path.name}; make it first.")
    if path.is_dir():
        raise StudyError(f"{path} is a folder; name a file, as in --csv {path / 'check.csv'}.")
    if path.exists():
        with path.open("rb") as file:
            head = file.read(200).decode("utf-8-sig", errors="replace")
        if head.splitlines()[:1] != [",".join(COLUMNS)]:
            raise StudyError(f"{path} is no table of 'soilscope check'; give another name.")


def write_table(problems: Sequence[Problem], path: Path) -> None:
    """Write problems as a table that spreadsheets open: UTF-8 with its mark, a row each."""
    require_own_table(path)
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(problem) for problem in problems)
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
