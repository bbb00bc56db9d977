"""The answer of a statement, as a stream of batches with a mark of completeness.

Law: a result that is not complete says so: `completeness` is COMPLETE only after the last batch of a whole
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from sqloud.engine.answers import Answer
from sqloud.engine.base import Batch, ResultColumn
from sqloud.errors import InterfaceError
from sqloud.executor.statistics import Statistics

__all__ = ["Completeness", "Confirm", "Result"]

Confirm = Callable[[str, Sequence[str]], bool]
"""Asked with a question and the lines of a write's preview; whether to go on."""


class Completeness(Enum):
    """How far a result has come."""

    OPEN = "open"  # rows may follow
    COMPLETE = "complete"
    CUT = "cut"  # ended by a limit that the user set; `Result.cut_by` names it
    CLOSED = "closed"  # closed by the reader before its end


class Result:
    """One statement's answer: `columns`, then `batches()` once.

    `kind` is the statement's first word in lower case (`select`, `show`, `describe`, `explain`, ...).
    `tag` is what psql says of a statement that changes something (`INSERT 0 3`), `rowcount` how many rows it was.
    `text_only` marks answers that are lines to read (EXPLAIN), printed bare by the table format.
    `kept` leaves the answer in the engine after its last batch, until `close()`.
    `arrives` marks rows that are given out while they come: `batches()` then raises where the statement breaks.
    `statistics` is what a statement that can make requests has cost; None for one that cannot.
    """

    def __init__(
        self,
        columns: tuple[ResultColumn, ...],
        batches: Iterator[Batch],
        *,
        kind: str = "select",
        text_only: bool = False,
        on_close: Callable[[], None] | None = None,
        statistics: Statistics | None = None,
        tag: str | None = None,
        rowcount: int | None = None,
        arrives: bool = False,
    ) -> None:
        self.columns = columns
        self.kind = kind
        self.text_only = text_only
        self.tag = tag
        self.rowcount = rowcount
        self.completeness = Completeness.OPEN
        self.cut_by: str | None = None
        self.statistics = statistics
        self.kept = False
        self.arrives = arrives
        self._batches = batches
        self._on_close = on_close

    def batches(self) -> Iterator[Batch]:
        """The rows in their order, some thousand at a time; marks and closes the result at its end.

        Raises InterfaceError on a result that was closed before.
        """
        if self.completeness is Completeness.CLOSED:
            raise InterfaceError("the result is closed")
        try:
            yield from self._batches
        except BaseException:
            self.close()
            raise
        self.read_whole()
        if not self.kept:
            self._release()

    @property
    def answer(self) -> Answer | None:
        """The answer as the engine holds it; None for what was not asked of the engine."""
        return self._batches if isinstance(self._batches, Answer) else None

    def read_whole(self) -> None:
        """Mark the end: every row was taken, out of `batches()` or out of `answer`."""
        if self.completeness is Completeness.OPEN:
            self.completeness = Completeness.CUT if self.cut_by else Completeness.COMPLETE

    def close(self) -> None:
        """Give up the rest. Calling it again does nothing."""
        if self.completeness is Completeness.OPEN:
            self.completeness = Completeness.CLOSED
        self._release()

    def _release(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()
