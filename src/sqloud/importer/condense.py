"""From an OpenAPI document to the facts that a simulated cloud is served from.

Law: only facts come over: names, types, bounds, choices, statuses. No sentence and no example does. Run again
over the same document it writes the same bytes:

    python -m sqloud.importer.condense openapi.json src/sqloud/sandbox/digitalocean/facts.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["condense"]

_VERBS = ("get", "put", "post", "patch", "delete")
_KEPT = (
    "type",
    "format",
    "enum",
    "nullable",
    "required",
    "readOnly",
    "default",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
)
_NESTED = ("items", "not")
_CHOICES = ("allOf", "oneOf", "anyOf")


def condense(document: Mapping[str, Any]) -> dict[str, Any]:
    """`{"operations": [...], "schemas": {...}}` of an OpenAPI 3 document, its schemas by name.

    An operation: verb, path, name, parameters (name, in, required, schema), body (schema, or null), `needs`
    (whether the body is required), status, media and answer (schema, or null).
    """
    pointers = _Pointers(document)
    operations = [
        _operation(pointers, verb, path, item, item[verb])
        for path, item in document["paths"].items()
        for verb in _VERBS
        if verb in item
    ]
    schemas: dict[str, Any] = {}
    wanted = list(dict.fromkeys(_references(operations)))
    while wanted:
        name = wanted.pop(0)
        if name not in schemas:
            schemas[name] = _schema(document["components"]["schemas"][name])
            wanted += _references(schemas[name])
    return {"operations": operations, "schemas": dict(sorted(schemas.items()))}


class _Pointers:
    """Follows `$ref` outside of schemas."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def follow(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


def _operation(
    pointers: _Pointers, verb: str, path: str, item: Mapping[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = [pointers.follow(one) for one in (*item.get("parameters", ()), *told.get("parameters", ()))]
    body = pointers.follow(told.get("requestBody"))
    status = next((code for code in told["responses"] if code.startswith("2")), "204")
    answer = pointers.follow(told["responses"].get(status, {}))
    media, shape = _content(answer)
    return {
        "verb": verb.upper(),
        "path": path,
        "name": told.get("operationId", f"{verb} {path}"),
        "parameters": [
            {
                "name": one["name"],
                "in": one["in"],
                "required": bool(one.get("required")),
                "schema": _schema(pointers.follow(one.get("schema", {}))),
            }
            for one in parameters
        ],
        "body": None if body is None else _content(body)[1],
        "needs": bool(body and body.get("required")),
        "status": int(status) if status.isdigit() else 200,
        "media": media,
        "answer": shape,
    }


def _content(holder: Mapping[str, Any]) -> tuple[str | None, Any]:
    content = holder.get("content", {})
    if not content:
        return None, None
    media = next((kind for kind in content if "json" in kind), next(iter(content)))
    return media, _schema(content[media].get("schema", {}))


def _schema(node: Any) -> Any:
    if not isinstance(node, dict):
        return {}
    if "$ref" in node:
        return {"$ref": node["$ref"].rpartition("/")[2]}
    kept = {key: node[key] for key in _KEPT if key in node}
    if "properties" in node:
        kept["properties"] = {name: _schema(inner) for name, inner in node["properties"].items()}
    for key in _NESTED:
        if key in node:
            kept[key] = _schema(node[key])
    for key in _CHOICES:
        if key in node:
            kept[key] = [_schema(inner) for inner in node[key]]
    if isinstance(node.get("additionalProperties"), dict):
        kept["additionalProperties"] = _schema(node["additionalProperties"])
    return kept


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    found = condense(json.loads(Path(source).read_text(encoding="utf-8")))
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in found["operations"]]
    named = [
        f"{json.dumps(name)}:{json.dumps(one, ensure_ascii=False, separators=(',', ':'))}"
        for name, one in found["schemas"].items()
    ]
    text = '{"operations":[\n' + ",\n".join(lines) + '\n],"schemas":{\n' + ",\n".join(named) + "\n}}\n"
    Path(target).write_text(text, encoding="utf-8")
