"""A plan as something to read: the requests that a statement would send, and what is left for the engine.

Law: deterministic, and complete but for what depends on an answer, which is said in words. The text and the JSON
are made of one record, so neither tells what the other hides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sqloud.plan.estimate import Estimate, estimates, total
from sqloud.plan.steps import KeyQuery, PassedOver, Plan, Scan, Value
from sqloud.registry.records import Equals, MemberOf

__all__ = ["ExplainedPlan", "ExplainedScan", "counted_words", "explain", "request_lines", "template"]

_LISTED = 20


class ExplainedScan(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One scan. `requests` are `GET /path?query`; `template` stands for those that depend on answers.

    `bound` gives each parameter's values where they are known, `keys_from` the steps that give them else.
    `least` and `most` are the bounds of its requests, `most` None where that depends on answers. `actual` is what
    happened, under ANALYZE.
    """

    id: str
    table: str
    method: str
    http_verb: str
    path: str
    least: int
    most: int | None
    bound: dict[str, tuple[Value, ...]] = {}
    keys: int | None = None
    keys_from: tuple[str, ...] = ()
    keys_sql: str | None = None
    requests: tuple[str, ...] = ()
    template: str | None = None
    paged: bool = False
    columns: tuple[str, ...] = ()
    echoes: tuple[str, ...] = ()
    pushed: dict[str, str] = {}
    not_sent: dict[str, str] = {}
    instead_of: dict[str, str] = {}
    limit: int | None = None
    limit_passed: bool = False
    sorted_by: str = ""
    token_scopes: tuple[str, ...] = ()
    counted: bool = False
    estimate: str = ""
    actual: dict[str, Any] | None = None


class ExplainedPlan(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The scans in the order in which they run, the SQL that the engine answers, the estimate of requests.

    `least` and `most` as of a scan, for all of them: a request that two scans need is counted once.
    """

    scans: tuple[ExplainedScan, ...]
    answer: str
    estimate: str
    least: int
    most: int | None
    notes: tuple[str, ...] = ()
    actual: dict[str, Any] | None = None

    def happened(self, scans: Mapping[str, dict[str, Any]], whole: dict[str, Any]) -> None:
        """Add what a run has counted: numbers by name for each scan's id, and for the statement."""
        for scan in self.scans:
            scan.actual = scans.get(scan.id)
        self.actual = whole

    def as_json(self) -> str:
        """The same as JSON, indented by two."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def as_text(self) -> list[str]:
        """The same as lines."""
        width = max(len(name) for name in ("estimate", *(scan.id for scan in self.scans)))
        lines: list[str] = []
        parts: list[tuple[str, Iterator[str]]] = [(scan.id, _scan_lines(scan)) for scan in self.scans]
        parts.append(("answer", iter((f"LocalQuery {self.answer}",))))
        parts.append(("estimate", iter((self.estimate,))))
        if self.actual is not None:
            parts.append(("actual", iter((counted_words(self.actual),))))
        for name, body in parts:
            for number, line in enumerate(body):
                lines.append(f"{name if number == 0 else '':<{width}}  {line}")
        return lines + [f"note: {note}" for note in self.notes]


def explain(plan: Plan, requests: Mapping[str, Sequence[str]]) -> ExplainedPlan:
    """What EXPLAIN tells. `requests` gives each scan's first requests as `GET /path?query`, by its id."""
    counted = estimates(plan, requests)
    whole = total(plan, counted.values(), requests)
    return ExplainedPlan(
        scans=tuple(_explained(scan, requests.get(scan.id, ()), counted[scan.id]) for scan in plan.scans),
        answer=plan.answer.sql,
        estimate=whole.text,
        least=whole.least,
        most=whole.most,
        notes=plan.notes,
    )


def request_lines(plan: Plan, requests: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each request of a plan on a line of its own; a template with its source for those that depend on answers."""
    for scan in plan.scans:
        if isinstance(scan.keys, KeyQuery) and scan.keys.reads:
            names = ", ".join(parameter.sql_name for parameter in scan.keys.parameters)
            yield f"{template(scan)}   for each {names} out of {' and '.join(scan.keys.reads)}: {scan.keys.sql}"
        else:
            yield from requests.get(scan.id, ())


def template(scan: Scan) -> str:
    """The request of a scan whose keys are not known yet, with `{name}` where they go."""
    method = scan.method
    named = {parameter.name: parameter for parameter in scan.keys.parameters}
    query = [f"{name}={{{name}}}" for name, one in named.items() if one.location == "query"]
    paging = method.paging
    if paging is not None and paging.size and paging.size not in named and paging.maximum_size is not None:
        query.append(f"{paging.size}={paging.maximum_size}")
    return f"{method.http_verb} {method.path}" + (f"?{'&'.join(query)}" if query else "")


def _explained(scan: Scan, requests: Sequence[str], estimate: Estimate) -> ExplainedScan:
    keys, names = scan.keys, [parameter.sql_name for parameter in scan.keys.parameters]
    fed = isinstance(keys, KeyQuery) and bool(keys.reads)
    known = () if isinstance(keys, KeyQuery) else keys.rows
    return ExplainedScan(
        id=scan.id,
        table=str(scan.table),
        method=scan.method.name,
        http_verb=scan.method.http_verb,
        path=scan.method.path,
        least=estimate.least,
        most=estimate.most,
        bound={name: tuple(dict.fromkeys(row[at] for row in known)) for at, name in enumerate(names)},
        keys=None if fed else len(requests),
        keys_from=keys.reads if isinstance(keys, KeyQuery) else (),
        keys_sql=keys.sql if isinstance(keys, KeyQuery) else None,
        requests=tuple(requests),
        template=template(scan) if fed else None,
        paged=scan.method.paging is not None and not scan.single_page and not scan.counted,
        columns=tuple(column.name for column in scan.columns),
        echoes=tuple(echo.name for echo in scan.echoes),
        pushed=_pushed(scan),
        not_sent=_reasons(scan.unsent),
        instead_of=_reasons(scan.passed_over),
        limit=scan.limit.rows if scan.limit is not None else None,
        counted=scan.counted,
        limit_passed=scan.limit is not None and scan.limit.passed is not None,
        sorted_by=scan.limit.order if scan.limit is not None else "",
        token_scopes=scan.method.token_scopes,
        estimate=estimate.text,
    )


def _pushed(scan: Scan) -> dict[str, str]:
    """The filters that are sent, each with what the engine checks again on the rows."""
    pushed: dict[str, str] = {}
    for parameter in scan.keys.parameters:
        if isinstance(parameter.meaning, Equals):
            pushed[parameter.sql_name] = parameter.meaning.expression
        elif isinstance(parameter.meaning, MemberOf):
            pushed[parameter.sql_name] = f"ANY({parameter.meaning.column})"
    return pushed


def _reasons(reasons: Sequence[PassedOver]) -> dict[str, str]:
    return {one.method: one.reason for one in reasons}


def _scan_lines(scan: ExplainedScan) -> Iterator[str]:
    names = list(scan.bound)
    if scan.keys_sql is not None:
        bound = ", ".join(names)
    elif all(len(values) == 1 for values in scan.bound.values()):
        bound = ", ".join(f"{name}={values[0]!r}" for name, values in scan.bound.items())
    else:
        bound = f"{', '.join(names)}: {scan.keys:,} keys"
    yield f"Scan {scan.table} via {scan.method}({bound})"
    following = "   and the pages that follow" if scan.paged else ""
    if scan.template is not None:
        yield f"  {scan.template}{following}"
        yield f"  once for each key out of {', '.join(scan.keys_from)}: {scan.keys_sql}"
    elif not scan.requests:
        yield "  no request: no row can satisfy the statement"
    for request in scan.requests[:_LISTED]:
        yield f"  {request}{following}"
    if len(scan.requests) > _LISTED:
        yield f"  ... and {len(scan.requests) - _LISTED:,} more like these"
    yield f"  columns {', '.join(scan.columns) or '(none)'}"
    if scan.echoes:
        yield f"  asked   {', '.join(scan.echoes)}"
    if scan.pushed:
        checked = ", ".join(f"{name} = {expression}" for name, expression in scan.pushed.items())
        yield f"  pushed  {checked}; checked again on every row"
    for name, reason in scan.not_sent.items():
        yield f"  unsent  {name}: {reason}"
    if scan.counted:
        yield "  counts  by the total that the answer tells; where it tells none, the rows are read"
    if scan.limit is not None:
        passing = " that pass the filter" if scan.limit_passed else ""
        if scan.sorted_by:
            yield f"  sorted  by {scan.sorted_by}, by the API; where it is not, all is read"
            passing += " and surely come first"
        passing = passing if scan.limit != 1 else passing.replace("pass", "passes")
        yield f"  stops   after {scan.limit:,} {'row' if scan.limit == 1 else 'rows'}{passing}"
    if scan.token_scopes:
        yield f"  token   needs {', '.join(scan.token_scopes)}"
    for name, reason in scan.instead_of.items():
        yield f"  not by  {name}: {reason}"
    if scan.actual is not None:
        yield f"  actual  {counted_words(scan.actual)}"


def counted_words(actual: Mapping[str, Any]) -> str:
    """Numbers by name as words: `3 requests, 450 rows, 0.310 s elapsed`."""
    words = []
    for name, value in actual.items():
        if name.endswith("_s"):
            words.append(f"{value:.3f} s {name.removesuffix('_s').replace('_', ' ')}")
        else:
            counted = name.replace("_", " ")
            words.append(f"{value:,} {counted.removesuffix('s') if value == 1 else counted}")
    return ", ".join(words)
