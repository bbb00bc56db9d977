"""The JSON Schema of provider documents, and its findings in words.

Law: every finding of the schema is told, each once, at the place that has to change; a wrong name comes with
the nearest right one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from sqloud.errors import Finding
from sqloud.registry.reader import Document, pointer
from sqloud.settings import shipped

__all__ = ["SCHEMA_FILE", "kind_of", "nearest", "schema_findings"]

SCHEMA_FILE = "provider.schema.json"

_TYPES = {"string": "text", "object": "a mapping", "array": "a list", "boolean": "true or false"}
_PYTHON = {
    str: "text",
    dict: "a mapping",
    list: "a list",
    bool: "true or false",
    int: "an integer",
    float: "a number",
}


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean x?` where a known name is near, else the known names.

    >>> nearest("metods", ["key", "methods"])
    '; did you mean methods?'
    """
    known = list(names)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known here: {', '.join(known)}" if known else ""


def kind_of(document: Document) -> str | None:
    """`provider`, `aliases` or `service`: the key by which the kinds of document are told apart."""
    if isinstance(document.root, dict):
        for kind in ("provider", "aliases", "service"):
            if kind in document.root:
                return kind
    return None


def schema_findings(document: Document) -> list[Finding]:
    """Hold a document against the schema of its kind; the findings in the document's order."""
    if kind_of(document) is None:
        what = "is neither a provider (key provider) nor a service (key service)"
        return [document.finding("", what)]
    findings = [
        document.finding(at, message)
        for error in _validator().iter_errors(document.root)
        for at, message in _told(error)
    ]
    return sorted(set(findings), key=lambda finding: (finding.line, finding.pointer, finding.message))


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: Any, expression: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        # Python's $ also matches before a line feed at the end, JSON Schema's does not.
        if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", expression), instance):
            yield ValidationError(f"{instance!r} does not match {expression!r}")

    schema = json.loads((shipped("providers") / SCHEMA_FILE).read_bytes())
    extend: Any = validators.extend  # untyped in jsonschema
    return extend(Draft202012Validator, {"pattern": pattern})(schema)


def _told(error: Any) -> Iterator[tuple[str, str]]:
    """(pointer, message) for one error of the validator."""
    steps = tuple(error.absolute_path)
    at = pointer(*steps)
    rule, value, schema = error.validator, error.instance, error.schema
    if rule == "additionalProperties":
        yield from _unknown_keys(steps, value, schema)
    elif rule in ("required", "dependentRequired"):
        yield at, _missing(error)
    elif rule == "type":
        expected = rule_value if isinstance(rule_value := error.validator_value, list) else [rule_value]
        names = " or ".join(_TYPES.get(name, f"a {name}") for name in expected)
        yield at, f"must be {names}, not {_shown(value)}"
    elif rule == "enum":
        listed = ", ".join(str(item) for item in error.validator_value)
        close = get_close_matches(str(value), [str(item) for item in error.validator_value], n=1)
        yield (
            at,
            f"must be one of {listed}, not {_shown(value)}"
            + (f"; did you mean {close[0]}?" if close else ""),
        )
    elif rule == "const":
        yield (
            at,
            f"can only be {str(error.validator_value).lower()}, not {_shown(value)}; leave it out otherwise",
        )
    elif rule == "pattern":
        shown = "a text with @ in it" if "@" in value else _shown(value)  # it may be a password in a URL
        yield at, f"{shown} is not {schema.get('description', 'of the right form')}"
    elif rule in ("minItems", "minProperties", "minLength"):
        yield at, f"is too short; it needs at least {error.validator_value}" if value else "is empty"
    elif rule == "uniqueItems":
        yield at, "names the same thing twice"
    elif rule == "minimum":
        yield at, f"must be at least {error.validator_value}, not {value}"
    elif rule == "anyOf" and all(set(one) == {"required"} for one in error.validator_value):
        ways = (" and ".join(map(repr, one["required"])) for one in error.validator_value)
        yield at, f"needs {', or '.join(ways)}"
    else:
        yield at, error.message


def _unknown_keys(
    steps: tuple[str | int, ...], value: dict[str, Any], schema: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    patterns = schema.get("patternProperties", {})
    known = schema.get("properties", {})
    for key in value:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        if known:
            yield (
                pointer(*steps, key),
                f"unknown key {key!r}{nearest(key, known)}",
            )
        elif any(pattern.startswith("^[a-z_]") for pattern in patterns):
            yield (
                pointer(*steps, key),
                f"the name {key!r} must be small letters, digits and _, perhaps with dots between them",
            )
        elif "^[a-z][a-z0-9_]*$" in patterns:
            yield (
                pointer(*steps, key),
                f"the name {key!r} must be small letters, digits and _, beginning with a letter",
            )
        else:
            yield (
                pointer(*steps, key),
                f"the name {key!r} holds what an API name cannot: spaces, or any of {{ }} / ? # & =",
            )


def _missing(error: Any) -> str:
    if error.validator == "required":
        missing = next(
            name
            for name in error.validator_value
            if name not in error.instance and repr(name) in error.message
        )
        return f"the key {missing!r} is missing"
    for key, needed in error.validator_value.items():
        if key in error.instance and (
            missing_names := [name for name in needed if name not in error.instance]
        ):
            return f"{key!r} needs {missing_names[0]!r} beside it"
    return str(error.message)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:60] + "...")
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (int, float)):
        return str(value)
    return _PYTHON[type(value)]
