"""What was decided by hand is laid over what was read from the specification.

Law: mappings merge, all else replaces, null takes away; what is laid over nothing is told, so that a decision
about a thing that is no longer there does not get lost in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqloud.importer.operations import Report
from sqloud.registry.reader import pointer

__all__ = ["lay_over", "lay_over_service"]

Plain = dict[str, Any]


def lay_over(below: Any, above: Any) -> Any:
    """The deep merge of two plain values.

    >>> lay_over({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "e": 3}, "d": [2]})
    {'a': {'c': 2, 'e': 3}, 'd': [2]}
    """
    if not isinstance(above, Mapping):
        return above
    if not isinstance(below, Mapping):
        below = {}
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = lay_over(merged.get(key), value)
    return merged


def lay_over_service(below: Plain, above: Mapping[str, Any], report: Report) -> Plain:
    """A service with its overlay. Methods and parameters that have no facts below are told and left out.

    Parameters that the overlay names come in its order, the others after them.
    """
    sound = {key: value for key, value in above.items() if key != "resources"}
    resources: Plain = {}
    for name, resource in _items(above.get("resources")):
        known = below["resources"].get(name)
        if known is None and isinstance(resource, Mapping) and "methods" not in resource:
            report(pointer("resources", name), "there is no such resource to lay this over: left out")
            continue
        if known is not None and isinstance(resource, Mapping):
            resource = _typed(resource, "columns", known, pointer("resources", name), report)
        methods = resource.get("methods") if isinstance(resource, Mapping) else None
        if not isinstance(methods, Mapping):
            resources[name] = resource
            continue
        kept: Plain = {}
        for method, entry in methods.items():
            at = pointer("resources", name, "methods", method)
            facts = (known or {}).get("methods", {}).get(method)
            if facts is None and isinstance(entry, Mapping) and "request" not in entry:
                report(at, "there is no such method to lay this over: left out")
                continue
            kept[method] = _method(facts or {}, entry, at, report)
        resources[name] = {**resource, "methods": kept}
    merged: Plain = lay_over(below, {**sound, "resources": resources})
    for name, resource in resources.items():
        for method, entry in _items((resource or {}).get("methods")):
            said = entry.get("parameters") if isinstance(entry, Mapping) else None
            if isinstance(said, Mapping):
                target = merged["resources"][name]["methods"][method]
                _order_parameters(target, said)
    return merged


def _typed(
    above: Mapping[str, Any], key: str, below: Mapping[str, Any], at: str, report: Report
) -> Mapping[str, Any]:
    """`above` without the columns or fields at `key` that have no type, neither here nor below."""
    said, known = above.get(key), below.get(key)
    if not isinstance(said, Mapping) or not isinstance(known, Mapping):
        return above
    kept: Plain = {}
    for name, entry in said.items():
        if name not in known and (not isinstance(entry, Mapping) or "type" not in entry):
            report(f"{at}{pointer(key, name)}", "there is nothing of this name to lay this over: left out")
        else:
            kept[name] = entry
    return {**above, key: kept}


def _items(node: Any) -> list[tuple[str, Any]]:
    return list(node.items()) if isinstance(node, Mapping) else []


def _method(facts: Mapping[str, Any], entry: Any, at: str, report: Report) -> Any:
    """The overlay of a method, without what has no facts below."""
    if not isinstance(entry, Mapping):
        return entry
    body = entry.get("body")
    if isinstance(body, Mapping) and isinstance(facts.get("body"), Mapping):
        entry = {**entry, "body": _typed(body, "fields", facts["body"], f"{at}/body", report)}
    elif isinstance(body, Mapping) and facts and "body" not in facts:
        report(f"{at}/body", "there is no body to lay this over: left out")
        entry = {key: value for key, value in entry.items() if key != "body"}
    if not isinstance(entry.get("parameters"), Mapping):
        return entry
    parameters: Plain = {}
    for name, said in entry["parameters"].items():
        known = facts.get("parameters", {}).get(name)
        if known is None and isinstance(said, Mapping) and "in" not in said:
            report(
                f"{at}{pointer('parameters', name)}", "there is no such parameter to lay this over: left out"
            )
            continue
        if known is None and said is None:
            continue
        parameters[name] = said
    return {**entry, "parameters": parameters}


def _order_parameters(method: Plain, said: Mapping[str, Any]) -> None:
    parameters = method.get("parameters", {})
    first = {name: parameters[name] for name in said if name in parameters}
    method["parameters"] = {**first, **parameters}
    if not method["parameters"]:
        del method["parameters"]
