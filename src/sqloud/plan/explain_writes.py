"""A write as something to read: what it would send, a line each.

Law: deterministic; bodies are shown with their secrets masked; what depends on an answer is a template, with what
it is repeated for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sqloud.plan.masking import masked
from sqloud.plan.mutations import Mutation

__all__ = ["LISTED", "request_line", "write_lines", "write_template"]

LISTED = 20
"""Requests that a preview lists one by one."""


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


def write_lines(mutation: Mutation, requests: Sequence[str] | None) -> list[str]:
    """The lines of EXPLAIN for the step that writes. `requests` is None where its rows are yet to be read."""
    lines = [f"write     {mutation.word.capitalize()} {mutation.resource.name} via {mutation.method.name}"]
    if requests is None:
        lines += [f"            {write_template(mutation)}", "            once for each row of answer"]
    else:
        lines += [f"            {line}" for line in requests[:LISTED]]
        if len(requests) > LISTED:
            lines.append(f"            ... and {len(requests) - LISTED:,} more like these")
        if not requests:
            lines.append("            no request: no row is reached")
    if mutation.covers_words:
        lines.append(f"            covers {mutation.covers_words}")
    if mutation.watched is not None:
        lines.append(f"            and awaits the end of what it starts, by {mutation.watched.name}")
    elif mutation.awaited:
        lines.append("            and awaits nothing: the document names nothing to follow")
    return lines


def _constant(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
