"""What goes into a method becomes records: its parameters, with those that paging adds, and its body.

Law: as in `resolve`, of which this is a part: defaults are filled in here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from sqloud.datatypes import DataType
from sqloud.registry.bodies import self_contained
from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import (
    Authentication,
    Await,
    Body,
    BodyField,
    Equals,
    Meaning,
    MemberOf,
    Option,
    Paging,
    Parameter,
    Scope,
    Sort,
)

__all__ = [
    "data_type",
    "path_of",
    "resolve_authentication",
    "resolve_await",
    "resolve_body",
    "resolve_parameters",
    "resolve_sort",
]

Plain = dict[str, Any]


def data_type(entry: Plain) -> DataType:
    """The type of a column, parameter or field; several types are `any`."""
    kind, items = entry["type"], entry.get("items")
    return DataType(
        type="any" if isinstance(kind, list) else kind,
        format=entry.get("format"),
        items="any" if isinstance(items, list) else items,
    )


def resolve_parameters(
    at: str, method: Plain, paging: Paging | None, report: Report
) -> tuple[Parameter, ...]:
    """The parameters of the method at pointer `at`: those declared, then those that its paging adds."""
    declared = method.get("parameters", {})
    parameters = [
        Parameter(
            name=name,
            sql_name=entry.get("sql_name", name),
            location=entry["in"],
            type=DataType(type="string") if _is_listed(entry) else data_type(entry),
            required=entry.get("required", False) or entry["in"] in ("path", "host", "url"),
            meaning=_meaning(f"{at}{pointer('parameters', name)}", method["verb"], entry, report),
            default=entry.get("default"),
            minimum=_bound(entry.get("minimum")),
            maximum=_bound(entry.get("maximum")),
            pattern=entry.get("pattern"),
            enum=() if _is_listed(entry) else tuple(entry.get("enum", ())),
            excludes=tuple(entry.get("excludes", ())),
            refers_to=entry.get("refers_to"),
            listed=str(entry["items"]) if _is_listed(entry) else None,
            text_equals=entry.get("text_equals"),
            description=entry.get("description", ""),
        )
        for name, entry in declared.items()
    ]
    if paging is not None:
        parameters += [parameter for parameter in _of_paging(paging) if parameter.name not in declared]
    return tuple(parameters)


def _is_listed(entry: Plain) -> bool:
    """Whether a parameter is an array in a body: text binds it in SQL."""
    return bool(entry["in"] == "body" and entry["type"] == "array")


def _of_paging(paging: Paging) -> list[Parameter]:
    """The parameters that a paging adds to its methods."""
    parameters = []
    if paging.page is not None:
        parameters.append(
            Parameter(
                name=paging.page,
                sql_name=paging.page,
                location="query",
                type=DataType(type="integer"),
                meaning=Scope(),
                minimum=1.0,
                description="Ask for this page alone, counted from 1. Without it, every page is read.",
            )
        )
    if paging.offset is not None:
        parameters.append(
            Parameter(
                name=paging.offset,
                sql_name=paging.offset,
                location="query",
                type=DataType(type="integer"),
                meaning=Scope(),
                minimum=0.0,
                description="Begin after so many rows, one page alone. Without it, every page is read.",
            )
        )
    if paging.size is not None:
        parameters.append(
            Parameter(
                name=paging.size,
                sql_name=paging.size,
                location="query",
                type=DataType(type="integer"),
                meaning=Option(),
                default=paging.default_size,
                minimum=1.0,
                maximum=_bound(paging.maximum_size),
                description="How many rows a page has.",
            )
        )
    return parameters


def _bound(value: float | None) -> float | None:
    return None if value is None else float(value)


def _meaning(at: str, verb: str, entry: Plain, report: Report) -> Meaning | None:
    """The one meaning of a parameter; only what is no SELECT may have none."""
    said = [word for word in ("equals", "member_of", "scope", "option") if word in entry]
    if len(said) > 1:
        report(at, f"has {len(said)} meanings ({', '.join(said)}); a parameter has exactly one")
    if not said:
        if verb == "select":
            report(at, "has no meaning; say one of equals, member_of, scope, option")
        return None
    match said[0]:
        case "equals":
            return Equals(expression=entry["equals"].strip(), superset=entry.get("superset", False))
        case "member_of":
            return MemberOf(column=entry["member_of"])
        case "scope":
            return Scope() if entry["scope"] is True else Scope(**entry["scope"])
        case _:
            return Option()


def resolve_body(body: Plain, schemas: Plain, at: str, report: Report) -> Body:
    """The record of a request body. `schemas` are the service's, by the names that references use."""
    return Body(
        required=body.get("required", False),
        fields=tuple(
            BodyField(
                name=name,
                type=data_type(entry),
                required=entry.get("required", False),
                read_only=entry.get("read_only", False),
                nullable=entry.get("nullable", False),
                minimum=_bound(entry.get("minimum")),
                maximum=_bound(entry.get("maximum")),
                pattern=entry.get("pattern"),
                enum=tuple(entry.get("enum", ())),
                default=entry.get("default"),
                description=entry.get("description", ""),
            )
            for name, entry in body.get("fields", {}).items()
        ),
        schema=self_contained(body["schema"], schemas, f"{at}/schema", report) if "schema" in body else "",
        media=body.get("media", ""),
    )


def resolve_authentication(entry: Plain) -> Authentication:
    """The record of an `authentication`."""
    return Authentication(scheme=entry["scheme"], environment=tuple(entry.get("environment", ())))


def resolve_await(entry: Plain) -> Await:
    """The record of an `await`."""
    return Await(
        method=entry["method"],
        values=tuple((name, path_of(path)) for name, path in entry.get("values", {}).items()),
        status=path_of(entry.get("status", "")),
        done=tuple(entry.get("done", ())),
        failed=tuple(entry.get("failed", ())),
        absent=entry.get("absent", False),
    )


def resolve_sort(entry: Plain) -> Sort:
    """The record of a `sort`."""
    order = entry.get("order")
    return Sort(
        columns=tuple(entry["columns"].items()),
        parameter=entry.get("parameter"),
        direction=entry.get("direction"),
        ascending=entry.get("ascending", "" if order == "ascending" else None),
        descending=entry.get("descending", "" if order == "descending" else None),
    )


def path_of(written: str | list[str]) -> tuple[str, ...]:
    """A path as a document writes it: keys with dots between them, or a list where a key has a dot of its own."""
    if isinstance(written, list):
        return tuple(written)
    return tuple(written.split(".")) if written else ()
