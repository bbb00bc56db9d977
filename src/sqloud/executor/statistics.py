"""What a statement has cost, counted where it happens.

Law: counted at the transport: a request is counted when it is sent, a retry is a request too, and what the cache
answers is no request. The numbers are true at every moment, for the progress line as for EXPLAIN ANALYZE.
"""

from __future__ import annotations

import msgspec

from sqloud.errors import Error

__all__ = ["ScanStatistics", "Statistics"]


class ScanStatistics(msgspec.Struct, kw_only=True):
    """What one step that makes requests has cost so far; `id` is the step's (`scan_0`).

    requests: sent, retries among them. retries: sent again. pages: answers read into rows. rows: of all pages.
    bytes: of the answers' bodies, unpacked. waited: seconds of pauses (retries, rate limits), those that requests
    side by side made at once added up. cached: answers out of the cache; age: seconds of the oldest of them.
    absent: keys that a 404 says have no rows. shared: answers that another scan of the statement was given.
    elapsed: seconds from the first request to the last row.
    table: what the step reads, in one word; promised: pages of its only list, 0 where nothing tells.
    """

    id: str
    table: str = ""
    promised: int = 0
    requests: int = 0
    retries: int = 0
    pages: int = 0
    rows: int = 0
    bytes: int = 0
    waited: float = 0.0
    cached: int = 0
    age: float = 0.0
    absent: int = 0
    shared: int = 0
    elapsed: float = 0.0

    def told(self) -> dict[str, int | float]:
        """The numbers by name, seconds to the millisecond; of the rarer ones those that are not nought."""
        numbers: dict[str, int | float] = {
            "requests": self.requests,
            "pages": self.pages,
            "rows": self.rows,
            "retries": self.retries,
            "bytes": self.bytes,
            "waited_s": round(self.waited, 3),
            "elapsed_s": round(self.elapsed, 3),
        }
        if self.cached:
            numbers |= {"cached": self.cached, "oldest_cached_s": round(self.age, 3)}
        if self.shared:
            numbers["shared"] = self.shared
        return numbers | ({"absent_keys": self.absent} if self.absent else {})


class Statistics(msgspec.Struct, kw_only=True):
    """What a statement has cost so far: each of its scans in the order of the plan, and `elapsed` seconds in all.

    elapsed: from the first request to the engine's answer; `engine` seconds of it were the answer's query.
    left_out: tables of a group of accounts that could not be read, each with why.
    """

    scans: list[ScanStatistics] = []
    elapsed: float = 0.0
    engine: float = 0.0
    left_out: list[tuple[str, Error]] = []

    def scan(self, step: str) -> ScanStatistics:
        """The numbers of one step, which begin at nought."""
        for found in self.scans:
            if found.id == step:
                return found
        self.scans.append(ScanStatistics(id=step))
        return self.scans[-1]

    def told(self) -> dict[str, int | float]:
        """The numbers of all scans together, as `ScanStatistics.told` gives them."""
        return {
            "requests": self.requests,
            "pages": self.pages,
            "rows": self.rows,
            "retries": self.retries,
            "bytes": self.bytes,
            "waited_s": round(self.waited, 3),
            "elapsed_s": round(self.elapsed, 3),
        }

    @property
    def requests(self) -> int:
        """Requests sent, retries among them."""
        return sum(scan.requests for scan in self.scans)

    @property
    def retries(self) -> int:
        """Requests that were sent again."""
        return sum(scan.retries for scan in self.scans)

    @property
    def pages(self) -> int:
        """Answers read into rows."""
        return sum(scan.pages for scan in self.scans)

    @property
    def rows(self) -> int:
        """Rows of all pages."""
        return sum(scan.rows for scan in self.scans)

    @property
    def bytes(self) -> int:
        """Bytes of the answers' bodies, unpacked."""
        return sum(scan.bytes for scan in self.scans)

    @property
    def waited(self) -> float:
        """Seconds of pauses, added up."""
        return sum(scan.waited for scan in self.scans)

    @property
    def cached(self) -> int:
        """Answers out of the cache."""
        return sum(scan.cached for scan in self.scans)
