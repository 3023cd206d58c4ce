"""What every command has: --quiet, --log-json, and an end by Ctrl-C under a name of ours."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from soilscope.cli.voice import Voice

Command = Callable[..., None]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say only errors and the path of what was made.")
]
LogJson = Annotated[
    bool, typer.Option("--log-json", help="Say what happens as JSON objects, one a line.")
]


class Interrupted(Exception):
    """Ctrl-C, under a name of ours: what the parser makes of it differs between versions."""


def spoken(command: Command) -> Command:
    """Give a command its voice (its parameter `voice`, if it has one) and the shared options."""
    signature = inspect.signature(command)
    speaks = "voice" in signature.parameters

    @functools.wraps(command)
    def call(ctx: typer.Context, quiet: bool, log_json: bool, **given: Any) -> None:
        if quiet and log_json:
            raise typer.BadParameter("give --quiet or --log-json, not both.")
        voice: Voice = ctx.obj
        voice.command = command.__name__
        voice.manner = "quiet" if quiet else "json" if log_json else "plain"
        voice.event("started")
        try:
            command(**given, **({"voice": voice} if speaks else {}))
        except KeyboardInterrupt as error:
            raise Interrupted from error
        voice.finish()

    return _seen_as(call, [p for p in signature.parameters.values() if p.name != "voice"])


def _seen_as(call: Command, own: list[inspect.Parameter]) -> Command:
    """Show the parser the parameters of the command and those that all have."""
    named = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter("ctx", named, annotation=typer.Context),
        inspect.Parameter("quiet", named, default=False, annotation=Quiet),
        inspect.Parameter("log_json", named, default=False, annotation=LogJson),
    ]
    parameters = [*(p.replace(kind=named) for p in own), *shared]
    call.__dict__.pop("__wrapped__", None)
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call
