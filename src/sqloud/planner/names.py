"""Bind names: which relation each column of a statement belongs to, and what `*` stands for.

Law: the tree's meaning stays. Stars become the columns that they stand for, names get the table that they
belong to, and nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from sqlglot import exp
from sqlglot.optimizer.scope import Scope as SqlScope
from sqlglot.optimizer.scope import traverse_scope, walk_in_scope

from sqloud.dialect import span_of
from sqloud.errors import AmbiguousNameError, UnknownNameError
from sqloud.planner.dotted import join_dotted
from sqloud.planner.implied import implied_predicates
from sqloud.planner.joins import refuse_unknown, shown_aliases, spell_natural
from sqloud.planner.local import LocalUse, drop_schema, local_use
from sqloud.planner.outer import mark_reduced
from sqloud.planner.output_names import spell_outputs
from sqloud.planner.relations import Relations, name_relations, names_api_table, using_names
from sqloud.planner.sources import Catalogue, TableUse, folded, nearest, table_use
from sqloud.planner.stars import expand_stars
from sqloud.planner.whole_rows import spell_whole_rows

__all__ = ["BoundColumn", "Names", "Reference", "bind_names"]


class BoundColumn(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A column of the statement that belongs to one of its API tables."""

    node: exp.Column
    use: TableUse
    name: str


class Reference(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A column of the statement and the relation that it reads: `alias` in the FROM of `level`.

    `alias` is None for an output's name, or a column that only the engine can place.
    """

    name: str
    level: SqlScope
    alias: str | None = None


class Names(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the names of a statement mean.

    `uses` in the order of the statement, and so `local`, the relations of the catalogue; `columns` every mention of
    an API table's column; `references` every column by the id of its node; `levels` the relations of each SELECT by
    the id of its scope; `usings` what each USING says, as equalities, by the id of its join;
    `equalities` and `constants` what the conditions of a SELECT imply, of two columns and of one, by the id of
    its scope.
    """

    tree: exp.Expr
    uses: tuple[TableUse, ...]
    local: tuple[LocalUse, ...]
    columns: tuple[BoundColumn, ...]
    references: Mapping[int, Reference]
    levels: Mapping[int, Relations]
    usings: Mapping[int, tuple[exp.Expr, ...]]
    equalities: Mapping[int, tuple[exp.Expr, ...]]
    constants: Mapping[int, tuple[exp.Expr, ...]]

    def level_of(self, use: TableUse) -> Relations:
        """The relations beside which a table stands."""
        return next(level for level in self.levels.values() if use in level.tables.values())


def bind_names(tree: exp.Expr, catalogue: Catalogue) -> Names:
    """Expand the stars of `tree` in place and bind every column. Raises UnknownNameError with a caret."""
    refuse_unknown(tree)
    name_relations(tree)
    scopes = traverse_scope(tree)
    nodes = [node for node in tree.find_all(exp.Table) if names_api_table(node, scopes)]
    nodes.sort(key=lambda node: (span_of(node) or (0, 0))[0])
    found = [local_use(node, number) for number, node in enumerate(nodes)]
    local = {id(one.node): one for one in found if one is not None}
    nodes = [node for node in nodes if id(node) not in local]
    uses = {id(node): table_use(node, number, catalogue) for number, node in enumerate(nodes)}
    columns: list[BoundColumn] = []
    references: dict[int, Reference] = {}
    levels: dict[int, Relations] = {}
    for scope in scopes:
        spell_natural(Relations(scope, uses, local))
        expand_stars(Relations(scope, uses, local))
        spell_whole_rows([Relations(one, uses, local) for one in _outward(scope)])
        for node in list(walk_in_scope(scope.expression)):
            if isinstance(node, exp.Column):
                join_dotted(node, [Relations(scope, uses, local)])
        # Those around a scope come after it, and their stars do not change what it offers.
        levels[id(scope)] = Relations(scope, uses, local)
    for scope in scopes:
        spell_outputs(scope, levels)
        for node, reference in _references(scope, levels):
            references[id(node)] = reference
            use = levels[id(reference.level)].tables.get(reference.alias or "")
            if use is not None:
                columns.append(BoundColumn(node=node, use=use, name=reference.name))
            elif reference.alias is not None and node.args.get("db") and local:
                drop_schema(node, local.get(id(levels[id(reference.level)].nodes.get(reference.alias))))
        columns.extend(_joined_columns(levels[id(scope)]))
    usings: dict[int, tuple[exp.EQ, ...]] = {}
    for relations in levels.values():
        for join, equality, sides in _usings(relations):
            usings[id(join)] = (*usings.get(id(join), ()), equality)
            references.update(sides)
    _mark_reduced(levels, references)
    implied = _implied(levels, references, usings)
    return Names(
        tree=tree,
        uses=tuple(uses.values()),
        local=tuple(local.values()),
        columns=tuple(columns),
        references=references,
        levels=levels,
        usings=usings,
        equalities={key: implied[0] for key, implied in implied.items()},
        constants={key: implied[1] for key, implied in implied.items()},
    )


def _outward(scope: SqlScope) -> Iterator[SqlScope]:
    around: SqlScope | None = scope
    while around is not None:
        yield around
        around = around.parent


def _implied(
    levels: Mapping[int, Relations],
    references: dict[int, Reference],
    usings: Mapping[int, tuple[exp.EQ, ...]],
) -> dict[int, tuple[tuple[exp.Expr, ...], tuple[exp.Expr, ...]]]:
    """What the conditions of each SELECT imply: equalities of columns, and predicates on one column.

    The columns of those predicates become references too.
    """
    found: dict[int, tuple[tuple[exp.Expr, ...], tuple[exp.Expr, ...]]] = {}
    for key, relations in levels.items():
        scope = relations.scope

        def reads(column: exp.Column, scope: SqlScope = scope) -> tuple[str, str] | None:
            one = references.get(id(column))
            return (one.alias, one.name) if one is not None and one.alias and one.level is scope else None

        joins = scope.expression.args.get("joins") or []
        said = [one for join in joins if not join.side for one in usings.get(id(join), ())]
        for predicate, places in implied_predicates(relations, reads, said):
            equalities, constants = found.get(key, ((), ()))
            if isinstance(predicate, exp.EQ):
                found[key] = ((*equalities, predicate), constants)
            else:
                found[key] = (equalities, (*constants, predicate))
            for node, (alias, name) in places.items():
                references[node] = Reference(name=name, level=scope, alias=alias)
    return found


def _mark_reduced(levels: Mapping[int, Relations], references: Mapping[int, Reference]) -> None:
    """Mark the outer joins that the statement uses as inner ones; a merged column of USING is of no one relation."""
    for relations in levels.values():
        select = relations.scope.expression
        if isinstance(select, exp.Select) and any(join.side for join in select.args.get("joins") or []):
            merged = using_names(select)
            owners = {
                node: one.alias
                for node, one in references.items()
                if one.level is relations.scope and one.alias is not None and one.name not in merged
            }
            mark_reduced(select, relations.order, owners)


def _references(scope: SqlScope, levels: Mapping[int, Relations]) -> Iterator[tuple[exp.Column, Reference]]:
    """Every column that is said in a scope itself, with what it reads."""
    outputs = _output_aliases(scope.expression)
    for node in list(walk_in_scope(scope.expression)):
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            continue
        if not (folded(node.this) in outputs and _names_output(node, scope.expression, levels[id(scope)])):
            yield node, _reference(node, scope, levels, outputs)


def _reference(
    node: exp.Column, scope: SqlScope, levels: Mapping[int, Relations], outputs: set[str]
) -> Reference:
    name, table = folded(node.this), folded(node.args.get("table"))
    around: SqlScope | None = scope
    while around is not None:
        relations = levels[id(around)]
        if table and table in relations.nodes:
            use = relations.tables.get(table)
            if not relations.offers(table, name) or (use is not None and not _full_name_fits(node, use)):
                break
            return Reference(name=name, level=around, alias=table)
        if not table:
            shown = shown_aliases(relations)
            owners = relations.owners(name)
            owners = [owner for owner in owners if owner in shown] or owners
            if len(owners) > 1 and name not in using_names(around.expression):
                raise AmbiguousNameError(
                    f"{name} is a column of {' and of '.join(owners)}",
                    span=span_of(node),
                    hints=(f"write {owners[0]}.{name}",),
                )
            if owners:
                return Reference(name=name, level=around, alias=owners[0])
            if relations.opaque:
                return Reference(name=name, level=around)
        around = around.parent
    if not table and name in outputs:
        return Reference(name=name, level=scope)
    raise _unknown(node, name, table, levels[id(around or scope)])


def _joined_columns(relations: Relations) -> Iterator[BoundColumn]:
    """The columns that USING reads, of each table that has them."""
    for name in using_names(relations.scope.expression):
        for use in relations.tables.values():
            if use.offers(name):
                yield BoundColumn(node=exp.column(name), use=use, name=name)


def _usings(relations: Relations) -> Iterator[tuple[exp.Join, exp.EQ, dict[int, Reference]]]:
    """Each equality that a USING says: the joined relation's column is that of one before it."""
    before = relations.order[:1]
    for join in relations.scope.expression.args.get("joins") or []:
        alias = next((name for name, node in relations.nodes.items() if node is join.this), None)
        if alias is None:
            continue
        for name in [column.name.lower() for column in join.args.get("using") or []]:
            owner = next((one for one in before if relations.offers(one, name)), None)
            if owner is not None and relations.offers(alias, name):
                sides = [exp.column(name, one, quoted=True) for one in (alias, owner)]
                yield (
                    join,
                    exp.EQ(this=sides[0], expression=sides[1]),
                    {
                        id(side): Reference(name=name, level=relations.scope, alias=one)
                        for side, one in zip(sides, (alias, owner), strict=True)
                    },
                )
        before = [*before, alias]


def _output_aliases(expression: exp.Expr) -> set[str]:
    """The names that ORDER BY and GROUP BY may use beside columns: aliases, or a set operation's columns."""
    if isinstance(expression, exp.SetOperation):
        return {name.lower() for name in expression.named_selects}
    selects = expression.selects if isinstance(expression, exp.Query) else []
    return {item.alias.lower() for item in selects if isinstance(item, exp.Alias)}


def _names_output(node: exp.Column, expression: exp.Expr, own: Relations) -> bool:
    """Whether a name stands for an output column rather than for a table's.

    In ORDER BY an item that is only a name does, as in Postgres; in GROUP BY one that names no visible column: it
    becomes the output's number, as the engine may see a hidden column of that name.
    """
    name = folded(node.this)
    if node.args.get("table") is not None or not isinstance(expression, exp.Query):
        return False
    if isinstance(node.parent, exp.Ordered) and isinstance(node.parent.parent, exp.Order):
        return node.parent.parent.parent is expression
    if not isinstance(node.parent, exp.Group) or own.opaque:
        return False
    if any(name in use.columns for use in own.tables.values()) or name in own.named:
        return False
    node.replace(exp.Literal.number(expression.named_selects.index(name) + 1))
    return True


def _full_name_fits(node: exp.Column, use: TableUse) -> bool:
    service, provider = folded(node.args.get("db")), folded(node.args.get("catalog"))
    return service in {"", use.resource.name.service} and provider in {"", use.resource.name.provider}


def _unknown(node: exp.Column, name: str, table: str, relations: Relations) -> UnknownNameError:
    if table and table not in relations.nodes:
        for alias, use in relations.tables.items():
            if table in use.columns:
                return UnknownNameError(
                    f"no table {table} in this FROM; {table} is a column of {alias}",
                    span=span_of(node),
                    hints=(f"a field of it: {table} ->> '{name}'",),
                )
        return UnknownNameError(
            f"no table {table} in this FROM", span=span_of(node), hints=nearest(table, relations.order)
        )
    tables = [relations.tables[table]] if table in relations.tables else list(relations.tables.values())
    names = [offered for use in tables for offered in (*use.visible, *use.virtual)]
    for alias, others in relations.others.items():
        if others is not None and table in {"", alias}:
            names += others
    of = f" in {', '.join(str(use.resource.name) for use in tables)}" if tables else ""
    return UnknownNameError(f"no column {name}{of}", span=span_of(node), hints=nearest(name, names))
