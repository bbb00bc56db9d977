r"""The commands of the shell that begin with a backslash.

Law: a command is a row of the table, and the help is that table. What a command says goes to stderr: it is no data.
"""

from __future__ import annotations

from typing import NamedTuple

from sqloud.errors import ProgrammingError, Span
from sqloud.frontends.report import tell
from sqloud.output import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["COMMANDS", "KEYS", "Command", "ShellState", "run_command"]


_COUNTED = {0: "no words", 1: "one word"}


class ShellState:
    """What commands may change: the output format, and whether the shell is left."""

    def __init__(self, output_format: str) -> None:
        self.output_format = output_format
        self.leaving = False


class Command(NamedTuple):
    """`usage` as the help shows it, what the command does, and the function that does it.

    The function takes the state and the words after the name, at most `most` of them.
    """

    usage: str
    summary: str
    most: int
    run: Callable[[ShellState, list[str]], None]


def run_command(line: str, state: ShellState) -> None:
    r"""Run a line such as `\format json`; a semicolon at its end says nothing.

    Raises ProgrammingError with a span in the line for an unknown command, a word too many or a bad one.
    """
    words = line.rstrip().rstrip(";").split()
    name, arguments = words[0] if words else line, words[1:]
    command = COMMANDS.get(name.lower())
    if command is None:
        raise ProgrammingError(
            f"there is no command {name}",
            span=Span(0, len(name)),
            hints=(*_nearest(name, COMMANDS), "\\? lists the commands"),
        )
    if len(arguments) > command.most:
        surplus = arguments[command.most]
        start = line.rindex(surplus)
        raise ProgrammingError(
            f"{name} takes {_COUNTED.get(command.most) or f'{command.most} words at most'}",
            span=Span(start, start + len(surplus)),
            hints=(f"usage   {command.usage}",),
        )
    try:
        command.run(state, arguments)
    except ProgrammingError as error:
        if error.span is None and arguments:
            start = line.index(arguments[0], len(name))
            error.span = Span(start, start + len(arguments[0]))
        raise


def _leave(state: ShellState, _: list[str]) -> None:
    state.leaving = True


def _help(_: ShellState, __: list[str]) -> None:
    rows = [(command.usage, command.summary) for command in COMMANDS.values()]
    width = max(len(left) for left, _ in (*rows, *KEYS))
    lines = [f"  {left:<{width}}  {right}" for left, right in rows]
    lines += ["", *(f"  {left:<{width}}  {right}" for left, right in KEYS)]
    tell("\n".join(lines))


def _format(state: ShellState, words: list[str]) -> None:
    if not words:
        others = ", ".join(name for name in FORMATS if name != state.output_format)
        tell(f"format {state.output_format} (or {others})")
        return
    name = words[0].lower()
    if name not in FORMATS:
        raise ProgrammingError(
            f"there is no output format {words[0]}",
            hints=(*_nearest(name, FORMATS), f"one of {', '.join(FORMATS)}"),
        )
    state.output_format = name


def _nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return (f"did you mean {close[0]}?",) if close else ()


COMMANDS = {
    "\\?": Command("\\?", "show this help", 0, _help),
    "\\format": Command("\\format [NAME]", "show or set the output format", 1, _format),
    "\\q": Command("\\q", "leave (also exit, quit)", 0, _leave),
}

KEYS = (
    (";", "ends a statement; Enter then runs it"),
    ("Tab", "completes a name"),
    ("Alt-Enter", "breaks the line"),
    ("Up, Down, Ctrl-R", "earlier statements, a search in them"),
    ("Ctrl-C", "clears what is typed, cancels what runs"),
    ("Ctrl-D", "leaves, on an empty line"),
)
"""What the shell understands beside its commands."""
