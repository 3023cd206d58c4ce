"""The command `soilscope`: parse, one library call, print; every fault is one line."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from soilscope.cli.check import check
from soilscope.cli.demo import demo
from soilscope.cli.download import download
from soilscope.cli.export import export
from soilscope.cli.init import init
from soilscope.cli.options import Interrupted, spoken
from soilscope.cli.refusal import refusal
from soilscope.cli.report import report
from soilscope.cli.run import run
from soilscope.cli.sources import sources
from soilscope.cli.status import status
from soilscope.cli.streams import prepare
from soilscope.cli.update import update
from soilscope.cli.voice import Voice, heard
from soilscope.errors import SoilscopeError

FAULT, INTERRUPTED = 2, 130
_LONG = 240  # characters of a path; Windows allows 260, of which a temporary name takes some
_GOES_ON = "interrupted; finished slabs are kept, and the same command goes on from there."
_INTERRUPTED = {
    "download": "interrupted; whole files are kept, and the same command goes on from there.",
    "export": "interrupted; whole files are kept, and the same command with --force writes all.",
    "report": "interrupted; the results are whole, and the same command makes their report.",
    **dict.fromkeys(("init", "check", "status", "sources"), "interrupted; nothing was written."),
}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

app = typer.Typer(
    name="soilscope",
    help="Soil moisture in space, time and depth: from files to indices, trends and a report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)


for _command in (demo, init, download, check, run, report, export, update, status, sources):
    app.command()(spoken(_command))


def _print_version(wanted: bool) -> None:
    if wanted:
        from soilscope import __version__

        typer.echo(f"soilscope {__version__}")
        raise typer.Exit


@app.callback()
def _soilscope(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Soil moisture in space, time and depth: from files to indices, trends and a report."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 for a fault, 130 when interrupted."""
    prepare(arguments)
    voice = Voice()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--log-json" in given:  # known before the parser, whose refusals belong to the log as well
        voice.manner = "json"
    with heard(voice):
        try:
            return _invoke(given, voice)
        except SoilscopeError as error:
            voice.fail(*getattr(error, "faults", [str(error)]))
            return FAULT
        except (Interrupted, KeyboardInterrupt):
            voice.event("interrupted", errors=[_INTERRUPTED.get(voice.command, _GOES_ON)])
            if arguments is None:
                _leave()
            return INTERRUPTED
        except BrokenPipeError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            text = _of_the_machine(error)
            if text is None and voice.manner != "json":  # a defect of ours: its traceback is wanted
                raise
            voice.fail(text or traceback.format_exc())
            return FAULT if text else 1


def _invoke(given: Sequence[str], voice: Voice) -> int:
    """Call the command; what the parser refuses is told in one line, as every other fault."""
    try:
        code = app(
            args=given or ["--help"], prog_name="soilscope", obj=voice, standalone_mode=False
        )
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    except Exception as error:
        told = refusal(error)
        if told is None:
            raise
        voice.command, text = told
        voice.fail(text)
        return FAULT
    return FAULT if not given else code if isinstance(code, int) else 0


def _leave() -> None:
    """End the process: after a second Ctrl-C, Python would still wait for slabs at work."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)


def _of_the_machine(error: Exception) -> str | None:
    """Say what the machine refused: disk, rights, network; None for anything else."""
    if _chain(error) & _FULL:
        return (
            "the disk is full; finished slabs are kept. Free some space and give the same "
            "command again."
        )
    if not isinstance(error, OSError):
        return None
    where = f"{error.filename}: " if error.filename else ""
    length = len(str(error.filename or ""))
    mend = (
        f" The path has {length} characters, and some systems allow 260: give a shorter folder "
        "with --results."
    )
    return f"{where}{error.strerror or error}.{mend if length > _LONG else ''}"


def _chain(error: BaseException | None) -> set[int | None]:
    """Every errno of an error and of what caused it."""
    codes: set[int | None] = set()
    while error is not None:
        codes.add(getattr(error, "errno", None))
        error = error.__cause__ or error.__context__
    return codes
