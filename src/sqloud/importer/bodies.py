"""The schema of a body as a provider document says it: JSON Schema 2020-12, its common parts by name.

Law: what is required, forbidden or bounded in the specification is so here, no more and no less; words about a
value (descriptions, examples) stay behind. What the API sets itself is marked and required nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqloud.importer.operations import Report
from sqloud.importer.shapes import Specification
from sqloud.importer.words import free, identifier

__all__ = ["Schemas"]

Node = dict[str, Any]

_PLAIN = (
    "format", "default", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems",
    "uniqueItems", "minProperties", "maxProperties", "const",
)  # fmt: skip
_SCALAR = frozenset(
    {"type", "format", "enum", "default", "minimum", "maximum", "pattern", "readOnly", "const"}
)
_COMBINED = ("allOf", "anyOf", "oneOf")


class Schemas:
    """The schemas that the bodies of one service have in common, gathered while they are converted."""

    def __init__(self, specification: Specification, report: Report) -> None:
        self.found: dict[str, Node] = {}
        self._names: dict[str, str] = {}
        self._specification = specification
        self._report = report

    def body(self, node: Any, at: str) -> Node | None:
        """The schema of a body; None where the fields of the document say as much."""
        schema = self._converted(node, at)
        while list(schema) == ["$ref"]:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.found[name]
        return None if _flat(schema) else schema

    def used(self, schemas: list[Node]) -> dict[str, Node]:
        """Those of the common schemas that `schemas` lead to, in the order of their names."""
        wanted = [name for schema in schemas for name in _references(schema)]
        reached: set[str] = set()
        while wanted:
            name = wanted.pop()
            if name not in reached:
                reached.add(name)
                wanted += _references(self.found[name])
        return {name: self.found[name] for name in sorted(reached)}

    def _converted(self, node: Any, at: str) -> Node:
        if not isinstance(node, Mapping):
            return {}
        reference = node.get("$ref")
        if isinstance(reference, str):
            beside = {key: value for key, value in node.items() if key != "$ref"}
            led = self._referred(reference, at)
            more = self._converted(beside, at)
            if not more:
                return led
            return {"allOf": [led, more]} if "readOnly" not in more or len(more) > 1 else {**led, **more}
        return self._own(node, at)

    def _referred(self, reference: str, at: str) -> Node:
        """What a reference leads to: itself where it is one plain value, else by its name."""
        if reference not in self._names:
            name = free(identifier(reference.rpartition("/")[2], "schema"), self.found)
            self._names[reference] = name
            self.found[name] = {}  # a schema may lead back to itself
            self.found[name] = self._converted(self._specification.resolve({"$ref": reference}), at)
        name = self._names[reference]
        schema = self.found[name]
        return dict(schema) if schema and set(schema) <= _SCALAR else {"$ref": f"#/schemas/{name}"}

    def _own(self, node: Mapping[str, Any], at: str) -> Node:
        schema: Node = {}
        kinds = node.get("type")
        listed = [kinds] if isinstance(kinds, str) else list(kinds) if isinstance(kinds, list) else []
        listed = [kind for kind in listed if isinstance(kind, str)]
        nullable = node.get("nullable") is True
        if listed:
            if nullable and "null" not in listed:
                listed.append("null")
            schema["type"] = listed[0] if len(listed) == 1 else listed
        for key in _PLAIN:
            value = node.get(key)
            if value is not None and (key != "default" or isinstance(value, (str, int, float, bool))):
                schema[key] = value
        for bound, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            value = node.get(bound)
            if value is True and plain in schema:  # the spelling of OpenAPI 3.0
                schema[bound] = schema.pop(plain)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                schema[bound] = value
        values = node.get("enum")
        if isinstance(values, list) and values:
            schema["enum"] = [*values, None] if nullable and None not in values else list(values)
        if isinstance(node.get("pattern"), str) and self._reads(node["pattern"], at):
            schema["pattern"] = node["pattern"]
        if node.get("readOnly") is True:
            schema["readOnly"] = True
        schema.update(self._inner(node, at))
        if nullable and not listed and schema:
            return {"anyOf": [schema, {"type": "null"}]}
        return schema

    def _inner(self, node: Mapping[str, Any], at: str) -> Node:
        schema: Node = {}
        properties = node.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        if properties:
            schema["properties"] = {
                str(name): self._converted(value, at) for name, value in properties.items()
            }
        required = node.get("required")
        asked = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        asked = [name for name in dict.fromkeys(asked) if not self._set_by_the_api(properties.get(name))]
        if asked:
            schema["required"] = asked
        others = node.get("additionalProperties")
        if isinstance(others, bool):
            schema["additionalProperties"] = others
        elif isinstance(others, Mapping) and others:
            schema["additionalProperties"] = self._converted(others, at)
        if isinstance(node.get("items"), Mapping):
            schema["items"] = self._converted(node["items"], at)
        if isinstance(node.get("not"), Mapping):
            schema["not"] = self._converted(node["not"], at)
        for word in _COMBINED:
            parts = node.get(word)
            if isinstance(parts, list) and parts:
                schema[word] = [self._converted(part, at) for part in parts]
        return schema

    def _set_by_the_api(self, node: Any) -> bool:
        return node is not None and self._specification.shape(node).read_only

    def _reads(self, pattern: str, at: str) -> bool:
        try:
            re.compile(pattern)
        except re.error:
            self._report(at, f"the pattern {pattern[:60]!r} is no expression that is known here: left out")
            return False
        return True


def _references(node: Any) -> list[str]:
    if isinstance(node, Mapping):
        found = [] if not isinstance(node.get("$ref"), str) else [node["$ref"].rpartition("/")[2]]
        return found + [name for key, value in node.items() if key != "$ref" for name in _references(value)]
    return [name for value in node for name in _references(value)] if isinstance(node, list) else []


def _flat(schema: Node) -> bool:
    """Whether a body is fields of plain values alone, which a document says without a schema."""
    if not set(schema) <= {"type", "properties", "required"}:
        return False
    return all(
        set(field) <= _SCALAR
        and isinstance(field.get("type"), str)
        and field["type"] not in ("array", "object")
        for field in schema.get("properties", {}).values()
    )
