"""The relations of each FROM: API tables, derived tables, CTEs, table functions.

Law: every relation has a name, and what is not known of one (the columns of a table function) is left to the
engine rather than guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope as SqlScope

from sqloud.planner.local import LocalUse
from sqloud.planner.outputs import output_name
from sqloud.planner.sources import TableUse, source_name

__all__ = ["Relations", "name_relations", "names_api_table", "using_names"]


class Relations:
    """The FROM of one SELECT.

    `tables` are API tables, `others` the rest with their columns (None where only the engine knows them), both by
    alias; `origins` the scopes of derived tables and CTEs, `nodes` what stands in the FROM.
    """

    def __init__(
        self, scope: SqlScope, uses: Mapping[int, TableUse], local: Mapping[int, LocalUse] | None = None
    ) -> None:
        self.scope = scope
        self.tables: dict[str, TableUse] = {}
        self.others: dict[str, tuple[str, ...] | None] = {}
        self.origins: dict[str, SqlScope] = {}
        self.nodes: dict[str, exp.Expr] = {}
        selected = dict(scope.selected_sources)
        # sqlglot leaves out the right sides of SEMI and ANTI joins, which their ON can read.
        for key, node in scope.references:
            if key not in selected and key in scope.sources:
                selected[key] = (node, scope.sources[key])
        if len(selected) > len(scope.selected_sources):
            places = {id(node): place for place, node in enumerate(_relations_of(scope.expression))}
            selected = dict(sorted(selected.items(), key=lambda one: places.get(id(one[1][0]), len(places))))
        for key, (node, origin) in selected.items():
            derived = node.parent if isinstance(node, exp.Query) else None
            node = derived if isinstance(derived, exp.Subquery) else node
            name = source_name(node) or key
            self.nodes[name] = node
            if isinstance(origin, exp.Table) and id(origin) in uses:
                self.tables[name] = uses[id(origin)]
            elif isinstance(node, exp.Unnest):
                self.others[name] = _unnested_names(node)
            elif isinstance(origin, SqlScope):
                self.others[name] = _output_names(origin)
                self.origins[name] = origin
            elif local is not None and id(origin) in local:
                self.others[name] = local[id(origin)].names
            else:
                # Own tables say their columns; those of a table function are the engine's to know.
                self.others[name] = node.meta.get("columns")

    def shown(self, alias: str) -> tuple[str, ...] | None:
        """What `*` stands for, of a relation that is no API table: all but what a view hides."""
        names = self.others[alias]
        hidden = self.nodes[alias].meta.get("hidden") or ()
        return names and tuple(name for name in names if name not in hidden)

    def hidden(self, alias: str) -> tuple[str, ...]:
        """What a view hides from `*`."""
        return tuple(self.nodes[alias].meta.get("hidden") or ())

    @property
    def order(self) -> list[str]:
        """The aliases in the order of the FROM."""
        return list(self.nodes)

    def offers(self, alias: str, name: str) -> bool:
        """Whether the relation has a column, or may have it for all that is known."""
        if alias in self.tables:
            return self.tables[alias].offers(name)
        names = self.others[alias]
        return names is None or name in names

    def owners(self, name: str) -> list[str]:
        """The relations that surely have a column."""
        found = [alias for alias, use in self.tables.items() if use.offers(name)]
        return found + [alias for alias, names in self.others.items() if names is not None and name in names]

    @property
    def named(self) -> list[str]:
        """The columns of the relations that are no API tables, as far as they are known."""
        return [name for names in self.others.values() for name in names or ()]

    @property
    def opaque(self) -> bool:
        """Whether the columns of a relation are the engine's to know."""
        return any(names is None for names in self.others.values())


def names_api_table(node: exp.Table, scopes: Sequence[SqlScope]) -> bool:
    """Whether a table of the statement is a provider's, and no CTE, table function or file."""
    if not isinstance(node.this, (exp.Identifier, exp.Dot)) or "columns" in node.meta:
        return False
    if node.args.get("db") or isinstance(node.this, exp.Dot):
        return True
    return not any(node.name in scope.cte_sources for scope in scopes)


def name_relations(tree: exp.Expr) -> None:
    """Give each unnamed relation of a FROM a name, in place, as columns can only be told apart by one."""
    clauses = list(tree.find_all(exp.From, exp.Join))
    taken = {source_name(clause.this) for clause in clauses}
    for clause in clauses:
        node = clause.this
        if not isinstance(node, (exp.Table, exp.Subquery, exp.Unnest, exp.Values, exp.Lateral)):
            continue
        if node.alias_or_name:
            _name_columns(node, node.args.get("alias"))
            continue
        base = node.this.sql_name() if isinstance(node.this, exp.Func) else type(node).__name__
        name = (node.this.name if isinstance(node.this, exp.Anonymous) else base).lower()
        number = 1
        while (unique := name if number == 1 else f"{name}_{number}") in taken:
            number += 1
        taken.add(unique)
        alias = exp.TableAlias(this=exp.to_identifier(unique, quoted=True))
        _name_columns(node, alias)
        node.set("alias", alias)


def _name_columns(node: exp.Expr, alias: exp.Expr | None) -> None:
    """The columns of VALUES are column1, column2, ... where nobody named them, that of unnest is its alias."""
    if not isinstance(alias, exp.TableAlias) or alias.columns:
        return
    if isinstance(node, exp.Unnest) and len(node.expressions) == 1 and not node.args.get("offset"):
        alias.set("columns", [alias.this.copy()])
    if isinstance(node, exp.Values):
        first = node.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        alias.set("columns", [exp.to_identifier(f"column{column}") for column in range(1, width + 1)])


def _relations_of(select: exp.Expr) -> Iterator[exp.Expr]:
    """What stands in a FROM, in its order, with what a name in brackets stands around."""
    for clause in (select.args.get("from_"), *(select.args.get("joins") or [])):
        if clause is not None:
            yield from clause.this.walk()


def using_names(select: exp.Expr) -> tuple[str, ...]:
    """The columns that the USINGs of a SELECT join by, in their order."""
    joins = select.args.get("joins") or [] if isinstance(select, exp.Select) else []
    return tuple(
        dict.fromkeys(column.name.lower() for join in joins for column in join.args.get("using") or [])
    )


def _unnested_names(node: exp.Unnest) -> tuple[str, ...] | None:
    alias, offset = node.args.get("alias"), node.args.get("offset")
    if alias is None or not alias.columns:
        return None
    names = [column.name.lower() for column in alias.columns]
    return tuple([*names, offset.name.lower()] if isinstance(offset, exp.Identifier) else names)


def _output_names(scope: SqlScope) -> tuple[str, ...] | None:
    expression = scope.expression
    alias = expression.parent
    while isinstance(alias, exp.SetOperation):  # what a recursive CTE reads of itself is its first branch
        alias = alias.parent
    named = alias.alias_column_names if isinstance(alias, (exp.Subquery, exp.CTE)) else []
    if named:
        return tuple(name.lower() for name in named)
    if isinstance(expression, exp.Query):
        names = [name for item in expression.selects for name in _shown_names(item)]
        unnamed = [output_name(item) for item in expression.selects if not isinstance(item, _NAMED)]
        if "*" in names or any(names.count(name) > 1 for name in unnamed):
            return None  # the engine tells them apart
        return tuple(names)
    return None


_NAMED = (exp.Alias, exp.Aliases, exp.Column, exp.Star)


def _shown_names(item: exp.Expr) -> list[str]:
    """What an output will be called: what nobody named is called as Postgres calls it."""
    if isinstance(item, exp.Aliases):
        return [alias.name.lower() for alias in item.aliases]
    return [item.alias_or_name.lower() if isinstance(item, _NAMED) else output_name(item)]
