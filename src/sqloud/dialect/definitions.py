"""CREATE, DROP, ALTER, TRUNCATE, REFRESH and COPY, read from their tokens.

Law: a word that no rule here reads is an error at its place; what other databases know and we do not build is
refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from sqloud.dialect.commands import read_name
from sqloud.dialect.fragments import Fragment
from sqloud.dialect.owned import (
    Alter,
    Copy,
    CopyOption,
    CreateTable,
    CreateView,
    Drop,
    Kind,
    Refresh,
    Truncate,
)
from sqloud.dialect.statements import Name, Query, Statement
from sqloud.dialect.syntax import SqloudParser
from sqloud.errors import NotSupportedError, Span, SqlSyntaxError

__all__ = ["alter", "copy", "create", "drop", "refresh", "truncate"]

ReadQuery = Callable[[Fragment], Query]

_OTHER_KINDS = frozenset(
    {
        "AGGREGATE",
        "DATABASE",
        "DOMAIN",
        "EXTENSION",
        "FOREIGN",
        "FUNCTION",
        "INDEX",
        "MACRO",
        "PROCEDURE",
        "ROLE",
        "RULE",
        "SCHEMA",
        "SECRET",
        "SEQUENCE",
        "SERVER",
        "TRIGGER",
        "TYPE",
        "UNIQUE",
        "UNLOGGED",
        "USER",
    }
)
_CONSTRAINTS = (
    exp.Check,
    exp.CheckColumnConstraint,
    exp.Constraint,
    exp.PrimaryKey,
    exp.UniqueColumnConstraint,
)
_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def create(fragment: Fragment, read_query: ReadQuery) -> Statement:
    """`CREATE [OR REPLACE] [TEMP] TABLE | VIEW | MATERIALIZED VIEW [IF NOT EXISTS] name ...`."""
    at = 1
    replace = fragment.word(at) == "OR"
    if replace:
        if fragment.word(at + 1) != "REPLACE":
            raise fragment.unexpected(at + 1, "REPLACE")
        at += 2
    temporary = fragment.word(at) in ("TEMP", "TEMPORARY")
    at += temporary
    kind, at = _kind(fragment, at)
    exists = _is_at(fragment, at, "IF", "NOT", "EXISTS")
    at += 3 * exists
    if exists and replace:
        raise SqlSyntaxError(
            "OR REPLACE and IF NOT EXISTS are opposites",
            span=_span(fragment, at - 3, at),
            hints=("keep one",),
        )
    name, at = _own_name(fragment, at)
    head: dict[str, Any] = {"name": name, "replace": replace, "temporary": temporary, "if_not_exists": exists}
    columns: tuple[Name, ...] = ()
    if fragment.word(at) == "(":
        end = _closing(fragment, at)
        if kind == "table" and fragment.word(end + 1) != "AS":
            if end + 1 < len(fragment.tokens):
                raise fragment.unexpected(end + 1, "AS", "the end of the statement")
            return CreateTable(**head, definitions=_definitions(fragment.between(at, end + 1)))
        columns = _names(fragment, at + 1, end)
        at = end + 1
    if fragment.word(at) != "AS":
        wanted = ("(column type, ...)", "AS") if kind == "table" and not columns else ("AS",)
        raise fragment.unexpected(at, *wanted)
    last, with_data = _data(fragment, kind)
    if at + 1 >= last:
        raise fragment.unexpected(at + 1, "a query")
    query = read_query(fragment.between(at + 1, last)).tree
    if kind == "table":
        return CreateTable(**head, columns=columns, query=query, with_data=with_data)
    if temporary and kind == "materialized view":
        raise NotSupportedError(
            "a temporary materialized view is not built", span=name.span, hints=("write CREATE TEMP TABLE",)
        )
    return CreateView(
        **head, columns=columns, query=query, materialized=kind == "materialized view", with_data=with_data
    )


def drop(fragment: Fragment) -> Drop:
    """`DROP TABLE | VIEW | MATERIALIZED VIEW [IF EXISTS] name, ...`."""
    kind, at = _kind(fragment, 1)
    exists = _is_at(fragment, at, "IF", "EXISTS")
    names, at = _name_list(fragment, at + 2 * exists)
    _no_cascade(fragment, at)
    return Drop(kind=kind, names=names, if_exists=exists)


def truncate(fragment: Fragment) -> Truncate:
    """`TRUNCATE [TABLE] name, ...`."""
    names, at = _name_list(fragment, 2 if fragment.word(1) == "TABLE" else 1)
    _no_cascade(fragment, at)
    return Truncate(names=names)


def refresh(fragment: Fragment) -> Refresh:
    """`REFRESH MATERIALIZED VIEW name`."""
    for index, word in enumerate(("MATERIALIZED", "VIEW"), 1):
        if fragment.word(index) != word:
            raise fragment.unexpected(index, "MATERIALIZED VIEW name")
    name, at = _own_name(fragment, 3)
    _end(fragment, at)
    return Refresh(name=name)


def alter(fragment: Fragment) -> Alter:
    """`ALTER TABLE name ADD | DROP | RENAME | ALTER COLUMN ...`, one action."""
    if fragment.word(1) != "TABLE":
        if fragment.word(1) in _OTHER_KINDS | {"VIEW", "MATERIALIZED"}:
            raise NotSupportedError(f"ALTER {fragment.word(1)} is not built yet", span=_span(fragment, 1, 2))
        raise fragment.unexpected(1, "TABLE")
    name, at = _own_name(fragment, 2)
    verb = fragment.word(at)
    if verb == "RENAME" and fragment.word(at + 1) == "TO":
        to, at = _own_name(fragment, at + 2)
        _end(fragment, at)
        return Alter(name=name, action="rename to", to=to)
    if verb not in ("ADD", "DROP", "RENAME", "ALTER"):
        raise fragment.unexpected(at, "ADD COLUMN", "DROP COLUMN", "RENAME", "ALTER COLUMN")
    at += 2 if fragment.word(at + 1) == "COLUMN" else 1
    if verb == "ADD":
        definition = fragment.between(at).parse(SqloudParser._parse_field_def)
        if not isinstance(definition, exp.ColumnDef):
            raise fragment.unexpected(at, "column type")
        _judge(definition, fragment)
        return Alter(name=name, action="add", definition=definition)
    column = read_name(fragment, at)
    at += 1
    if verb == "DROP":
        _no_cascade(fragment, at)
        return Alter(name=name, action="drop", column=column)
    if verb == "RENAME":
        if fragment.word(at) != "TO":
            raise fragment.unexpected(at, "TO")
        to = read_name(fragment, at + 1)
        _end(fragment, at + 2)
        return Alter(name=name, action="rename", column=column, to=to)
    at += 2 * _is_at(fragment, at, "SET", "DATA")
    if fragment.word(at) != "TYPE":
        raise NotSupportedError(
            "ALTER COLUMN changes the type alone",
            span=_span(fragment, at - 1, at),
            hints=("write TYPE new_type",),
        )
    definition = fragment.between(at + 1).parse(SqloudParser._parse_types)
    return Alter(name=name, action="type", column=column, definition=definition)


def copy(fragment: Fragment, read_query: ReadQuery) -> Copy:
    """`COPY (query) | name [(columns)] TO | FROM 'file' [[WITH] (option [value], ...)]`."""
    query: exp.Query | None = None
    table: Name | None = None
    columns: tuple[Name, ...] = ()
    if fragment.word(1) == "(":
        end = _closing(fragment, 1)
        query = read_query(fragment.between(2, end)).tree
        at = end + 1
    else:
        table, at = _own_name(fragment, 1)
        if fragment.word(at) == "(":
            end = _closing(fragment, at)
            columns = _names(fragment, at + 1, end)
            at = end + 1
    directions: dict[str, Literal["to", "from"]] = {"TO": "to", "FROM": "from"}
    direction = directions.get(fragment.word(at))
    if direction is None or (query is not None and direction == "from"):
        raise fragment.unexpected(at, "TO" if query is not None else "TO, FROM")
    at += 1
    if fragment.word(at) in ("STDIN", "STDOUT", "PROGRAM"):
        raise NotSupportedError(
            f"COPY {direction.upper()} {fragment.word(at)} is not built",
            span=_span(fragment, at, at + 1),
            hints=("run the query with --output-format csv",) if direction == "to" else ("name a file",),
        )
    if at >= len(fragment.tokens) or fragment.tokens[at].token_type != TokenType.STRING:
        raise fragment.unexpected(at, "a file name in quotes")
    path = fragment.tokens[at].text
    at += 1
    at += fragment.word(at) == "WITH"
    options, at = _options(fragment, at)
    _end(fragment, at)
    return Copy(
        direction=direction, path=path, table=table, columns=columns, query=query, options=tuple(options)
    )


def _options(fragment: Fragment, at: int) -> tuple[list[CopyOption], int]:
    options: list[CopyOption] = []
    if fragment.word(at) != "(":
        return options, at
    while True:
        at += 1
        name = read_name(fragment, at).text.lower()
        at += 1
        value: str | int | bool | None = None
        if fragment.word(at) not in (",", ")"):
            value, at = _option_value(fragment, at)
        if any(name == option.name for option in options):
            raise SqlSyntaxError(
                f"the option {name.upper()} is given twice", span=_span(fragment, at - 1, at)
            )
        options.append(CopyOption(name=name, value=value))
        if fragment.word(at) == ")":
            return options, at + 1
        if fragment.word(at) != ",":
            raise fragment.unexpected(at, "a comma", ")")


def _option_value(fragment: Fragment, at: int) -> tuple[str | int | bool, int]:
    if at >= len(fragment.tokens):
        raise fragment.unexpected(at, "a value")
    token = fragment.tokens[at]
    if token.token_type == TokenType.STRING:
        return token.text, at + 1
    if token.token_type == TokenType.NUMBER and token.text.isdecimal():
        return int(token.text), at + 1
    word = fragment.word(at)
    if word in ("TRUE", "ON", "FALSE", "OFF"):
        return word in ("TRUE", "ON"), at + 1
    if word.isidentifier():
        return word.lower(), at + 1
    raise fragment.unexpected(at, "a value")


def _kind(fragment: Fragment, at: int) -> tuple[Kind, int]:
    word = fragment.word(at)
    if word == "MATERIALIZED" and fragment.word(at + 1) == "VIEW":
        return "materialized view", at + 2
    if word in ("TABLE", "VIEW"):
        return ("table" if word == "TABLE" else "view"), at + 1
    if word in _OTHER_KINDS:
        raise NotSupportedError(
            f"{fragment.word(0)} {word} is not built",
            span=_span(fragment, at, at + 1),
            hints=(f"there are {', '.join(kind.upper() + 'S' for kind in get_args(Kind))}",),
        )
    raise fragment.unexpected(at, "TABLE", "VIEW", "MATERIALIZED VIEW")


def _own_name(fragment: Fragment, at: int) -> tuple[Name, int]:
    name = read_name(fragment, at)
    if fragment.word(at + 1) != ".":
        return name, at + 1
    end = at + 1
    while fragment.word(end) == ".":
        read_name(fragment, end + 1)
        end += 2
    raise SqlSyntaxError(
        f"{fragment.word(0)} is for relations of your own, whose names have no dots",
        span=_span(fragment, at, end),
        hints=(
            "tables of a provider are created by the API alone: INSERT, UPDATE and DELETE change their rows",
        ),
    )


def _name_list(fragment: Fragment, at: int) -> tuple[tuple[Name, ...], int]:
    name, at = _own_name(fragment, at)
    names = [name]
    while fragment.word(at) == ",":
        name, at = _own_name(fragment, at + 1)
        names.append(name)
    return tuple(names), at


def _names(fragment: Fragment, at: int, end: int) -> tuple[Name, ...]:
    """The names between two brackets."""
    names: list[Name] = []
    while True:
        name = read_name(fragment, at)
        if any(name.key == earlier.key for earlier in names):
            raise SqlSyntaxError(f"the column {name.text} is named twice", span=name.span)
        names.append(name)
        if at + 1 == end:
            return tuple(names)
        if fragment.word(at + 1) != ",":
            raise fragment.unexpected(at + 1, "a comma", ")")
        at += 2


def _definitions(fragment: Fragment) -> tuple[exp.Expr, ...]:
    schema = fragment.parse(SqloudParser._parse_schema)
    if not isinstance(schema, exp.Schema) or not schema.expressions:
        raise fragment.unexpected(1, "column type")
    for item in schema.expressions:
        _judge(item, fragment)
    return tuple(item.pop() for item in list(schema.expressions))


def _judge(item: exp.Expr, fragment: Fragment) -> None:
    """Refuse what a definition may not hold: a column without a type, references, other tables' columns."""
    from sqloud.dialect.nodes import span_of

    span = span_of(item) or fragment.span
    if isinstance(item, exp.ColumnDef):
        if item.args.get("kind") is None:
            raise SqlSyntaxError(f"the column {item.name} needs a type", span=span)
    elif not isinstance(item, _CONSTRAINTS):
        raise NotSupportedError("this is no column with its type, and no constraint that is built", span=span)
    if item.find(exp.Reference, exp.ForeignKey) is not None:
        raise NotSupportedError("foreign keys are not built", span=span)
    if item.find(exp.Query) is not None:
        raise NotSupportedError("a query inside of a definition is not built", span=span)


def _data(fragment: Fragment, kind: Kind) -> tuple[int, bool]:
    """Where a query ends before `WITH [NO] DATA`, and whether it is asked at once."""
    last = len(fragment.tokens)
    if kind != "view" and fragment.word(last - 1) == "DATA":
        if fragment.word(last - 2) == "WITH":
            return last - 2, True
        if fragment.word(last - 2) == "NO" and fragment.word(last - 3) == "WITH":
            return last - 3, False
    return last, True


def _no_cascade(fragment: Fragment, at: int) -> None:
    if fragment.word(at) == "CASCADE":
        raise NotSupportedError(
            "CASCADE is not built: nothing but what is named is dropped", span=_span(fragment, at, at + 1)
        )
    _end(fragment, at + (fragment.word(at) == "RESTRICT"))


def _closing(fragment: Fragment, at: int) -> int:
    """The bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(fragment.tokens)):
        kind = fragment.tokens[index].token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if not depth:
            return index
    raise fragment.unexpected(len(fragment.tokens), ")")


def _is_at(fragment: Fragment, at: int, *wanted: str) -> bool:
    return all(fragment.word(at + offset) == word for offset, word in enumerate(wanted))


def _span(fragment: Fragment, first: int, last: int) -> Span:
    return Span(fragment.tokens[first].start, fragment.tokens[min(last, len(fragment.tokens)) - 1].end + 1)


def _end(fragment: Fragment, at: int) -> None:
    if at < len(fragment.tokens):
        raise fragment.unexpected(at, "the end of the statement")
