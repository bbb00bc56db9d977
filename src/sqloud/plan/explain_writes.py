"""A write as something to read: the requests that it would send.

Law: deterministic; bodies are shown with their secrets masked; what depends on an answer is a template, with what
it is repeated for. The text and the JSON are made of one record, so neither tells what the other hides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sqloud.plan.explain import ExplainedPlan, counted_words
from sqloud.plan.masking import masked
from sqloud.plan.mutations import Mutation

__all__ = [
    "LISTED",
    "ExplainedRequest",
    "ExplainedWrite",
    "explain_write",
    "explained_headers",
    "request_line",
    "write_template",
]

LISTED = 20
"""Requests that a preview lists one by one."""

_MASK = "***"


class ExplainedRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request: `headers` without the credential, `body` with its secrets masked and None without a JSON one."""

    http_verb: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None

    @property
    def line(self) -> str:
        """The request on a line."""
        return request_line(self.http_verb, self.url, self.body)


class ExplainedWrite(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a statement that writes would send.

    `reads` is the plan that tells the rows, where they have to be read; `template` is then the request of each, and
    `requests` is empty and `count` None. `consent` names the setting that allows it. `covers` says what a request
    reaches that a parameter widens, `awaits` the method that follows what it starts. `actual` is what happened, under
    ANALYZE.
    """

    verb: str
    table: str
    method: str
    consent: str
    count: int | None
    requests: tuple[ExplainedRequest, ...] = ()
    template: str | None = None
    reads: ExplainedPlan | None = None
    covers: str = ""
    awaits: str | None = None
    notes: tuple[str, ...] = ()
    actual: dict[str, Any] | None = None

    def as_json(self) -> str:
        """The same as JSON, indented by two."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def as_text(self) -> list[str]:
        """The same as lines: the reads, then the writes."""
        lines = self.reads.as_text() if self.reads is not None else []
        lines.append(f"write     {self.verb.capitalize()} {self.table} via {self.method}")
        if self.template is not None:
            lines += [f"            {self.template}", "            once for each row of answer"]
        else:
            lines += [f"            {one.line}" for one in self.requests[:LISTED]]
            if len(self.requests) > LISTED:
                lines.append(f"            ... and {len(self.requests) - LISTED:,} more like these")
            if not self.requests:
                lines.append("            no request: no row is reached")
        if self.covers:
            lines.append(f"            covers {self.covers}")
        if self.awaits is not None:
            lines.append(f"            and awaits the end of what it starts, by {self.awaits}")
        lines += [f"            {note}" for note in self.notes]
        if self.actual is not None:
            lines.append(f"actual    {counted_words(self.actual)}")
        return lines


def explain_write(
    mutation: Mutation, requests: Iterable[ExplainedRequest] | None, reads: ExplainedPlan | None = None
) -> ExplainedWrite:
    """What EXPLAIN tells of the step that writes. `requests` is None where its rows are yet to be read."""
    listed = () if requests is None else tuple(requests)
    unfollowed = mutation.awaited and mutation.watched is None
    return ExplainedWrite(
        verb=mutation.verb,
        table=str(mutation.resource.name),
        method=mutation.method.name,
        consent="allow_destructive" if mutation.destructive else "allow_writes",
        count=None if requests is None else len(listed),
        requests=listed,
        template=write_template(mutation) if requests is None else None,
        reads=reads,
        covers=mutation.covers_words,
        awaits=mutation.watched.name if mutation.watched is not None else None,
        notes=("and awaits nothing: the document names nothing to follow",) if unfollowed else (),
    )


def explained_headers(headers: Iterable[tuple[str, str]], *, authorized: bool) -> dict[str, str]:
    """The headers of a request as they are shown: the credential, which is added when it is sent, as a mask."""
    shown = {name: _MASK if name.lower() == "authorization" else value for name, value in headers}
    return ({"authorization": _MASK} if authorized else {}) | shown


def request_line(http_verb: str, url: str, body: Any = None) -> str:
    """`POST /v2/droplets {"name": "web-1"}`."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{http_verb} {path}" + (f"  {msgspec.json.encode(body).decode()}" if body is not None else "")


def write_template(mutation: Mutation) -> str:
    """The request of a mutation whose rows are yet to be read, with `{name}` where a value goes."""
    method = mutation.method
    filled = {parameter.name for one in mutation.inputs for parameter in one.parameters}
    query = [f"{one.name}={{{one.name}}}" for one in method.parameters if one.location == "query"]
    query = [part for part in query if part.partition("=")[0] in filled]
    fields: dict[str, Any] = {}
    for at, one in enumerate(mutation.inputs):
        if one.path:
            cell = mutation.cells[0][at] if mutation.cells else None
            fields[".".join(one.path)] = None if cell is None or cell.sql is not None else (cell.value,)
    named = ", ".join(
        f"{name}: " + ("..." if value is None else _constant(masked({name: value[0]})[name]))
        for name, value in fields.items()
    )
    body = f"  {{{named}}}" if fields else ""
    return f"{method.http_verb} {method.path}" + (f"?{'&'.join(query)}" if query else "") + body


def _constant(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
