"""Relations that are read from the catalogue, not from an API: `information_schema` and `sqloud`.

Law: a name of two parts whose first is one of `LOCAL_SCHEMAS` is one of these; reading it sends no request and
needs no credential.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import UnknownNameError
from sqloud.plan.steps import LocalRows
from sqloud.planner.sources import folded, nearest, source_name

__all__ = ["LOCAL_SCHEMAS", "LocalUse", "drop_schema", "local_use", "replace_local"]

_NAMED = (("table_catalog", "VARCHAR"), ("table_schema", "VARCHAR"), ("table_name", "VARCHAR"))
_RESOURCE = (("provider", "VARCHAR"), ("service", "VARCHAR"), ("resource", "VARCHAR"))

LOCAL_SCHEMAS: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "information_schema": {
        "schemata": (("catalog_name", "VARCHAR"), ("schema_name", "VARCHAR"), ("description", "VARCHAR")),
        "tables": (
            *_NAMED,
            ("table_type", "VARCHAR"),
            ("is_insertable_into", "VARCHAR"),
            ("table_comment", "VARCHAR"),
        ),
        "columns": (
            *_NAMED,
            ("column_name", "VARCHAR"),
            ("ordinal_position", "BIGINT"),
            ("column_default", "VARCHAR"),
            ("is_nullable", "VARCHAR"),
            ("data_type", "VARCHAR"),
            ("column_comment", "VARCHAR"),
        ),
        "table_constraints": (
            ("constraint_catalog", "VARCHAR"),
            ("constraint_schema", "VARCHAR"),
            ("constraint_name", "VARCHAR"),
            *_NAMED,
            ("constraint_type", "VARCHAR"),
        ),
        "key_column_usage": (
            ("constraint_catalog", "VARCHAR"),
            ("constraint_schema", "VARCHAR"),
            ("constraint_name", "VARCHAR"),
            *_NAMED,
            ("column_name", "VARCHAR"),
            ("ordinal_position", "BIGINT"),
        ),
    },
    "sqloud": {
        "providers": (
            ("provider", "VARCHAR"),
            ("title", "VARCHAR"),
            ("base_url", "VARCHAR"),
            ("description", "VARCHAR"),
        ),
        "services": (("provider", "VARCHAR"), ("service", "VARCHAR"), ("description", "VARCHAR")),
        "resources": (*_RESOURCE, ("verbs", "VARCHAR[]"), ("key", "VARCHAR[]"), ("description", "VARCHAR")),
        "columns": (
            *_RESOURCE,
            ("name", "VARCHAR"),
            ("type", "VARCHAR"),
            ("kind", "VARCHAR"),
            ("note", "VARCHAR"),
            ("description", "VARCHAR"),
        ),
        "methods": (
            *_RESOURCE,
            ("method", "VARCHAR"),
            ("sql_verb", "VARCHAR"),
            ("http_verb", "VARCHAR"),
            ("path", "VARCHAR"),
            ("required", "VARCHAR[]"),
            ("optional", "VARCHAR[]"),
            ("description", "VARCHAR"),
        ),
        "parameters": (
            *_RESOURCE,
            ("method", "VARCHAR"),
            ("parameter", "VARCHAR"),
            ("sql_name", "VARCHAR"),
            ("location", "VARCHAR"),
            ("type", "VARCHAR"),
            ("required", "BOOLEAN"),
            ("default", "VARCHAR"),
            ("enum", "VARCHAR[]"),
            ("minimum", "DOUBLE"),
            ("maximum", "DOUBLE"),
            ("note", "VARCHAR"),
            ("refers_to", "VARCHAR"),
            ("description", "VARCHAR"),
        ),
    },
}
"""The relations of each schema, with their columns as (name, the engine's type)."""


class LocalUse(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One mention of a local relation in a statement."""

    node: exp.Table
    alias: str
    rows: LocalRows

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of `*`."""
        return tuple(name for name, _ in self.rows.columns)


def local_use(node: exp.Table, number: int) -> LocalUse | None:
    """The local relation that a table of a statement names, None for any other table.

    Raises UnknownNameError for a name that is not in a local schema.
    """
    parts = [folded(part) for part in node.parts]
    if len(parts) != 2 or parts[0] not in LOCAL_SCHEMAS:
        return None
    schema, name = parts
    relations = LOCAL_SCHEMAS[schema]
    if name not in relations:
        raise UnknownNameError(
            f"there is no relation {name!r} in {schema}",
            span=span_of(node),
            hints=nearest(name, list(relations)),
        )
    rows = LocalRows(id=f"local_{number}", relation=f"{schema}.{name}", columns=relations[name])
    return LocalUse(node=node, alias=source_name(node), rows=rows)


def drop_schema(node: exp.Column, use: LocalUse | None) -> None:
    """`information_schema.tables.table_name` becomes `tables.table_name`, as the schema is none of the engine's."""
    if use is not None and not node.args.get("catalog"):
        schema = use.rows.relation.partition(".")[0]
        if folded(node.args["db"]) == schema:
            node.set("db", None)


def replace_local(use: LocalUse) -> exp.Expr:
    """Put the loaded table in the place of the relation, under its alias; gives what stands there now."""
    alias = use.node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(use.alias, quoted=True))
    replacement = exp.Table(this=exp.to_identifier(use.rows.id, quoted=True), alias=alias)
    for argument in ("joins", "laterals", "pivots", "sample"):
        if use.node.args.get(argument):
            replacement.set(argument, use.node.args[argument])
    use.node.replace(replacement)
    return replacement
