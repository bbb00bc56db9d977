"""What a schema cannot say about a service: names that lead somewhere, methods that can be told apart.

Law: the planner may rely on every rule that is judged here (and in `parameters`) without looking again.
Whatever is wrong is reported; nothing is mended.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from sqloud.datatypes import DataType
from sqloud.registry.hosts import judge_form, judge_host
from sqloud.registry.parameters import fits, judge_bounds, judge_parameter, judge_type
from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import BodyField, Method, Resource, Service
from sqloud.registry.schema import nearest

__all__ = ["columns_by_table", "judge_references", "judge_service"]

_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
_VERBS = {"select": ("GET", "HEAD", "POST")}


def judge_service(service: Service, borrowed: Collection[str], report: Report) -> None:
    """Judge every resource. `borrowed` names those whose columns are another's and are judged there."""
    for resource in service.resources:
        at = pointer("resources", resource.name.resource)
        if resource.name.resource not in borrowed:
            for column in resource.columns:
                judge_type(f"{at}{pointer('columns', column.name)}", column.type, report)
        _judge_key(at, resource, report)
        _judge_methods(at, resource, report)


def columns_by_table(services: Iterable[Service]) -> dict[str, tuple[str, ...]]:
    """The names of the columns of each `service.resource`."""
    return {
        f"{service.name}.{resource.name.resource}": tuple(column.name for column in resource.columns)
        for service in services
        for resource in service.resources
    }


def judge_references(
    service: Service,
    tables: Mapping[str, tuple[str, ...]],
    services: Collection[str],
    broken: Collection[str],
    report: Report,
) -> None:
    """Judge every `refers_to` of a service that leads into one of `services`, whose columns `tables` has.

    What leads into another service, or into a resource in `broken` (`service.resource`), is not judged.
    """
    for resource in service.resources:
        for method in resource.methods:
            at = pointer("resources", resource.name.resource, "methods", method.name, "parameters")
            for parameter in method.parameters:
                table, _, column = (parameter.refers_to or "").rpartition(".")
                if table.partition(".")[0] not in services or table in broken:
                    continue
                place = f"{at}{pointer(parameter.name, 'refers_to')}"
                if table not in tables:
                    report(place, f"there is no resource {table}{nearest(table, tables)}")
                elif column not in tables[table]:
                    report(place, f"{table} has no column {column!r}{nearest(column, tables[table])}")


def _judge_key(at: str, resource: Resource, report: Report) -> None:
    names = [column.name for column in resource.columns]
    for index, name in enumerate(resource.key):
        if names and name not in names:
            report(f"{at}/key/{index}", f"there is no column {name!r}{nearest(name, names)}")


def _judge_methods(at: str, resource: Resource, report: Report) -> None:
    for method in resource.methods:
        place = f"{at}{pointer('methods', method.name)}"
        _judge_request(place, method, report)
        _judge_rows(place, method, report)
        _judge_names(place, method, report)
        _judge_sort(place, method, resource, report)
        for parameter in method.parameters:
            judge_parameter(place, parameter, method, resource.columns, report)
        for field in method.body.fields if method.body else ():
            _judge_field(f"{place}{pointer('body', 'fields', field.name)}", field, report)
    _judge_listing(at, resource, report)
    _judge_twins(at, resource, report)
    _judge_one_sense(at, resource, report)


def _judge_sort(place: str, method: Method, resource: Resource, report: Report) -> None:
    sort = method.sort
    if sort is None:
        return
    names = [column.name for column in method.columns or resource.columns]
    for name, _ in sort.columns:
        if names and name not in names:
            report(
                f"{place}{pointer('sort', 'columns', name)}",
                f"there is no column {name!r}{nearest(name, names)}",
            )
    if sort.parameter is None and len(sort.columns) > 1:
        report(f"{place}/sort/columns", "are several, and no parameter says which of them is meant")
    if sort.ascending is None and sort.descending is None:
        report(f"{place}/sort", "says neither a direction nor an order")
    known = {parameter.name for parameter in method.parameters if parameter.location == "query"}
    for key, asked in (("parameter", sort.parameter), ("direction", sort.direction)):
        if asked is not None and asked not in known:
            report(f"{place}/sort/{key}", f"there is no query parameter {asked!r}{nearest(asked, known)}")


def _judge_request(place: str, method: Method, report: Report) -> None:
    literal = _PLACEHOLDER.sub("", method.path)
    if "{" in literal or "}" in literal:
        report(f"{place}/request", "has a brace that belongs to no placeholder {name}")
    if any(segment in (".", "..") for segment in method.path.split("/")):
        report(f"{place}/request", "has a path segment . or ..")
    placeholders = _PLACEHOLDER.findall(method.path)
    declared = [parameter.name for parameter in method.parameters if parameter.location == "path"]
    for name in dict.fromkeys(placeholders):
        if placeholders.count(name) > 1:
            report(f"{place}/request", f"holds the placeholder {{{name}}} twice")
        if name not in declared:
            report(f"{place}/request", f"the placeholder {{{name}}} has no parameter with in: path")
    for name in declared:
        if name not in placeholders:
            report(f"{place}{pointer('parameters', name)}", f"is in: path, and the request has no {{{name}}}")
    allowed = _VERBS.get(method.verb)
    if allowed and method.http_verb not in allowed:
        report(f"{place}/request", f"a {method.verb} cannot be a {method.http_verb}; it only reads")
    if method.body and method.http_verb in ("GET", "HEAD"):
        report(f"{place}/body", f"a {method.http_verb} request carries no body")
    judge_host(place, method, report)


def _judge_rows(place: str, method: Method, report: Report) -> None:
    if method.verb == "select" and method.rows is None:
        report(place, "a select says where its rows are: rows, shape or both")
    judge_form(place, method, report)
    if method.paging is not None and (method.rows is None or method.rows.shape == "object"):
        report(f"{place}/paging", "only a list or a map of rows has pages")


def _judge_names(place: str, method: Method, report: Report) -> None:
    seen: dict[str, str] = {}
    for parameter in method.parameters:
        at = f"{place}{pointer('parameters', parameter.name)}"
        if parameter.sql_name in seen:
            first = seen[parameter.sql_name]
            report(at, f"has the SQL name {parameter.sql_name!r}, which {first!r} has already; set sql_name")
        seen.setdefault(parameter.sql_name, parameter.name)


def _judge_field(at: str, field: BodyField, report: Report) -> None:
    judge_type(at, field.type, report)
    judge_bounds(at, field.type, field.minimum, field.maximum, field.enum, report)
    default = field.default
    if default is None:
        return
    if not fits(default, field.type):
        report(f"{at}/default", f"is no {field.type.spelling}")
    elif field.enum and default not in field.enum:
        report(f"{at}/default", "is not in enum")


def _judge_listing(at: str, resource: Resource, report: Report) -> None:
    for method in resource.methods:
        if method.listing and method.verb != "select":
            report(
                f"{at}{pointer('methods', method.name, 'listing')}",
                f"only a select can be the listing, and this is {method.verb}",
            )
    selects = resource.methods_for("select")
    listings = [method.name for method in selects if method.listing]
    if len(selects) > 1 and len(listings) != 1:
        names = ", ".join(method.name for method in selects)
        said = f"{len(listings)} are marked" if listings else "none is marked"
        report(f"{at}/methods", f"of several selects ({names}) one is the listing: {said} with listing: true")


def _judge_twins(at: str, resource: Resource, report: Report) -> None:
    """A write is chosen by what the WHERE binds, so two of one verb may not ask for the same."""
    seen: dict[tuple[str, frozenset[str]], str] = {}
    for method in resource.methods:
        if method.verb == "exec":
            continue
        names = frozenset(parameter.sql_name for parameter in method.required)
        twin = seen.setdefault((method.verb, names), method.name)
        if twin != method.name:
            asked = (
                f"the required parameters {', '.join(sorted(names))}" if names else "no required parameter"
            )
            message = (
                f"{method.verb} with {asked}, as {twin!r} is; make one of them exec, or a resource of its own"
            )
            report(f"{at}{pointer('methods', method.name)}", message)


def _judge_one_sense(at: str, resource: Resource, report: Report) -> None:
    """A name is one column of the table: not one thing for a lookup and another for the listing."""
    seen: dict[str, tuple[str, DataType, tuple[str, str]]] = {}
    for method in resource.methods_for("select"):
        for parameter in method.parameters:
            if parameter.meaning is None:
                continue
            meaning = parameter.meaning
            said = getattr(meaning, "expression", None) or getattr(meaning, "column", None) or ""
            sense = (type(meaning).__name__, said)
            first, kind, other = seen.setdefault(parameter.sql_name, (method.name, parameter.type, sense))
            if first != method.name and (kind, other) != (parameter.type, sense):
                where = f"{at}{pointer('methods', method.name, 'parameters', parameter.name)}"
                message = (
                    f"{parameter.sql_name!r} has another type or meaning in {first!r}; set another sql_name"
                )
                report(where, message)
