"""Schemas seen one level deep: what is merged, what is united, where a recursion is cut."""

from typing import Any

import pytest

from sqloud.importer.operations import server_url
from sqloud.importer.shapes import Specification
from sqloud.importer.types import bounds_of, default_of, pattern_of, type_of

SPECIFICATION = Specification(
    {
        "components": {
            "schemas": {
                "Self": {"$ref": "#/components/schemas/Self"},
                "Node": {"allOf": [{"$ref": "#/components/schemas/Node"}, {"properties": {"a": {}}}]},
                "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                "a/b": {"type": "boolean"},
            }
        }
    }
)
NAMED = {"$ref": "#/components/schemas/Named"}

TYPES: list[tuple[Any, Any]] = [
    ({}, {"type": "any"}),
    (None, {"type": "any"}),
    ({"type": "integer", "format": "int64"}, {"type": "integer"}),
    ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
    ({"type": ["string", "null"], "format": "date-time"}, {"type": "string", "format": "date-time"}),
    ({"type": ["string", "integer"]}, {"type": ["integer", "string"]}),
    ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, {"type": ["integer", "string"]}),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, {"type": "number"}),
    ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, {"type": "boolean"}),
    ({"oneOf": [{"type": "integer"}, {}]}, {"type": "any"}),
    ({"enum": ["a", "b"]}, {"type": "string"}),
    ({"const": 3}, {"type": "integer"}),
    ({"items": {"type": "string"}}, {"type": "array", "items": "string"}),
    ({"type": "array"}, {"type": "array", "items": "any"}),
    ({"type": "array", "items": NAMED}, {"type": "array", "items": "object"}),
    ({"additionalProperties": {"type": "string"}}, {"type": "object"}),
    ({"$ref": "#/components/schemas/a~1b"}, {"type": "boolean"}),
    ({"$ref": "#/components/schemas/Self"}, {"type": "any"}),
    ({"$ref": "#/components/schemas/Node"}, {"type": "object"}),
    ({"$ref": "#/components/schemas/None"}, {"type": "any"}),
    ({"$ref": "other.yaml#/Named"}, {"type": "any"}),
]


@pytest.mark.parametrize(("schema", "expected"), TYPES)
def test_types(schema: Any, expected: Any) -> None:
    assert type_of(SPECIFICATION, SPECIFICATION.shape(schema)) == expected


PROPERTIES: list[tuple[Any, set[str], set[str]]] = [
    (
        {"allOf": [NAMED, {"properties": {"size": {}}, "required": ["size"]}]},
        {"name", "size"},
        {"name", "size"},
    ),
    (
        {"oneOf": [NAMED, {"properties": {"name": {}, "id": {}}, "required": ["name"]}]},
        {"name", "id"},
        {"name"},
    ),
    ({"oneOf": [NAMED, {"properties": {"id": {}}, "required": ["id"]}]}, {"name", "id"}, set()),
    ({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a"}, set()),
    ({"$ref": "#/components/schemas/Named", "properties": {"b": {}}}, {"name", "b"}, {"name"}),
]


@pytest.mark.parametrize(("schema", "names", "required"), PROPERTIES)
def test_properties_are_merged_or_united(schema: Any, names: set[str], required: set[str]) -> None:
    shape = SPECIFICATION.shape(schema)
    assert (set(shape.properties), set(shape.required)) == (names, required)


def test_a_discriminator_says_the_values() -> None:
    variants = [{"properties": {"type": {"enum": ["a"]}}}, {"properties": {"type": {"enum": ["a", "b"]}}}]
    mapping = {"a": "#/x", "b": "#/y", "c": "#/y"}
    schema = {"oneOf": variants, "discriminator": {"propertyName": "type", "mapping": mapping}}
    shape = SPECIFICATION.shape(SPECIFICATION.shape(schema).properties["type"])
    assert shape.enum == ("a", "b", "c")


VALUES: list[tuple[Any, dict[str, Any], int]] = [
    (
        {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
        {"minimum": 1, "maximum": 5, "default": 3},
        0,
    ),
    ({"type": "integer", "minimum": 1.0}, {"minimum": 1}, 0),
    ({"type": "integer", "minimum": 0.5}, {}, 1),
    ({"type": "integer", "minimum": 5, "maximum": 1}, {}, 1),
    ({"type": "integer", "default": "3"}, {}, 1),
    ({"type": "integer", "maximum": 3, "default": 4}, {"maximum": 3}, 1),
    ({"type": "integer", "maximum": 9223372036854775807}, {"maximum": 9223372036854775807}, 0),
    ({"type": "integer", "maximum": 1e30}, {}, 0),
    ({"type": "string", "enum": ["a", "b"], "default": "c"}, {"enum": ["a", "b"]}, 1),
    ({"type": "string", "enum": ["a", None]}, {"enum": ["a"]}, 0),
    ({"type": "string", "enum": ["a", 1]}, {}, 1),
    ({"type": "array", "items": {"type": "integer", "maximum": 3}}, {"maximum": 3}, 0),
    ({"type": "string", "pattern": "^[a-z]+$"}, {"pattern": "^[a-z]+$"}, 0),
    ({"type": "string", "pattern": "[a-z]"}, {}, 1),
    ({"type": "string", "pattern": "^(?<n>x$"}, {}, 1),
]


@pytest.mark.parametrize(("schema", "expected", "findings"), VALUES)
def test_values_that_do_not_fit_are_left_out_and_told(
    schema: Any, expected: dict[str, Any], findings: int
) -> None:
    told: list[str] = []
    shape = SPECIFICATION.shape(schema)
    entry = type_of(SPECIFICATION, shape)
    kept = set(entry)

    def report(at: str, message: str) -> None:
        told.append(f"{at} {message}")

    entry.update(bounds_of(SPECIFICATION, shape, entry, "/x", report))
    entry.update(pattern_of(shape, entry, "/x", report))
    entry.update(default_of(shape, entry, "/x", report))
    assert {key: value for key, value in entry.items() if key not in kept} == expected
    assert len(told) == findings


SERVERS: list[tuple[Any, str | None]] = [
    ([{"url": "https://a.test/v1/"}], "https://a.test/v1"),
    ([{"url": "https://{r}.a.test", "variables": {"r": {"default": "eu"}}}], "https://eu.a.test"),
    ([{"url": "https://{r}.a.test"}], None),
    ([{"url": "https://me:secret@a.test"}], None),
    ([{"url": "https://a.test?x=1"}], None),
    ([{"url": "ftp://a.test"}], None),
    ([{"url": "/v1"}], None),
    ([], None),
    (None, None),
]


@pytest.mark.parametrize(("servers", "expected"), SERVERS)
def test_server_urls(servers: Any, expected: str | None) -> None:
    assert server_url(servers) == expected
