"""Where LIMIT may stop the network, and where nothing of a table matters but how many rows it has.

Law: a scan stops early only where the rows that it leaves unread cannot change the answer.

A *chain* is a SELECT over one table, a SELECT over nothing but that one, and so on, through derived tables, views
and CTEs that are read once; none orders, groups, joins or makes anything but a row of a row. Then each row that
passes every filter on the way is a row of the outermost, and so many of them are enough as the LIMITs let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlglot import exp

from sqloud.dialect.functions import ONE_ROW
from sqloud.planner.literals import VOLATILE, literal_value
from sqloud.planner.names import Names
from sqloud.planner.relations import Relations
from sqloud.planner.residual import generate
from sqloud.planner.sources import TableUse

__all__ = ["Stop", "is_only_counted", "is_plain", "passed_count", "row_limit", "window_of"]

_CLAUSES = (
    *("group", "having", "order", "distinct", "windows", "qualify"),
    *("joins", "laterals", "sample", "connect", "match", "pivots"),
)
_MORE_THAN_A_ROW = (
    *(exp.AggFunc, exp.Window),
    *(exp.UDTF, exp.Explode, exp.Inline, exp.ExplodingGenerateSeries),
)


Link = tuple[exp.Select, tuple[str, ...]]


class Stop(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`rows` of a table are enough that pass the filters of `links`, a chain, the innermost first.

    Beside each SELECT are the names of the columns of what it reads; none for the table itself.
    """

    rows: int
    links: tuple[Link, ...]

    @property
    def filters(self) -> bool:
        """Whether any of the chain has a WHERE."""
        return any(select.args.get("where") is not None for select, _ in self.links)


def row_limit(use: TableUse, names: Names) -> Stop | None:
    """Where the scan of a table may stop, or None. Asked before any table of the tree is replaced."""
    chain: list[Link] = []
    rows: int | None = None
    skipped, cut = 0, False
    top: exp.Select | None = None
    for select, columns in _chain(use, names):
        window = window_of(select)
        if window is None or (cut and select.args.get("where") is not None):
            return _stop(rows, chain)
        limit, offset = window
        skipped += offset
        if not cut:
            chain.append((select, columns))
        if limit is not None:
            rows = skipped + limit if rows is None else min(rows, skipped + limit)
        cut = cut or limit is not None or offset > 0
        top = select
    if top is not None and isinstance(top.parent, exp.Exists):
        rows = skipped + 1 if rows is None else min(rows, skipped + 1)
    return _stop(rows, chain)


def passed_count(stop: Stop) -> str:
    """SQL that counts the rows which pass the filters of a chain, over what is loaded."""
    counted: exp.Select | None = None
    for select, columns in stop.links:
        outer = select.copy()
        for clause in ("limit", "offset", "with_"):
            outer.set(clause, None)
        if counted is not None:
            source = outer.args["from_"].this
            source.replace(exp.Subquery(this=counted, alias=_alias(source, columns)))
        counted = outer
    assert counted is not None
    counted.set("expressions", [exp.Count(this=exp.Star())])
    return generate(counted)


def is_only_counted(use: TableUse, names: Names) -> bool:
    """Whether a statement reads a table through a chain that keeps every row, and then nothing of those rows."""
    for select, _ in _chain(use, names):
        if any(select.args.get(clause) is not None for clause in ("where", "limit", "offset")):
            return False
        reader = _reader(select, names)
        if reader is None:
            return False
        relations, alias = reader
        if relations.others.get(alias) is not None and not _is_read(alias, relations, names):
            return True
    return False


def _stop(rows: int | None, chain: list[Link]) -> Stop | None:
    return Stop(rows=rows, links=tuple(chain)) if rows is not None else None


def _chain(use: TableUse, names: Names) -> Iterator[Link]:
    """The SELECTs of a chain over a table, the innermost first."""
    relations = names.level_of(use)
    node: exp.Expr = use.node
    columns: tuple[str, ...] = ()
    inside: set[int] = set()
    while True:
        select = relations.scope.expression
        inside.add(id(relations.scope))
        if not isinstance(select, exp.Select) or not is_plain(select, node, relations, names, inside):
            return
        yield select, columns
        if any(one.find(exp.Query) is not None for one in select.expressions):
            return
        reader = _reader(select, names)
        if reader is None:
            return
        relations, alias = reader
        named = relations.others[alias]
        if named is None:
            return
        node, columns = relations.nodes[alias], named


def is_plain(
    select: exp.Select,
    node: exp.Expr,
    relations: Relations,
    names: Names,
    inside: set[int],
    *,
    ordered: bool = False,
) -> bool:
    """Whether a SELECT makes one row of each row of its one relation that passes its WHERE, and reads nothing else.

    `inside` are the ids of the scopes whose columns it may read; `ordered` lets an ORDER BY stand.
    """
    clauses = [clause for clause in _CLAUSES if not (ordered and clause == "order")]
    if any(select.args.get(clause) for clause in clauses) or [*map(id, relations.nodes.values())] != [
        id(node)
    ]:
        return False
    if any(node.args.get(part) for part in ("sample", "pivots", "joins", "laterals")):
        return False
    if select.find(*VOLATILE) or any(map(_sees_more_than_a_row, select.expressions)):
        return False
    where = select.args.get("where")
    if where is not None and where.find(exp.Query) is not None:
        return False
    # A subquery in a projection gives its row one value. Nothing outside counts rows by it: `_chain` ends there.
    parts = [
        *(one for one in select.expressions if one.find(exp.Query) is None),
        *([where] if where is not None else []),
    ]
    for part in parts:
        for column in part.find_all(exp.Column):
            reference = names.references.get(id(column))
            if reference is None or reference.alias is None or id(reference.level) not in inside:
                return False
    return True


def _reader(select: exp.Select, names: Names) -> tuple[Relations, str] | None:
    """The one FROM in which a SELECT stands as it is, and its name there; None where there are several or none."""
    around = select.parent
    while isinstance(around, exp.Subquery):
        if any(around.args.get(clause) for clause in ("limit", "offset", "order", "with_")):
            return None
        around = around.parent
    found = [
        (relations, alias)
        for relations in names.levels.values()
        for alias, origin in relations.origins.items()
        if origin.expression is select
    ]
    return found[0] if len(found) == 1 else None


def _is_read(alias: str, relations: Relations, names: Names) -> bool:
    """Whether anything of a relation is read: a column, from wherever, or all of them at once."""
    stars = relations.scope.expression.find_all(exp.Star)
    if any(not isinstance(star.parent, exp.Count) for star in stars):
        return True
    return any(
        one.level is relations.scope and one.alias in (alias, None) for one in names.references.values()
    )


def window_of(select: exp.Select) -> tuple[int | None, int] | None:
    """LIMIT and OFFSET as numbers, 0 and None where there are none; None where they are no constants."""
    limit, offset = select.args.get("limit"), select.args.get("offset")
    skipped = literal_value(offset.expression) if offset is not None else 0
    if not isinstance(skipped, int) or isinstance(skipped, bool) or skipped < 0:
        return None
    if limit is None:
        return None, skipped
    options = limit.args.get("limit_options")
    if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
        return None
    told = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
    count = literal_value(told) if told is not None else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return None
    return count, skipped


def _alias(source: exp.Expr, names: Sequence[str]) -> exp.TableAlias:
    """The name of a relation, and the names of its columns, which a CTE may have been given."""
    given = source.args.get("alias")
    columns = [column.name for column in given.columns] if isinstance(given, exp.TableAlias) else []
    columns += names[len(columns) :]
    return exp.TableAlias(
        this=exp.to_identifier(source.alias_or_name, quoted=True),
        columns=[exp.to_identifier(name, quoted=True) for name in columns],
    )


def _sees_more_than_a_row(projection: exp.Expr) -> bool:
    for node in projection.walk(prune=lambda one: isinstance(one, exp.Query)):
        if isinstance(node, _MORE_THAN_A_ROW):
            return True
        if isinstance(node, exp.Anonymous) and node.name.lower() not in ONE_ROW:
            return True
    return False
