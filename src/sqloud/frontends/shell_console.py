r"""What stands between the lines that are typed and the session: statements run, and their answers are shown.

Law: answers go to stdout, or where the user sent them, and everything else to stderr. An answer is whole before the
first line of it is shown.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import Protocol

from sqloud.errors import Error, OperationalError, Source, Span, WriteFailedError
from sqloud.frontends.report import tell, wants_colour
from sqloud.frontends.shell_aside import Aside
from sqloud.frontends.shell_state import ShellState
from sqloud.output import DEFAULT_FORMAT, write
from sqloud.output.escapes import visible_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from sqloud.dialect import StatementText
    from sqloud.executor.result import Result
    from sqloud.frontends.shell_opening import Opening
    from sqloud.frontends.shell_redirect import Redirect
    from sqloud.frontends.shell_signals import Signals
    from sqloud.session import Session
    from sqloud.settings import Settings

__all__ = ["NAME", "Console", "Lines", "note"]

_FRAME = 5
"""Lines of a table beside its rows, and the prompt."""

NAME = "<shell>"
"""The source of what is typed, as errors quote it."""


class Lines(Protocol):
    """Where text comes from."""

    def statement(self, begun: str = "", vi: bool = False) -> str:
        """The next text that is complete; `begun` stands in it.

        Raises KeyboardInterrupt to clear, EOFError to leave.
        """

    def value(self, name: str, earlier: Sequence[str]) -> str:
        """A variable's value, where `earlier` holds those it had. Raises as `statement`."""


class Console:
    """The session, the state, and where answers go."""

    def __init__(
        self, lines: Lines, opening: Opening, signals: Signals, state: ShellState, settings: Settings
    ) -> None:
        self.lines = lines
        self.opening = opening
        self.signals = signals
        self.state = state
        self.settings = settings
        self.place: Span | None = None
        self.files: list[str] = []
        self.entries: Callable[[], Sequence[str]] = tuple
        self._aside = Aside(signals)
        self._asked: dict[str, list[str]] = {}
        self._redirect: Redirect | None = None

    def session(self) -> Session:
        """The session, when it is open."""
        return self.opening.session()

    def history(self) -> Sequence[str]:
        """The entries of the history, the oldest first."""
        return self.entries()

    def submit(self, text: str, name: str = NAME) -> None:
        """Run commands and statements in their order, to the first error; what is not ended stays `pending`."""
        self.opening.finish()  # it imports what is needed here
        from sqloud.frontends.shell_commands import run_command
        from sqloud.frontends.shell_pieces import pieces
        from sqloud.frontends.shell_text import is_leaving

        self.place = None
        for piece in pieces(text):
            if piece.is_command:
                try:
                    run_command(piece.text, self)
                except Error as error:
                    if error.span is not None and error.source is None:
                        error.span = Span(error.span.start + piece.start, error.span.end + piece.start)
                        error.in_source(Source(name, text))
                    raise
                if self.state.leaving:
                    return
            elif is_leaving(piece.text):
                self.state.leaving = True
                return
            elif not self._run_piece(text, piece.start, piece.end, name):
                return

    def _run_piece(self, text: str, start: int, end: int, name: str) -> bool:
        """Run the statements that are ended; the last may be pending. False where the user gave one up."""
        from sqloud.dialect import split

        blank = "".join(one if one == "\n" else " " for one in text[:start])
        begun, self.state.pending = self.state.pending, ""
        # What was begun is ended by what was typed behind a command.
        source = Source(name, (begun if begun.strip() else blank) + text[start:end])
        for statement in split(source):
            if not statement.terminated:
                self.state.pending = statement.text
            elif not self.answer(statement):
                return False
        return True

    def run(self, text: str, name: str = NAME, *, expanded: bool = False, to: str | None = None) -> bool:
        """Run every statement of a text and show its answers; False where the user gave one up.

        `to` sends the answers to a file, or with `|` before it to a command.
        """
        from sqloud.dialect import split

        statements = split(Source(name, text))
        if to is None:
            return all(self.answer(one, expanded=expanded) for one in statements)
        from sqloud.frontends.shell_redirect import Redirect

        with self._redirected(Redirect(to, whole=True)):
            return all(self.answer(one, expanded=expanded) for one in statements)

    def answer(self, statement: StatementText, *, expanded: bool = False) -> bool:
        """Run one statement and show its answer; False where the user gave it up."""
        self.place = statement.span if statement.source.name == NAME else None
        variables = self._values(statement)
        if variables is None:
            return False
        began = time.perf_counter()
        try:
            try:
                result = self.execute(statement, variables)
            except WriteFailedError as failure:
                if failure.returned is not None:  # the rows that were done, as RETURNING asked for them
                    self.show(failure.returned, expanded=expanded)
                raise
            took = time.perf_counter() - began
            self.show(result, expanded=expanded)
            if result.tag is not None:
                tell(result.tag)
        except Error as error:
            error.in_source(statement.source)
            raise
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise OperationalError(
                f"cannot write the answer: the encoding {error.encoding} has no {character!a}",
                hints=("set PYTHONIOENCODING=utf-8",),
            ) from error
        if not statement.source.name.startswith("<\\"):  # a command's own
            self.state.last = statement.text
        if result.cut_by:
            note(f"the answer is cut short by {result.cut_by}")
        if self.state.timing:
            sent = result.statistics.requests if result.statistics is not None else 0
            requests = f" ({sent} request{'s' if sent != 1 else ''})" if sent else ""
            tell(f"Time: {took * 1000:,.1f} ms{requests}")
        return True

    def execute(self, statement: StatementText, variables: Mapping[str, str]) -> Result:
        """The answer of one statement. Ctrl-C cancels it: raises KeyboardInterrupt, or the Error that tells more."""
        from sqloud.frontends.parameters import inferred
        from sqloud.frontends.progress import shown

        session = self.session()
        parameters = {name: inferred(text) for name, text in self.state.variables.items()}

        def work() -> Result:
            return session.run(statement, variables=variables, parameters=parameters)

        with shown(session):
            return self._aside.run(work, lambda thread: session.cancel(thread))

    def show(self, result: Result, *, expanded: bool = False) -> None:
        """Write an answer where answers go, a table on a terminal as the screen takes it."""
        if self._redirect is not None:
            chosen = self._redirect.output_format or ("expanded" if expanded else self.state.output_format)
            stream, again = self._redirect.stream, self._redirect.answered
            self._redirect.answered = again or bool(result.columns)
            write(result, chosen, stream, terminal=False, note=note, again=again)
            stream.flush()
            return
        if sys.stdout is None:
            raise OperationalError("cannot write the answer: stdout is closed")
        if not sys.stdout.isatty():
            chosen = "expanded" if expanded or self._always_expanded else self.state.output_format
            write(result, chosen, sys.stdout, terminal=False, note=note)
        elif self.state.output_format == DEFAULT_FORMAT and result.columns and not result.text_only:
            try:
                self._page(self._laid_out(result, expanded=expanded))
            finally:
                result.close()
        else:
            from io import StringIO

            with StringIO() as text:
                write(result, self.state.output_format, text, terminal=True, note=note)
                lines = text.getvalue().splitlines()
            self._page(lines)
        sys.stdout.flush()

    def redirect(self, to: str | None) -> None:
        """Send answers to a file or a command from now on, or to the screen again."""
        self.close()
        if to is not None:
            from sqloud.frontends.shell_redirect import Redirect

            self._redirect = Redirect(to, whole=False)

    def close(self) -> None:
        """End the file or the command that takes the answers."""
        redirect, self._redirect = self._redirect, None
        if redirect is not None:
            redirect.close()

    def write_line(self, text: str) -> None:
        """A line where answers go."""
        stream: TextIO | None = self._redirect.stream if self._redirect is not None else sys.stdout
        if stream is not None:
            stream.write(text + "\n")
            stream.flush()

    @property
    def _always_expanded(self) -> bool:
        return self.state.expanded == "on" and self.state.output_format == DEFAULT_FORMAT

    def _laid_out(self, result: Result, *, expanded: bool) -> list[str]:
        r"""The lines of a table or of records, as the screen's width and `\x` want them."""
        from sqloud.frontends.shell_pager import pager_command, screen_size
        from sqloud.output.screen import folded_width, gathered, grid_lines, record_lines

        colour = wants_colour(sys.stdout, os.environ)
        grid = gathered(result.columns, result.batches(), self.state.most_rows)
        columns, height = screen_size()
        wide = grid.width > columns
        if expanded or self.state.expanded == "on" or (self.state.expanded == "auto" and wide):
            return record_lines(grid, width=columns, colour=colour)
        if not wide:
            return grid_lines(grid, colour=colour)
        paged = self.state.paging and pager_command(self.settings.environment) is not None
        if paged and len(grid.rows) + _FRAME >= height:  # the pager moves sideways too
            return grid_lines(grid, colour=colour)
        if folded_width(grid, columns) > columns:  # the terminal would break the lines
            return record_lines(grid, width=columns, colour=colour)
        return grid_lines(grid, width=columns, colour=colour)

    def show_lines(self, lines: list[str]) -> None:
        """Lines where answers go, paged where they are many."""
        if self._redirect is not None or sys.stdout is None or not sys.stdout.isatty():
            for line in lines:
                self.write_line(visible_lines(line))
        else:
            self._page([visible_lines(line) for line in lines])

    def tell_lines(self, lines: list[str]) -> None:
        """Lines beside the answers, paged where they are many and a person looks."""
        seen = all(stream is not None and stream.isatty() for stream in (sys.stdout, sys.stderr))
        if not (seen and self._paged(lines)):
            tell("\n".join(lines))

    def _page(self, lines: list[str]) -> None:
        assert sys.stdout is not None
        if not self._paged(lines):
            sys.stdout.write("".join(line + "\n" for line in lines))

    def _paged(self, lines: list[str]) -> bool:
        """Show lines that the screen does not hold in the pager; whether it did."""
        from sqloud.frontends.shell_pager import page, screen_size

        long = len(lines) >= screen_size()[1]
        asked = self.state.paging and long and sys.stdin is not None and sys.stdin.isatty()
        return asked and page(lines, self.settings.environment, self.signals)

    @contextmanager
    def _redirected(self, redirect: Redirect) -> Iterator[None]:
        before, self._redirect = self._redirect, redirect
        try:
            yield
        except BaseException:
            redirect.discard()
            raise
        finally:
            self._redirect = before
            redirect.close()

    def confirmed(self, question: str, preview: Sequence[str]) -> bool:
        """Show what a write would send, and ask; whatever is no yes is a no."""
        for line in preview:
            tell(visible_lines(line))
        try:
            answer = self._aside.in_main(lambda: self.lines.value(f"{question} (yes/no)", ()))
        except EOFError:
            return False
        return answer.strip().lower() in {"y", "yes"}

    def _values(self, statement: StatementText) -> dict[str, str] | None:
        """The values of a statement's variables, those that are missing asked for; None where given up."""
        values: dict[str, str] = {}
        for name in statement.variables:
            if name in self.state.variables:
                values[name] = self.state.variables[name]
                continue
            earlier = self._asked.setdefault(name, [])
            try:
                values[name] = self.lines.value(name, tuple(earlier))
            except (KeyboardInterrupt, EOFError):
                tell("cancelled")
                return None
            if values[name] in earlier:
                earlier.remove(values[name])
            earlier.append(values[name])
        return values


def note(text: str) -> None:
    """Tell something that is no error, on stderr."""
    tell(f"note: {visible_lines(text)}")
