"""A plan as text: the requests that a statement would send, and what is left for the engine.

Law: deterministic, and complete but for what depends on an answer, which is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqloud.plan.steps import KeyQuery, LocalQuery, Plan, Scan

__all__ = ["explained"]

_LISTED = 20


def explained(plan: Plan, requests: Mapping[str, Sequence[str]]) -> list[str]:
    """The lines of EXPLAIN. `requests` gives each scan's first requests as `GET /path?query`, by its id."""
    lines: list[str] = []
    width = max(len(step.id) for step in plan.steps)
    for step in plan.steps:
        body = _local(step) if isinstance(step, LocalQuery) else _scan(step, requests.get(step.id, ()))
        for number, line in enumerate(body):
            lines.append(f"{step.id if number == 0 else '':<{width}}  {line}")
    lines += [f"note: {note}" for note in plan.notes]
    return lines


def _scan(scan: Scan, requests: Sequence[str]) -> Iterator[str]:
    names = [parameter.sql_name for parameter in scan.keys.parameters]
    if isinstance(scan.keys, KeyQuery):
        bound = ", ".join(names)
    elif len(scan.keys.rows) == 1:
        bound = ", ".join(f"{name}={value!r}" for name, value in zip(names, scan.keys.rows[0], strict=True))
    else:
        bound = f"{', '.join(names)}: {len(scan.keys.rows):,} keys" if names else ""
    yield f"Scan {scan.table} via {scan.method.name}({bound})"
    if isinstance(scan.keys, KeyQuery) and scan.keys.reads:
        size = scan.method.paging.size if scan.method.paging else None
        page = f"?{size}={scan.method.paging.maximum_size}" if scan.method.paging and size else ""
        yield f"  {scan.method.http_verb} {scan.method.path}{page}{_following(scan)}"
        yield f"  once for each key out of {', '.join(scan.keys.reads)}: {scan.keys.sql}"
    for request in requests[:_LISTED]:
        yield f"  {request}{_following(scan)}"
    if len(requests) > _LISTED:
        yield f"  ... and {len(requests) - _LISTED:,} more like these"
    if not requests and not (isinstance(scan.keys, KeyQuery) and scan.keys.reads):
        yield "  no request: no row can satisfy the statement"
    yield f"  columns {', '.join(column.name for column in scan.columns) or '(none)'}"
    if scan.echoes:
        yield f"  asked   {', '.join(echo.name for echo in scan.echoes)}"
    if scan.limit is not None:
        yield f"  stops   after {scan.limit.rows:,} rows" + (
            " that pass the filter" if scan.limit.passed else ""
        )


def _following(scan: Scan) -> str:
    if scan.method.paging is None or scan.single_page:
        return ""
    return "   and the pages that follow"


def _local(query: LocalQuery) -> Iterator[str]:
    yield f"LocalQuery {query.sql}"
