"""What `*` stands for: its columns, with EXCLUDE, REPLACE, RENAME and LIKE, and COLUMNS('pattern').

Law: a star becomes exactly the columns that are shown; hidden columns are never among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import InvalidValueError, NotSupportedError, UnknownNameError
from sqloud.planner.joins import shown_aliases
from sqloud.planner.relations import Relations, using_names
from sqloud.planner.sources import folded, nearest

__all__ = ["expand_stars"]


def expand_stars(relations: Relations) -> None:
    """Expand, in place, the stars of a SELECT's list, and number what ORDER BY ALL orders by."""
    select = relations.scope.expression
    if not isinstance(select, exp.Select):
        return
    joined = using_names(select)
    expanded: list[exp.Expr] = []
    for projection in select.expressions:
        bare = projection.unalias()
        chosen = bare.find(exp.Columns)
        if isinstance(bare, exp.Star):
            expanded += _star(bare, relations, shown_aliases(relations), joined)
        elif isinstance(bare, (exp.Like, exp.ILike)) and isinstance(bare.this, exp.Star):
            expanded += list(_like(bare, relations, joined))
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            alias = _table(projection, relations)
            expanded += _star(projection.this, relations, [alias], ())
        elif chosen is not None:
            expanded += list(_chosen(projection, chosen, relations, joined))
        else:
            expanded.append(projection)
    select.set("expressions", expanded)
    _number_all(select, relations)


def _table(projection: exp.Column, relations: Relations) -> str:
    table = folded(projection.args.get("table"))
    if table not in relations.nodes:
        raise UnknownNameError(
            f"no table {table} in this FROM",
            span=span_of(projection),
            hints=nearest(table, relations.order),
        )
    return table


def _star(
    star: exp.Star, relations: Relations, aliases: Sequence[str], joined: Sequence[str]
) -> list[exp.Expr]:
    """The columns of `*`: those of USING once and first, as SQL has it, then each relation's others."""
    left_out = {folded(item) for item in star.args.get("except_") or star.args.get("except") or []}
    replaced = {folded(item.args["alias"]): item for item in star.args.get("replace") or []}
    renamed = {folded(item.this.this): item.args["alias"] for item in star.args.get("rename") or []}
    columns = [column for column in _columns(relations, aliases, joined) if column.name not in left_out]
    known = not any(isinstance(column.this, exp.Star) for column in columns)
    if star.args.get("ilike"):
        columns = list(_matching(columns, star.args["ilike"], star, ignore_case=True))
    names = {column.name for column in columns}
    for name, item in (*replaced.items(), *renamed.items()):
        if name not in names:
            raise (_unknown if known else _unseen)(name, item, sorted(names))
    found: list[exp.Expr] = []
    for column in columns:
        if column.name in replaced:
            found.append(replaced[column.name])
        elif column.name in renamed:
            found.append(exp.Alias(this=column, alias=renamed[column.name]))
        else:
            found.append(column)
    return found


def _columns(relations: Relations, aliases: Sequence[str], joined: Sequence[str]) -> list[exp.Column]:
    columns = [exp.column(exp.to_identifier(name, quoted=True)) for name in joined]
    for alias in aliases:
        table = relations.tables.get(alias)
        names = table.visible if table is not None else relations.shown(alias)
        if names is None:
            hidden = [exp.to_identifier(name, quoted=True) for name in relations.hidden(alias)]
            all_of_it = exp.Star(except_=hidden) if hidden else exp.Star()
            columns.append(exp.Column(this=all_of_it, table=exp.to_identifier(alias, quoted=True)))
            continue
        columns += [
            exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(alias, quoted=True))
            for name in names
            if name not in joined
        ]
    return columns


def _like(node: exp.Expr, relations: Relations, joined: Sequence[str]) -> Iterator[exp.Expr]:
    """`* LIKE 'pattern'`: the columns whose names are like that."""
    columns = _columns(relations, shown_aliases(relations), joined)
    yield from _matching(columns, node.expression, node, ignore_case=isinstance(node, exp.ILike))


def _matching(
    columns: Sequence[exp.Column], pattern: exp.Expr, node: exp.Expr, *, ignore_case: bool
) -> Iterator[exp.Column]:
    text = _text(pattern, node)
    spelled = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in text)
    wanted = re.compile(spelled, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    yield from _found([column for column in columns if wanted.fullmatch(column.name)], text, node, columns)


def _chosen(
    projection: exp.Expr, chosen: exp.Columns, relations: Relations, joined: Sequence[str]
) -> Iterator[exp.Expr]:
    """An expression over COLUMNS('regular expression') or COLUMNS(*), once for each column."""
    columns = _columns(relations, shown_aliases(relations), joined)
    if not isinstance(chosen.this, exp.Star):
        text = _text(chosen.this, chosen)
        try:
            wanted = re.compile(text)
        except re.error as error:
            raise InvalidValueError(
                f"{text!r} is no regular expression: {error}", span=span_of(chosen.this)
            ) from error
        columns = _found([column for column in columns if wanted.search(column.name)], text, chosen, columns)
    for column in columns:
        if projection is chosen:
            yield column
            continue
        made = projection.copy()
        for node in list(made.find_all(exp.Columns)):
            node.replace(column.copy())
        yield made


def _found(
    found: list[exp.Column], text: str, node: exp.Expr, columns: Sequence[exp.Column]
) -> list[exp.Column]:
    if any(isinstance(column.this, exp.Star) for column in columns):
        raise _unseen(text, node, [])
    if not found:
        names = [column.name for column in columns]
        raise UnknownNameError(f"no column matches {text!r}", span=span_of(node), hints=nearest(text, names))
    return found


def _text(pattern: exp.Expr, node: exp.Expr) -> str:
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise NotSupportedError(
            "columns are chosen by a pattern in quotes alone",
            span=span_of(pattern) or span_of(node),
            hints=("write   COLUMNS('regular expression')",),
        )
    return str(pattern.this)


def _number_all(select: exp.Select, relations: Relations) -> None:
    """ORDER BY ALL is an order by every column of the answer, in its place."""
    order = select.args.get("order")
    if order is None or len(order.expressions) != 1 or "*" in select.named_selects:
        return
    only = order.expressions[0]
    column = only.this if isinstance(only, exp.Ordered) else None
    if (
        not isinstance(column, exp.Column)
        or column.args.get("table") is not None
        or column.this.args.get("quoted")
        or column.name.lower() != "all"
        or relations.owners("all")
        or "all" in (name.lower() for name in select.named_selects)
    ):
        return
    numbered = []
    for position in range(1, len(select.selects) + 1):
        one = only.copy()
        one.set("this", exp.Literal.number(position))
        numbered.append(one)
    order.set("expressions", numbered)


def _unknown(name: str, node: exp.Expr, names: list[str]) -> UnknownNameError:
    return UnknownNameError(f"no column {name} in *", span=span_of(node), hints=nearest(name, names))


def _unseen(name: str, node: exp.Expr, names: list[str]) -> NotSupportedError:
    return NotSupportedError(
        f"only the engine knows the columns of this *, so {name} cannot be chosen among them",
        span=span_of(node),
        hints=("name the columns of the table function: AS t(a, b)",),
    )
