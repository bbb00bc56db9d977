r"""The commands of the shell that begin with a backslash.

Law: a command is a row of the table, and the help is that table. What a command says goes to stderr: it is no data;
what it asks of the catalogue is an answer like any other. `.name` is `\name`, or what the other shells mean by it.
"""

from __future__ import annotations

from typing import NamedTuple

from sqloud.errors import ProgrammingError, Span
from sqloud.frontends import shell_catalogue, shell_running, shell_settings, shell_wire
from sqloud.frontends.report import tell
from sqloud.frontends.shell_pieces import Word, split_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqloud.frontends.shell_console import Console

__all__ = ["COMMANDS", "DOTTED", "KEYS", "Command", "command_names", "run_command", "sends"]

_COUNTED = {0: "no words", 1: "one word"}
_LINE = 1000
"""Words at most of a command that takes the whole line."""


class Command(NamedTuple):
    r"""`usage` as the help shows it, what the command does, and the function that does it.

    The function takes the console and the words after the name, at most `most` of them. `sends` says that it takes
    the statement that is typed before it.
    """

    usage: str
    summary: str
    most: int
    run: Callable[[Console, list[str]], None]
    sends: bool = False


def sends(line: str) -> bool:
    r"""Whether a command takes the statement before it, as `\g` does."""
    found = COMMANDS.get(_known(_first(line)))
    return found is not None and found.sends


def run_command(line: str, console: Console) -> None:
    r"""Run a line such as `\format json`; a semicolon at its end says nothing.

    Raises an Error with a span in the line for an unknown command, a word too many or a bad one.
    """
    line = line.rstrip().rstrip(";").rstrip()
    name = _first(line)
    known = _known(name)
    command = COMMANDS.get(known)
    if command is None:
        raise ProgrammingError(
            f"there is no command {name}",
            span=Span(0, len(name)),
            hints=(*_nearest(name), "\\? lists the commands"),
        )
    raw = line[len(name) :].strip()
    if command.most == _LINE and command.run in _RAW:
        words: tuple[Word, ...] = ()
        arguments = [raw] if raw else []
    else:
        words = split_words(line, len(name))
        arguments = [word.text for word in words]
        if len(arguments) > command.most:
            surplus = words[command.most]
            raise ProgrammingError(
                f"{name} takes {_COUNTED.get(command.most) or f'{command.most} words at most'}",
                span=Span(surplus.start, surplus.end),
                hints=(f"usage   {command.usage}",),
            )
    try:
        command.run(console, [*_IMPLIED.get(known, ()), *arguments])
    except ProgrammingError as error:
        if error.span is None and error.source is None and words:
            error.span = Span(words[0].start, words[0].end)
        raise


def command_names() -> Iterable[tuple[str, str]]:
    """Each command and what it does, for completion."""
    return ((name, command.summary) for name, command in COMMANDS.items())


def _first(line: str) -> str:
    for end, character in enumerate(line):
        if character.isspace() or (end > 1 and character in "|;"):
            return line[:end]
    return line


def _known(name: str) -> str:
    """The name as the table has it."""
    if name.startswith("."):
        name = DOTTED.get(name[1:].lower(), "\\" + name[1:])
    return name if name in COMMANDS else name.lower()


def _nearest(name: str) -> tuple[str, ...]:
    from difflib import get_close_matches

    close = get_close_matches("\\" + name[1:].lower(), list(COMMANDS), n=1, cutoff=0.5)
    return (f"did you mean {close[0]}?",) if close else ()


def _leave(console: Console, _: list[str]) -> None:
    console.state.leaving = True


def _help(console: Console, words: list[str]) -> None:
    if words and words[0].lower() == "tour":
        from sqloud.frontends.shell_guide import TOUR

        tell(TOUR)
        return
    if words:
        from sqloud.frontends.shell_guide import statement_help

        tell(statement_help(" ".join(words)))
        return
    rows = [(command.usage, command.summary) for command in COMMANDS.values()]
    width = max(len(left) for left, _ in (*rows, *KEYS))
    lines = [f"  {left:<{width}}  {right}" for left, right in rows]
    lines += ["", *(f"  {left:<{width}}  {right}" for left, right in KEYS)]
    console.tell_lines(lines)


def _statement_help(_: Console, words: list[str]) -> None:
    from sqloud.frontends.shell_guide import statement_help

    tell(statement_help(" ".join(words)))


COMMANDS = {
    "\\?": Command("\\?", "show this help", 0, _help),
    "\\help": Command("\\help [tour]", "the same; five statements to begin with", _LINE, _help),
    "\\h": Command("\\h [STATEMENT]", "how a statement is written", _LINE, _statement_help),
    "\\q": Command("\\q", "leave (also exit, quit)", 0, _leave),
    "\\l": Command("\\l", "list the providers", 0, shell_catalogue.providers),
    "\\dn": Command("\\dn [PATTERN]", "list the services; * stands for any text", 1, shell_catalogue.services),
    "\\dt": Command("\\dt [PATTERN]", "list the tables", 1, shell_catalogue.tables),
    "\\dm": Command("\\dm [PATTERN]", "list the methods of tables", 1, shell_catalogue.methods),
    "\\d": Command("\\d [TABLE]", "describe a table, or list them", 1, shell_catalogue.describe),
    "\\d+": Command("\\d+ [TABLE]", "describe it with what its columns mean", 1, shell_catalogue.describe),
    "\\g": Command("\\g [FILE, |COMMAND]", "run what is typed or ran last, and send its answer there", _LINE,
                   shell_running.go, sends=True),
    "\\gx": Command("\\gx [FILE, |COMMAND]", "the same, expanded (also \\G)", _LINE, shell_running.go, sends=True),
    "\\G": Command("\\G", "the same", 0, shell_running.go, sends=True),
    "\\watch": Command("\\watch [SECONDS] [c=TIMES]", "run it again and again (2 s), until Ctrl-C", 2,
                       shell_running.watch, sends=True),
    "\\explain": Command("\\explain", "EXPLAIN what is typed or ran last", 0, shell_running.explain, sends=True),
    "\\chart": Command("\\chart [bar, line] [X Y ...]", "draw its answer", _LINE, shell_running.chart, sends=True),
    "\\p": Command("\\p", "print what is typed or ran last", 0, shell_running.print_text),
    "\\r": Command("\\r", "forget what is typed", 0, shell_running.forget),
    "\\w": Command("\\w FILE", "write it to a file", 1, shell_running.write_text),
    "\\e": Command("\\e [FILE]", "edit it in $VISUAL or $EDITOR", 1, shell_running.edit),
    "\\i": Command("\\i FILE", "run a file", 1, shell_running.include),
    "\\ir": Command("\\ir FILE", "run a file beside the one that says so", 1, shell_running.include_relative),
    "\\o": Command("\\o [FILE, |COMMAND]", "send answers there; to the screen again", _LINE, shell_running.output),
    "\\s": Command("\\s [FILE]", "show the history, or save it", 1, shell_running.history),
    "\\echo": Command("\\echo TEXT", "write a line where answers go", _LINE, shell_running.echo),
    "\\format": Command("\\format [NAME]", "show or set the output format", 1, shell_settings.set_format),
    "\\x": Command("\\x [on, off, auto]", "a column a line; auto: where a row is wider than the screen", 1,
                   shell_settings.expand),
    "\\maxrows": Command("\\maxrows [N, off]", "rows that a table shows on the screen", 1, shell_settings.rows),
    "\\pager": Command("\\pager [on, off]", "page what is longer than the screen", 1, shell_settings.paging),
    "\\timing": Command("\\timing [on, off]", "tell how long a statement takes", 1, shell_settings.timing),
    "\\set": Command("\\set [NAME VALUE]", "a value for {{ NAME }} and :NAME; EDITING_MODE vi", _LINE,
                     shell_settings.set_variable),
    "\\unset": Command("\\unset NAME", "forget it", 1, shell_settings.unset_variable),
    "\\c": Command("\\c [NAME]", "the accounts of the configuration; use one", 1, shell_wire.connect),
    "\\conninfo": Command("\\conninfo", "where statements go, with which credential", 0, shell_wire.connection),
    "\\requests": Command("\\requests [N]", "the last HTTP requests, as curl; secrets masked", 1, shell_wire.requests),
    "\\limits": Command("\\limits", "what is left of the rate limits, and the limits of a statement", 0,
                        shell_wire.limits),
    "\\cache": Command("\\cache [TTL, off]", "show or set how long answers are kept", 1, shell_wire.cache),
}  # fmt: skip

DOTTED = {
    "tables": "\\dt",
    "schema": "\\d",
    "databases": "\\l",
    "mode": "\\format",
    "help": "\\?",
    "quit": "\\q",
    "exit": "\\q",
    "timer": "\\timing",
    "output": "\\o",
    "read": "\\i",
    "print": "\\echo",
    "edit": "\\e",
    "history": "\\s",
}
"""What the dot commands of SQLite and DuckDB are here; every other `.name` is `\\name`."""

_IMPLIED = {"\\d+": ("+",), "\\gx": ("x",), "\\G": ("x",), "\\g": ("",)}
_RAW = (shell_running.go, shell_running.output, shell_running.echo)
"""What takes the rest of the line as it stands."""

KEYS = (
    (";", "ends a statement; Enter then runs it"),
    ("Tab", "completes a name"),
    ("Alt-Enter", "breaks the line"),
    ("Up, Down, Ctrl-R", "earlier statements, a search in them"),
    ("Ctrl-C", "clears what is typed, cancels what runs"),
    ("Ctrl-D", "leaves, on an empty line"),
)
"""What the shell understands beside its commands."""
