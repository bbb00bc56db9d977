r"""The commands that run, print, edit and send: `\g`, `\watch`, `\i`, `\o`, `\e` and the like.

Law: what takes a statement takes the one that is typed before it, or the last that ran; a file that includes itself
is refused.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time

from sqloud.errors import OperationalError, ProgrammingError
from sqloud.frontends.report import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqloud.frontends.shell_console import Console

__all__ = [
    "chart",
    "echo",
    "edit",
    "explain",
    "forget",
    "go",
    "history",
    "include",
    "include_relative",
    "output",
    "print_text",
    "watch",
    "write_text",
]

_PAUSE = 2.0
_DEEPEST = 16


def go(console: Console, words: list[str]) -> None:
    """Run what is typed or ran last; `x` first shows it expanded; the rest says where the answer goes."""
    text = _taken(console)
    kind, *rest = words
    console.run(text, expanded=kind == "x", to=rest[0] if rest else None)


def watch(console: Console, words: list[str]) -> None:
    """Run it again and again, until Ctrl-C or so many times."""
    pause, times = _PAUSE, None
    for word in words:
        name, equals, value = word.partition("=")
        try:
            if equals and name in {"c", "count"}:
                times = int(value)
            else:
                pause = float(value if equals and name in {"i", "interval"} else word)
        except ValueError:
            raise ProgrammingError(
                f"{word} is no number of seconds", hints=("usage   \\watch 5 c=3",)
            ) from None
        if not 0 <= pause < 86_400 or (times is not None and times < 1):
            raise ProgrammingError(f"{word} is out of range", hints=("usage   \\watch 5 c=3",))
    text = _taken(console)
    done = 0
    while True:
        tell(f"{time.strftime('%a %d %b %Y %H:%M:%S')} (every {pause:g} s)")
        if not console.run(text):
            return
        done += 1
        if done == times:
            return
        time.sleep(pause)


def explain(console: Console, _: list[str]) -> None:
    """EXPLAIN it."""
    text, last = _taken(console), console.state.last
    console.run(f"EXPLAIN {text.lstrip()}", "<\\explain>")
    console.state.last = text.strip().rstrip(";") or last


def chart(console: Console, words: list[str]) -> None:
    """Draw it."""
    from sqloud.dialect import split
    from sqloud.errors import Source
    from sqloud.frontends.shell_pager import screen_size
    from sqloud.output.chart import drawn

    text = _taken(console)
    kind, names = ("", words) if not words or words[0] not in {"bar", "line"} else (words[0], words[1:])
    statements = split(Source("<\\chart>", text))
    answer = console.execute(statements[-1], console.state.variables)
    batch = [row for rows in answer.batches() for row in rows]
    columns, lines = screen_size()
    for line in drawn(
        answer.columns, batch, kind=kind, names=names, width=columns, height=min(lines - 4, 24)
    ):
        console.write_line(line)
    console.state.last = text.strip().rstrip(";")


def print_text(console: Console, _: list[str]) -> None:
    """Print what is typed or ran last."""
    console.write_line(_text(console) or "(nothing was typed yet)")


def forget(console: Console, _: list[str]) -> None:
    """Forget what is typed."""
    console.state.pending = console.state.last = ""
    tell("Query buffer reset (cleared).")


def write_text(console: Console, words: list[str]) -> None:
    """Write what is typed or ran last to a file."""
    text = _text(console)
    if not words:
        raise ProgrammingError("\\w needs the name of a file", hints=("usage   \\w FILE",))
    try:
        with open(os.path.expanduser(words[0]), "w", encoding="utf-8") as file:
            file.write(text.rstrip().rstrip(";") + ";\n")
    except OSError as error:
        raise OperationalError(f"cannot write {words[0]}: {error.strerror or error}") from error


def edit(console: Console, words: list[str]) -> None:
    """Edit what is typed or ran last, or a file; it stands in the line then, and Enter runs it."""
    from tempfile import TemporaryDirectory

    environment = console.settings.environment
    editor = environment.get("VISUAL") or environment.get("EDITOR") or "vi"
    with TemporaryDirectory(prefix="sqloud-") as folder:
        path = os.path.expanduser(words[0]) if words else os.path.join(folder, "statement.sql")
        if not words:
            with open(path, "w", encoding="utf-8") as file:
                file.write(_text(console))
        try:
            with console.signals.ignored():
                status = subprocess.run([*shlex.split(editor), path], check=False).returncode  # noqa: S603
        except (OSError, ValueError) as error:
            raise OperationalError(
                f"cannot run the editor {editor}: {error}", hints=("set EDITOR to a program that is there",)
            ) from error
        if status:
            ended = f"ended with {status}" if status > 0 else "was interrupted"
            raise OperationalError(f"the editor {ended}; what is typed stays as it was")
        console.state.pending = _read(path).rstrip("\n")


def include(console: Console, words: list[str]) -> None:
    """Run a file, its commands too."""
    if not words:
        raise ProgrammingError("\\i needs the name of a file", hints=("usage   \\i FILE",))
    _run_file(console, os.path.expanduser(words[0]))


def include_relative(console: Console, words: list[str]) -> None:
    """Run a file beside the one that names it."""
    if not words:
        raise ProgrammingError("\\ir needs the name of a file", hints=("usage   \\ir FILE",))
    beside = os.path.dirname(console.files[-1]) if console.files else ""
    _run_file(console, os.path.join(beside, os.path.expanduser(words[0])))


def output(console: Console, words: list[str]) -> None:
    """Send answers to a file or a command, or to the screen again."""
    console.redirect(words[0] if words else None)


def history(console: Console, words: list[str]) -> None:
    """Show the history, or save it."""
    text = "".join(entry.rstrip() + "\n" for entry in console.history())
    if not words:
        console.show_lines(text.splitlines())
        return
    try:
        descriptor = os.open(os.path.expanduser(words[0]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OperationalError(f"cannot write {words[0]}: {error.strerror or error}") from error


def echo(console: Console, words: list[str]) -> None:
    """Write a line where answers go, the values of :NAME in it."""
    import re

    text = words[0] if words else ""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    values = console.state.variables
    console.write_line(re.sub(r"(?<![:\w]):(\w+)", lambda found: values.get(found[1], found[0]), text))


def _text(console: Console) -> str:
    return console.state.pending.strip() or console.state.last


def _taken(console: Console) -> str:
    """The statement to run; what was typed is then no longer pending."""
    text = console.state.pending or console.state.last
    if not text.strip():
        raise ProgrammingError("there is no statement to run", hints=("type one before the command",))
    console.state.pending = ""
    return text


def _run_file(console: Console, path: str) -> None:
    path = os.path.abspath(path)
    if path in console.files or len(console.files) >= _DEEPEST:
        raise OperationalError(f"{path} includes itself")
    text = _read(path)
    console.files.append(path)
    pending, console.state.pending = console.state.pending, ""
    try:
        console.submit(text, path)
        if console.state.pending.strip():
            console.run(console.state.pending, path)
    finally:
        console.state.pending = pending
        console.files.pop()


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OperationalError(f"cannot read {path}: {reason}") from error
