"""How many requests a plan will make, as far as that can be known before the first.

Law: never a guess. An estimate is a number, an upper bound, or the words for what it depends on; where it is a
number, a run that is answered as the provider document says makes exactly that many requests. Retries are not
counted, nor is what a cache saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sqloud.plan.steps import KeyQuery, Plan, Scan

__all__ = ["Estimate", "estimates", "total"]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Requests: at least `least`, at most `most` (None: that depends on answers).

    `rows` is the most rows that they give, None where that depends on answers. `feeders` are the scans whose rows
    decide how many requests there are, `lists` says that each of those answers may go on over further pages.
    """

    least: int
    most: int | None = None
    rows: int | None = None
    feeders: tuple[str, ...] = ()
    lists: bool = False

    @property
    def text(self) -> str:
        """`2 requests`, `<= 3 requests`, `1 page, and the pages that follow`."""
        return _text(self.least, self.most, (self.feeders,) if self.feeders else (), self.lists)


def estimates(plan: Plan, requests: Mapping[str, Sequence[str]]) -> dict[str, Estimate]:
    """The estimate of every scan by its id; `requests` gives the first requests of those whose keys are known."""
    found: dict[str, Estimate] = {}
    for scan in plan.scans:
        fed = isinstance(scan.keys, KeyQuery) and bool(scan.keys.reads)
        found[scan.id] = _fed(scan, found) if fed else _of_keys(scan, len(requests.get(scan.id, ())))
    return found


def total(parts: Iterable[Estimate]) -> Estimate | str:
    """All scans of a plan together: an Estimate where none depends on another, else the words."""
    parts = tuple(parts)
    least = sum(part.least for part in parts)
    if all(part.most is not None for part in parts):
        return Estimate(least=least, most=sum(part.most or 0 for part in parts))
    feeders = tuple(dict.fromkeys(part.feeders for part in parts if part.most is None and part.feeders))
    return _text(least, None, feeders, any(part.lists for part in parts))


def _of_keys(scan: Scan, keys: int) -> Estimate:
    """A scan whose keys are known."""
    if not scan.method.paging or scan.single_page or scan.counted:
        one_row = scan.method.rows is not None and scan.method.rows.shape == "object"
        return Estimate(least=keys, most=keys, rows=keys if one_row else None)
    limit = scan.limit
    if keys == 0:
        return Estimate(least=0, most=0, rows=0)
    if limit is None or limit.passed is not None:
        return Estimate(least=keys, lists=True)
    size = _page_size(scan)
    if size is None:
        return Estimate(least=keys, rows=limit.rows, lists=True)
    pages = max(1, -(-limit.rows // max(1, min(size, limit.rows))))
    return Estimate(least=1, most=pages, rows=limit.rows)


def _fed(scan: Scan, before: Mapping[str, Estimate]) -> Estimate:
    """A scan whose keys come out of scans before it: one request for each distinct key at least."""
    assert isinstance(scan.keys, KeyQuery)
    feeders = scan.keys.reads
    lists = scan.method.paging is not None and not scan.single_page
    rows = [before[feeder].rows if feeder in before else None for feeder in feeders]
    most = 1
    for count in rows:
        if count is None:
            return Estimate(least=0, feeders=feeders, lists=lists)
        most *= count
    if lists:
        return Estimate(least=0, feeders=feeders, lists=True)
    return Estimate(least=0, most=most, feeders=feeders)


def _page_size(scan: Scan) -> int | None:
    paging = scan.method.paging
    if paging is None:
        return None
    return (paging.maximum_size or paging.default_size) if paging.size else None


def _text(least: int, most: int | None, feeders: Sequence[tuple[str, ...]], lists: bool) -> str:
    if most is not None:
        return f"{'' if least == most else '<= '}{most:,} {'request' if most == 1 else 'requests'}"
    begin = f"{least:,} {'page' if least == 1 else 'pages'}" if lists else f"{least:,} requests"
    each = [f"one request for each row of {' and '.join(ids)}" for ids in feeders]
    words = ([begin] if least else []) + ([f"then {', '.join(each)}"] if each else [])
    if lists:
        words.append("and the pages that follow")
    return ", ".join(words).removeprefix("then ")
