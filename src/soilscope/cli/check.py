"""The command `check`: what a study would do, and all that is wrong with it."""

from soilscope.cli.arguments import StudyFile
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice


def check(study: StudyFile, *, voice: Voice) -> None:
    """Show what a study would do, on which data, and every fault.

    Every input is opened; nothing is computed and nothing is written.
    """
    from soilscope.errors import StudyError
    from soilscope.study.config import load_study
    from soilscope.study.plan import plan

    with shown(voice) as progress:
        progress.begin("inputs")
        found = plan(load_study(study))
    for line in found.text():
        voice.detail(line)
    if found.faults:
        raise StudyError(*found.faults)
