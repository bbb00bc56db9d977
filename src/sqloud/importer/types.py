"""Types, bounds and values of a specification in the words of our documents.

Law: what comes out passes the registry's own rules; what a document cannot say (an enum of objects, a default
that is not of its type) is left out and reported.
"""

from __future__ import annotations

import re
from typing import Any

from sqloud.datatypes import SCALARS, DataType
from sqloud.importer.operations import Report
from sqloud.importer.shapes import Shape, Specification
from sqloud.registry.parameters import fits

__all__ = ["bounds_of", "default_of", "pattern_of", "type_of"]

_LOW, _HIGH = float("-inf"), float("inf")


def type_of(specification: Specification, shape: Shape) -> dict[str, Any]:
    """`type`, and `format` or `items` where they belong.

    >>> type_of(Specification({}), Shape(types=("array",), item={"type": "string"}))
    {'type': 'array', 'items': 'string'}
    """
    entry: dict[str, Any] = {"type": _name(shape)}
    if entry["type"] == "string" and shape.format == "date-time":
        entry["format"] = "date-time"
    if entry["type"] == "array":
        entry["items"] = _name(specification.shape(shape.item))
    return entry


def _name(shape: Shape) -> str | list[str]:
    if not shape.types:
        return "any"
    return shape.types[0] if len(shape.types) == 1 else list(shape.types)


def bounds_of(
    specification: Specification, shape: Shape, entry: dict[str, Any], at: str, report: Report
) -> dict[str, Any]:
    """`minimum`, `maximum` and `enum` of a value whose type is `entry`, as far as they fit it."""
    inner = specification.shape(shape.item) if entry["type"] == "array" else shape
    element = DataType(type=inner.kind)
    found: dict[str, Any] = {}
    if element.type in ("integer", "number"):
        for name, bound in (("minimum", inner.minimum), ("maximum", inner.maximum)):
            if bound is None:
                continue
            if element.type == "integer" and not float(bound).is_integer():
                report(at, f"the {name} {bound} of an integer is no integer: left out")
                continue
            if abs(bound) < 2**63:  # wider bounds bound nothing
                found[name] = int(bound) if float(bound).is_integer() else bound
        if found.get("minimum", _LOW) > found.get("maximum", _HIGH):
            report(at, f"the minimum {found['minimum']} is above the maximum {found['maximum']}: left out")
            found.clear()
    if inner.enum and element.type in SCALARS and element.type != "boolean":
        values = [value for value in dict.fromkeys(inner.enum) if isinstance(value, (str, int))]
        if len(values) == len(set(inner.enum)) and all(fits(value, element) for value in values):
            found["enum"] = values
        else:
            report(f"{at}/enum", f"not all values are of the type {element.type}: left out")
    return found


def default_of(shape: Shape, entry: dict[str, Any], at: str, report: Report) -> dict[str, Any]:
    """`default`, where it is a value that the type, the bounds and the enum of `entry` allow."""
    value = shape.default
    if value is None:
        return {}
    kind = entry["type"]
    items = entry.get("items")
    data_type = DataType(
        type=kind if isinstance(kind, str) else "any", items=items if isinstance(items, str) else None
    )
    sound = fits(value, data_type) and ("enum" not in entry or value in entry["enum"])
    if sound and isinstance(value, (int, float)) and not isinstance(value, bool):
        sound = entry.get("minimum", _LOW) <= value <= entry.get("maximum", _HIGH)
    if not sound:
        report(f"{at}/default", "does not fit the type, the bounds or the enum beside it: left out")
        return {}
    return {"default": value}


def pattern_of(shape: Shape, entry: dict[str, Any], at: str, report: Report) -> dict[str, Any]:
    """`pattern`, where it is one that Python reads; the whole text has to match ours."""
    if shape.pattern is None or entry["type"] != "string":
        return {}
    anchored = shape.pattern.startswith("^") and shape.pattern.endswith("$")
    try:
        re.compile(shape.pattern)
    except re.error:
        anchored = False
    if not anchored:
        report(f"{at}/pattern", "is not about the whole text, or no expression that is known here: left out")
        return {}
    return {"pattern": shape.pattern}
