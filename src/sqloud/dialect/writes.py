"""INSERT, UPDATE, REPLACE and DELETE: sqlglot's trees to our records.

Law: a clause that the record has no place for is refused by name; none is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from sqloud.dialect.commands import hints_before
from sqloud.dialect.fragments import Fragment
from sqloud.dialect.nodes import span_of
from sqloud.dialect.statements import Assignment, Delete, Insert, Name, Path, Replace, ReplaceInto, Update
from sqloud.dialect.syntax import SqloudParser
from sqloud.errors import NotSupportedError, Span, SqlSyntaxError

__all__ = ["delete", "insert", "replace", "replace_into", "update"]

_CLAUSES = {
    "alternative": "INSERT OR",
    "by_name": "BY NAME",
    "cluster": "ON CLUSTER",
    "conflict": "ON CONFLICT",
    "ignore": "INSERT IGNORE",
    "limit": "LIMIT",
    "order": "ORDER BY",
    "overwrite": "INSERT OVERWRITE",
    "partition": "PARTITION",
    "tables": "DELETE of several tables",
    "with_": "WITH",
}


def insert(fragment: Fragment) -> Insert:
    """`INSERT [/*+ hints */] INTO p.s.r [(columns)] VALUES ... | query [RETURNING ...]`."""
    return Insert(**_rows(fragment, "INSERT"))


def replace_into(fragment: Fragment) -> ReplaceInto:
    """`REPLACE INTO p.s.r [(columns)] VALUES ... | query [RETURNING ...]`; its first token is INSERT's."""
    return ReplaceInto(**_rows(fragment, "REPLACE"))


def update(fragment: Fragment) -> Update:
    """`UPDATE p.s.r [AS alias] SET column = value, ... [FROM ...] [WHERE ...] [RETURNING ...]`."""
    return Update(**_assignments(fragment, "UPDATE"))


def replace(fragment: Fragment) -> Replace:
    """`REPLACE p.s.r SET ...`, the same shape as UPDATE; its first token is UPDATE's."""
    return Replace(**_assignments(fragment, "REPLACE"))


def delete(fragment: Fragment) -> Delete:
    """`DELETE FROM p.s.r [AS alias] [USING ...] [WHERE ...] [RETURNING ...]`."""
    if fragment.word(1) != "FROM":
        raise fragment.unexpected(1, "FROM")
    fragment, all_rows = _all_rows(fragment)
    tree = fragment.parse(SqloudParser._parse_statement)
    args = _known(fragment, tree, "DELETE", exp.Delete, {"this", "using", "where", "returning"})
    target, alias = _target(fragment, args["this"], "DELETE")
    return Delete(
        target=target,
        alias=alias,
        using=tuple(args.get("using") or ()),
        where=_where(args),
        all_rows=all_rows,
        returning=_returning(args),
        hints=hints_before(fragment, 1),
    )


def _rows(fragment: Fragment, verb: str) -> dict[str, Any]:
    if fragment.word(1) != "INTO":
        raise fragment.unexpected(1, "INTO")
    fragment = _joined_columns(fragment)
    tree = fragment.parse(SqloudParser._parse_statement)
    args = _known(fragment, tree, verb, exp.Insert, {"this", "expression", "returning", "default"})
    table = args["this"]
    columns: tuple[Name, ...] = ()
    if isinstance(table, exp.Schema):
        columns = tuple(_column(fragment, item) for item in table.expressions)
        table = table.this
    target, alias = _target(fragment, table, verb)
    if alias is not None:
        raise NotSupportedError(f"an alias in {verb} INTO is not built yet", span=alias.span)
    source = args.get("expression")
    if args.get("default"):
        if columns:
            raise SqlSyntaxError("DEFAULT VALUES takes no columns", span=columns[0].span)
        source = exp.Values(expressions=[])
    if not isinstance(source, (exp.Values, exp.Query)):
        raise fragment.unexpected(len(fragment.tokens), "VALUES", "a query")
    if isinstance(source, exp.Values) and (values_alias := source.args.get("alias")) is not None:
        raise SqlSyntaxError(
            f"VALUES takes no alias in {verb} INTO", span=span_of(values_alias) or fragment.span
        )
    return {
        "target": target,
        "columns": columns,
        "source": source,
        "returning": _returning(args),
        "hints": hints_before(fragment, 1),
    }


def _assignments(fragment: Fragment, verb: str) -> dict[str, Any]:
    fragment, all_rows = _all_rows(fragment)
    tree = fragment.parse(SqloudParser._parse_statement)
    args = _known(fragment, tree, verb, exp.Update, {"this", "expressions", "from_", "where", "returning"})
    target, alias = _target(fragment, args["this"], verb)
    if not args.get("expressions"):
        raise fragment.unexpected(len(fragment.tokens), "SET column = value")
    from_ = args.get("from_")
    return {
        "target": target,
        "alias": alias,
        "assignments": tuple(_assignment(item, alias or target.names[-1]) for item in args["expressions"]),
        "sources": (from_.this,) if from_ is not None else (),
        "where": _where(args),
        "all_rows": all_rows,
        "returning": _returning(args),
        "hints": hints_before(fragment, 1),
    }


def _all_rows(fragment: Fragment) -> tuple[Fragment, bool]:
    """The statement without its ALL ROWS (or WHERE ALL ROWS), and whether it had one."""
    depth = 0
    for at, token in enumerate(fragment.tokens):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 and fragment.word(at) == "ALL" and fragment.word(at + 1) == "ROWS":
            first = at - 1 if fragment.word(at - 1) == "WHERE" else at
            rest = (*fragment.tokens[:first], *fragment.tokens[at + 2 :])
            shortened = msgspec.structs.replace(fragment, tokens=rest)
            if any(shortened.word(index) == "WHERE" for index in range(first, len(rest))) or (
                first == at and any(fragment.word(index) == "WHERE" for index in range(at))
            ):
                raise SqlSyntaxError(
                    "ALL ROWS stands in the place of a WHERE, not beside one",
                    span=Span(token.start, fragment.tokens[at + 1].end + 1),
                )
            return shortened, True
    return fragment, False


def _joined_columns(fragment: Fragment) -> Fragment:
    """The statement with each dotted name of its column list, a path into the body, as one quoted name."""
    opening = next(
        (at for at, one in enumerate(fragment.tokens) if one.token_type == TokenType.L_PAREN), None
    )
    if opening is None or any(fragment.word(at) in ("VALUES", "SELECT", "WITH") for at in range(opening)):
        return fragment
    tokens = list(fragment.tokens[: opening + 1])
    at = opening + 1
    while at < len(fragment.tokens) and fragment.tokens[at].token_type != TokenType.R_PAREN:
        first, names = fragment.tokens[at], [fragment.tokens[at].text]
        if fragment.word(at) in ("SELECT", "WITH", "VALUES", "("):
            return fragment
        while fragment.word(at + 1) == "." and at + 2 < len(fragment.tokens):
            names.append(fragment.tokens[at + 2].text)
            at += 2
        last = fragment.tokens[at]
        if len(names) > 1:
            first = Token(TokenType.IDENTIFIER, ".".join(names), first.line, first.col, first.start, last.end)
        tokens.append(first)
        at += 1
    return msgspec.structs.replace(fragment, tokens=(*tokens, *fragment.tokens[at:]))


def _known(
    fragment: Fragment, tree: exp.Expr, verb: str, kind: type[exp.Expr], known: set[str]
) -> Mapping[str, Any]:
    if not isinstance(tree, kind):
        raise fragment.unexpected(0)
    for name, value in tree.args.items():
        if value and name not in known:
            _refuse(f"{_CLAUSES.get(name, name.upper())} in {verb}", value, fragment)
    return tree.args


def _target(fragment: Fragment, table: object, verb: str) -> tuple[Path, Name | None]:
    if not isinstance(table, exp.Table):
        raise SqlSyntaxError(f"{verb} needs provider.service.resource", span=fragment.span)
    for name, value in table.args.items():
        if value and name not in ("this", "db", "catalog", "alias"):
            _refuse(f"{name.upper()} on the target of {verb}", table, fragment)
    parts = table.parts
    if len(parts) not in (1, 3) or not all(isinstance(part, exp.Identifier) for part in parts):
        raise SqlSyntaxError(f"{verb} needs provider.service.resource here", span=span_of(table))
    alias = table.args.get("alias")
    return Path(names=tuple(_name(part) for part in parts)), _name(alias.this) if alias else None


def _assignment(item: exp.Expr, table: Name) -> Assignment:
    """`column = value`; a dotted column is a place inside of the body, and never the table's column."""
    column = item.this if isinstance(item, exp.EQ) else None
    if (
        not isinstance(column, (exp.Column, exp.Dot))
        or not all(isinstance(part, exp.Identifier) for part in column.parts)
        or (len(column.parts) > 1 and _name(column.parts[0]).key == table.key)
    ):
        raise SqlSyntaxError("SET takes column = value, with the column's bare name", span=span_of(item))
    if len(column.parts) == 1:
        return Assignment(column=_name(column.parts[0]), value=item.expression)
    name = ".".join(part.name for part in column.parts)
    path = Name(text=name, quoted=True, span=span_of(column) or Span(0, 0))
    return Assignment(column=path, value=item.expression)


def _column(fragment: Fragment, item: exp.Expr) -> Name:
    if not isinstance(item, exp.Identifier):
        raise SqlSyntaxError("the column list takes names only", span=span_of(item) or fragment.span)
    return _name(item)


def _name(identifier: exp.Expr) -> Name:
    return Name(
        text=identifier.name,
        quoted=bool(identifier.args.get("quoted")),
        span=span_of(identifier) or Span(0, 0),
    )


def _where(args: Mapping[str, Any]) -> exp.Expr | None:
    where = args.get("where")
    return where.this.pop() if where is not None else None


def _returning(args: Mapping[str, Any]) -> tuple[exp.Expr, ...]:
    returning = args.get("returning")
    return tuple(returning.expressions) if returning is not None else ()


def _refuse(what: str, value: object, fragment: Fragment) -> NoReturn:
    span = span_of(value) if isinstance(value, exp.Expr) else None
    raise NotSupportedError(f"{what} is not built yet", span=span or fragment.span)
