"""SHOW and DESCRIBE: what the registry holds, as rows.

Law: discovery reads documents only; it needs no credential, no engine and no request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

import msgspec

from sqloud.dialect import Describe, Path, Show
from sqloud.errors import Error, ProviderDocumentError, Span, SqlSyntaxError, UnknownNameError
from sqloud.planner.own import OwnRelations
from sqloud.planner.sources import Catalogue, virtual_columns
from sqloud.registry.records import (
    Equals,
    MemberOf,
    Method,
    Option,
    Parameter,
    Resource,
    Scope,
    TableName,
)

__all__ = [
    "Discovery",
    "DiscoveryCatalogue",
    "describe",
    "described",
    "inputs",
    "meant",
    "provider_row",
    "show",
    "shown_tables",
]


class DiscoveryCatalogue(Catalogue, Protocol):
    """A catalogue that can also be listed."""

    def providers(self) -> tuple[str, ...]:
        """The names of all providers."""

    def services(self, provider: str) -> tuple[tuple[str, str], ...]:
        """The services of a provider, newer names among them, with what each is for."""

    def resources(self, provider: str, service: str) -> tuple[Resource, ...]:
        """The resources of a service with all their methods, newer names among them."""

    def whole(self, name: TableName) -> Resource:
        """A resource with all methods of its name, those of its newer name too."""


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the columns, and rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


def show(statement: Show, catalogue: DiscoveryCatalogue) -> Discovery:
    """The rows of a SHOW. Raises UnknownNameError with a caret."""
    names = statement.path.keys if statement.path else ()
    span = statement.path.span if statement.path else None
    try:
        columns, rows = _LISTINGS[statement.what](catalogue, names, statement)
    except Error as error:
        error.span = error.span or span
        raise
    wanted = _like(statement.like)
    kept = tuple(row[: len(columns)] for row in rows if wanted.fullmatch(str(row[0])))
    return Discovery(columns=columns, rows=kept)


def shown_tables(statement: Show, own: OwnRelations) -> Discovery:
    """The rows of SHOW TABLES: the user's own relations, by name."""
    wanted = _like(statement.like)
    found = [relation for name in own.names() if (relation := own.relation(name)) is not None]
    rows: list[tuple[str | None, ...]] = [
        (one.name, one.kind, "temporary" if one.temporary else "", one.text)
        for one in found
        if wanted.fullmatch(one.name)
    ]
    columns = ("name", "kind", "note", "text") if statement.extended else ("name", "kind")
    return Discovery(columns=columns, rows=tuple(row[: len(columns)] for row in rows))


def describe(statement: Describe, catalogue: DiscoveryCatalogue) -> Discovery:
    """The columns of a resource, then its parameters, marked as such."""
    name = _table(statement.path, "DESCRIBE")
    try:
        resource = catalogue.whole(name)
    except Error as error:
        error.span = error.span or statement.path.span
        raise
    columns: tuple[str, ...] = ("name", "type", "kind", "note")
    if statement.extended:
        columns += ("description",)
    rows = [(*row[:4], row[4])[: len(columns)] for row in described(resource)]
    return Discovery(columns=columns, rows=tuple(rows))


def provider_row(catalogue: DiscoveryCatalogue, name: str) -> tuple[str | None, ...]:
    """A provider's name, title, base URL and description; what is wrong with one does not hide the others."""
    try:
        provider = catalogue.provider(name)
    except ProviderDocumentError as error:
        more = f", and {len(error.findings) - 1} more" if len(error.findings) > 1 else ""
        return (
            name,
            f"does not hold: {error.findings[0]}{more}",
            None,
            "sqloud provider check tells all of it",
        )
    return name, provider.title, provider.base_url, provider.description


def _providers(catalogue: DiscoveryCatalogue, _: tuple[str, ...], statement: Show) -> _Rows:
    rows = [provider_row(catalogue, name) for name in catalogue.providers()]
    return _extended(statement, ("name", "title"), ("base_url", "description")), list(rows)


def _services(catalogue: DiscoveryCatalogue, names: tuple[str, ...], statement: Show) -> _Rows:
    _length(names, 1, "SHOW SERVICES IN provider", statement)
    rows = [tuple(pair) for pair in catalogue.services(names[0])]
    return ("name", "description"), list(rows)


def _resources(catalogue: DiscoveryCatalogue, names: tuple[str, ...], statement: Show) -> _Rows:
    _length(names, 2, "SHOW RESOURCES IN provider.service", statement)
    rows: list[tuple[str | None, ...]] = []
    for resource in catalogue.resources(*names):
        verbs = dict.fromkeys(method.verb.upper() for method in resource.methods)
        rows.append((resource.name.resource, ", ".join(verbs), resource.description, ", ".join(resource.key)))
    return _extended(statement, ("name", "verbs", "description"), ("key",)), rows


def _methods(catalogue: DiscoveryCatalogue, names: tuple[str, ...], statement: Show) -> _Rows:
    _length(names, 3, "SHOW METHODS IN provider.service.resource", statement)
    rows: list[tuple[str | None, ...]] = []
    for method in catalogue.whole(TableName(*names)).methods:
        required, optional = inputs(method)
        rows.append(
            (
                method.name,
                method.verb.upper(),
                method.http_verb,
                method.path,
                ", ".join(required),
                ", ".join(optional),
                method.description,
            )
        )
    columns = ("name", "sql_verb", "http_verb", "path", "required", "optional")
    return _extended(statement, columns, ("description",)), rows


_Rows = tuple[tuple[str, ...], list[tuple[str | None, ...]]]
_LISTINGS = {
    "providers": _providers,
    "services": _services,
    "resources": _resources,
    "methods": _methods,
}


def inputs(method: Method) -> tuple[list[str], list[str]]:
    """Required and optional inputs by SQL name, body fields among them."""
    required = [parameter.sql_name for parameter in method.parameters if parameter.required]
    optional = [parameter.sql_name for parameter in method.parameters if not parameter.required]
    taken = {*required, *optional}
    for field in method.body.fields if method.body is not None else ():
        if not field.read_only:
            name = f"data__{field.name}" if field.name in taken else field.name
            (required if field.required else optional).append(name)
    return required, optional


def described(resource: Resource) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, type, kind, note and description of each column of a resource, then of its parameters."""
    for column in resource.columns:
        if column.hidden:
            continue
        kind = "key" if column.name in resource.key else "column"
        yield column.name, column.type.spelling, kind, "", column.description
    listing = resource.listing
    required = {parameter.sql_name for parameter in listing.required} if listing else set()
    seen = {column.name for column in resource.columns}
    for virtual in virtual_columns(resource).values():
        seen.add(virtual.name)
        parameter = virtual.parameter
        kind = "parameter, required" if virtual.name in required else "parameter"
        yield virtual.name, parameter.type.spelling, kind, meant(parameter), parameter.description
    if listing is None:
        for method in resource.methods:
            for parameter in method.parameters:
                if parameter.sql_name not in seen:
                    seen.add(parameter.sql_name)
                    note = f"of {method.name}"
                    yield (
                        parameter.sql_name,
                        parameter.type.spelling,
                        "parameter",
                        note,
                        parameter.description,
                    )


def meant(parameter: Parameter) -> str:
    """What a parameter means, in a few words; what a default scope hides is said here."""
    meaning = parameter.meaning
    words = []
    if isinstance(meaning, Equals):
        words.append(f"equals {meaning.expression}")
    elif isinstance(meaning, MemberOf):
        words.append(f"one of {meaning.column}")
    elif isinstance(meaning, Scope):
        if meaning.default is not None:
            others = [str(value) for value in parameter.enum if value != meaning.default]
            hidden = f"; {', '.join(others)} only when bound" if others else ""
            words.append(f"{meaning.default} unless bound{hidden}")
        elif not parameter.required:
            words.append("all unless bound")
    elif isinstance(meaning, Option):
        words.append("option")
    if parameter.enum and not words:
        words.append(" | ".join(map(str, parameter.enum)))
    if parameter.refers_to:
        words.append(f"refers to {parameter.refers_to}")
    return "; ".join(words)


def _extended(statement: Show, columns: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return columns + more if statement.extended else columns


def _length(names: tuple[str, ...], count: int, form: str, statement: Show) -> None:
    if len(names) != count:
        raise SqlSyntaxError(
            f"{form} takes {count} name{'s' if count > 1 else ''}, not {len(names)}",
            span=statement.path.span if statement.path else None,
        )


def _table(path: Path, word: str) -> TableName:
    if len(path.keys) != 3:
        raise UnknownNameError(
            f"{word} takes provider.service.resource", span=Span(*path.span), hints=(f"not {path.to_sql()}",)
        )
    return TableName(*path.keys)


def _like(pattern: str | None) -> re.Pattern[str]:
    """A LIKE pattern as a regular expression: % any text, _ one character."""
    if pattern is None:
        return re.compile(".*", re.DOTALL)
    parts = [
        ".*" if part == "%" else "." if part == "_" else re.escape(part)
        for part in re.split("([%_])", pattern)
    ]
    return re.compile("".join(parts), re.DOTALL)
