"""Run scripts without a person: read all, then one statement after another.

Law: stdout is data, and a statement that fails leaves nothing there; the first failure decides the exit code.
Nothing runs before every script has been read and taken apart.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqloud.errors import Error, OperationalError, Source, Span, StatementCancelled, WriteFailedError
from sqloud.executor.result import Completeness, Result
from sqloud.frontends.progress import shown
from sqloud.frontends.report import CUT, exit_code, render, tell, wants_colour
from sqloud.output import write
from sqloud.output.escapes import visible_lines

if TYPE_CHECKING:
    from types import FrameType
    from typing import TextIO

    from sqloud.dialect import StatementText
    from sqloud.executor.statistics import Statistics

__all__ = ["Runner", "ending_on_signals", "notice", "read_script", "report", "run"]

_SIGNALLED = 128
"""What a signal's number is added to, as shells count the exit code of a process that it ended."""

Script = tuple[str, str]
"""`("command", SQL)` or `("file", name)`; the file `-` is stdin."""


class Runner(Protocol):
    """What runs statements; `sqloud.session.Session` is one."""

    def run(
        self,
        text: StatementText,
        *,
        variables: Mapping[str, str],
        parameters: Mapping[str, Any] | None = None,
    ) -> Result:
        """The answer of one statement."""

    def cancel(self) -> None:
        """Stop what runs."""

    def under_way(self) -> Sequence[Statistics]:
        """What each statement that runs has cost so far, for the progress line."""

    def rate_limits(self) -> Sequence[tuple[str, int | None, float]]:
        """Each host: requests left, seconds until the next may go."""


def run(
    scripts: Sequence[Script],
    open_session: Callable[[], AbstractContextManager[Runner]],
    *,
    output_format: str,
    variables: Mapping[str, str],
    parameters: Mapping[str, object] | None = None,
    out: str | None = None,
    continue_on_error: bool = False,
    agent: bool = False,
) -> int:
    """Run scripts in their order and give the exit code.

    The session is opened only if there is a statement. With `out` all answers go into that file, which is
    replaced only if every statement succeeded.
    """
    failures = _Failures(agent=agent)
    told = agent_notice if agent else notice
    statements = _statements(scripts, failures, continue_on_error)
    if statements is None or not statements:
        return failures.code
    cut = answered = False
    try:
        with _destination(out) as (stream, discard), open_session() as session:
            for text in statements:
                try:
                    given = parameters or {}
                    result = _answer(
                        session, text, variables, given, output_format, stream, told, again=answered
                    )
                except Error as error:
                    failures.add(error, text)
                    if not continue_on_error or isinstance(error, StatementCancelled):
                        break
                    continue
                answered = answered or bool(result.columns)
                if result.statistics is not None and result.statistics.left_out:
                    failures.code = failures.code or exit_code(result.statistics.left_out[0][1])
                    if not continue_on_error:
                        break
                if result.completeness is Completeness.CUT:
                    cut = True
                    told(f"the answer is cut short by {result.cut_by}")
            if failures.code and out is not None:
                discard()
                told(f"{out} is left as it was")
    except BrokenPipeError:
        raise
    except (OSError, UnicodeEncodeError) as error:
        failures.add(_unwritable(error))
    except Error as error:
        failures.add(error)
    return failures.code or (CUT if cut else 0)


def read_script(script: Script) -> Source:
    """The text of a script under the name that errors quote.

    Raises OperationalError for a file that cannot be read or is not UTF-8. A byte order mark is dropped.
    """
    kind, argument = script
    if kind == "command":
        name, content = "<command>", os.fsencode(argument)
    elif argument == "-":
        name, content = "<stdin>", sys.stdin.buffer.read() if sys.stdin is not None else b""
    else:
        name = argument
        try:
            with open(argument, "rb") as file:
                content = file.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OperationalError(f"cannot read {argument}: {reason}") from error
    try:
        return Source(name, content.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError as error:
        offset = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        raise OperationalError(
            f"{name} is not UTF-8: byte {offset} is 0x{content[offset]:02x}", hints=("save it as UTF-8",)
        ) from error


def notice(text: str) -> None:
    """Tell something that is no error, on stderr. Safe from any thread."""
    tell(f"note: {visible_lines(text)}")


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """While it is open, SIGTERM and SIGHUP raise SystemExit(143, 129), so that files and connections are closed.

    SIGINT raises KeyboardInterrupt; none does so into an import. In the main thread alone, which is the one that
    receives signals. What is ignored (SIGHUP under nohup) stays so.
    """
    import signal

    from sqloud.frontends.interrupts import interrupt, postponed

    def terminate(number: int, frame: FrameType | None) -> None:
        if not postponed(number, frame):
            raise SystemExit(_SIGNALLED + number)

    caught = [signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        caught.append(signal.SIGHUP)
    before = [(number, signal.signal(number, terminate)) for number in caught]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored
        before.append((signal.SIGINT, signal.signal(signal.SIGINT, interrupt)))
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def report(error: Error, place: Span | None = None) -> int:
    """Tell an error on stderr and give its exit code."""
    colour = sys.stderr is not None and wants_colour(sys.stderr, os.environ)
    tell(render(error, place=place, colour=colour))
    return exit_code(error)


def agent_notice(text: str) -> None:
    """Tell something that is no error as a JSON object, a line on stderr."""
    import msgspec

    tell(msgspec.json.encode({"note": text}).decode())


def agent_report(error: Error, place: Span | None = None) -> int:
    """Tell an error as a JSON object, a line on stderr, and give its exit code."""
    import msgspec

    told: dict[str, object] = {
        "class": type(error).__name__,
        "sqlstate": error.sqlstate,
        "message": error.message,
    }
    position = error.span or place
    if error.source is not None:
        told["source"] = error.source.name
        if position is not None:
            told["line"], told["column"] = error.source.line_and_column(position.start)
    told |= {"hints": list(error.hints), "exit_code": exit_code(error)}
    tell(msgspec.json.encode({"error": told}).decode())
    return exit_code(error)


class _Failures:
    """The first failure's exit code; 0 so far."""

    def __init__(self, *, agent: bool = False) -> None:
        self.code = 0
        self._report = agent_report if agent else report

    def add(self, error: Error, text: StatementText | None = None) -> None:
        if text is not None:
            error.in_source(text.source)
        code = self._report(error, text.span if text is not None else None)
        self.code = self.code or code


def _statements(
    scripts: Sequence[Script], failures: _Failures, continue_on_error: bool
) -> list[StatementText] | None:
    """The statements of all scripts; None where one failed and that ends the batch."""
    from sqloud.dialect import split

    statements: list[StatementText] = []
    for script in scripts:
        try:
            statements += split(read_script(script))
        except Error as error:
            failures.add(error)
            if not continue_on_error:
                return None
    return statements


def _answer(
    session: Runner,
    text: StatementText,
    variables: Mapping[str, str],
    parameters: Mapping[str, object],
    output_format: str,
    stream: TextIO,
    told: Callable[[str], None],
    *,
    again: bool,
) -> Result:
    try:
        try:
            with shown(session):
                if parameters:
                    result = session.run(text, variables=variables, parameters=parameters)
                else:
                    result = session.run(text, variables=variables)
        except WriteFailedError as failure:
            if failure.returned is not None:  # the rows that were done, as RETURNING asked for them
                write(
                    failure.returned, output_format, stream, terminal=stream.isatty(), note=told, again=again
                )
                stream.flush()
            raise
        write(result, output_format, stream, terminal=stream.isatty(), note=told, again=again)
        stream.flush()
        if result.tag is not None:
            (tell if told is notice else told)(result.tag)
    except (KeyboardInterrupt, SystemExit):
        session.cancel()
        raise
    return result


@contextmanager
def _destination(out: str | None) -> Iterator[tuple[TextIO, Callable[[], None]]]:
    """Where answers go, and what gives up the file in the end."""
    if out is None:
        if sys.stdout is None:
            raise OperationalError("cannot write the answer: stdout is closed")
        yield sys.stdout, lambda: None
        return
    from sqloud.output.outfile import OutputFile

    file = OutputFile(out)
    with file as stream:
        yield stream, file.discard


def _unwritable(error: OSError | UnicodeEncodeError) -> Error:
    if isinstance(error, OSError):
        return OperationalError(f"cannot write the answer: {error.strerror or error}")
    character = error.object[error.start]
    return OperationalError(
        f"cannot write the answer: the encoding {error.encoding} has no {character!a}",
        hints=("set PYTHONIOENCODING=utf-8, or write to a file with --out",),
    )
