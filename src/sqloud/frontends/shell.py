r"""The shell: a person types statements, one answer after another.

Law: whatever a statement does, fail or be cancelled, the prompt comes back and the session still works. Answers
go to stdout and everything else to stderr. The prompt stands before the dialect, the engine or the network are
imported.
"""

from __future__ import annotations

import os
import sys

from sqloud._version import __version__
from sqloud.errors import CredentialError, Error, InterfaceError, StatementCancelled, WriteFailedError
from sqloud.frontends.report import render, tell, wants_colour
from sqloud.frontends.shell_console import Console, Lines, note
from sqloud.frontends.shell_history import HistoryFile, known_secrets
from sqloud.frontends.shell_opening import Opening
from sqloud.frontends.shell_signals import Signals
from sqloud.frontends.shell_state import ShellState
from sqloud.frontends.shell_status import About
from sqloud.output import DEFAULT_FORMAT
from sqloud.settings import Settings, state_directory

__all__ = ["run"]


def run(*, settings: Settings, output_format: str | None, variables: dict[str, str]) -> int:
    """Read and answer statements until the user leaves; gives the exit code. stdin is a terminal.

    `variables` are the values of `{{ name }}` that are not asked for.
    """
    environment = settings.environment
    history = HistoryFile(state_directory(environment) / "history", secrets=known_secrets(environment))
    signals = Signals()
    opening = Opening(settings, note)
    about = About(settings, opening.opened)
    tell(f"sqloud {__version__}: ; ends a statement, \\? helps, \\help tour begins, \\q leaves")
    with signals.installed():
        try:
            stream = sys.stdout if sys.stdout is not None and sys.stdout.isatty() else sys.stderr
            if stream is None:
                raise InterfaceError("the shell needs stdout or stderr for its prompt, and both are closed")
            lines: Lines
            if environment.get("TERM") in {"dumb", "unknown"} or not stream.isatty():
                from sqloud.frontends.shell_plain import PlainLines

                lines = PlainLines(stream, history, opening, signals, about)
            else:
                from sqloud.frontends.shell_lines import EditedLines

                lines = EditedLines(stream, history, opening, signals, environment, about)
            state = ShellState(output_format or DEFAULT_FORMAT, variables)
            console = Console(lines, opening, signals, state, settings)
            console.entries = history.entries
            opening.on_confirm = console.confirmed
            opening.variables = lambda: tuple(state.variables)
            try:
                _Shell(console, history).run()
            finally:
                console.close()
        finally:
            opening.close()
    return 0


class _Shell:
    """The loop."""

    def __init__(self, console: Console, history: HistoryFile) -> None:
        self._console = console
        self._history = history

    def run(self) -> None:
        console, state = self._console, self._console.state
        while not state.leaving:
            console.signals.forget()
            begun, state.pending = state.pending, ""
            try:
                text = console.lines.statement(begun, state.vi)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            finally:
                self._tell_of_history()
            try:
                with console.signals.interruptible():
                    console.submit(text)
            except KeyboardInterrupt:
                tell("\ncancelled")
            except Error as error:
                # What is cancelled in the engine may come back as an error of its own; a write's tells what was done.
                cancelled = console.signals.interrupted and not isinstance(error, WriteFailedError)
                if cancelled or isinstance(error, StatementCancelled):
                    tell("\ncancelled")
                else:
                    colour = sys.stderr is not None and wants_colour(sys.stderr, os.environ)
                    tell(render(error, place=console.place, colour=colour))
                    if isinstance(error, CredentialError):
                        tell("      to try it without an account:   sqloud --sandbox")

    def _tell_of_history(self) -> None:
        while self._history.notes:
            note(self._history.notes.pop(0))
