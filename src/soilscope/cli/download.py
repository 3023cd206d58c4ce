"""The command `download`: the files that a study names, from where it says."""

from typing import TYPE_CHECKING

from soilscope.cli.arguments import StudyFile
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from soilscope.study.download_files import Told


def download(study: StudyFile, *, voice: Voice) -> None:
    """Fetch the files of inputs that say from where, with the key `download`.

    Files that are there are kept; what was interrupted goes on when the same command is given
    again. Logins are those of the clients: soilscope never sees them.
    """
    from soilscope.study.download import download_study

    def heard(event: "Told") -> None:
        if event.kept:
            voice.event("kept", name=f"{event.input} ({event.done} of {event.total} files)")
        else:
            voice.event(
                "fetched", name=event.input, step=event.file, done=event.done, total=event.total
            )

    with shown(voice) as progress:
        made = download_study(study, report=heard, begin=progress.begin)
    for item in made:
        voice.detail(f"{item.name}: {item.files} files, {item.fetched} fetched now")
        voice.made(item.folder)
