"""Subjects: one name for each expression over a table's row, however it is spelled.

Law: two expressions have one subject only where they have one value on every row. So `id = 5` and a parameter that
equals `id` meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from sqloud.datatypes import DataType
from sqloud.planner.cover import member_subject
from sqloud.planner.names import BoundColumn
from sqloud.planner.residual import expression_of
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Equals, MemberOf, Parameter

__all__ = ["TableSubjects", "parameter_subjects"]


class TableSubjects:
    """The subjects of one table of a statement, whose columns are bound by `columns`."""

    def __init__(self, use: TableUse, columns: Iterable[BoundColumn]) -> None:
        self._use = use
        self._by_node = {id(column.node): column for column in columns}
        self._kinds: dict[str, str | None] = {}
        for method in use.resource.methods_for("select"):
            for parameter in method.parameters:
                self._kinds[_subject(parameter)] = _kind_told(parameter)
        self._kinds |= {_canonical(exp.column(name)): _kind(use.columns[name].type) for name in use.columns}

    def subject(self, node: exp.Expr) -> str | None:
        """The subject of an expression; None if it reads anything but the table's row."""
        columns = list(node.find_all(exp.Column))
        if not columns or node.find(exp.Query) is not None:
            return None
        bound = [self._by_node.get(id(column)) for column in columns]
        own = [column for column in bound if column is not None and column.use is self._use]
        if len(own) < len(columns):
            return None
        node = node.unnest()
        if isinstance(node, exp.Column) and own[0].name in self._use.virtual:
            return _subject(self._use.virtual[own[0].name].parameter)
        if any(column.name in self._use.virtual for column in own):
            return None
        return _canonical(node)

    def kind(self, subject: str) -> str | None:
        """`text` or `number` where two literals of that kind that differ are two values; None elsewhere."""
        return self._kinds.get(subject)


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
        return _canonical(expression_of(meaning.expression))
    if isinstance(meaning, MemberOf):
        return member_subject(meaning.column)
    return f"parameter {parameter.sql_name}"


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
    if isinstance(meaning, Equals) and not isinstance(
        expression_of(meaning.expression).unnest(), exp.JSONExtractScalar
    ):
        return None
    return _kind(parameter.type)
