"""Relations of the user's own in a statement: tables that the engine holds, and views, which are texts.

Law: a name of one part is a CTE that is visible where it stands, else a relation of the user's own. A table is there
before any scan, so what it holds can feed one; a view is its query, written in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import ProgrammingError, UnknownNameError
from sqloud.planner.files import place_files
from sqloud.planner.sources import Catalogue, folded, nearest

__all__ = ["ROW_ID", "NoRelations", "OwnRelation", "OwnRelations", "as_table", "place_own", "rows_of"]

ROW_ID = "rowid"
"""The hidden column of an own table that tells its rows apart."""


class OwnRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A table, a view or a materialized view of the user's own.

    `home` is the engine's database that holds it, in its schema `main`; `columns` are (name, engine's type), for a
    view those names that were given to it; `text` is the query of a view, in the dialect.
    """

    name: str
    kind: str = "table"
    home: str = "own"
    temporary: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def sql(self) -> str:
        """The engine's name of the stored rows."""
        return ".".join(
            exp.to_identifier(part, quoted=True).sql("duckdb") for part in (self.home, "main", self.name)
        )


class OwnRelations(Protocol):
    """Where own relations are looked up."""

    def relation(self, name: str) -> OwnRelation | None:
        """One by its name, in whatever case; None where there is none."""

    def names(self) -> Sequence[str]:
        """All names."""

    @property
    def readable(self) -> Sequence[Path]:
        """The directories whose files statements may read."""


class NoRelations:
    """No relations of the user's own, and no files."""

    readable: Sequence[Path] = ()

    def relation(self, name: str) -> OwnRelation | None:
        """None."""
        return None

    def names(self) -> Sequence[str]:
        """No names."""
        return ()


def place_own(
    tree: exp.Expr, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...] = ()
) -> exp.Expr:
    """Put what own relations are in the place of their names; `tree` is changed, and another may take its place.

    `above` names the views in which the tree stands. Raises UnknownNameError for a name that nothing has, and
    ProgrammingError for a view that reads itself.
    """
    from sqloud.planner.views import place_view

    place_files(tree, own.readable)
    if any(len(node.parts) > 1 and node.alias_column_names for node in tree.find_all(exp.Table)):
        from sqloud.planner.renaming import place_renamed

        place_renamed(tree, own, catalogue, above)
    if any("@" in folded(node.args.get("catalog")) for node in tree.find_all(exp.Table)):
        from sqloud.planner.groups import place_groups

        place_groups(tree, own, catalogue, above)
    for node in list(tree.find_all(exp.Table)):
        parts = node.parts
        if len(parts) != 1 or not isinstance(parts[0], exp.Identifier) or _is_cte(node):
            continue
        relation = own.relation(folded(parts[0]))
        if relation is None:
            names = list(own.names())
            raise UnknownNameError(
                f"no table {parts[0].name}: a table is named provider.service.resource",
                span=span_of(node),
                hints=(
                    *(nearest(folded(parts[0]), names) if names else ()),
                    "SHOW PROVIDERS lists the providers, SHOW RESOURCES IN p.s the tables of a service",
                ),
            )
        if relation.kind != "view":
            as_table(node, relation)
        elif relation.name in above:
            raise ProgrammingError(
                f"the view {relation.name} reads itself: {' > '.join((*above, relation.name))}",
                span=span_of(node),
            )
        else:
            place_view(node, relation, own, catalogue, above)
    return tree


def as_table(node: exp.Table, relation: OwnRelation) -> None:
    """Name, in place, the engine's table of an own relation, under the name that it has in the statement."""
    if not node.args.get("alias"):
        node.set("alias", exp.TableAlias(this=exp.to_identifier(folded(node.this), quoted=True)))
    span = node.this.meta
    node.set("this", exp.to_identifier(relation.name, quoted=True))
    node.this.meta.update(span)
    node.set("db", exp.to_identifier("main", quoted=True))
    node.set("catalog", exp.to_identifier(relation.home, quoted=True))
    alias = node.args["alias"]
    names = [name for name, _ in relation.columns]
    given = [folded(column) for column in alias.columns]
    node.meta["columns"] = (*given, *names[len(given) :])


def rows_of(relation: OwnRelation, columns: Sequence[str]) -> exp.Select:
    """The query of some columns of an own relation; of all where none is named."""
    listed: list[exp.Expr] = [exp.column(exp.to_identifier(name, quoted=True)) for name in columns]
    listed = listed or [exp.Star()]
    return exp.select(*listed).from_(exp.Table(this=exp.to_identifier(relation.name, quoted=True)))


def _is_cte(node: exp.Table) -> bool:
    """Whether a CTE that is visible where a table stands has its name."""
    name = folded(node.this)
    inside: exp.Expr = node
    around = node.parent
    while around is not None:
        visible: list[exp.Expr] = []
        if isinstance(around, exp.With):
            # A CTE sees those before it, and with RECURSIVE all of them.
            ctes = around.expressions
            visible = (
                ctes if around.args.get("recursive") else ctes[: [id(cte) for cte in ctes].index(id(inside))]
            )
        elif (with_ := around.args.get("with_")) is not None and with_ is not inside:
            visible = with_.expressions
        if any(folded(cte.args["alias"].this) == name for cte in visible):
            return True
        inside, around = around, around.parent
    return False
