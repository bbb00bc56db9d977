r"""The shell: a person types statements, one answer after another.

Law: whatever a statement does, fail or be cancelled, the prompt comes back and the session still works. Answers
go to stdout and everything else to stderr. The prompt stands before the dialect, the engine or the network are
imported.
"""

from __future__ import annotations

import os
import sys
from typing import Protocol

from sqloud._version import __version__
from sqloud.errors import (
    Error,
    InterfaceError,
    OperationalError,
    Source,
    Span,
    StatementCancelled,
    WriteFailedError,
)
from sqloud.frontends.report import render, tell, wants_colour
from sqloud.frontends.shell_commands import ShellState, run_command
from sqloud.frontends.shell_history import HistoryFile, known_secrets
from sqloud.frontends.shell_opening import Opening
from sqloud.frontends.shell_signals import Signals
from sqloud.frontends.shell_text import is_leaving, take_command
from sqloud.output import DEFAULT_FORMAT, write
from sqloud.output.escapes import visible_lines
from sqloud.settings import Settings, state_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqloud.dialect import StatementText
    from sqloud.executor.result import Result

__all__ = ["run"]

_NAME = "<shell>"
"""The source of what is typed, as errors quote it."""


class Lines(Protocol):
    """Where text comes from."""

    def statement(self) -> str:
        """The next text that is complete. Raises KeyboardInterrupt to clear, EOFError to leave."""

    def value(self, name: str, earlier: Sequence[str]) -> str:
        """A variable's value, where `earlier` holds those it had. Raises as `statement`."""


def run(*, settings: Settings, output_format: str | None, variables: dict[str, str]) -> int:
    """Read and answer statements until the user leaves; gives the exit code. stdin is a terminal.

    `variables` are the values of `{{ name }}` that are not asked for.
    """
    environment = settings.environment
    history = HistoryFile(state_directory(environment) / "history", secrets=known_secrets(environment))
    signals = Signals()
    opening = Opening(settings, _note)
    tell(f"sqloud {__version__}: ; ends a statement, \\? helps, \\q leaves")
    with signals.installed():
        try:
            stream = sys.stdout if sys.stdout is not None and sys.stdout.isatty() else sys.stderr
            if stream is None:
                raise InterfaceError("the shell needs stdout or stderr for its prompt, and both are closed")
            lines: Lines
            if environment.get("TERM") in {"dumb", "unknown"} or not stream.isatty():
                from sqloud.frontends.shell_plain import PlainLines

                lines = PlainLines(stream, history, opening, signals)
            else:
                from sqloud.frontends.shell_lines import EditedLines

                lines = EditedLines(stream, history, opening, signals, environment)
            _Shell(lines, history, opening, signals, output_format or DEFAULT_FORMAT, variables).run()
        finally:
            opening.close()
    return 0


class _Shell:
    """The loop, and what it remembers between statements."""

    def __init__(
        self,
        lines: Lines,
        history: HistoryFile,
        opening: Opening,
        signals: Signals,
        output_format: str,
        variables: Mapping[str, str],
    ) -> None:
        self._lines = lines
        self._history = history
        self._opening = opening
        self._signals = signals
        self._state = ShellState(output_format)
        self._variables = variables
        self._asked: dict[str, list[str]] = {}
        opening.on_confirm = self._confirmed
        self._place: Span | None = None

    def run(self) -> None:
        while not self._state.leaving:
            self._signals.forget()
            try:
                text = self._lines.statement()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            finally:
                self._tell_of_history()
            try:
                with self._signals.interruptible():
                    self._submit(text)
            except KeyboardInterrupt:
                tell("\ncancelled")
            except Error as error:
                # What is cancelled in the engine may come back as an error of its own.
                if self._signals.interrupted or isinstance(error, StatementCancelled):
                    tell("\ncancelled")
                else:
                    colour = sys.stderr is not None and wants_colour(sys.stderr, os.environ)
                    tell(render(error, place=self._place, colour=colour))

    def _tell_of_history(self) -> None:
        while self._history.notes:
            _note(self._history.notes.pop(0))

    def _submit(self, text: str) -> None:
        """Run commands and statements in their order, to the first error."""
        self._place = None
        whole = text
        while (taken := take_command(text)) is not None:
            command, rest = taken
            try:
                run_command(command, self._state)
            except Error as error:
                begin = len(text) - len(text.lstrip())
                if error.span is not None:
                    error.span = Span(error.span.start + begin, error.span.end + begin)
                raise error.in_source(Source(_NAME, whole)) from None
            if self._state.leaving:
                return
            text = rest
        if is_leaving(text):
            self._state.leaving = True
        elif text.strip():
            from sqloud.dialect import split

            for statement in split(Source(_NAME, text)):
                if not self._answer(statement):
                    return

    def _answer(self, statement: StatementText) -> bool:
        """Run one statement and write its answer; False where the user gave it up."""
        self._place = statement.span
        variables = self._values(statement)
        if variables is None:
            return False
        session = self._opening.session()
        try:
            try:
                result = session.run(statement, variables=variables)
            except WriteFailedError as failure:
                if failure.returned is not None:  # the rows that were done, as RETURNING asked for them
                    self._print(failure.returned)
                raise
            self._print(result)
            if result.tag is not None:
                tell(result.tag)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise OperationalError(
                f"cannot write the answer: the encoding {error.encoding} has no {character!a}",
                hints=("set PYTHONIOENCODING=utf-8",),
            ) from error
        if result.cut_by:
            _note(f"the answer is cut short by {result.cut_by}")
        return True

    def _print(self, result: Result) -> None:
        if sys.stdout is None:
            raise OperationalError("cannot write the answer: stdout is closed")
        write(result, self._state.output_format, sys.stdout, terminal=sys.stdout.isatty(), note=_note)
        sys.stdout.flush()

    def _confirmed(self, question: str, preview: Sequence[str]) -> bool:
        """Show what a write would send, and ask; whatever is no yes is a no."""
        for line in preview:
            tell(visible_lines(line))
        try:
            return self._lines.value(f"{question} (yes/no)", ()).strip().lower() in {"y", "yes"}
        except EOFError:
            return False

    def _values(self, statement: StatementText) -> dict[str, str] | None:
        """The values of a statement's variables, those that are missing asked for; None where given up."""
        values: dict[str, str] = {}
        for name in statement.variables:
            if name in self._variables:
                values[name] = self._variables[name]
                continue
            earlier = self._asked.setdefault(name, [])
            try:
                values[name] = self._lines.value(name, tuple(earlier))
            except (KeyboardInterrupt, EOFError):
                tell("cancelled")
                return None
            if values[name] in earlier:
                earlier.remove(values[name])
            earlier.append(values[name])
        return values


def _note(text: str) -> None:
    tell(f"note: {visible_lines(text)}")
