"""Columns of a table under names that the statement gives: `droplets AS d(number, name)`.

Law: the names are those of the columns that `*` shows, in its order; what a table is asked by keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import Error, ProgrammingError
from sqloud.planner.local import local_use
from sqloud.planner.own import OwnRelations
from sqloud.planner.sources import Catalogue, folded, virtual_columns
from sqloud.planner.views import place_body
from sqloud.registry.records import TableName

__all__ = ["askable", "place_renamed"]


def place_renamed(tree: exp.Expr, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...]) -> None:
    """Put a query of its columns in the place of each table whose columns the statement names, in `tree` itself."""
    for node in list(tree.find_all(exp.Table)):
        parts = [folded(part) for part in node.parts]
        names = node.alias_column_names
        if (
            not names
            or not (len(parts) == 3 or local_use(node, 0))
            or ("@" in parts[0] and catalogue.members(parts[0]))
        ):
            continue
        shown, askables = _columns(node, catalogue)
        if len(names) > len(shown):
            raise ProgrammingError(
                f"{'.'.join(parts)} is given {len(names)} names, and it has {len(shown)} columns",
                span=span_of(node),
            )
        table = node.copy()
        for argument in ("alias", "joins", "laterals"):
            table.set(argument, None)
        node.set("sample", None)  # drawn inside
        hidden = [exp.column(exp.to_identifier(one, quoted=True)) for one in askables]
        for column in hidden:
            column.meta["hidden"] = True
        body = exp.select(exp.Star(), *hidden, copy=False).from_(table, copy=False)
        for part in body.walk():
            part.meta.update(node.this.meta)
        place_body(node, body, own, catalogue, above)


def _columns(node: exp.Table, catalogue: Catalogue) -> tuple[list[str], list[str]]:
    """The columns of a table that `*` shows, and those that a predicate can bind without."""
    local = local_use(node, 0)
    if local is not None:
        return list(local.names), []
    try:
        name = TableName(*(folded(part) for part in node.parts))
        resource = catalogue.resource(name)
    except Error as error:
        error.span = error.span or span_of(node)
        raise
    return [column.name for column in resource.columns if not column.hidden], list(askable(name, catalogue))


def askable(name: TableName, catalogue: Catalogue) -> Iterator[str]:
    """The hidden columns of a table that a predicate can bind, of those that need not be bound."""
    resource = catalogue.resource(name)
    required = {parameter.sql_name for parameter in resource.listing.required} if resource.listing else set()
    for column, virtual in virtual_columns(resource).items():
        if virtual.kind in {"computed", "scope"} and not virtual.paging and column not in required:
            yield column
