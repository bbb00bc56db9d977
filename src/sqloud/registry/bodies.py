"""The JSON Schema of a body, complete in itself.

Law: a reference leads to one of the service's own `schemas`, and every one that is reached comes along under
`$defs`; nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sqloud.registry.reader import Report, pointer

__all__ = ["REFERENCE", "self_contained"]

REFERENCE = "#/schemas/"
"""What a reference into the service's schemas begins with."""


def self_contained(schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str, report: Report) -> str:
    """The text of a schema with those that it refers to. A name that leads nowhere is reported.

    >>> self_contained({"$ref": "#/schemas/a"}, {"a": {"type": "string"}}, "", lambda at, message: None)
    '{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}'
    """
    wanted = list(dict.fromkeys(_references(schema)))
    found: dict[str, Any] = {}
    while wanted:
        name = wanted.pop(0)
        if name in found:
            continue
        if name not in schemas:
            report(at, f"there is no schema {name!r} in this file")
            continue
        if _is_endless(name, schemas):
            report(at, f"the schema {name!r} is only a reference, which leads back to it")
            continue
        found[name] = schemas[name]
        wanted += _references(schemas[name])
    whole: dict[str, Any] = _inside(schema)
    if found:
        whole["$defs"] = {name: _inside(node) for name, node in found.items()}
    return msgspec.json.encode(whole).decode()


def _is_endless(name: str, schemas: Mapping[str, Any]) -> bool:
    """Whether one reference after another leads back to where it began; through a property is another thing."""
    seen: list[str] = []
    while name not in seen:
        seen.append(name)
        node = schemas.get(name)
        if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
            return False
        name = node["$ref"].removeprefix(REFERENCE)
    return True


_NAMED = frozenset({"properties", "$defs"})
_VALUES = frozenset({"enum", "default", "const"})


def _references(node: Any, named: bool = False) -> Iterator[str]:
    """Every reference in a schema; `named`: the keys are names of properties, not keywords."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str) and not named:
                yield value.removeprefix(REFERENCE)
            elif named or key not in _VALUES:
                yield from _references(value, not named and key in _NAMED)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _inside(node: Any, named: bool = False) -> Any:
    """The node, its references led to `$defs`."""
    if isinstance(node, list):
        return [_inside(value) for value in node]
    if not isinstance(node, Mapping):
        return node
    led: dict[str, Any] = {}
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str) and not named:
            led[key] = f"#{pointer('$defs', value.removeprefix(REFERENCE))}"
        else:
            led[key] = value if key in _VALUES and not named else _inside(value, not named and key in _NAMED)
    return led
