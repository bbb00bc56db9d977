"""A view in the place of its name: its query as a derived table.

Law: a query over a view is the query with the view's body in its place. What the body leaves unbound is a hidden
column of the view, and nothing outside overrides what it binds.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sqloud.dialect import Query, parse, split
from sqloud.errors import Error, InternalError, ProgrammingError, Source, Span
from sqloud.planner.lifting import lift
from sqloud.planner.own import OwnRelation, OwnRelations, place_own
from sqloud.planner.sources import Catalogue, folded

__all__ = ["body_of", "judge_view", "output_columns", "place_body", "place_view", "span_at", "view_columns"]


def body_of(relation: OwnRelation) -> exp.Query:
    """The query of a view, parsed from its text."""
    (text,) = split(Source(f"view {relation.name}", relation.text))
    statement = parse(text)
    if not isinstance(statement, Query):
        raise InternalError(f"the view {relation.name} holds no query")
    return statement.tree


def judge_view(
    query: exp.Query, columns: Sequence[str], own: OwnRelations, catalogue: Catalogue, name: str
) -> tuple[str, ...] | None:
    """Refuse a view that could never be read; gives its columns, None where only the engine knows them."""
    body, _ = _prepared(query.copy(), own, catalogue, (name,))
    names = output_columns(body)
    if names is not None and len(columns) > len(names):
        raise ProgrammingError(
            f"{name} is given {len(columns)} names, and its query has {len(names)} columns"
        )
    if names is None:
        return tuple(columns) or None
    names = (*columns, *names[len(columns) :])
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise ProgrammingError(
            f"two columns of {name} are called {twice}",
            hints=("name each: SELECT a.id AS a_id, b.id AS b_id",),
        )
    return names


def view_columns(
    relation: OwnRelation, own: OwnRelations, catalogue: Catalogue
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """What a view shows (None where only the engine knows it), and what it hides."""
    body, hidden = _prepared(body_of(relation), own, catalogue, (relation.name,))
    return output_columns(body), hidden


def output_columns(body: exp.Query) -> tuple[str, ...] | None:
    """The names that a query shows; None where a star is left that only the engine knows."""
    from sqloud.planner.outputs import output_name

    names = []
    for item in body.selects:
        if item.is_star:
            return None
        if "hidden" not in item.meta:
            names.append(folded(item.args["alias"]) if isinstance(item, exp.Alias) else output_name(item))
    return tuple(names)


def place_view(
    node: exp.Table, relation: OwnRelation, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...]
) -> None:
    """Put the body of a view in the place of its name, under the alias that it has there."""
    at = dict(node.this.meta)
    try:
        body, hidden = _prepared(body_of(relation), own, catalogue, (*above, relation.name))
    except Error as error:
        # The text that the user wrote is the statement's; the view's own is quoted by its name.
        error.span, error.source = span_at(at), None
        error.hints = (*error.hints, f"in the view {relation.name}: {relation.text}")
        raise
    for part in body.walk():
        if "start" in part.meta:
            part.meta.update(at)
    _put(node, body, hidden, [name for name, _ in relation.columns], at)


def place_body(
    node: exp.Table, body: exp.Query, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...]
) -> None:
    """Put a query in the place of a table, under its name there; columns marked `hidden` stay so."""
    at = dict(node.this.meta)
    marked = tuple(folded(item.this) for item in body.selects if "hidden" in item.meta)
    body, lifted = _prepared(body, own, catalogue, above)
    for item in body.selects[len(body.selects) - len(lifted) - len(marked) :]:
        item.meta["hidden"] = True
    _put(node, body, (*marked, *lifted), [], at)


def _put(
    node: exp.Table, body: exp.Query, hidden: tuple[str, ...], given: Sequence[str], at: dict[str, int]
) -> None:
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(folded(node.this), quoted=True))
    shown = output_columns(body)
    renamed = [folded(column) for column in alias.columns]
    if (renamed or given) and shown is not None:
        full = [*renamed, *(given or shown)[len(renamed) :]]
        full += list(shown[len(full) :]) + list(hidden)
        alias.set("columns", [exp.to_identifier(name, quoted=True) for name in full])
    replacement = exp.Subquery(this=body, alias=alias)
    replacement.meta.update(at)
    replacement.meta["hidden"] = hidden
    for argument in ("joins", "laterals"):
        if node.args.get(argument):
            replacement.set(argument, node.args[argument])
    root = node.root()
    node.replace(replacement)
    _spell_qualified(root, replacement, hidden, folded(alias.this))


def _prepared(
    body: exp.Query, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...]
) -> tuple[exp.Query, tuple[str, ...]]:
    """A body whose own relations are in their places, and its hidden columns, last among its outputs."""
    from sqloud.planner.names import bind_names
    from sqloud.planner.row_values import spell_rows
    from sqloud.planner.select import unbound

    while isinstance(body, exp.Subquery):
        body = body.this
    place_own(body, own, catalogue, above)
    spell_rows(body)
    names = bind_names(body, catalogue)
    waiting = unbound(names)
    return body, lift(names, waiting) if waiting else ()


def _spell_qualified(root: exp.Expr, view: exp.Subquery, hidden: Sequence[str], alias: str) -> None:
    """`b.droplet_id` outside of a view is its hidden column of that name, where no relation is called b there."""
    qualified = {tuple(name.split(".", 1)): name for name in hidden if "." in name}
    if not qualified:
        return
    inside = {id(part) for part in view.this.walk()}
    taken = {
        folded(one.args["alias"].this) if one.args.get("alias") else one.alias_or_name.lower()
        for one in root.find_all(exp.Table, exp.Subquery)
        if id(one) not in inside
    }
    for column in root.find_all(exp.Column):
        table, name = folded(column.args.get("table")), folded(column.this)
        full = qualified.get((table, name))
        if id(column) in inside or full is None or folded(column.args.get("db")) not in {"", alias}:
            continue
        if not column.args.get("db") and table in taken:
            continue
        column.this.set("this", full)
        column.this.set("quoted", True)
        column.set("table", exp.to_identifier(alias, quoted=True))
        column.set("db", None)


def span_at(at: dict[str, int]) -> Span | None:
    """The place that a node's meta tells."""
    return Span(at["start"], at["end"] + 1) if "start" in at else None
