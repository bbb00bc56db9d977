"""Keys that come from other relations of the statement.

Law: the keys of a scan cover every value that can matter; they may be more. They come from the simplest relation
that surely holds them: the tables that the bound expression reads, under those conditions of the statement that
read nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlglot import exp

from sqloud.plan.steps import KeyQuery
from sqloud.planner.cover import conjuncts
from sqloud.planner.literals import has_one_value, is_constant
from sqloud.planner.methods import tried
from sqloud.planner.names import Names, Reference
from sqloud.planner.outer import is_padded, side_of
from sqloud.planner.relations import Relations
from sqloud.planner.residual import generate
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Parameter

__all__ = ["Feed", "Feeding"]

Item = tuple[int, str]
"""A relation of the statement: the id of the scope in whose FROM it stands, and its alias there."""


_NO_CONDITION = (exp.Query, exp.AggFunc, exp.Window)


class Feed(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What keys are computed from: the bound expressions of each alternative, and what they read.

    `keeps_rows`: each alternative gives one key at most for each row of the scans that are read.
    """

    rows: tuple[tuple[exp.Expr, ...], ...]
    items: tuple[tuple[Item, ...], ...]
    reads: tuple[str, ...]
    ctes: tuple[exp.CTE, ...]
    keeps_rows: bool = False


class Feeding:
    """Where the keys of one statement's scans can come from."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._uses = {id(use.node): use for use in names.uses}
        self._padded = {
            (level, alias)
            for level, relations in names.levels.items()
            for alias, node in relations.nodes.items()
            if isinstance(relations.scope.expression, exp.Select)
            and is_padded(relations.scope.expression, node)
        }
        ctes = list(names.tree.find_all(exp.CTE))
        self._ctes = {cte.alias.lower(): cte for cte in reversed(ctes)}
        self._twins = len(self._ctes) != len(ctes)  # one name for two CTEs: not told apart here

    def accepts(self, node: exp.Expr, use: TableUse, ready: frozenset[str]) -> bool:
        """Whether `use` can be asked with the values of an expression, once the scans `ready` are read."""
        if is_constant(node):
            return True
        if self._twins or self._reads_members(node):
            return False
        if isinstance(node, exp.Subquery):
            return self.answers(node, use, ready)
        if node.find(*_NO_CONDITION, exp.Star) is not None or not has_one_value(node):
            return False
        items = self._items([node])
        return items is not None and self._are_ready(items, use, ready)

    def answers(self, query: exp.Expr, use: TableUse, ready: frozenset[str]) -> bool:
        """Whether a query stands for itself and reads only scans that are ready."""
        if self._twins or self._reads_members(query):
            return False
        scans = self._scans_in(query)
        return use.id not in scans and scans <= ready and not self._reads_around(query)

    def feed(self, rows: Iterable[Sequence[exp.Expr]]) -> Feed:
        """What the keys of some alternatives are computed from. Asked before any table of the tree is replaced."""
        kept = tuple({tuple(map(_duck, row)): tuple(row) for row in rows}.values())
        items = tuple(self._items([node for node in row if not _is_query(node)]) or () for row in kept)
        scans = self._scans_of(item for row in items for item in row)
        for row in kept:
            for node in row:
                scans |= self._scans_in(node)
        feed = Feed(rows=kept, items=items, reads=tuple(sorted(scans)), ctes=self._ctes_of(kept, items))
        return msgspec.structs.replace(feed, keeps_rows=self._keep_rows(feed))

    def query(
        self, parameters: Sequence[Parameter], feed: Feed, replaced: Mapping[int, exp.Expr]
    ) -> KeyQuery:
        """The distinct keys of all alternatives; `replaced` gives what stands for each table's node now."""
        names = [f"k{position}" for position in range(len(parameters))]
        branches = " UNION ALL ".join(
            self._branch(parameters, row, items, replaced)
            for row, items in zip(feed.rows, feed.items, strict=True)
        )
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        sql = f"SELECT DISTINCT {', '.join(names)} FROM ({branches}) AS keys WHERE {present} ORDER BY ALL"
        if feed.ctes:
            recursive = any(cte.parent is not None and cte.parent.args.get("recursive") for cte in feed.ctes)
            listed = ", ".join(_duck(cte) for cte in feed.ctes)
            sql = f"WITH {'RECURSIVE ' if recursive else ''}{listed} {sql}"
        queries = any(_is_query(node) for row in feed.rows for node in row)
        stored = not feed.reads and (any(feed.items) or queries)
        return KeyQuery(
            parameters=tuple(parameters),
            sql=sql,
            reads=feed.reads,
            stored=stored,
            keys_per_row=len(feed.rows) if feed.keeps_rows else None,
        )

    def _keep_rows(self, feed: Feed) -> bool:
        """Whether no row of a scan gives several keys: nothing that keys come out of joins or unnests."""
        nodes = [self._names.levels[level].nodes[alias] for items in feed.items for level, alias in items]
        nodes += [node for row in feed.rows for node in row if _is_query(node)]
        return all(map(self._keeps_rows, nodes))

    def _keeps_rows(self, node: exp.Expr) -> bool:
        """Whether a relation has no more rows than the one API table that it reads."""
        if id(node) in self._uses:
            return True
        if isinstance(node, exp.Table) and not node.args.get("db") and node.name.lower() in self._ctes:
            cte = self._ctes[node.name.lower()]
            return cte.this is not node.find_ancestor(exp.Query) and self._keeps_rows(cte.this)
        query = node.unnest() if isinstance(node, exp.Subquery) else node
        if not isinstance(query, exp.Select) or query.args.get("joins") or query.args.get("laterals"):
            return False
        source = query.args.get("from_")
        if source is None or query.find(exp.UDTF, exp.Explode, exp.ExplodingGenerateSeries) is not None:
            return False
        return self._keeps_rows(source.this)

    def _branch(
        self,
        parameters: Sequence[Parameter],
        row: Sequence[exp.Expr],
        items: Sequence[Item],
        replaced: Mapping[int, exp.Expr],
    ) -> str:
        projections, sources = [], []
        for position, (parameter, node) in enumerate(zip(parameters, row, strict=True)):
            text = _duck(node)
            if _is_query(node) and not _is_scalar(node):
                sources.append(f"({_duck(node.unnest())}) AS given{position}(value)")
                text = f"given{position}.value"
            projections.append(f"{tried(parameter, text, scalar=_is_scalar(node))} AS k{position}")
        relations = [self._relation(item, replaced) for item in items]
        conditions = [_duck(condition) for condition in self._conditions(items)]
        where = f" WHERE {' AND '.join(f'({condition})' for condition in conditions)}" if conditions else ""
        origin = f" FROM {', '.join([*relations, *sources])}" if relations or sources else ""
        return f"SELECT {', '.join(projections)}{origin}{where}"

    def _relation(self, item: Item, replaced: Mapping[int, exp.Expr]) -> str:
        level, alias = item
        node = self._names.levels[level].nodes[alias]
        return _duck(replaced.get(id(node), node))

    def _conditions(self, items: Sequence[Item]) -> Iterator[exp.Expr]:
        """The conditions of the SELECTs around that every row of theirs satisfies and that read `items` alone.

        Not on a relation that an outer join pads: without its rows the join would answer NULLs in their place,
        which the condition may let pass.
        """
        for level in dict.fromkeys(level for level, _ in items):
            select = self._names.levels[level].scope.expression
            if not isinstance(select, exp.Select):
                continue
            # The nodes of replaced tables have left the tree: whether they are padded was noted before.
            firm = {item for item in items if item[0] == level and item not in self._padded}
            where = select.args.get("where")
            inner = [join for join in select.args.get("joins") or [] if not _is_outer(join)]
            conditions = [where.this] if where is not None else []
            conditions += [join.args["on"] for join in inner if join.args.get("on") is not None]
            for condition in conditions:
                for part in conjuncts(condition):
                    read = self._references_in(part)
                    if not read or part.find(*_NO_CONDITION) is not None or not has_one_value(part):
                        continue
                    if all((id(one.level), one.alias) in firm for one in read):
                        yield part

    def _references_in(self, node: exp.Expr) -> list[Reference] | None:
        """What the columns of an expression read; None where one is not known."""
        found = [self._names.references.get(id(column)) for column in node.find_all(exp.Column)]
        known = [reference for reference in found if reference is not None and reference.alias is not None]
        return known if len(known) == len(found) else None

    def _items(self, nodes: Iterable[exp.Expr]) -> tuple[Item, ...] | None:
        """The relations that expressions read, and those that these read themselves (as unnest does)."""
        found: dict[Item, None] = {}
        waiting: list[Reference] = []
        for node in nodes:
            references = self._references_in(node)
            if references is None:
                return None
            waiting += references
        while waiting:
            reference = waiting.pop()
            item = (id(reference.level), str(reference.alias))
            if item in found:
                continue
            found[item] = None
            node = self._names.levels[item[0]].nodes[item[1]]
            if id(node) not in self._uses:
                around = self._around(node)
                if around is None:
                    return None
                waiting += around
        aliases = [alias for _, alias in found]
        if len(set(aliases)) != len(aliases):
            return None  # one name at two levels: standing side by side they could not be told apart
        return tuple(sorted(found, key=self._order))

    def _order(self, item: Item) -> tuple[int, int]:
        levels = list(self._names.levels)
        # Scopes are listed the inner first; a relation may read those around it, so these go first.
        return (-levels.index(item[0]), self._names.levels[item[0]].order.index(item[1]))

    def _around(self, node: exp.Expr) -> list[Reference] | None:
        """What a derived relation reads of the relations around it."""
        inside = {id(relations.scope) for relations in self._levels_in(node)}
        found = []
        for column in node.find_all(exp.Column):
            reference = self._names.references.get(id(column))
            if reference is None:
                return None
            if id(reference.level) not in inside and reference.alias is not None:
                found.append(reference)
        return found

    def _reads_members(self, node: exp.Expr) -> bool:
        """Whether an expression reads a member parameter, which is rewritten in place and has no value."""
        for reference in self._references_in(node) or ():
            use = self._names.levels[id(reference.level)].tables.get(str(reference.alias))
            if (
                use is not None
                and reference.name in use.virtual
                and use.virtual[reference.name].kind == "member"
            ):
                return True
        return False

    def _reads_around(self, query: exp.Expr) -> bool:
        around = self._around(query)
        return around is None or bool(around)

    def _levels_in(self, node: exp.Expr) -> Iterator[Relations]:
        below = {id(part) for part in node.walk()}
        for relations in self._names.levels.values():
            if id(relations.scope.expression) in below:
                yield relations

    def _scans_in(self, node: exp.Expr, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The scans of the tables below a node, through the CTEs that it names."""
        found: set[str] = set()
        for table in node.find_all(exp.Table):
            if id(table) in self._uses:
                found.add(self._uses[id(table)].id)
            elif table.args.get("db") is None and table.name.lower() in self._ctes.keys() - seen:
                cte = self._ctes[table.name.lower()]
                found |= self._scans_in(cte.this, seen | {table.name.lower()})
        return frozenset(found)

    def _scans_of(self, items: Iterable[Item]) -> frozenset[str]:
        found: set[str] = set()
        for level, alias in items:
            found |= self._scans_in(self._names.levels[level].nodes[alias])
        return frozenset(found)

    def _are_ready(self, items: Iterable[Item], use: TableUse, ready: frozenset[str]) -> bool:
        scans = self._scans_of(items)
        return use.id not in scans and scans <= ready

    def _ctes_of(
        self, rows: Iterable[Sequence[exp.Expr]], items: Iterable[Sequence[Item]]
    ) -> tuple[exp.CTE, ...]:
        """The CTEs that keys read, one through another, in the order of the statement."""
        waiting: list[exp.Expr] = [node for row in rows for node in row]
        waiting += [self._names.levels[level].nodes[alias] for row in items for level, alias in row]
        wanted: set[str] = set()
        while waiting:
            for table in waiting.pop().find_all(exp.Table):
                name = table.name.lower()
                if name in self._ctes and not table.args.get("db") and name not in wanted:
                    wanted.add(name)
                    waiting.append(self._ctes[name].this)
        return tuple(cte for name, cte in self._ctes.items() if name in wanted)


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Query, exp.Subquery))


def _is_scalar(node: exp.Expr) -> bool:
    """Whether a subquery stands for one value: on the other side of an equality, not of IN or ANY."""
    return isinstance(node, exp.Subquery) and isinstance(node.parent, (exp.EQ, exp.NullSafeEQ))


def _is_outer(join: exp.Join) -> bool:
    return bool(side_of(join)) or str(join.args.get("kind") or "").upper() == "ANTI"


def _duck(node: exp.Expr) -> str:
    return generate(node)
