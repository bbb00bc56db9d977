"""The progress line: what a statement that takes more than a second has done so far.

Law: on a terminal alone, on stderr alone, and gone without a trace when the statement ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from sqloud.executor.statistics import Statistics

    class Asked(Protocol):
        """A session, as far as this module knows it."""

        def under_way(self) -> Sequence[Statistics]:
            """Of each statement that runs what it has cost so far."""

        def rate_limits(self) -> Sequence[tuple[str, int | None, float]]:
            """Each host: requests left, seconds until the next may go."""


__all__ = ["line", "shown"]

_AFTER = 1.0
_EVERY = 0.2
_CLEARED = "\r\x1b[K"


def line(
    running: Sequence[Statistics], limits: Sequence[tuple[str, int | None, float]], seconds: float
) -> str:
    """What the line says of the statements that run, and of the limits that make them wait.

    >>> from sqloud.executor.statistics import ScanStatistics, Statistics
    >>> scan = ScanStatistics(id="scan_0", table="droplets", promised=42, requests=8, pages=7, rows=1400)
    >>> line([Statistics(scans=[scan])], [("api.example.com", 3, 12.4)], 3.14)
    'droplets: page 7/42, 1,400 rows, 3.1 s, waiting 12 s: the rate limit of api.example.com resets'
    """
    scans = [scan for one in running for scan in one.scans]
    begun = [scan for scan in scans if scan.requests]
    pages, rows = sum(scan.pages for scan in scans), sum(scan.rows for scan in scans)
    named = ", ".join(dict.fromkeys(scan.table for scan in begun if scan.table))
    promised = begun[0].promised if len(begun) == 1 else 0
    told = [
        f"page {pages:,}/{promised:,}" if promised else f"{pages:,} pages",
        f"{rows:,} rows",
        f"{seconds:.1f} s",
    ]
    if again := sum(scan.retries for scan in scans):
        told.append(f"{again:,} requests sent again")
    told += [
        f"waiting {held:.0f} s: the rate limit of {host} resets" for host, _, held in limits if held >= 1
    ]
    return (f"{named}: " if named else "") + ", ".join(told)


@contextmanager
def shown(session: Asked) -> Iterator[None]:
    """While it is open, and after the first second of it, tell how far a session's statements have come."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM") in {None, "", "dumb", "unknown"}:
        yield
        return
    ended = threading.Event()

    def tell() -> None:
        began, pause, there = time.monotonic(), _AFTER, False
        while not ended.wait(pause):
            pause = _EVERY
            running = session.under_way()
            if running:
                width = os.get_terminal_size(stream.fileno()).columns or 80
                text = line(running, session.rate_limits(), time.monotonic() - began)[: width - 1]
                stream.write(f"{_CLEARED}{text}\r")  # what is told meanwhile begins where the line does
                stream.flush()
                there = True
        if there:
            stream.write(_CLEARED)
            stream.flush()

    telling = threading.Thread(target=tell, name="sqloud-progress", daemon=True)
    telling.start()
    try:
        yield
    finally:
        ended.set()
        telling.join()
