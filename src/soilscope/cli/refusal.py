"""What the parser refuses, as one line that says what is meant or where to look."""

from typing import Any


def refusal(error: Exception) -> tuple[str, str] | None:
    """Return the command and what is wrong with its words; None for an error of another kind.

    The parser's exceptions are known by what they can do, since each version of it keeps them
    somewhere else.
    """
    write = getattr(error, "format_message", None)
    if write is None:
        return None
    context: Any = getattr(error, "ctx", None)
    within = context is not None and context.parent is not None
    path = "soilscope" if context is None else str(context.command_path)
    text = " ".join(str(write()).split()).removeprefix("Invalid value: ")
    if not text.endswith((".", "?")):
        text += "."
    if getattr(error, "option_name", None) and context is not None and not within:
        text += " Options stand behind the command."
    return str(context.info_name) if within else "", f"{text} See {path} --help."
