"""Documents as YAML text, in the style in which they are written by hand.

Law: the same document is always the same text, and the strict reader of the registry reads back what was
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["emit"]

_WIDTH = 140
_PROVIDER = (
    "provider", "title", "description", "base_url", "authentication", "errors", "rate_limit", "whoami", "pagings",
    "services",
)  # fmt: skip
_SERVICE = ("service", "description", "base_url", "resources", "schemas")
_RESOURCE = ("description", "key", "columns", "methods")
_METHOD = (
    "verb", "request", "base_url", "authentication", "description", "listing", "rows", "shape", "media", "otherwise",
    "paging", "sort", "idempotent", "idempotency_key", "kept", "destructive", "token_scopes", "await",
    "parameters", "body", "columns",
)  # fmt: skip
_VALUE = (
    "in", "sql_name", "type", "format", "items", "required", "read_only", "nullable", "minimum", "maximum",
    "pattern", "enum", "default", "path", "answer", "hidden", "equals", "text_equals", "superset", "member_of",
    "scope", "option", "excludes", "refers_to", "description",
)  # fmt: skip
_PAGING = (
    "style", "page", "offset", "token", "size", "default_size", "maximum_size", "next", "more", "last", "total",
)  # fmt: skip
_BODY = ("required", "media", "fields", "schema")
_AWAIT = ("method", "values", "status", "done", "failed", "absent")
_LINES = frozenset(
    {"columns", "parameters", "fields", "enum", "key", "excludes", "errors", "names", "properties", "schemas"}
)
"""Keys whose entries, or which themselves, stand on one line where that is not too long."""
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_ ./()'+;$@-]*")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z/][A-Za-z0-9_ ./()'+;$@,{}\[\]<>=*|!?-]*")
_URL = re.compile(r"https?://[A-Za-z0-9./_-]+")
_TRAPS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def emit(document: Mapping[str, Any], comments: tuple[str, ...] = ()) -> str:
    """The text of a document, with comments at its head.

    >>> print(emit({"service": "a", "resources": {"b": {"columns": {"c": {"type": "string"}}}}}), end="")
    service: a
    <BLANKLINE>
    resources:
      b:
        columns:
          c: {type: string}
    """
    lines = [f"# {comment}" if comment else "#" for comment in comments]
    lines += _block(document, (), 0)
    return "\n".join(lines) + "\n"


def _order_of(mapping: Mapping[str, Any], steps: tuple[str, ...]) -> tuple[str, ...]:
    """The order of keys of the record that stands at `steps`; () for a mapping of names."""
    match steps:
        case ():
            return _SERVICE if "service" in mapping else _PROVIDER
        case ("resources", _):
            return _RESOURCE
        case ("resources", _, "methods", _):
            return _METHOD
        case ("resources", _, "columns", _) | ("resources", _, "methods", _, "columns", _):
            return _VALUE
        case ("resources", _, "methods", _, "body"):
            return _BODY
        case ("resources", _, "methods", _, "await"):
            return _AWAIT
        case ("resources", _, "methods", _, "parameters", _) | (
            "resources",
            _,
            "methods",
            _,
            "body",
            "fields",
            _,
        ):
            return _VALUE
        case ("pagings", _):
            return _PAGING
        case _:
            return ()


def _ordered(mapping: Mapping[str, Any], steps: tuple[str, ...]) -> list[tuple[str, Any]]:
    rank = {key: index for index, key in enumerate(_order_of(mapping, steps))}
    return sorted(mapping.items(), key=lambda pair: rank.get(pair[0], len(rank)))


def _block(mapping: Mapping[str, Any], steps: tuple[str, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for number, (key, value) in enumerate(_ordered(mapping, steps)):
        top = not steps and isinstance(value, (Mapping, list))
        if number and (top or steps == ("resources",)):
            yield ""
        shown = f"{indent}{_scalar(key, flow=False)}:"
        if isinstance(value, Mapping) and value:
            line = f"{shown} {_flow(value, (*steps, key))}"
            if _one_line(steps, key) and len(line) <= _WIDTH:
                yield line
            else:
                yield shown
                yield from _block(value, (*steps, key), depth + 1)
        elif isinstance(value, list) and value:
            line = f"{shown} {_flow(value, (*steps, key))}"
            if len(line) <= _WIDTH or any(isinstance(item, (Mapping, list)) for item in value):
                yield line
            else:
                yield shown
                yield from (f"{indent}  - {_scalar(item, flow=False)}" for item in value)
        else:
            yield f"{shown} {_flow(value, steps) if isinstance(value, (Mapping, list)) else _scalar(value, flow=False)}"


def _one_line(steps: tuple[str, ...], key: str) -> bool:
    last = steps[-1] if steps else ""
    named = bool(steps) and steps[0] == "names" and last == "methods"
    return (
        named
        or last in _LINES
        or key in ("errors", "scope", "default", "authentication", "otherwise", "await", "items", "values")
    )


def _flow(value: Any, steps: tuple[str, ...]) -> str:
    if isinstance(value, Mapping):
        inner = (f"{_scalar(k, flow=True)}: {_flow(v, (*steps, k))}" for k, v in _ordered(value, steps))
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item, steps) for item in value) + "]"
    return _scalar(value, flow=True)


def _scalar(value: Any, *, flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    pattern = _PLAIN if flow else _PLAIN_IN_BLOCK
    plain = pattern.fullmatch(value) and value.lower() not in _TRAPS and not value.endswith(" ")
    return value if plain or (not flow and _URL.fullmatch(value)) else _quoted(value)


def _quoted(text: str) -> str:
    """Text in double quotes; what cannot be printed is escaped as YAML does."""
    marks = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    shown = []
    for letter in text:
        if letter in marks:
            shown.append(marks[letter])
        elif letter.isprintable():
            shown.append(letter)
        else:
            code = ord(letter)
            shown.append(
                f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
            )
    return '"' + "".join(shown) + '"'
