"""A journal of writes: what was about to be sent, and what came of it, a JSON object a line.

Law: each request's intent is on disk before the request leaves, its outcome before the next one does; so a process
that is killed leaves a file from which every row can be accounted for. Secrets are masked.

The lines of one statement share `run`: first `begin` (how many rows), then `intent` and `outcome` of each row.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sqloud.errors import OperationalError

__all__ = ["IN_DOUBT", "Journal", "JournalledRow", "JournalledRun", "read_journal"]

IN_DOUBT = "in doubt"


class Journal:
    """Appends to a file that only its owner reads. Raises OperationalError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._run = ""

    def begin(self, statement: str, rows: int) -> None:
        """A statement that will send `rows` requests."""
        self._run = f"{time.time_ns():x}-{os.getpid():x}"
        self._write({"event": "begin", "statement": statement, "rows": rows})

    def intent(self, row: int, verb: str, url: str, body: object, *, key: str = "") -> None:
        """Row `row` (from 1) is about to be sent; `body` has its secrets masked, `key` is its idempotency key."""
        line: dict[str, Any] = {"event": "intent", "row": row, "method": verb, "url": url, "body": body}
        self._write(line | ({"idempotency_key": key} if key else {}))

    def outcome(self, row: int, outcome: str, *, status: int | None = None, detail: str = "") -> None:
        """What came of a row: `done`, `failed` or `in doubt`."""
        line: dict[str, Any] = {"event": "outcome", "row": row, "outcome": outcome}
        if status is not None:
            line["status"] = status
        if detail:
            line["message"] = detail
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = msgspec.json.encode({"at": moment, "run": self._run, **line}) + b"\n"
        try:
            # The end of a line that a killed process left half written is ended first.
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(file).st_size
                if size and os.pread(file, 1, size - 1) != b"\n":
                    text = b"\n" + text
                os.write(file, text)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise OperationalError(
                f"cannot write the journal {self._path}: {error.strerror or error}"
            ) from error


class JournalledRow(msgspec.Struct, kw_only=True):
    """One row of a run, as the journal tells it; `outcome` is `in doubt` where nothing says what came of it."""

    row: int
    method: str
    url: str
    body: Any = None
    outcome: str = IN_DOUBT
    detail: str = ""


class JournalledRun(msgspec.Struct, kw_only=True):
    """One statement's writes. `unsent` counts the rows for which nothing was sent."""

    at: str
    statement: str
    rows: int
    sent: dict[int, JournalledRow] = {}

    @property
    def unsent(self) -> int:
        """The rows that were never begun."""
        return max(0, self.rows - len(self.sent))

    def count(self, outcome: str) -> int:
        """How many rows came to an outcome."""
        return sum(1 for row in self.sent.values() if row.outcome == outcome)


def read_journal(lines: Iterable[bytes]) -> tuple[list[JournalledRun], int]:
    """The runs of a journal in their order, and how many lines could not be read."""
    runs: dict[str, JournalledRun] = {}
    broken = 0
    for entry in _entries(lines):
        if not _told(runs, entry):
            broken += 1
    return list(runs.values()), broken


def _entries(lines: Iterable[bytes]) -> Iterator[dict[str, Any] | None]:
    for line in lines:
        if line.strip():
            try:
                found = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                found = None
            yield found if isinstance(found, dict) else None


def _told(runs: dict[str, JournalledRun], entry: dict[str, Any] | None) -> bool:
    """Take one line in; False where it is none of a journal's."""
    if entry is None or not isinstance(entry.get("run"), str):
        return False
    name, event, row = entry["run"], entry.get("event"), entry.get("row")
    if event == "begin":
        runs[name] = JournalledRun(
            at=str(entry.get("at", "")), statement=str(entry.get("statement", "")), rows=_count(entry)
        )
        return True
    run = runs.setdefault(name, JournalledRun(at=str(entry.get("at", "")), statement="", rows=0))
    if not isinstance(row, int):
        return False
    if event == "intent":
        method, url = str(entry.get("method", "")), str(entry.get("url", ""))
        run.sent[row] = JournalledRow(row=row, method=method, url=url, body=entry.get("body"))
        return True
    if event == "outcome" and row in run.sent:
        run.sent[row].outcome = str(entry.get("outcome", IN_DOUBT))
        run.sent[row].detail = str(entry.get("message", ""))
        return True
    return False


def _count(entry: dict[str, Any]) -> int:
    rows = entry.get("rows")
    return rows if isinstance(rows, int) else 0
