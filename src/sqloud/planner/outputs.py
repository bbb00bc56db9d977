"""Name the output columns as Postgres does.

Law: a column of the answer that the user did not name is called what psql would show: `count`, `max`,
`?column?`.
"""

from __future__ import annotations

from sqlglot import exp

from sqloud.planner.calls import called_name
from sqloud.planner.sources import folded

__all__ = ["name_outputs", "output_name"]

_UNNAMED = "?column?"
_BY_CLASS: dict[type[exp.Expr], str] = {
    exp.Case: "case",
    exp.Coalesce: "coalesce",
    exp.CurrentDate: "current_date",
    exp.CurrentTimestamp: "current_timestamp",
    exp.Exists: "exists",
    exp.Extract: "extract",
    exp.Array: "array",
    exp.JSONExtract: _UNNAMED,
    exp.JSONExtractScalar: _UNNAMED,
    exp.RegexpLike: _UNNAMED,
    exp.AtTimeZone: "timezone",
    exp.Overlaps: "overlaps",
    exp.ArrayContainsAll: _UNNAMED,
}
_TYPES = {
    "int": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "double": "float8",
    "float": "float4",
    "boolean": "bool",
    "decimal": "numeric",
    "char": "bpchar",
    "varbinary": "bytea",
}
_SPOKEN: dict[type[exp.Expr], str] = {
    exp.ArraySize: "array_length",
    exp.Explode: "unnest",
    exp.ExplodingGenerateSeries: "generate_series",
    exp.Unnest: "unnest",
    exp.ArrayAgg: "array_agg",
    exp.GroupConcat: "string_agg",
    exp.TimeToStr: "to_char",
    exp.TimestampTrunc: "date_trunc",
    exp.DateTrunc: "date_trunc",
    exp.SplitPart: "split_part",
    exp.StrPosition: "position",
    exp.Substring: "substring",
    exp.Length: "length",
}


def name_outputs(tree: exp.Expr) -> tuple[str, ...]:
    """Alias, in place, every unnamed projection of every SELECT; gives the statement's own output names.

    () where a star is left whose columns only the engine knows.
    """
    for select in tree.find_all(exp.Select):
        if isinstance(select.parent, (exp.In, exp.Exists)):
            continue
        select.set("expressions", [_named(projection) for projection in select.expressions])
    names = tuple(tree.named_selects) if isinstance(tree, exp.Query) else ()
    return () if "*" in names else names


def _named(projection: exp.Expr) -> exp.Expr:
    if isinstance(projection, exp.Alias):
        alias = projection.args["alias"]
        if isinstance(alias, exp.Identifier) and not alias.args.get("quoted"):
            projection.set("alias", exp.to_identifier(alias.name.lower(), quoted=True))
    if isinstance(projection, (exp.Alias, exp.Aliases, exp.Star)) or (
        isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star)
    ):
        return projection
    return exp.Alias(this=projection, alias=exp.to_identifier(output_name(projection), quoted=True))


def _type_name(type_: exp.DataType) -> str:
    """A type as PostgreSQL's catalogue calls it."""
    if type_.this == exp.DType.ARRAY and type_.expressions:
        return _type_name(type_.expressions[0])
    said = str(type_.this.value).lower()
    return _TYPES.get(said, said)


def output_name(node: exp.Expr) -> str:
    """The name that Postgres gives to an unaliased projection."""
    if isinstance(node, exp.Column):
        return folded(node.this)
    if isinstance(node, exp.Trim) and (position := str(node.args.get("position") or "BOTH").upper()):
        return {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(position, "btrim")
    if called := called_name(node):
        return called
    if isinstance(
        node, (exp.Paren, exp.Bracket, exp.Filter, exp.Window, exp.WithinGroup, exp.Distinct, exp.Collate)
    ):
        return output_name(node.this)
    if isinstance(node, exp.Interval):
        return "interval"
    if isinstance(node, exp.National):
        return "bpchar"
    if isinstance(node, exp.Cast):
        inner = node.this.unnest()
        while isinstance(inner, exp.Cast):
            inner = inner.this.unnest()
        name = (
            _UNNAMED
            if isinstance(inner, (exp.Interval, exp.Case)) or inner.meta_get("spelled")
            else output_name(inner)
        )
        return name if name != _UNNAMED else _type_name(node.to)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and node.this.expressions:
        first = node.this.expressions[0]
        return first.alias if isinstance(first, exp.Alias) else output_name(first)
    for kinds in (_BY_CLASS, _SPOKEN):
        if type(node) in kinds:
            return kinds[type(node)]
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    if isinstance(node, exp.Func) and not isinstance(node, (exp.Connector, exp.Binary)):
        return node.sql_name().lower()
    return _UNNAMED
