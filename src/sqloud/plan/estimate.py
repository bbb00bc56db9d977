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

    `rows` is the most rows that they give, None where that depends on answers. `made_for` is what further requests are
    made for, one each, and `lists` says that each of the answers may go on over further pages.
    """

    least: int
    most: int | None = None
    rows: int | None = None
    made_for: tuple[str, ...] = ()
    lists: bool = False

    @property
    def text(self) -> str:
        """`2 requests`, `<= 3 requests`, `1 page, and the pages that follow`."""
        if self.most is not None:
            number = f"{self.most:,} {'request' if self.most == 1 else 'requests'}"
            return number if self.least == self.most else f"<= {number}"
        begin = f"{self.least:,} {_plural('page' if self.lists else 'request', self.least)}"
        each = [f"one request for each {one}" for one in self.made_for]
        words = ([begin] if self.least else []) + ([f"then {', '.join(each)}"] if each else [])
        if self.lists:
            words.append("and the pages that follow")
        return ", ".join(words).removeprefix("then ")


def estimates(plan: Plan, requests: Mapping[str, Sequence[str]]) -> dict[str, Estimate]:
    """The estimate of every scan by its id; `requests` gives the first requests of those whose keys are known."""
    found: dict[str, Estimate] = {}
    for scan in plan.scans:
        fed = isinstance(scan.keys, KeyQuery) and bool(scan.keys.reads)
        found[scan.id] = _fed(scan, found) if fed else _of_keys(scan, len(requests.get(scan.id, ())))
    return found


def total(plan: Plan, parts: Iterable[Estimate], requests: Mapping[str, Sequence[str]]) -> Estimate:
    """All scans of a plan together. A request that several scans need is sent for the first of them."""
    parts = tuple(parts)
    sent = [(scan.provider.base_url, one) for scan in plan.scans for one in requests.get(scan.id, ())]
    again = len(sent) - len(set(sent))
    bounds = [part.most for part in parts]
    open_ended = [part for part in parts if part.most is None]
    return Estimate(
        least=sum(part.least for part in parts) - again,
        most=None if open_ended else sum(bound or 0 for bound in bounds) - again,
        made_for=tuple(dict.fromkeys(one for part in open_ended for one in part.made_for)),
        lists=any(part.lists for part in parts),
    )


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
    lists = scan.method.paging is not None and not scan.single_page
    rows = [before[feeder].rows if feeder in before else None for feeder in scan.keys.reads]
    most = scan.keys.keys_per_row
    for count in rows:
        if count is None or most is None:
            return Estimate(least=0, lists=lists, made_for=(_each(scan),))
        most *= count
    if lists:
        return Estimate(least=0, lists=True, made_for=(_each(scan),))
    return Estimate(least=0, most=most)


def _each(scan: Scan) -> str:
    """What one request is made for."""
    assert isinstance(scan.keys, KeyQuery)
    return f"{'row' if scan.keys.keys_per_row == 1 else 'key out'} of {' and '.join(scan.keys.reads)}"


def _page_size(scan: Scan) -> int | None:
    paging = scan.method.paging
    if paging is None:
        return None
    return (paging.maximum_size or paging.default_size) if paging.size else None


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
