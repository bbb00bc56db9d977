"""Carry a write out: judge it, read its rows, ask for consent, send it, and say what happened.

Law: nothing is written without consent, which is given beforehand (settings) or asked for with the exact preview;
`read_only` wins over both. What was done, what failed, what is in doubt and what was not sent is always told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqloud.engine.base import Workspace
from sqloud.errors import ConsentError, WriteFailedError
from sqloud.executor.journal import IN_DOUBT
from sqloud.executor.mutate import (
    DONE,
    FAILED,
    FAILED_AFTER,
    NOT_SENT,
    UNDER_WAY,
    Outcome,
    WriteRequest,
)
from sqloud.executor.result import Result
from sqloud.executor.write_rows import Rows, judge, requests_of
from sqloud.plan.explain import ExplainedPlan
from sqloud.plan.explain_writes import (
    ExplainedRequest,
    ExplainedWrite,
    explain_write,
    explained_headers,
    write_template,
)
from sqloud.plan.mutations import Mutation
from sqloud.plan.steps import Plan
from sqloud.protocol.build import base_url
from sqloud.settings import Settings

__all__ = [
    "PreparedWrite",
    "Reader",
    "allowed",
    "counts",
    "dry",
    "exact",
    "explained",
    "failed",
    "refuse_read_only",
    "report_lines",
    "unallowed",
]

_LISTED = 20


class Reader(Protocol):
    """What a session does for a write: read, and say what a read would send."""

    def read(self, plan: Plan) -> Result:
        """The rows of a plan that only reads."""

    def reads(self, plan: Plan) -> ExplainedPlan:
        """What EXPLAIN tells of a plan that only reads; nothing is sent."""

    def read_requests(self, plan: Plan) -> list[str]:
        """Each request of a plan that only reads, a line each; nothing is sent."""


class PreparedWrite:
    """A mutation that was judged. `requests` are known where nothing has to be read for them."""

    def __init__(self, mutation: Mutation, settings: Settings, workspace: Workspace, reader: Reader) -> None:
        self.mutation = judge(mutation, workspace)
        self.base = base_url(mutation.provider, settings.endpoints)
        self.requests: list[WriteRequest] | None = None
        if mutation.source is None or not mutation.source.scans:
            self.resolve(reader)  # which sends nothing

    def resolve(self, reader: Reader) -> list[WriteRequest]:
        """Its requests, after reading the rows where that is needed."""
        if self.requests is None:
            source = self.mutation.source

            def read() -> Rows:
                assert source is not None
                result = reader.read(source)
                rows = [row for batch in result.batches() for row in batch]
                return [column.type for column in result.columns], rows

            self.requests = list(requests_of(self.mutation, self.base, read))
        return self.requests

    def shown(self) -> list[ExplainedRequest] | None:
        """Its requests as they may be shown; None where they are yet to be read."""
        if self.requests is None:
            return None
        return [_shown(one) for one in self.requests]


def _shown(one: WriteRequest) -> ExplainedRequest:
    authorized = one.provider.authentication.scheme != "none"
    return ExplainedRequest(
        http_verb=one.request.http_verb,
        url=one.request.url,
        headers=explained_headers(one.request.headers, authorized=authorized),
        body=one.shown,
    )


def explained(write: PreparedWrite, reader: Reader) -> ExplainedWrite:
    """What EXPLAIN tells: the reads, then the writes; nothing is sent."""
    mutation = write.mutation
    source = mutation.source if mutation.source is not None and mutation.source.scans else None
    return explain_write(mutation, write.shown(), reader.reads(source) if source is not None else None)


def dry(write: PreparedWrite, reader: Reader) -> Iterator[str]:
    """The requests alone, a line each: those that read, then those that write or their template."""
    source = write.mutation.source
    if source is not None and source.scans:
        yield from reader.read_requests(source)
    shown = write.shown()
    if shown is None:
        yield f"{write_template(write.mutation)}   for each row of answer"
    else:
        yield from (one.line for one in shown)


def exact(write: PreparedWrite, reader: Reader) -> list[str]:
    """The exact writes, after the reads that they need: how many, each of them, and what a wide one covers."""
    write.resolve(reader)
    lines = explain_write(write.mutation, write.shown()).as_text()
    covers = write.mutation.covers
    if covers is not None:
        result = reader.read(covers)
        rows = [row for batch in result.batches() for row in batch]
        lines.append(f"            {_counted(len(rows), 'row')} now:")
        lines += [f"              {_row(row)}" for row in rows[:_LISTED]]
        if len(rows) > _LISTED:
            lines.append(f"              ... and {len(rows) - _LISTED:,} more")
    return lines


def _row(row: Sequence[Any]) -> str:
    return ", ".join("NULL" if cell is None else str(cell) for cell in row)


def refuse_read_only(writes: Sequence[PreparedWrite], settings: Settings) -> None:
    """Raise ConsentError in a session that only reads."""
    if settings.read_only:
        raise ConsentError(
            f"{_verbs(writes)} is refused: the session is read only",
            span=writes[0].mutation.target,
            hints=("leave out --read-only, or connect(read_only=False)",),
        )


def unallowed(
    writes: Sequence[PreparedWrite], settings: Settings, preview: Sequence[str]
) -> ConsentError | None:
    """The error for writes that no setting allows, with their preview; None where all are allowed."""
    wanting = [write.mutation for write in writes if not _allowed(write.mutation, settings)]
    if not wanting:
        return None
    options = sorted({"destructive" if one.destructive else "writes" for one in wanting}, reverse=True)
    flags = " and ".join(f"--allow-{option}" for option in options)
    calls = ", ".join(f"allow_{option}=True" for option in options)
    return ConsentError(
        f"{_verbs(writes)} needs consent, and nothing was sent; it would send",
        preview=tuple(preview),
        span=wanting[0].target,
        hints=(f"give it by {flags}, or connect({calls})",),
    )


def _verbs(writes: Sequence[PreparedWrite]) -> str:
    return " and ".join(dict.fromkeys(write.mutation.word for write in writes))


def _allowed(mutation: Mutation, settings: Settings) -> bool:
    return settings.allow_destructive if mutation.destructive else settings.allow_writes


def allowed(writes: Sequence[PreparedWrite], settings: Settings) -> bool:
    """Whether consent was given beforehand to every one."""
    return all(_allowed(write.mutation, settings) for write in writes)


def report_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """What happened, a line for each row that was not done; the others are counted."""
    lines = [one.line for one in outcomes if one.outcome not in (DONE, NOT_SENT)]
    unsent = [one.write.row for one in outcomes if one.outcome == NOT_SENT]
    if unsent:
        lines.append(f"{_span_words(unsent)}: not sent")
    return lines


def counts(outcomes: Sequence[Outcome]) -> str:
    """`2 rows done, 1 failed, 2 not sent`."""
    words = []
    for name in (DONE, FAILED_AFTER, UNDER_WAY, FAILED, IN_DOUBT, NOT_SENT):
        number = sum(1 for one in outcomes if one.outcome == name)
        if number or name == DONE:
            words.append(f"{_counted(number, 'row')} {name}" if name == DONE else f"{number:,} {name}")
    return ", ".join(words)


def failed(word: str, outcomes: Sequence[Outcome], returned: Result | None) -> WriteFailedError:
    """The error for a write that was not done for every row."""
    done = [one.write.row for one in outcomes if one.outcome == DONE]
    lines = [f"{word}: {counts(outcomes)}"]
    if done:
        lines.append(f"  {_span_words(done)}: done")
    lines += [f"  {line}" for line in report_lines(outcomes)]
    hints: tuple[str, ...] = ()
    if any(one.outcome == IN_DOUBT for one in outcomes):
        hints = ("what is in doubt was sent, and no answer came: look before you send it again",)
    causes = [one.error for one in outcomes if one.error is not None]
    if not hints and causes:
        hints = causes[0].hints
    error = WriteFailedError(
        "\n".join(lines),
        report=tuple((one.write.row, one.outcome, one.detail) for one in outcomes),
        returned=returned,
        hints=hints,
    )
    error.__cause__ = causes[0] if causes else None
    return error


def _span_words(rows: Sequence[int]) -> str:
    """`row 3`, `rows 4 to 50`, `rows 1, 2 and 7`."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    if list(rows) == list(range(rows[0], rows[-1] + 1)):
        return f"rows {rows[0]} to {rows[-1]}"
    return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
