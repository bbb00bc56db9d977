"""What is left for the engine: the statement's own tree, with tables replaced and names qualified.

Law: the whole statement is applied again. A table becomes its scan's table, wrapped where hidden columns must be
computed, a default scope checked, or rows told apart that several keys brought.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlglot
from sqlglot import exp

from sqloud.datatypes import DataType
from sqloud.dialect import span_of
from sqloud.errors import InternalError, NotSupportedError, ProgrammingError
from sqloud.plan.steps import Echo, Value
from sqloud.planner.members import MemberReads
from sqloud.planner.methods import Choice
from sqloud.planner.sources import TableUse, Virtual
from sqloud.planner.spelling import spelled
from sqloud.registry.records import Column, Equals, MemberOf, Option, Scope

__all__ = ["Shape", "expression_of", "generate", "judge_expression", "shape"]


_CLOCKS: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "today",
    exp.CurrentTime: "get_current_time",
    exp.CurrentTimestamp: "now",
    exp.Localtime: "current_localtime",
    exp.Localtimestamp: "current_localtimestamp",
}


class Shape(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How a scan's table stands in the residual: what it loads, and the relation that takes the table's place."""

    columns: tuple[Column, ...]
    echoes: tuple[Echo, ...]
    relation: str
    filtered: bool


def generate(tree: exp.Expr) -> str:
    """The tree in the engine's dialect. What the generator cannot say is an error, never a guess."""
    tree = spelled(tree)
    # Without brackets the engine takes them for columns, and finds their own output name.
    for clock in list(tree.find_all(*_CLOCKS)):
        clock.replace(exp.Anonymous(this=_CLOCKS[type(clock)]))
    try:
        return _without_lambdas(tree).sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise NotSupportedError(f"the engine cannot run this: {error}") from error


def _without_lambdas(tree: exp.Expr) -> exp.Expr:
    """The tree with `a -> 'b'` in brackets: the engine reads a bare arrow in a function's arguments as a lambda."""
    if tree.find(exp.JSONExtract) is None:
        return tree
    bracketed = tree.copy()
    for arrow in list(bracketed.find_all(exp.JSONExtract)):
        if isinstance(arrow.parent, exp.Func):
            arrow.replace(exp.paren(arrow, copy=True))
    return bracketed


def expression_of(text: str) -> exp.Expr:
    """A document's SQL over the row, parsed. Raises ProgrammingError naming it."""
    try:
        return sqlglot.parse_one(text, read="duckdb")
    except sqlglot.ParseError as error:
        raise ProgrammingError(f"the provider document holds no SQL expression: {text!r}") from error


def judge_expression(text: str, columns: frozenset[str]) -> str | None:
    """What is wrong with a document's SQL over a row of `columns`; None where nothing is."""
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except (sqlglot.ParseError, sqlglot.TokenError) as error:
        return f"is no SQL expression: {str(error).splitlines()[0]}"
    if tree.find(exp.Query, exp.AggFunc, exp.Window, exp.Command, exp.Alias) is not None:
        return "is no expression over one row"
    unknown = sorted({column.name.lower() for column in tree.find_all(exp.Column)} - columns)
    if unknown:
        return f"reads {', '.join(unknown)}, which the table does not have"
    return None


def shape(use: TableUse, choice: Choice, wanted: Iterable[str], members: MemberReads) -> Shape:
    """The loaded columns, echoes and relation of one table, of which the statement reads the columns `wanted`."""
    names = list(dict.fromkeys((*wanted, *members.columns)))
    loaded: dict[str, Column] = {name: use.columns[name] for name in names if name in use.columns}
    echoes: dict[str, Echo] = {}
    projections: dict[str, str] = {name: _quoted(name) for name in loaded}
    conditions: list[str] = []
    for name in names:
        if name not in use.columns:
            virtual = use.virtual[name]
            projections[name] = _projection(use, choice, virtual, echoes)
            if virtual.kind in {"computed", "scope"} and virtual.expression is not None:
                _load_reads(use, virtual.expression, loaded)
    for condition, reads in [*_default_scopes(use, choice), *_own_rows(use, choice, echoes)]:
        conditions.append(condition)
        _load_reads(use, reads, loaded)
    conditions += [f"({value}) = ANY({_quoted(listed)})" for value, listed in dict.fromkeys(members.held)]
    ordered = tuple(column for column in use.resource.columns if column.name in loaded)
    source = use.id
    once = _once_by_key(use, choice)
    if once:
        for name in use.resource.key:
            loaded.setdefault(name, use.columns[name])
        ordered = tuple(column for column in use.resource.columns if column.name in loaded)
        for parameter in choice.parameters:
            if isinstance(parameter.meaning, Scope):
                echoes.setdefault(
                    parameter.sql_name, _echo(parameter.sql_name, parameter.sql_name, parameter.type)
                )
    if not conditions and not once and all(_quoted(name) == text for name, text in projections.items()):
        return Shape(columns=ordered, echoes=tuple(echoes.values()), relation=_quoted(source), filtered=False)
    listed = ", ".join(
        text if text == _quoted(name) else f"{text} AS {_quoted(name)}" for name, text in projections.items()
    )
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if once:
        where = f" WHERE rowid IN (SELECT min(rowid) FROM {_quoted(source)}{where} GROUP BY {once}) ORDER BY rowid"
    return Shape(
        columns=ordered,
        echoes=tuple(echoes.values()),
        relation=f"(SELECT {listed or 'NULL AS nothing'} FROM {_quoted(source)}{where})",
        filtered=bool(conditions or once),
    )


def _projection(use: TableUse, choice: Choice, virtual: Virtual, echoes: dict[str, Echo]) -> str:
    name, parameter = virtual.name, virtual.parameter
    if virtual.kind == "computed":
        return f"({_duck(virtual.expression)})"
    if virtual.kind == "scope" and virtual.expression is not None:
        return f"({_duck(virtual.expression)})"
    if virtual.kind == "member":
        raise InternalError(f"{name} was left in the statement")
    if choice.binds(name):
        echoes[name] = _echo(name, name, parameter.type)
        return _quoted(name)
    if isinstance(parameter.meaning, Scope) and parameter.meaning.default is not None:
        return f"CAST({_literal(parameter.meaning.default)} AS {parameter.type.sql})"
    if virtual.paging or virtual.kind == "option":
        raise ProgrammingError(
            f"{name} of {use.resource.name} has a value only where the statement binds it",
            span=span_of(use.node),
            hints=(f"bind it with = or IN: WHERE {name} = 1",),
        )
    # A scope that this method neither takes nor tells: the rows were asked without it.
    return f"CAST(NULL AS {parameter.type.sql})"


def _default_scopes(use: TableUse, choice: Choice) -> list[tuple[str, str]]:
    """The conditions that keep the rows of a default scope, where the row tells its scope.

    The rows of the listing, asked without it, are those of the default scope. A lookup may answer others, and so
    may a filter that excludes the scope's parameter.
    """
    listing = use.resource.listing
    assert listing is not None
    if choice.method.listing and all(isinstance(one.meaning, (Scope, Option)) for one in choice.parameters):
        return []
    found = []
    for parameter in listing.parameters:
        meaning = parameter.meaning
        if not isinstance(meaning, Scope) or meaning.computed is None or meaning.default is None:
            continue
        if parameter.sql_name not in choice.bound:
            condition = f"({_duck(meaning.computed)}) = {_literal(meaning.default)}"
            found.append((condition, meaning.computed))
    return found


def _own_rows(use: TableUse, choice: Choice, echoes: dict[str, Echo]) -> list[tuple[str, str]]:
    """Where several values of a filter are asked, each row counts only for the value that it has.

    A server that ignores the filter answers every row to every key; so each is kept once.
    """
    if not choice.asked_often:
        return []
    found = []
    for parameter in choice.parameters:
        if isinstance(parameter.meaning, Equals):
            name = f"asked {parameter.sql_name}"
            echoes[name] = _echo(name, parameter.sql_name, parameter.type)
            found.append(
                (f"({_duck(parameter.meaning.expression)}) = {_quoted(name)}", parameter.meaning.expression)
            )
    return found


def _once_by_key(use: TableUse, choice: Choice) -> str:
    """What tells the rows apart that several members may have brought twice: the key within its scopes.

    The first of each is kept, by the smallest rowid: DuckDB 2.0 breaks on `QUALIFY row_number() OVER (... ORDER BY
    rowid) = 1 ORDER BY rowid`. It is the first of those that count, so the other conditions go inside.
    """
    if not choice.asked_often or not any(isinstance(p.meaning, MemberOf) for p in choice.parameters):
        return ""
    scopes = [p.sql_name for p in choice.parameters if isinstance(p.meaning, Scope)]
    return ", ".join(_quoted(name) for name in (*use.resource.key, *scopes))


def _load_reads(use: TableUse, expression: str, loaded: dict[str, Column]) -> None:
    for column in expression_of(expression).find_all(exp.Column):
        name = column.name.lower()
        if name not in use.columns:
            raise ProgrammingError(
                f"the provider document of {use.resource.name} reads a column {name} that the table lacks: {expression}"
            )
        loaded.setdefault(name, use.columns[name])


def _echo(name: str, parameter: str, data_type: DataType) -> Echo:
    return Echo(name=name, parameter=parameter, type=data_type)


def _duck(expression: str | None) -> str:
    return expression_of(str(expression)).sql(dialect="duckdb")


def _literal(value: Value) -> str:
    return exp.convert(value).sql(dialect="duckdb")


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
