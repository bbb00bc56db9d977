"""The page of one resource: identity, fields, methods with their parameters, an example for each.

Law: every fact of the documents that a statement can meet is on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqloud.pages.markdown import code, fenced, link, table, text
from sqloud.planner.examples import example
from sqloud.planner.sources import virtual_columns
from sqloud.registry.records import (
    BodyField,
    Equals,
    MemberOf,
    Method,
    Option,
    Parameter,
    Resource,
    Scope,
)

__all__ = ["resource_page"]

_VERBS = ("select", "insert", "update", "replace", "delete", "exec")


def resource_page(resource: Resource, *, newer_names: Sequence[str] = ()) -> str:
    """The page as Markdown. `newer_names` are other names under which the resource can be written."""
    return "\n".join(_parts(resource, newer_names))


def _parts(resource: Resource, newer_names: Sequence[str]) -> Iterator[str]:
    yield f"# {resource.name.resource}\n"
    if resource.description:
        yield text(resource.description) + "\n"
    yield "## Overview\n"
    rows = [("Name", code(resource.name.resource)), ("Type", "Resource"), ("Id", code(str(resource.name)))]
    if resource.key:
        rows.append(("Key", ", ".join(map(code, resource.key))))
    if resource.listing is not None:
        rows.append(("Rows", f"what {code(resource.listing.name)} lists"))
    if newer_names:
        rows.append(("Also as", ", ".join(map(code, newer_names))))
    yield table(("", ""), rows)
    yield "## Fields\n"
    yield _fields(resource)
    yield "## Methods\n"
    yield _methods(resource)
    yield from _parameters(resource)
    yield from _bodies(resource)
    for verb in _VERBS:
        yield from _examples(resource, verb)


def _fields(resource: Resource) -> str:
    if not resource.columns:
        return "Nothing can be selected from it.\n"
    return table(
        ("Name", "Datatype", "Description"),
        [
            (code(column.name), code(column.type.spelling), text(column.description))
            for column in resource.columns
            if not column.hidden
        ],
    )


def _methods(resource: Resource) -> str:
    rows = []
    for method in resource.methods:
        required = [parameter.sql_name for parameter in method.required] + _body_names(method, True)
        optional = [parameter.sql_name for parameter in method.parameters if not parameter.required]
        rows.append(
            (
                code(method.name),
                code(method.verb.upper()),
                code(f"{method.http_verb} {method.path}"),
                ", ".join(map(code, required)),
                ", ".join(map(code, optional + _body_names(method, False))),
                text(method.description),
            )
        )
    return table(("Name", "Accessible by", "Request", "Required", "Optional", "Description"), rows)


def _body_names(method: Method, required: bool) -> list[str]:
    fields = method.body.fields if method.body else ()
    return [field.name for field in fields if not field.read_only and field.required is required]


def _parameters(resource: Resource) -> Iterator[str]:
    seen: dict[str, Parameter] = {
        virtual.name: virtual.parameter for virtual in virtual_columns(resource).values()
    }
    for method in resource.methods:
        for parameter in method.parameters:
            seen.setdefault(parameter.sql_name, parameter)
    if not seen:
        return
    yield "## Parameters\n"
    yield table(
        ("Name", "Datatype", "Meaning", "Description"),
        [
            (code(name), code(one.type.spelling), _meaning(one), text(one.description))
            for name, one in seen.items()
        ],
    )


def _meaning(parameter: Parameter) -> str:
    words = []
    match parameter.meaning:
        case Equals(expression=expression):
            words.append(f"equals {code(expression)}")
        case MemberOf(column=column):
            words.append(f"an element of {code(column)}")
        case Scope(default=None):
            words.append("which rows there are")
        case Scope(default=default):
            words.append(f"which rows there are; {code(str(default))} unless bound")
        case Option():
            words.append("the form of the answer, not its rows")
    words += _bounds(parameter)
    if parameter.excludes:
        words.append(f"not beside {', '.join(map(code, parameter.excludes))}")
    if parameter.refers_to:
        service, resource, column = parameter.refers_to.rsplit(".", 2)
        words.append("refers to " + link(code(parameter.refers_to), f"../{service}/{resource}.md"))
    return "; ".join(words)


def _bounds(one: Parameter | BodyField) -> list[str]:
    words = []
    if one.enum:
        words.append("one of " + ", ".join(code(str(value)) for value in one.enum))
    if one.minimum is not None:
        words.append(f"at least {one.minimum:g}")
    if one.maximum is not None:
        words.append(f"at most {one.maximum:g}")
    if one.default is not None:
        words.append(f"default {code(str(one.default))}")
    return words


def _bodies(resource: Resource) -> Iterator[str]:
    for method in resource.methods:
        if method.body is None or not method.body.fields:
            continue
        yield f"### What {code(method.name)} sends\n"
        rows = []
        for field in method.body.fields:
            words = [
                word for word, said in (("required", field.required), ("read only", field.read_only)) if said
            ]
            rows.append(
                (
                    code(field.name),
                    code(field.type.spelling),
                    "; ".join(words + _bounds(field)),
                    text(field.description),
                )
            )
        yield table(("Name", "Datatype", "Bounds", "Description"), rows)


def _examples(resource: Resource, verb: str) -> Iterator[str]:
    methods = resource.methods_for(verb)
    if not methods:
        return
    yield f"## {code(verb.upper())} {'example' if len(methods) == 1 else 'examples'}\n"
    for method in methods:
        if method.description:
            yield text(method.description) + "\n"
        yield fenced("sql", example(resource, method))
