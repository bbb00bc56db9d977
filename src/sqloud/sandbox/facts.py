"""What an API's own specification says of its operations, condensed: the simulated cloud is held to it.

Law: nothing is decided here; a schema is followed and merged, and otherwise told as it stands.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

from sqloud.datatypes import DataType
from sqloud.errors import InterfaceError
from sqloud.registry.records import Parameter

__all__ = ["Facts", "Operation", "Schema", "check_known", "facts_of"]

Schema = dict[str, Any]
"""A JSON schema as OpenAPI 3.0 writes it; a reference names one of the facts' own schemas."""

_MERGED = ("properties", "required")


class _Given(msgspec.Struct, frozen=True, rename={"place": "in"}):
    """A parameter as the facts write it."""

    name: str
    place: str
    required: bool
    schema: Schema


class Operation(msgspec.Struct, frozen=True):
    """One operation: `body` and `answer` are schemas; `needs` tells that the body is required."""

    verb: str
    path: str
    name: str
    given: tuple[_Given, ...] = msgspec.field(name="parameters", default=())
    body: Schema | None = None
    needs: bool = False
    status: int = 200
    media: str | None = None
    answer: Schema | None = None

    @property
    def template(self) -> tuple[str, ...]:
        """The segments of the path, without the empty one before the first slash."""
        return tuple(self.path.split("/")[1:])


class _Condensed(msgspec.Struct, frozen=True):
    operations: tuple[Operation, ...]
    schemas: dict[str, msgspec.Raw]


class Facts:
    """Operations, and the schemas that they refer to."""

    def __init__(self, text: bytes) -> None:
        condensed = msgspec.json.decode(text, type=_Condensed)
        self.operations = condensed.operations
        self._unread = condensed.schemas
        self._schemas: dict[str, Schema] = {}
        self._shapes: dict[int, tuple[Schema, Schema]] = {}

    def shape(self, schema: Schema | None) -> Schema:
        """A schema without references and `allOf` at its top: what those say is merged into it."""
        if not schema:
            return {}
        known = self._shapes.get(id(schema))
        if known is None:
            known = self._shapes[id(schema)] = schema, self._merge(schema)
        return known[1]

    def _merge(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self.shape(self._named(schema["$ref"]))
        if "allOf" not in schema:
            return schema
        merged: Schema = {"properties": {}, "required": []}
        for part in (*(self.shape(part) for part in schema["allOf"]), schema):
            merged["properties"] |= part.get("properties", {})
            merged["required"] += part.get("required", [])
            merged |= {key: value for key, value in part.items() if key not in _MERGED and key != "allOf"}
        if merged["properties"]:
            merged["type"] = "object"
        return merged

    def _named(self, name: str) -> Schema:
        """A schema by name, read when it is first asked for: an answer needs a few of them."""
        known = self._schemas.get(name)
        if known is None:
            known = self._schemas[name] = msgspec.json.decode(self._unread[name])
        return known

    def properties(self, schema: Schema | None) -> dict[str, Schema]:
        """The properties of an object, those of every alternative included."""
        shape = self.shape(schema)
        found: dict[str, Schema] = dict(shape.get("properties", {}))
        for alternative in (*shape.get("oneOf", ()), *shape.get("anyOf", ())):
            for name, inner in self.properties(alternative).items():
                found.setdefault(name, inner)
        return found

    def kind(self, schema: Schema | None) -> str:
        """The JSON type of a schema, told or meant; `any` where neither is."""
        shape = self.shape(schema)
        told = shape.get("type")
        if isinstance(told, str):
            return told
        if "properties" in shape or "additionalProperties" in shape:
            return "object"
        alternatives = {self.kind(one) for one in (*shape.get("oneOf", ()), *shape.get("anyOf", ()))}
        return alternatives.pop() if len(alternatives) == 1 else "any"

    def parameters(self, operation: Operation) -> tuple[Parameter, ...]:
        """The parameters of an operation as those of a method: with their types and bounds."""
        return tuple(self._parameter(given) for given in operation.given)

    def _parameter(self, given: _Given) -> Parameter:
        shape = self.shape(given.schema)
        told = self.kind(given.schema)
        items = self.kind(shape.get("items")) if told == "array" else None
        form = shape.get("format")
        if told not in ("integer", "number", "boolean", "string", "array"):
            told = "string"
        return Parameter(
            name=given.name,
            sql_name=given.name,
            location=given.place,
            required=given.required,
            type=DataType(
                type=told,
                format="date-time" if form == "date-time" and told == "string" else None,
                items=items if items in ("integer", "number", "boolean", "string") else None,
            ),
            default=shape.get("default") if not isinstance(shape.get("default"), list | dict) else None,
            minimum=shape.get("minimum"),
            maximum=shape.get("maximum"),
            pattern=shape.get("pattern"),
            enum=tuple(shape.get("enum", ())),
        )


_KNOWN = ("digitalocean",)


def check_known(provider: str) -> None:
    """Raise InterfaceError for a provider that no facts ship for."""
    if provider not in _KNOWN:
        raise InterfaceError(
            f"the sandbox has no inventory for the provider {provider}",
            hints=(f"it simulates {', '.join(_KNOWN)}",),
        )


def facts_of(provider: str) -> Facts:
    """The facts that ship for a provider. Raises InterfaceError where none do."""
    check_known(provider)
    return Facts((files("sqloud.sandbox") / provider / "facts.json").read_bytes())
