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
    decide how many requests there are, `each` what one of those is made for, and `lists` says that each of the answers
    may go on over further pages.
    """

    least: int
    most: int | None = None
    rows: int | None = None
    feeders: tuple[str, ...] = ()
    lists: bool = False
    each: str = ""

    @property
    def text(self) -> str:
        """`2 requests`, `<= 3 requests`, `1 page, and the pages that follow`."""
        return _text(self.least, self.most, (self.each,) if self.each else (), self.lists)


def estimates(plan: Plan, requests: Mapping[str, Sequence[str]]) -> dict[str, Estimate]:
    """The estimate of every scan by its id; `requests` gives the first requests of those whose keys are known."""
    found: dict[str, Estimate] = {}
    for scan in plan.scans:
        fed = isinstance(scan.keys, KeyQuery) and bool(scan.keys.reads)
        found[scan.id] = _fed(scan, found) if fed else _of_keys(scan, len(requests.get(scan.id, ())))
    return found


def total(plan: Plan, parts: Iterable[Estimate], requests: Mapping[str, Sequence[str]]) -> Estimate | str:
    """All scans of a plan together: an Estimate where none depends on another, else the words.

    A request that several scans need is sent for the first of them.
    """
    parts = tuple(parts)
    sent = [(scan.provider.base_url, one) for scan in plan.scans for one in requests.get(scan.id, ())]
    again = len(sent) - len(set(sent))
    least = sum(part.least for part in parts) - again
    if all(part.most is not None for part in parts):
        return Estimate(least=least, most=sum(part.most or 0 for part in parts) - again)
    each = tuple(dict.fromkeys(part.each for part in parts if part.most is None and part.each))
    return _text(least, None, each, any(part.lists for part in parts))


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
    most = scan.keys.keys_per_row
    for count in rows:
        if count is None or most is None:
            return Estimate(least=0, feeders=feeders, lists=lists, each=_each(scan))
        most *= count
    if lists:
        return Estimate(least=0, feeders=feeders, lists=True, each=_each(scan))
    return Estimate(least=0, most=most, feeders=feeders)


def _each(scan: Scan) -> str:
    """What one request is made for."""
    assert isinstance(scan.keys, KeyQuery)
    return f"{'row' if scan.keys.keys_per_row == 1 else 'key out'} of {' and '.join(scan.keys.reads)}"


def _page_size(scan: Scan) -> int | None:
    paging = scan.method.paging
    if paging is None:
        return None
    return (paging.maximum_size or paging.default_size) if paging.size else None


def _text(least: int, most: int | None, made_for: Sequence[str], lists: bool) -> str:
    if most is not None:
        return f"{'' if least == most else '<= '}{most:,} {'request' if most == 1 else 'requests'}"
    begin = f"{least:,} {'page' if least == 1 else 'pages'}" if lists else f"{least:,} requests"
    each = [f"one request for each {one}" for one in made_for]
    words = ([begin] if least else []) + ([f"then {', '.join(each)}"] if each else [])
    if lists:
        words.append("and the pages that follow")
    return ", ".join(words).removeprefix("then ")
