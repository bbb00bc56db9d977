"""The rows of the relations that are read from the catalogue.

Law: what `information_schema` and `sqloud` tell is what SHOW and DESCRIBE tell, and only the providers and
services that a statement asks for are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from sqloud.errors import ProviderDocumentError
from sqloud.plan.steps import LocalRows
from sqloud.planner.discovery import DiscoveryCatalogue, described, inputs, meant, provider_row
from sqloud.planner.own import OwnRelation
from sqloud.registry.records import Method, Resource

__all__ = ["local_lines"]

Row = tuple[Any, ...]


OwnColumns = Callable[[OwnRelation], Sequence[tuple[str, str | None]]]
"""Gives the columns of an own relation as (name, the engine's type), None where only a run would tell it."""


def local_lines(
    rows: LocalRows,
    catalogue: DiscoveryCatalogue,
    own: Sequence[OwnRelation],
    own_columns: OwnColumns,
    notice: Callable[[str], None],
) -> bytes:
    """The rows of a local relation as newline-delimited JSON.

    A provider that does not hold is left out, and `notice` is told so; raises ProviderDocumentError where the
    statement named it.
    """
    names = [name for name, _ in rows.columns]
    encode = msgspec.json.Encoder().encode
    made = chain(_provided_rows(rows, catalogue, notice), _own_rows(rows, own, own_columns))
    return b"".join(encode(dict(zip(names, row, strict=True))) + b"\n" for row in made)


def _provided_rows(
    rows: LocalRows, catalogue: DiscoveryCatalogue, notice: Callable[[str], None]
) -> Iterator[Row]:
    """The rows of every provider asked for, each provider read by itself."""
    for provider in catalogue.providers():
        if rows.providers is not None and provider not in rows.providers:
            continue
        try:
            found = list(_RELATIONS[rows.relation](catalogue, provider, rows))
        except ProviderDocumentError as error:
            if rows.providers is not None:
                raise
            notice(
                f"{rows.relation} leaves out the provider {provider}, which does not hold: {error.findings[0]}"
            )
            continue
        yield from found


def _own_rows(rows: LocalRows, own: Sequence[OwnRelation], own_columns: OwnColumns) -> Iterator[Row]:
    """Tables and views of the user's own, beside those of providers."""
    for relation in own:
        place = (relation.home, "main", relation.name)
        if rows.relation == "information_schema.tables":
            table = relation.kind == "table"
            kind = "LOCAL TEMPORARY" if table and relation.temporary else "BASE TABLE" if table else "VIEW"
            yield *place, kind, "YES" if table else "NO", relation.kind
        elif rows.relation == "information_schema.columns":
            for position, (name, type_name) in enumerate(own_columns(relation), start=1):
                yield *place, name, position, None, "YES", type_name, ""


def _providers(catalogue: DiscoveryCatalogue, provider: str, _: LocalRows) -> Iterator[Row]:
    yield provider_row(catalogue, provider)


def _services(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for service, description in catalogue.services(provider):
        if rows.services is None or service in rows.services:
            yield provider, service, description


def _resources(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Resource]:
    for _, service, _ in _services(catalogue, provider, rows):
        yield from catalogue.resources(provider, service)


def _resource_rows(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        verbs = list(dict.fromkeys(method.verb.upper() for method in resource.methods))
        yield *resource.name, verbs, list(resource.key), resource.description


def _columns(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        for row in described(resource):
            yield *resource.name, *row


def _methods(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        for method in resource.methods:
            required, optional = inputs(method)
            verb = method.verb.upper()
            yield (
                *resource.name,
                method.name,
                verb,
                method.http_verb,
                method.path,
                required,
                optional,
                method.description,
            )


def _parameters(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        for method in resource.methods:
            for one in _inputs(method):
                yield *resource.name, method.name, *one


def _inputs(method: Method) -> Iterator[Row]:
    for one in method.parameters:
        yield (*_input(one, one.sql_name, one.location), meant(one), one.refers_to, one.description)
    for field in method.body.fields if method.body else ():
        if not field.read_only:
            yield (*_input(field, field.name, "body"), "", None, field.description)


def _input(one: Any, sql_name: str, location: str) -> Row:
    """What parameters and body fields have in common."""
    default = None if one.default is None else _text(one.default)
    enum = [_text(value) for value in one.enum]
    return (
        one.name,
        sql_name,
        location,
        one.type.spelling,
        one.required,
        default,
        enum,
        one.minimum,
        one.maximum,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _tables(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        insertable = "YES" if resource.methods_for("insert") else "NO"
        yield *resource.name, "BASE TABLE", insertable, resource.description


def _schema_columns(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        for position, column in enumerate(resource.columns, start=1):
            nullable = "NO" if column.name in resource.key else "YES"
            yield (
                *resource.name,
                column.name,
                position,
                None,
                nullable,
                column.type.sql,
                column.description,
            )


def _constraints(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        if resource.key:
            yield *resource.name[:2], f"{resource.name.resource}_pkey", *resource.name, "PRIMARY KEY"


def _key_columns(catalogue: DiscoveryCatalogue, provider: str, rows: LocalRows) -> Iterator[Row]:
    for resource in _resources(catalogue, provider, rows):
        for position, column in enumerate(resource.key, start=1):
            name = f"{resource.name.resource}_pkey"
            yield *resource.name[:2], name, *resource.name, column, position


_RELATIONS: Mapping[str, Callable[[DiscoveryCatalogue, str, LocalRows], Iterator[Row]]] = {
    "information_schema.schemata": _services,
    "information_schema.tables": _tables,
    "information_schema.columns": _schema_columns,
    "information_schema.table_constraints": _constraints,
    "information_schema.key_column_usage": _key_columns,
    "sqloud.providers": _providers,
    "sqloud.services": _services,
    "sqloud.resources": _resource_rows,
    "sqloud.columns": _columns,
    "sqloud.methods": _methods,
    "sqloud.parameters": _parameters,
}
