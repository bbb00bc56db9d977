"""One scan for the tables of a statement that ask for the same, and for those of which only the number matters.

Law: a scan is shared only where every use of it would send the same requests in the same order; then it loads what
any of them reads. A scan is answered by the API's own total only where nothing of its rows is read.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlglot import exp

from sqloud.plan.steps import KeyQuery, KeyValues, Limit, Scan

__all__ = ["SharedScans", "only_counted"]


class SharedScans:
    """The scans of a statement, in an order in which each reads only those before it."""

    def __init__(self) -> None:
        self._scans: dict[str, Scan] = {}
        self._stands_for: dict[str, str] = {}

    def __iter__(self) -> Iterator[Scan]:
        return iter(self._scans.values())

    def add(self, scan: Scan, node: exp.Expr) -> None:
        """One more scan, whose table `node` reads in the statement; it reads an earlier one's if that asks the same."""
        if isinstance(scan.keys, KeyQuery):
            reads = tuple(dict.fromkeys(self._stands_for.get(step, step) for step in scan.keys.reads))
            scan = msgspec.structs.replace(scan, keys=msgspec.structs.replace(scan.keys, reads=reads))
        same = next((one for one in self._scans.values() if _asks_the_same(one, scan)), None)
        if same is None:
            self._scans[scan.id] = scan
            return
        self._stands_for[scan.id] = same.id
        self._scans[same.id] = msgspec.structs.replace(
            same,
            columns=tuple(dict.fromkeys((*same.columns, *scan.columns))),
            echoes=tuple(dict.fromkeys((*same.echoes, *scan.echoes))),
            counted=same.counted and scan.counted,
            limit=_either_limit(same.limit, scan.limit),
            sort=(),
        )
        for table in node.find_all(exp.Table):
            if table.name == scan.id and not table.args.get("db"):
                table.set("this", exp.to_identifier(same.id, quoted=True))


def only_counted(scan: Scan, *, filtered: bool, unread: bool) -> bool:
    """Whether all that matters of a scan's rows is how many there are, and the answer tells that in its total.

    `unread`: nothing that the statement makes of the columns is read.
    """
    paging = scan.method.paging
    return (
        paging is not None
        and bool(paging.total)
        and isinstance(scan.keys, KeyValues)
        and scan.keys.rows == ((),)
        and (unread or not scan.columns)
        and not (scan.echoes or filtered or scan.single_page or scan.limit)
    )


def _asks_the_same(one: Scan, other: Scan) -> bool:
    return (
        one.table == other.table
        and one.apart == other.apart
        and one.method.name == other.method.name
        and one.keys == other.keys
        and one.single_page == other.single_page
        and (one.limit == other.limit or not (one.counted or other.counted))
        and not (one.limit and other.limit and (one.limit.passed or other.limit.passed))
    )


def _either_limit(one: Limit | None, other: Limit | None) -> Limit | None:
    """The limit under which both have their rows."""
    if one is None or other is None:
        return None
    return Limit(rows=max(one.rows, other.rows))
