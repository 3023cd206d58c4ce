"""The command `check`: what a study would do, and all that is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING

from soilscope.cli.arguments import StudyFile
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from soilscope.study.plan import Plan


def check(study: StudyFile, *, voice: Voice) -> None:
    """Show what a study would do, on which data, and every fault.

    Every input is opened; nothing is computed and nothing is written.
    """
    with shown(voice) as progress:
        progress.begin("inputs")
        found = _planned(study)
    for line in found.text():
        voice.detail(line)
    _raise(found)


def refuse_faults(study: Path) -> None:
    """Raise every fault of a study before it runs."""
    _raise(_planned(study))


def _planned(study: Path) -> "Plan":
    from soilscope.study.config import load_study
    from soilscope.study.plan import plan

    return plan(load_study(study))


def _raise(found: "Plan") -> None:
    from soilscope.errors import StudyError

    if found.faults:
        raise StudyError(*found.faults)
