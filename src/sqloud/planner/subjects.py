"""Subjects: one name for each expression over a table's row, however it is spelled.

Law: two expressions have one subject only where they have one value on every row. So `id = 5` and a parameter that
equals `id` meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from math import inf, prod

from sqlglot import exp

from sqloud.datatypes import DataType
from sqloud.planner.cover import member_subject
from sqloud.planner.feeding import Feeding
from sqloud.planner.literals import is_constant
from sqloud.planner.names import Names
from sqloud.planner.reach import Path, Reach
from sqloud.planner.residual import expression_of
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Equals, MemberOf, Parameter

__all__ = ["FedSubjects", "TableSubjects", "parameter_subjects"]


class TableSubjects:
    """The subjects of one table of a statement. It can be asked with constants."""

    def __init__(self, use: TableUse, names: Names, reach: Reach) -> None:
        self._use = use
        self._names = names
        self._reach = reach
        self._path: Path = frozenset()
        self._kinds: dict[str, str | None] = {}
        for method in use.resource.methods_for("select"):
            for parameter in method.parameters:
                self._kinds[_subject(parameter)] = _kind_told(parameter)
        self._kinds |= {
            _canonical(exp.column(name)): _kind(column.type) for name, column in use.columns.items()
        }

    def along(self, path: Path) -> TableSubjects:
        """The subjects as predicates name them that the table's rows meet on one path to the answer."""
        other = copy(self)
        other._path = path
        return other

    def subject(self, node: exp.Expr) -> str | None:
        """The subject of an expression; None if it reads anything but the table's row."""
        columns = list(node.find_all(exp.Column))
        if not columns or node.find(exp.Query) is not None:
            return None
        own = [self._own(column) for column in columns]
        if any(name is None for name in own):
            return None
        node = node.unnest()
        if isinstance(node, exp.Column) and str(own[0]) in self._use.virtual:
            return _subject(self._use.virtual[str(own[0])].parameter)
        if any(name in self._use.virtual for name in own):
            return None
        renamed = node.copy()
        for column, name in zip(list(renamed.find_all(exp.Column)), own, strict=True):
            column.set("this", exp.to_identifier(name))
        return _canonical(renamed)

    def kind(self, subject: str) -> str | None:
        """`text` or `number` where two literals of that kind that differ are two values; None elsewhere."""
        return self._kinds.get(subject)

    def accepts(self, node: exp.Expr) -> bool:
        """Whether the table can be asked with the value of an expression."""
        return is_constant(node)

    def answers(self, query: exp.Expr) -> bool:
        """Whether the table can be asked with the rows of a query."""
        return False

    def cheaper(self, one: exp.Expr, other: exp.Expr) -> bool:
        """Whether the values of `one` surely cost less: of constants none does."""
        return False

    def _own(self, column: exp.Column) -> str | None:
        """The column of the table that a column of the statement is, unchanged."""
        reference = self._names.references.get(id(column))
        traced = self._reach.trace(reference, self._path) if reference is not None else []
        found = [name for use, name in traced if use is self._use]
        return found[0] if len(found) == 1 else None


class FedSubjects(TableSubjects):
    """The subjects of a table that can also be asked with what scans give.

    `ready` are those scans, each with the most rows that it can give, None where only answers tell. `dearer` notes, of
    two relations that could give the keys, the one passed over and the one that cost less.
    """

    def __init__(
        self, use: TableUse, names: Names, reach: Reach, feeding: Feeding, ready: Mapping[str, int | None]
    ) -> None:
        super().__init__(use, names, reach)
        self._feeding = feeding
        self._rows = ready
        self._ready = frozenset(ready)
        self.dearer: dict[str, str] = {}

    def accepts(self, node: exp.Expr) -> bool:
        """Whether the table can be asked with the values of an expression."""
        return self._feeding.accepts(node, self._use, self._ready)

    def answers(self, query: exp.Expr) -> bool:
        """Whether the table can be asked with the rows of a query."""
        return self._feeding.answers(query, self._use, self._ready)

    def cheaper(self, one: exp.Expr, other: exp.Expr) -> bool:
        """Whether the values of `one` surely cost less: what reads no scan, then what gives fewer rows at most."""
        first, second = self._scans(one), self._scans(other)
        less = self._most(first) < self._most(second)
        if less and second and not is_constant(one):
            self.dearer[_listed(second)] = _listed(first) or "what is known before any request"
        return less

    def _scans(self, node: exp.Expr) -> tuple[str, ...]:
        return () if is_constant(node) else self._feeding.feed(((node,),)).reads

    def _most(self, scans: tuple[str, ...]) -> float:
        """The most keys that scans can give; of none, fewer than of any."""
        if not scans:
            return 0
        return prod(inf if (rows := self._rows[scan]) is None else rows + 1 for scan in scans)


def _listed(scans: tuple[str, ...]) -> str:
    return " and ".join(scans)


def parameter_subjects(use: TableUse) -> Mapping[str, str]:
    """The subject of every parameter of the SELECT methods, by SQL name."""
    found: dict[str, str] = {}
    for method in use.resource.methods_for("select"):
        for parameter in method.parameters:
            found.setdefault(parameter.sql_name, _subject(parameter))
    return found


def _subject(parameter: Parameter) -> str:
    meaning = parameter.meaning
    if isinstance(meaning, Equals):
        return _told(meaning.expression)[0]
    if isinstance(meaning, MemberOf):
        return member_subject(meaning.column)
    return f"parameter {parameter.sql_name}"


@lru_cache(maxsize=1024)
def _told(expression: str) -> tuple[str, bool]:
    """The subject of a document's expression, and whether it is a text out of JSON."""
    node = expression_of(expression).unnest()
    return _canonical(node), isinstance(node, exp.JSONExtractScalar)


def _canonical(node: exp.Expr) -> str:
    bare = node.copy().unnest()
    for column in bare.find_all(exp.Column):
        column.set("this", exp.to_identifier(column.name.lower()))
        for part in ("table", "db", "catalog"):
            column.set(part, None)
    return bare.sql(dialect="duckdb", comments=False)


def _kind(data_type: DataType) -> str | None:
    return {"VARCHAR": "text", "BIGINT": "number", "DOUBLE": "number"}.get(data_type.sql)


def _kind_told(parameter: Parameter) -> str | None:
    """The kind of what a parameter means; a list holds several values, and an expression has a type of its own."""
    meaning = parameter.meaning
    if isinstance(meaning, MemberOf):
        return None
    if isinstance(meaning, Equals) and not _told(meaning.expression)[1]:
        return None
    return _kind(parameter.type)
