"""Send every write of a provider to an independent server, with the examples of its specification.

    python tests/writes/every_write.py http://127.0.0.1:4010 openapi.json [--only METHOD]

The server answers 422 with reasons to a body that the specification refuses, 400 to other bad requests; both are
failures here, and so is a statement that sqloud itself refuses, unless the specification refuses its own example (a
required field is missing, a readOnly one is set): then a body made from the schema is sent as well. Prints the failures
and a count. It is run by hand: the server and the specification are no part of the suite.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sqloud.dialect import split
from sqloud.errors import Error, Source, WriteFailedError
from sqloud.registry import Catalogue
from sqloud.registry.records import Body, Method, Parameter, Resource
from sqloud.session import Session
from sqloud.settings import Settings, shipped


class Examples:
    """Values for parameters and bodies, out of an OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._operations = {
            (verb.upper(), path): {**operation, "shared": item.get("parameters", [])}
            for path, item in document["paths"].items()
            for verb, operation in item.items()
            if isinstance(operation, dict) and "responses" in operation
        }

    def resolved(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            found: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def operation(self, method: Method) -> dict[str, Any] | None:
        return self._operations.get((method.http_verb, method.path))

    def parameter(self, method: Method, parameter: Parameter) -> Any:
        operation = self.operation(method) or {}
        for each in [*operation.get("parameters", []), *operation.get("shared", [])]:
            found = self.resolved(each)
            if found["name"] == parameter.name:
                if "example" in found:
                    return found["example"]
                for example in found.get("examples", {}).values():
                    return self.resolved(example).get("value")
                return self.made(found.get("schema", {}))
        return "1"

    def bodies(self, method: Method) -> list[Any]:
        """The examples of a body; the one made from its schema where there are none."""
        operation = self.operation(method) or {}
        content = self.resolved(operation.get("requestBody") or {}).get("content", {})
        for media, form in content.items():
            if "json" in media:
                given = [self.resolved(one).get("value") for one in form.get("examples", {}).values()]
                if "example" in form:
                    given.append(form["example"])
                return [one for one in given if isinstance(one, dict)] or [self.made(form.get("schema", {}))]
        return [None]

    def from_schema(self, method: Method) -> Any:
        """A body made from the schema, without its examples of the whole."""
        if method.body is None or not method.body.schema:
            return None
        schema = msgspec.json.decode(method.body.schema)
        return Examples({"paths": {}, **schema}).made(schema)

    def made(self, schema: Any, depth: int = 0, needed: tuple[str, ...] = ()) -> Any:
        """A value that a schema takes, with what it requires."""
        schema = self.resolved(schema)
        if depth > 12 or not isinstance(schema, dict):
            return None
        for word in ("example", "default", "const"):
            if word in schema:
                return schema[word]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return schema["enum"][0]
        for word in ("oneOf", "anyOf"):
            if schema.get(word):
                return self._joined([schema[word][0], {**schema, word: None}], depth)
        if schema.get("allOf"):
            return self._joined(
                [*schema["allOf"], {**schema, "allOf": None}], depth, schema.get("required", [])
            )
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            required = [*schema.get("required", []), *needed]
            fields = schema.get("properties", {})
            made = {
                name: self.made(part, depth + 1)
                for name, part in fields.items()
                if (name in required or "example" in self.resolved(part))
                and not self.resolved(part).get("readOnly")
            }
            first = next((one for one in fields if not self.resolved(fields[one]).get("readOnly")), None)
            if not made and first is not None and depth < 2:
                made = {first: self.made(fields[first], depth + 1)}
            return made | {
                name: "get" for name in schema.get("required", []) if not depth and name == "method"
            }
        if kind == "array":
            return [self.made(schema.get("items", {}), depth + 1)]
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        return "2024-01-01T00:00:00Z" if schema.get("format") == "date-time" else "web-1"

    def _joined(self, parts: list[Any], depth: int, needed: Sequence[str] = ()) -> Any:
        made = [self.made(part, depth + (not needed), tuple(needed)) for part in parts]
        objects = [one for one in made if isinstance(one, dict)]
        if not objects:
            return next((one for one in made if one is not None), None)
        return {name: value for one in objects for name, value in one.items()}


def quoted(value: Any) -> str:
    """A value as a statement writes it: JSON in quotes, a number as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return "'" + text.replace("'", "''").replace("{{", "{{{{") + "'"


def written(taken: Body, body: dict[str, Any] | None) -> dict[str, Any]:
    """The fields of an example that can be written, those among them that a body requires and does not describe."""
    kept = {field.name for field in taken.fields if not field.read_only}
    if taken.schema:
        kept |= set(msgspec.json.decode(taken.schema).get("required", ()))
    return {name: value for name, value in (body or {}).items() if name in kept}


def statement(resource: Resource, method: Method, examples: Examples, body: dict[str, Any] | None) -> str:
    """The statement that calls a method as its verb is written."""
    given = {one.sql_name: examples.parameter(method, one) for one in method.required}
    fields = written(method.body, body) if method.body is not None else {}
    if method.verb in ("insert", "replace"):
        names = given | {f"data__{k}": v for k, v in fields.items()}
        columns = ", ".join(f'"{name}"' for name in names)
        if not names:
            return f"INSERT INTO {resource.name} DEFAULT VALUES"
        word = method.verb.upper()
        return f"{word} INTO {resource.name} ({columns}) VALUES ({', '.join(map(quoted, names.values()))})"
    if method.verb == "update":
        sets = ", ".join(f'"{name}" = {quoted(value)}' for name, value in fields.items())
        where = " AND ".join(f'"{name}" = {quoted(value)}' for name, value in given.items())
        return f"UPDATE {resource.name} SET {sets} " + (f"WHERE {where}" if where else "ALL ROWS")
    if method.verb == "delete":
        names = given | {f"data__{name}": value for name, value in fields.items()}
        where = " AND ".join(f'"{name}" = {quoted(value)}' for name, value in names.items())
        return f"DELETE FROM {resource.name} " + (f"WHERE {where}" if where else "ALL ROWS")
    arguments = [f'@"{name}" = {quoted(value)}' for name, value in given.items()]
    if fields:
        arguments.append(f"@@json = {quoted(fields)}")
    return f"EXEC {resource.name}.{method.name} {', '.join(arguments)}"


def tried(session: Session, method: Method, sql: str) -> Error | None:
    """Run a statement and give its error, None where the server took it."""
    try:
        (text,) = split(Source(method.name, sql))
        for _ in session.run(text).batches():
            pass
    except Error as error:
        return error
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("specification")
    parser.add_argument("--provider", default="digitalocean")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    examples = Examples(msgspec.json.decode(Path(options.specification).read_bytes()))
    settings = Settings(
        endpoints={options.provider: options.url},
        credentials={options.provider: "dop_v1_test"},
        environment={"MODEL_ACCESS_KEY": "dop_v1_test", "DIGITALOCEAN_TOKEN": "dop_v1_test"},
        allow_writes=True,
        allow_destructive=True,
    )
    catalogue = Catalogue((shipped("providers"),), None)
    sent = refused = failed = 0
    with Session(settings) as session:
        for service, _ in catalogue.provider(options.provider).services:
            for resource in catalogue.service(options.provider, service).resources:
                for method in resource.methods:
                    if method.verb == "select" or options.only not in method.name:
                        continue
                    bodies = [(body, False) for body in examples.bodies(method)]
                    while bodies:
                        body, again = bodies.pop(0)
                        sql = statement(resource, method, examples, body)
                        sent += 1
                        error = tried(session, method, sql)
                        if error is None:
                            continue
                        if not isinstance(error, WriteFailedError) and not again:
                            refused += 1
                            print(
                                f"not as the specification has it: {resource.name}.{method.name}: {error.message}"
                            )
                            bodies.append((examples.from_schema(method), True))
                            continue
                        failed += 1
                        print(f"{type(error).__name__} {resource.name}.{method.name}\n  {sql[:400]}")
                        print(f"  {error.message[:500]}")
    print(f"{sent} statements, {refused} examples refused by the specification itself, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
