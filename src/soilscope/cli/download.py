"""The command `download`: the files that a study names, from where it says."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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

    with _no_secrets_in_logs(), shown(voice) as progress:
        made = download_study(study, report=heard, begin=progress.begin)
    for item in made:
        voice.detail(f"{item.name}: {item.files} files, {item.fetched} fetched now")
        voice.made(item.folder)


@contextmanager
def _no_secrets_in_logs() -> Iterator[None]:
    """Clean what libraries of clients log, which may repeat an address with a key in it."""
    from soilscope.study.download_files import without_secrets

    def clean(record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True

    handlers = logging.getLogger().handlers
    for handler in handlers:
        handler.addFilter(clean)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(clean)
