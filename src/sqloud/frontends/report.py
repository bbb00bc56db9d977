"""Errors as text for a person, and as an exit code.

Law: the caret stands under the characters that the error is about, whatever is left of them; the class of an
error alone decides the exit code; nothing in a report can disturb a terminal.
"""

from __future__ import annotations

from sqloud.errors import (
    CredentialError,
    Error,
    InterfaceError,
    RateLimitError,
    RequestLimitError,
    Span,
    StatementCancelled,
    TimeLimitError,
)
from sqloud.output.escapes import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

__all__ = [
    "BROKEN_PIPE",
    "CUT",
    "FAILED",
    "INTERRUPTED",
    "USAGE",
    "exit_code",
    "render",
    "tell",
    "wants_colour",
]

FAILED, USAGE, CUT, CREDENTIALS, LIMITS = 1, 2, 4, 5, 6
INTERRUPTED, BROKEN_PIPE = 130, 141

_EXIT_CODES: tuple[tuple[type[Error], int], ...] = (
    (CredentialError, CREDENTIALS),
    (RateLimitError, LIMITS),
    (TimeLimitError, LIMITS),
    (RequestLimitError, CUT),
    (InterfaceError, USAGE),
    (StatementCancelled, INTERRUPTED),
)

_LONGEST = 2000
"""Characters of one line of a message; a value of ten megabytes is not shown in full."""

_EXCERPT = 100
"""Columns of a source line that are shown."""

_TAB = 8
_RED, _BOLD, _CYAN, _PLAIN = "\x1b[1;31m", "\x1b[1m", "\x1b[36m", "\x1b[0m"


def exit_code(error: Error) -> int:
    """5 credentials, 6 rate limit or time budget, 2 wrong usage, 130 cancelled, 1 for all others.

    >>> exit_code(TimeLimitError("30 s are spent")), exit_code(Error("no"))
    (6, 1)
    """
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), FAILED)


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a report on this stream may be coloured: a terminal, no NO_COLOR, a TERM that is not dumb."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def tell(text: str) -> None:
    """Write a line to stderr, at once and in one piece; without a stderr nobody can be told."""
    import sys

    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def render(error: Error, *, place: Span | None = None, colour: bool = False) -> str:
    """`query.sql:12:8: error: ...`, the source line with carets, and the hints; without the last newline.

    `place` is where the statement stands, for an error that knows its source and no span of its own.
    """
    red, bold, cyan, plain = (_RED, _BOLD, _CYAN, _PLAIN) if colour else ("", "", "", "")
    source, span = error.source, error.span
    where = ""
    if source is not None:
        position = span or place
        where = visible(source.name) + ":"
        if position is not None:
            line, column = source.line_and_column(position.start)
            where += f"{line}:{column}:"
        where = f"{bold}{where}{plain} "
    message = "\n".join(map(_clipped, str(error.message).split("\n")))
    report = [f"{where}{red}error:{plain} {message}"]
    if source is not None and span is not None:
        number, _ = source.line_and_column(span.start)
        shown, before, under = _excerpt(source.text, span)
        gutter = f" {number} | "
        report.append(gutter + shown)
        report.append(" " * (len(gutter) - 2) + f"| {' ' * before}{red}{'^' * under}{plain}")
    for hint in error.hints:
        first, *more = map(_clipped, hint.split("\n"))
        report += [f"{cyan}hint:{plain} {first}", *(f"      {line}" for line in more)]
    return "\n".join(report)


def _clipped(line: str) -> str:
    if len(line) > _LONGEST:
        return f"{visible(line[:_LONGEST])}... ({len(line)} characters)"
    return visible(line)


def _excerpt(text: str, span: Span) -> tuple[str, int, int]:
    """The line that a span starts in, the columns before the span, and the columns of it on that line."""
    start = min(span.start, len(text))
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    if text[begin:end].endswith("\r"):
        end -= 1
    first, last = max(begin, start - _EXCERPT), min(end, start + _EXCERPT)
    cells = _cells(text[first:last])
    spanned = range(start - first, max(min(span.end, last) - first, start - first))
    opening, closing = _window([width for _, width in cells], spanned.start)
    cut_before = "…" if first > begin or opening else ""
    cut_after = "…" if last < end or closing < len(cells) else ""
    shown = cut_before + "".join(text for text, _ in cells[opening:closing]) + cut_after
    before = len(cut_before) + sum(width for _, width in cells[opening : spanned.start])
    under = sum(width for _, width in cells[spanned.start : min(spanned.stop, closing)])
    return shown.rstrip(), before, max(under, 1)


def _cells(line: str) -> list[tuple[str, int]]:
    """Each character as it is shown, and the columns that it takes."""
    if line.isascii() and line.isprintable():
        return [(character, 1) for character in line]
    from unicodedata import category, east_asian_width

    cells: list[tuple[str, int]] = []
    column = 0
    for character in line:
        if character == "\t":
            cell = (" " * (_TAB - column % _TAB), _TAB - column % _TAB)
        elif (shown := visible(character)) != character:
            cell = (shown, len(shown))
        elif category(character) in {"Mn", "Me", "Cf"}:
            cell = (character, 0)
        else:
            cell = (character, 2 if east_asian_width(character) in {"W", "F"} else 1)
        cells.append(cell)
        column += cell[1]
    return cells


def _window(widths: Sequence[int], position: int) -> tuple[int, int]:
    """The cells to show around a position, in no more columns than an excerpt has."""
    if sum(widths) <= _EXCERPT:
        return 0, len(widths)
    opening, room = position, _EXCERPT // 3
    while opening and widths[opening - 1] <= room:
        opening -= 1
        room -= widths[opening]
    closing, room = opening, _EXCERPT
    while closing < len(widths) and widths[closing] <= room:
        room -= widths[closing]
        closing += 1
    while opening and widths[opening - 1] <= room:
        opening -= 1
        room -= widths[opening]
    return opening, closing
