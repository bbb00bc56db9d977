"""What a JSON Schema of OpenAPI 3.0 or 3.1 says, seen one level deep.

Law: `allOf` is merged, `oneOf` and `anyOf` are united, a reference that leads back to itself says nothing more;
only what every alternative promises is promised. Nothing deeper than the level asked for is looked at, so a
recursive schema costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["Plain", "Shape", "Specification"]

Plain = Mapping[str, Any]

_KINDS = ("integer", "number", "boolean", "string", "array", "object")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a schema. `types` are JSON types without null; () says nothing about the type.

    `properties`, `item` and `values` (those of an object with any keys) are schemas still to be read.
    """

    types: tuple[str, ...] = ()
    format: str | None = None
    properties: Mapping[str, Any] = {}
    required: frozenset[str] = frozenset()
    item: Any = None
    values: Any = None
    enum: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    default: Any = None
    nullable: bool = False
    read_only: bool = False

    @property
    def kind(self) -> str:
        """The one type, `any` where there is none or several; what has properties is an object."""
        return self.types[0] if len(self.types) == 1 else "any"


class Specification:
    """An OpenAPI document whose references can be followed. `root` is the document's plain values."""

    def __init__(self, root: Plain) -> None:
        self.root = root

    def resolve(self, node: Any) -> Any:
        """The node that a chain of references leads to; {} where it leads nowhere or to itself."""
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen:
                return {}
            seen.add(reference)
            node = self._at(reference)
        return node if node is not None else {}

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return {}
        node: Any = self.root
        for step in reference[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping):
                node = node.get(key)
            elif isinstance(node, Sequence) and not isinstance(node, str) and key.isdigit():
                node = node[int(key)] if int(key) < len(node) else None
            else:
                return {}
        return node

    def shape(self, node: Any, seen: frozenset[str] = frozenset()) -> Shape:
        """The shape of a schema; `seen` holds the references that led here."""
        if not isinstance(node, Mapping):
            return Shape()
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in seen:
                return Shape()
            target = self.shape(self._at(reference), seen | {reference})
            beside = {key: value for key, value in node.items() if key not in ("$ref", "description")}
            return _both(target, self.shape(beside, seen)) if beside else target
        shape = _own(node)
        for part in _schemas(node.get("allOf")):
            shape = _both(shape, self.shape(part, seen))
        for word in ("oneOf", "anyOf"):
            variants = [self.shape(part, seen) for part in _schemas(node.get(word))]
            if variants:
                shape = _both(shape, _either(variants))
        return _discriminated(shape, node.get("discriminator"))


def _schemas(node: Any) -> list[Any]:
    return list(node) if isinstance(node, Sequence) and not isinstance(node, str) else []


def _discriminated(shape: Shape, discriminator: Any) -> Shape:
    """The shape, where a mapping from values to variants says which values one property can have."""
    mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
    name = discriminator.get("propertyName") if isinstance(discriminator, Mapping) else None
    if not isinstance(mapping, Mapping) or not mapping or name not in shape.properties:
        return shape
    values = {"type": "string", "enum": [str(value) for value in mapping]}
    return msgspec.structs.replace(shape, properties={**shape.properties, name: values})


def _own(node: Plain) -> Shape:
    """What the keywords of the schema itself say, without its parts."""
    said = node.get("type")
    listed = [said] if isinstance(said, str) else _schemas(said)
    types = tuple(kind for kind in _KINDS if kind in listed)
    properties = node.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    enum = tuple(value for value in _schemas(node.get("enum")) if value is not None)
    if "const" in node and node["const"] is not None:
        enum = (node["const"],)
    if not types and (properties or isinstance(node.get("additionalProperties"), Mapping)):
        types = ("object",)
    elif not types and "items" in node:
        types = ("array",)
    elif not types and not listed and enum:
        types = tuple(kind for kind in _KINDS if any(_kind_of(value) == kind for value in enum))
    values = node.get("additionalProperties")
    required = node.get("required")
    return Shape(
        types=types,
        format=node["format"] if isinstance(node.get("format"), str) else None,
        properties=properties,
        required=frozenset(name for name in _schemas(required) if isinstance(name, str)),
        item=node.get("items"),
        values=values if isinstance(values, Mapping) and values else None,
        enum=enum,
        minimum=_number(node.get("minimum")),
        maximum=_number(node.get("maximum")),
        pattern=node["pattern"] if isinstance(node.get("pattern"), str) else None,
        default=node.get("default"),
        nullable=bool(node.get("nullable")) or "null" in listed,
        read_only=node.get("readOnly") is True,
    )


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {int: "integer", float: "number", str: "string", list: "array"}.get(type(value), "object")


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _both(first: Shape, second: Shape) -> Shape:
    """What holds where both hold."""
    if first.types and second.types:
        types = tuple(kind for kind in _KINDS if kind in first.types and kind in second.types)
        if not types and {*first.types, *second.types} == {"integer", "number"}:
            types = ("integer",)
        types = types or first.types
    else:
        types = first.types or second.types
    enum = first.enum or second.enum
    if first.enum and second.enum:
        enum = tuple(value for value in first.enum if value in second.enum) or first.enum
    return Shape(
        types=types,
        format=second.format or first.format,
        properties=_joined(first.properties, second.properties, "allOf"),
        required=first.required | second.required,
        item=second.item if first.item is None else first.item,
        values=second.values if first.values is None else first.values,
        enum=enum,
        minimum=_tighter(max, first.minimum, second.minimum),
        maximum=_tighter(min, first.maximum, second.maximum),
        pattern=second.pattern or first.pattern,
        default=second.default if second.default is not None else first.default,
        nullable=first.nullable or second.nullable,
        read_only=first.read_only or second.read_only,
    )


def _either(shapes: Sequence[Shape]) -> Shape:
    """What holds where at least one holds; a variant that is only null makes the others nullable."""
    variants = [shape for shape in shapes if shape != Shape(nullable=True)] or list(shapes)
    nullable = any(shape.nullable for shape in shapes)
    if len(variants) == 1:
        return msgspec.structs.replace(variants[0], nullable=nullable)
    found = {kind for shape in variants for kind in shape.types}
    untyped = any(not shape.types and not shape.required for shape in variants)
    types = () if untyped else tuple(kind for kind in _KINDS if kind in found)
    types = ("number",) if types == ("integer", "number") else types
    properties: Mapping[str, Any] = {}
    for shape in variants:
        properties = _joined(properties, shape.properties, "anyOf")
    formats = {shape.format for shape in variants}
    every_enum = all(shape.enum for shape in variants)
    minima = [shape.minimum for shape in variants if shape.minimum is not None]
    maxima = [shape.maximum for shape in variants if shape.maximum is not None]
    patterns = {shape.pattern for shape in variants}
    items = [shape.item for shape in variants if shape.item is not None]
    values = [shape.values for shape in variants if shape.values is not None]
    return Shape(
        types=types,
        format=formats.pop() if len(formats) == 1 else None,
        properties=properties,
        required=frozenset.intersection(*(shape.required for shape in variants)),
        item=None if not items else items[0] if len(items) == 1 else {"anyOf": items},
        values=None if not values else values[0] if len(values) == 1 else {"anyOf": values},
        enum=tuple(dict.fromkeys(v for shape in variants for v in shape.enum)) if every_enum else (),
        minimum=min(minima) if len(minima) == len(variants) else None,
        maximum=max(maxima) if len(maxima) == len(variants) else None,
        pattern=patterns.pop() if len(patterns) == 1 else None,
        nullable=nullable,
        read_only=all(shape.read_only for shape in variants),
    )


def _joined(first: Mapping[str, Any], second: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    """The properties of both; one that both have, and differently, is both (`allOf`) or either (`anyOf`)."""
    joined = dict(first)
    for name, node in second.items():
        if name not in joined or joined[name] == node:
            joined[name] = node
        else:
            joined[name] = {word: [joined[name], node]}
    return joined


def _tighter(choose: Any, first: float | None, second: float | None) -> float | None:
    present = [bound for bound in (first, second) if bound is not None]
    return choose(present) if present else None
