"""The session's writer: consent, sending, the queue of a transaction, and the answer of a write.

Law: a write is sent only after its consent, whole and in order; BEGIN queues and sends nothing, COMMIT sends all of
the queue, and neither pretends that anything could be undone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

import msgspec

from sqloud.engine.base import Engine, ResultColumn, Workspace
from sqloud.errors import ConsentError, NotSupportedError, ProgrammingError
from sqloud.executor.awaiting import Watcher
from sqloud.executor.journal import Journal
from sqloud.executor.mutate import DONE, Outcome, Sender, send_all
from sqloud.executor.result import Confirm, Result
from sqloud.executor.returned import returned
from sqloud.executor.statistics import Statistics
from sqloud.executor.writes import (
    PreparedWrite,
    Reader,
    allowed,
    counts,
    dry,
    exact,
    explained,
    failed,
    refuse_read_only,
    report_lines,
    unallowed,
)
from sqloud.plan.explain_writes import ExplainedWrite
from sqloud.plan.mutations import Mutation
from sqloud.registry.records import Provider
from sqloud.settings import Settings

__all__ = ["Host", "Writer"]

_COUNTED = ("requests", "retries", "waited_s", "elapsed_s")
"""What ANALYZE tells of the requests that write, and of those that AWAIT sends."""


class Host(Reader, Sender, Protocol):
    """What a session lends to its writer."""

    @property
    def settings(self) -> Settings:
        """The session's settings as they are now."""

    def authorize(self, provider: Provider, url: str) -> object:
        """Raises CredentialError where the credential of a provider may not go to a URL, or is missing."""

    def wait(self, workspace: Workspace, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop and wait for it, where Ctrl-C arrives."""


class Writer:
    """Writes for one session. `confirm` asks a person; without one, only the settings give consent."""

    def __init__(
        self,
        *,
        host: Host,
        engine: Engine,
        notice: Callable[[str], None],
        confirm: Confirm | None,
    ) -> None:
        self._host = host
        self._engine = engine
        self._notice = notice
        self._confirm = confirm
        self._queue: list[PreparedWrite] | None = None

    @property
    def queued(self) -> int | None:
        """The statements that wait for COMMIT; None outside of BEGIN."""
        return None if self._queue is None else len(self._queue)

    def run(self, mutation: Mutation) -> Result:
        """Carry a write out as the settings say, or queue it. Raises ConsentError and WriteFailedError."""
        with self._opened() as workspace:
            write = PreparedWrite(mutation, self._host.settings, workspace, self._host)
            if self._host.settings.dry_run:
                return _lines("request", dry(write, self._host), "dry run")
            if self._host.settings.preview:
                return _lines("write", exact(write, self._host), "preview")
            if self._queue is not None:
                return self._queued(write)
            if mutation.awaited and mutation.watched is None:
                self._notice(
                    f"AWAIT: the document names nothing to follow for {mutation.method.name}; its answer is its end"
                )
            self._consent([write])
        return self._sent([write], mutation.word)

    def explain(self, mutation: Mutation, *, analyze: bool = False) -> ExplainedWrite:
        """What EXPLAIN tells; nothing is sent. `analyze` carries it out, with its consent, and adds what happened.

        Raises ConsentError and WriteFailedError as `run` does, NotSupportedError for an ANALYZE within BEGIN.
        """
        settings = self._host.settings
        with self._opened() as workspace:
            write = PreparedWrite(mutation, settings, workspace, self._host)
            told = explained(write, self._host)
            if not analyze or settings.dry_run or settings.preview:
                return told
            if self._queue is not None:
                raise NotSupportedError(
                    "EXPLAIN ANALYZE within BEGIN: nothing is sent before COMMIT", span=mutation.target
                )
            self._consent([write])
        result = self._sent([write], mutation.word)
        with closing(result):
            assert result.statistics is not None
            counted = result.statistics.told()
            told.actual = {"done_rows": result.rowcount or 0} | {name: counted[name] for name in _COUNTED}
        return told

    def begin(self) -> Result:
        """Queue the writes that follow. Raises ProgrammingError inside of another BEGIN."""
        if self._queue is not None:
            raise ProgrammingError(
                "BEGIN inside of BEGIN", hints=("COMMIT or ROLLBACK the writes that are queued",)
            )
        self._queue = []
        return _nothing("begin")

    def commit(self) -> Result:
        """Preview and send all that is queued. Outside of BEGIN it does nothing, and says so."""
        queue, self._queue = self._queue, None
        if not queue:
            if queue is None:
                self._notice("COMMIT without BEGIN: there is nothing to send")
            return _nothing("commit")
        if self._host.settings.preview:
            return _lines("write", [line for one in queue for line in exact(one, self._host)], "preview")
        self._consent(queue)
        return self._sent(queue, "COMMIT")

    def rollback(self) -> Result:
        """Drop what is queued; nothing of it was sent."""
        queue, self._queue = self._queue, None
        if queue is None:
            self._notice("ROLLBACK without BEGIN: what was sent before is done, and nothing undoes it")
        elif queue:
            self._notice(f"{len(queue):,} queued write{'s' if len(queue) > 1 else ''} dropped; none was sent")
        return _nothing("rollback")

    def close(self) -> None:
        """Tell of what was queued and never committed."""
        queue, self._queue = self._queue, None
        if queue:
            self._notice(f"{len(queue):,} queued and never committed: not sent")

    def _queued(self, write: PreparedWrite) -> Result:
        assert self._queue is not None
        refused = "RETURNING" if write.mutation.returning and write.mutation.verb != "exec" else ""
        asked = self._host.settings.await_writes
        hinted = write.mutation.awaited and (write.mutation.watched is not None or not asked)
        if refused or hinted:
            raise NotSupportedError(
                f"{refused or 'AWAIT'} within BEGIN: nothing is sent before COMMIT",
                span=write.mutation.target,
                hints=("SET await = off before BEGIN",) if asked and not refused else (),
            )
        refuse_read_only([write], self._host.settings)
        self._queue.append(write)
        self._notice(f"{write.mutation.word} queued; COMMIT sends it")
        return _nothing(write.mutation.verb)

    def _consent(self, writes: Sequence[PreparedWrite]) -> None:
        refuse_read_only(writes, self._host.settings)
        if allowed(writes, self._host.settings):
            return
        if self._confirm is None:
            lines = [line for write in writes for line in explained(write, self._host).as_text()]
            refused = unallowed(writes, self._host.settings, lines)
            assert refused is not None
            raise refused
        lines = [line for write in writes for line in exact(write, self._host)]
        number = sum(len(write.resolve(self._host)) for write in writes)
        if number and not self._confirm(f"send {number:,} request{'s' if number > 1 else ''}?", lines):
            raise ConsentError("not confirmed: nothing was written", span=writes[0].mutation.target)

    def _sent(self, writes: Sequence[PreparedWrite], word: str) -> Result:
        """Send every request of the writes in their order, and answer what RETURNING says."""
        requests = [one for write in writes for one in write.resolve(self._host)]
        for write in writes:
            if write.requests:
                self._host.authorize(write.mutation.provider, write.base)
        numbered = [msgspec.structs.replace(one, row=number) for number, one in enumerate(requests, 1)]
        outcomes = [Outcome(write=one) for one in numbered]
        statistics, began = Statistics(), time.monotonic()
        journal = Journal(self._host.settings.journal) if self._host.settings.journal is not None else None
        workspace = self._engine.open()
        try:
            if outcomes:
                if journal is not None:
                    tables = " and ".join(dict.fromkeys(str(one.mutation.resource.name) for one in writes))
                    journal.begin(f"{word} {tables}", len(outcomes))
                self._send(workspace, outcomes, journal, statistics, self._watcher(writes, statistics))
            last = writes[-1].mutation
            wants = len(writes) == 1 and last.returning is not None
            result = returned(last, outcomes, workspace, self._notice) if wants else None
        except BaseException:
            workspace.close()
            raise
        if result is None:
            workspace.close()
        done = sum(1 for one in outcomes if one.outcome == DONE)
        if done < len(outcomes):
            raise failed(word, outcomes, result)
        self._notice(f"{word}: {counts(outcomes)}")
        result = result or _nothing(word.lower())
        result.rowcount = done
        statistics.elapsed = time.monotonic() - began
        result.statistics = statistics
        return result

    def _send(
        self,
        workspace: Workspace,
        outcomes: Sequence[Outcome],
        journal: Journal | None,
        statistics: Statistics,
        watcher: Watcher | None,
    ) -> None:
        try:
            self._host.wait(
                workspace,
                send_all(
                    self._host,
                    outcomes,
                    statistics=statistics,
                    journal=journal,
                    keep_going=self._host.settings.continue_on_error,
                    time_limit=self._host.settings.statement_timeout,
                    after=None if watcher is None else watcher.follow,
                ),
            )
        except BaseException:
            for line in (counts(outcomes), *report_lines(outcomes)):
                self._notice(line)
            raise

    def _watcher(self, writes: Sequence[PreparedWrite], statistics: Statistics) -> Watcher | None:
        """What follows the work of one awaited write; within BEGIN nothing is awaited."""
        write = writes[0]
        if len(writes) > 1 or write.mutation.watched is None:
            return None
        return Watcher(
            self._host,
            write.mutation,
            base=write.base,
            statistics=statistics,
            notice=self._notice,
            limit=self._host.settings.await_timeout,
        )

    @contextmanager
    def _opened(self) -> Iterator[Workspace]:
        workspace = self._engine.open()
        try:
            yield workspace
        finally:
            workspace.close()


def _nothing(kind: str) -> Result:
    return Result((), iter(()), kind=kind)


def _lines(name: str, lines: Sequence[str] | Iterator[str], kind: str) -> Result:
    rows: list[tuple[Any, ...]] = [(line,) for line in lines]
    return Result((ResultColumn(name=name, type="VARCHAR"),), iter([rows]), kind=kind, text_only=True)
