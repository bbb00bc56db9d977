"""Bind names: which table each column of a statement belongs to, and what `*` stands for.

Law: the tree's meaning stays. Stars become the columns that they stand for, names get the table that they
belong to, and nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlglot import exp
from sqlglot.optimizer.scope import Scope as SqlScope
from sqlglot.optimizer.scope import traverse_scope, walk_in_scope

from sqloud.dialect import span_of
from sqloud.errors import AmbiguousNameError, NotSupportedError, UnknownNameError
from sqloud.planner.sources import Catalogue, TableUse, folded, nearest, source_name, table_use

__all__ = ["BoundColumn", "Names", "bind_names"]


_UNKNOWN_JOINS = {
    "NATURAL": "write JOIN ... USING (column)",
    "SEMI": "write WHERE EXISTS (SELECT ...)",
    "ANTI": "write WHERE NOT EXISTS (SELECT ...)",
    "ASOF": "write a LATERAL subquery with ORDER BY and LIMIT 1",
    "POSITIONAL": "rows have no position; write JOIN ... ON",
}


class BoundColumn(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A column of the statement that belongs to one of its tables."""

    node: exp.Column
    use: TableUse
    name: str


class Names(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the names of a statement mean.

    `uses` in the order of the statement; `columns` every mention of a table's column; `scopes` pairs a SELECT
    with the tables of its own FROM.
    """

    tree: exp.Expr
    uses: tuple[TableUse, ...]
    columns: tuple[BoundColumn, ...]
    selects: tuple[tuple[exp.Expr, tuple[TableUse, ...]], ...]

    def bound(self, node: exp.Expr) -> BoundColumn | None:
        """The binding of a column node."""
        return next((column for column in self.columns if column.node is node), None)


def bind_names(tree: exp.Expr, catalogue: Catalogue) -> Names:
    """Expand the stars of `tree` in place and bind every column. Raises UnknownNameError with a caret."""
    _refuse_joins(tree)
    _name_relations(tree)
    scopes = traverse_scope(tree)
    uses: dict[int, TableUse] = {}
    for node in tree.find_all(exp.Table):
        if _names_api_table(node, scopes):
            uses[id(node)] = table_use(node, len(uses), catalogue)
    ordered = sorted(uses.values(), key=lambda use: (span_of(use.node) or (0, 0))[0])
    renumbered = {
        id(use.node): msgspec.structs.replace(use, id=f"scan_{number}") for number, use in enumerate(ordered)
    }
    columns: list[BoundColumn] = []
    selects: list[tuple[exp.Expr, tuple[TableUse, ...]]] = []
    for scope in scopes:
        own = _Sources(scope, renumbered)
        _expand_stars(scope, own)
        columns.extend(_bind_columns(scope, own, renumbered))
        columns.extend(_joined_columns(scope, own))
        selects.append((scope.expression, tuple(own.tables.values())))
    return Names(tree=tree, uses=tuple(renumbered.values()), columns=tuple(columns), selects=tuple(selects))


class _Sources:
    """The FROM of one scope: API tables, and other relations with the columns that are known of them."""

    def __init__(self, scope: SqlScope, uses: dict[int, TableUse]) -> None:
        self.tables: dict[str, TableUse] = {}
        self.others: dict[str, tuple[str, ...] | None] = {}
        self.order: list[str] = []
        for key, (node, origin) in scope.selected_sources.items():
            derived = node.parent if isinstance(node, exp.Query) else None
            name = source_name(derived if isinstance(derived, exp.Subquery) else node) or key
            self.order.append(name)
            if isinstance(origin, exp.Table) and id(origin) in uses:
                self.tables[name] = uses[id(origin)]
            elif isinstance(origin, SqlScope):
                self.others[name] = _output_names(origin)
            else:
                self.others[name] = None

    def owners(self, name: str) -> list[str]:
        """The sources that surely have a column."""
        found = [alias for alias, use in self.tables.items() if use.offers(name)]
        return found + [alias for alias, names in self.others.items() if names is not None and name in names]

    @property
    def named(self) -> list[str]:
        """The columns of the relations that are no API tables, as far as they are known."""
        return [name for names in self.others.values() for name in names or ()]

    @property
    def opaque(self) -> bool:
        """Whether a source's columns are the engine's to know (a table function)."""
        return any(names is None for names in self.others.values())


def _names_api_table(node: exp.Table, scopes: Sequence[SqlScope]) -> bool:
    if not isinstance(node.this, (exp.Identifier, exp.Dot)):
        return False  # a table function or a file: the engine's
    if node.args.get("db") or isinstance(node.this, exp.Dot):
        return True
    return not any(
        scope.cte_sources.get(node.name) is not None or node.name in scope.cte_sources for scope in scopes
    )


def _output_names(scope: SqlScope) -> tuple[str, ...] | None:
    expression = scope.expression
    alias = expression.parent
    named = alias.alias_column_names if isinstance(alias, (exp.Subquery, exp.CTE)) else []
    if named:
        return tuple(named)
    if isinstance(expression, exp.Query):
        names = tuple(expression.named_selects)
        return None if "*" in names else names
    return None


def _name_relations(tree: exp.Expr) -> None:
    """Give each unnamed relation of a FROM a name, in place, as columns can only be told apart by one."""
    for clause in tree.find_all(exp.From, exp.Join):
        node = clause.this
        if (
            isinstance(node, (exp.Table, exp.Subquery, exp.Unnest, exp.Values, exp.Lateral))
            and not node.alias_or_name
        ):
            base = node.this.sql_name() if isinstance(node.this, exp.Func) else type(node).__name__
            name = node.this.name if isinstance(node.this, exp.Anonymous) else base
            taken = {source_name(other.this) for other in tree.find_all(exp.From, exp.Join)}
            unique = next(
                candidate
                for candidate in (name.lower(), *(f"{name.lower()}_{number}" for number in range(2, 10_000)))
                if candidate not in taken
            )
            alias = exp.TableAlias(this=exp.to_identifier(unique, quoted=True))
            if isinstance(node, exp.Values) and isinstance(node.expressions[0], exp.Tuple):
                width = len(node.expressions[0].expressions)
                alias.set("columns", [exp.to_identifier(f"column{number}") for number in range(1, width + 1)])
            node.set("alias", alias)


def _refuse_joins(tree: exp.Expr) -> None:
    for join in tree.find_all(exp.Join):
        method, kind = (str(join.args.get(word) or "").upper() for word in ("method", "kind"))
        unknown = next((word for word in (method, kind) if word in _UNKNOWN_JOINS), None)
        if unknown is not None:
            raise NotSupportedError(
                f"{unknown} JOIN is not built yet", span=span_of(join.this), hints=(_UNKNOWN_JOINS[unknown],)
            )


def _expand_stars(scope: SqlScope, sources: _Sources) -> None:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    expanded: list[exp.Expr] = []
    for projection in select.expressions:
        if isinstance(projection, exp.Star):
            expanded += _star(projection, select, sources, sources.order)
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            table = folded(projection.args.get("table"))
            if table not in sources.order:
                raise UnknownNameError(
                    f"no table {table} in this FROM",
                    span=span_of(projection),
                    hints=nearest(table, sources.order),
                )
            expanded += _star(projection.this, select, sources, [table])
        else:
            expanded.append(projection)
    select.set("expressions", expanded)


def _star(star: exp.Star, select: exp.Select, sources: _Sources, aliases: Sequence[str]) -> list[exp.Expr]:
    for option in ("replace", "rename", "ilike"):
        if star.args.get(option):
            raise NotSupportedError(f"* {option.upper()} is not built yet", span=span_of(star))
    left_out = {folded(item) for item in star.args.get("except_") or star.args.get("except") or []}
    if len(aliases) > 1:
        aliases, left_out_twice = list(aliases), _using(select)
    else:
        left_out_twice = set()
    seen: set[str] = set()
    columns: list[exp.Expr] = []
    for alias in aliases:
        if alias in sources.tables:
            names: Sequence[str] | None = list(sources.tables[alias].columns)
        else:
            names = sources.others[alias]
        if names is None:
            columns.append(exp.Column(this=exp.Star(), table=exp.to_identifier(alias, quoted=True)))
            continue
        for name in names:
            if name in left_out or (name in left_out_twice and name in seen):
                continue
            seen.add(name)
            columns.append(
                exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(alias, quoted=True))
            )
    return columns


def _using(select: exp.Select) -> set[str]:
    return {
        folded(column) for join in select.args.get("joins") or [] for column in join.args.get("using") or []
    }


def _bind_columns(scope: SqlScope, own: _Sources, uses: dict[int, TableUse]) -> Iterator[BoundColumn]:
    expression = scope.expression
    outputs = _output_aliases(expression)
    for node in list(walk_in_scope(expression)):
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            continue
        if folded(node.this) in outputs and _names_output(node, expression, own):
            continue
        name, table = folded(node.this), folded(node.args.get("table"))
        found = _owner(node, name, table, scope, own, uses)
        if found is not None:
            yield BoundColumn(node=node, use=found, name=name)
        elif found is None and not _known_elsewhere(name, table, scope, own, uses, outputs):
            raise _unknown(node, name, table, own)


def _joined_columns(scope: SqlScope, own: _Sources) -> Iterator[BoundColumn]:
    """The columns that USING reads, of each table that has them."""
    for name in sorted(_using_names(scope)):
        for use in own.tables.values():
            if use.offers(name):
                yield BoundColumn(node=exp.column(name), use=use, name=name)


def _output_aliases(expression: exp.Expr) -> set[str]:
    """The names that ORDER BY and GROUP BY may use beside columns: aliases, or a set operation's columns."""
    if isinstance(expression, exp.SetOperation):
        return {name.lower() for name in expression.named_selects}
    selects = expression.selects if isinstance(expression, exp.Query) else []
    return {item.alias.lower() for item in selects if isinstance(item, exp.Alias)}


def _names_output(node: exp.Column, expression: exp.Expr, own: _Sources) -> bool:
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


def _chain(scope: SqlScope, own: _Sources, uses: dict[int, TableUse]) -> Iterator[_Sources]:
    """The sources of a scope, then those of the scopes around it, the nearest first."""
    yield own
    around = scope.parent
    while around is not None:
        yield _Sources(around, uses)
        around = around.parent


def _owner(
    node: exp.Column, name: str, table: str, scope: SqlScope, own: _Sources, uses: dict[int, TableUse]
) -> TableUse | None:
    for sources in _chain(scope, own, uses):
        if table:
            use = sources.tables.get(table)
            if use is not None and use.offers(name) and _full_name_fits(node, use):
                return use
            if table in sources.order:
                return None
            continue
        owners = sources.owners(name)
        if len(owners) > 1 and name not in _using_names(scope):
            raise AmbiguousNameError(
                f"{name} is a column of {' and of '.join(owners)}",
                span=span_of(node),
                hints=(f"write {owners[0]}.{name}",),
            )
        if owners:
            return sources.tables.get(owners[0])
    return None


def _using_names(scope: SqlScope) -> set[str]:
    return _using(scope.expression) if isinstance(scope.expression, exp.Select) else set()


def _full_name_fits(node: exp.Column, use: TableUse) -> bool:
    service, provider = folded(node.args.get("db")), folded(node.args.get("catalog"))
    return service in {"", use.resource.name.service} and provider in {"", use.resource.name.provider}


def _known_elsewhere(
    name: str, table: str, scope: SqlScope, own: _Sources, uses: dict[int, TableUse], outputs: set[str]
) -> bool:
    """Whether a column that is no API table's is a derived one, an output name, or the engine's to check."""
    for sources in _chain(scope, own, uses):
        if table:
            if table in sources.others:
                names = sources.others[table]
                return names is None or name in names
            if table in sources.tables:
                return False
        elif sources.opaque or sources.owners(name):
            return True
    return not table and name in outputs


def _unknown(node: exp.Column, name: str, table: str, own: _Sources) -> UnknownNameError:
    if table and table not in own.order:
        for alias, use in own.tables.items():
            if table in use.columns:
                return UnknownNameError(
                    f"no table {table} in this FROM; {table} is a column of {alias}",
                    span=span_of(node),
                    hints=(f"a field of it: {table} ->> '{name}'",),
                )
        return UnknownNameError(
            f"no table {table} in this FROM", span=span_of(node), hints=nearest(table, own.order)
        )
    tables = [own.tables[table]] if table in own.tables else list(own.tables.values())
    names = [name for use in tables for name in (*use.columns, *use.virtual)]
    for alias, others in own.others.items():
        if others is not None and table in {"", alias}:
            names += others
    of = f" in {', '.join(str(use.resource.name) for use in tables)}" if tables else ""
    return UnknownNameError(f"no column {name}{of}", span=span_of(node), hints=nearest(name, names))
