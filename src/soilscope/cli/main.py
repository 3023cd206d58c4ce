"""The command `soilscope`: parse, one library call, print; every fault is one line."""

import errno
import functools
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from soilscope.cli.check import check
from soilscope.cli.demo import demo
from soilscope.cli.report import report
from soilscope.cli.run import run
from soilscope.cli.status import status
from soilscope.errors import SoilscopeError, SoilscopeWarning

FAULT, INTERRUPTED = 2, 130
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

app = typer.Typer(
    name="soilscope",
    help="Soil moisture in space, time and depth: from files to indices, trends and a report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)


class Interrupted(Exception):
    """Ctrl-C, under a name of ours: what the parser makes of it differs between versions."""


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def call(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    return call


for _command in (demo, check, run, report, status):
    app.command()(_interruptible(_command))


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
    _write_any_letter()
    with _warnings_as_lines():
        try:
            return _invoke(arguments)
        except SoilscopeError as error:
            return _fail(*getattr(error, "faults", [str(error)]))
        except (Interrupted, KeyboardInterrupt):
            _tell("interrupted; finished slabs are kept, and the same command goes on from there.")
            return INTERRUPTED
        except BrokenPipeError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            text = _of_the_machine(error)
            if text is None:  # a defect of ours: its traceback is wanted
                raise
            return _fail(text)


def _write_any_letter() -> None:
    """Escape what a terminal or a file of another encoding cannot hold, such as a title's 贺."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _invoke(arguments: Sequence[str] | None) -> int:
    """Call the command; what the parser itself refuses is printed by the parser."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="soilscope")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    return 0


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
    return f"{where}{error.strerror or error}."


def _chain(error: BaseException | None) -> set[int | None]:
    """Every errno of an error and of what caused it."""
    codes: set[int | None] = set()
    while error is not None:
        codes.add(getattr(error, "errno", None))
        error = error.__cause__ or error.__context__
    return codes


def _fail(*faults: str) -> int:
    for fault in faults:
        _tell(f"error: {fault}")
    return FAULT


def _tell(text: str) -> None:
    typer.echo(f"soilscope: {' '.join(text.split())}", err=True)


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show each SoilscopeWarning once as one line; leave others to ``python -W``."""
    told: set[str] = set()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        text = str(message)
        if text not in told:
            told.add(text)
            kind = "warning" if issubclass(category, SoilscopeWarning) else category.__name__
            _tell(f"{kind}: {text}")

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        warnings.simplefilter("always", SoilscopeWarning)
        warnings.showwarning = show
        yield
