"""The tables of a statement: which provider's resource each FROM names, and the columns that it offers.

Law: a table offers the columns of its resource, and beside them, hidden from `*`, a column for each parameter
that the columns do not already name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import Error, UnknownNameError
from sqloud.registry.records import (
    Column,
    Equals,
    MemberOf,
    Option,
    Parameter,
    Provider,
    Resource,
    Scope,
    TableName,
)

__all__ = [
    "APART",
    "Catalogue",
    "TableUse",
    "Virtual",
    "folded",
    "nearest",
    "source_name",
    "table_use",
    "virtual_columns",
]


APART = "apart"
"""A mark on a table that is of a group of accounts: the group's name. The failure of one leaves the others' rows."""


class Catalogue(Protocol):
    """Where the planner looks tables up; unknown names raise UnknownNameError with the nearest ones."""

    def provider(self, name: str) -> Provider:
        """A provider by its name."""

    def resource(self, name: TableName) -> Resource:
        """A resource by its full name."""

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        """The tables that a name can stand for, the first where nothing else is said."""

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a group, as providers; none where it is no group. Asked of names with an @ alone."""


class Virtual(msgspec.Struct, frozen=True, kw_only=True):
    """A hidden column: a parameter seen from SQL. `kind`: `computed`, `member`, `scope` or `option`.

    `expression` is SQL over the row: the value of a `computed` one, of a `scope` that rows can tell, the list of
    a `member`; None where only what was asked tells it. `paging` marks page number and page size.
    """

    name: str
    kind: str
    parameter: Parameter
    expression: str | None = None
    paging: bool = False


class TableUse(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One mention of a resource in a statement; `alias` is its name there."""

    id: str
    node: exp.Table
    alias: str
    resource: Resource
    provider: Provider
    columns: Mapping[str, Column]
    virtual: Mapping[str, Virtual]

    @property
    def visible(self) -> list[str]:
        """The columns that `*` stands for."""
        return [name for name, column in self.columns.items() if not column.hidden]

    def offers(self, name: str) -> bool:
        """Whether it has a column of that name, hidden or not."""
        return name in self.columns or name in self.virtual


def folded(identifier: exp.Expr | None) -> str:
    """An identifier's name as Postgres reads it: lower case unless quoted."""
    if identifier is None:
        return ""
    name = identifier.name
    return name if isinstance(identifier, exp.Identifier) and identifier.args.get("quoted") else name.lower()


def source_name(node: exp.Expr) -> str:
    """What a relation of a FROM is called: its alias, else the last part of its name."""
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        return folded(alias.this)
    return folded(node.this) if isinstance(node.this, exp.Identifier) else node.alias_or_name.lower()


def table_use(node: exp.Table, number: int, catalogue: Catalogue) -> TableUse:
    """Look a table of the statement up. Raises UnknownNameError with its place."""
    parts = [folded(part) for part in node.parts]
    shown = ".".join(parts)
    if len(parts) != 3:
        raise UnknownNameError(
            f"no table {shown}: a table is named provider.service.resource",
            span=span_of(node),
            hints=("SHOW PROVIDERS lists the providers, SHOW RESOURCES IN p.s the tables of a service",),
        )
    name = TableName(*parts)
    try:
        provider, resource = catalogue.provider(name.provider), catalogue.resource(name)
    except Error as error:
        error.span = error.span or span_of(node)
        raise
    if resource.listing is None:
        verbs = sorted({method.verb.upper() for method in resource.methods})
        raise UnknownNameError(
            f"{name} has no SELECT method (it has {', '.join(verbs)})",
            span=span_of(node),
            hints=(f"SHOW METHODS IN {name} lists them",),
        )
    return TableUse(
        id=f"scan_{number}",
        node=node,
        alias=source_name(node),
        resource=resource,
        provider=provider,
        columns={column.name: column for column in resource.columns},
        virtual=virtual_columns(resource),
    )


def virtual_columns(resource: Resource) -> dict[str, Virtual]:
    """The hidden columns of a resource, by SQL name; where methods differ, the listing decides."""
    found: dict[str, Virtual] = {}
    own = {column.name for column in resource.columns}
    methods = sorted(resource.methods_for("select"), key=lambda method: not method.listing)
    for method in methods:
        paging = {method.paging.page, method.paging.offset, method.paging.size} if method.paging else set()
        for parameter in method.parameters:
            if parameter.sql_name in own or parameter.sql_name in found:
                continue
            found[parameter.sql_name] = _virtual(parameter, parameter.name in paging)
    return found


def _virtual(parameter: Parameter, paging: bool) -> Virtual:
    meaning = parameter.meaning
    name = parameter.sql_name
    if isinstance(meaning, Equals):
        return Virtual(name=name, kind="computed", parameter=parameter, expression=meaning.expression)
    if isinstance(meaning, MemberOf):
        return Virtual(name=name, kind="member", parameter=parameter, expression=meaning.column)
    if isinstance(meaning, Scope):
        return Virtual(
            name=name, kind="scope", parameter=parameter, expression=meaning.computed, paging=paging
        )
    assert meaning is None or isinstance(meaning, Option)
    return Virtual(name=name, kind="option", parameter=parameter, paging=paging)


def nearest(name: str, names: list[str]) -> tuple[str, ...]:
    """Hints that name what a user may have meant."""
    import difflib

    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return (f"did you mean {' or '.join(close)}?",)
    return (f"there is {', '.join(names[:40])}{' ...' if len(names) > 40 else ''}",) if names else ()
