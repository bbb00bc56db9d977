"""SHOW, DESCRIBE, EXPLAIN and EXEC, read from their tokens by recursive descent.

Law: a name may be any word, keywords included, because resources are called `keys`, `actions` or `options`;
what is not read to the last token is an error.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from sqlglot.tokenizer_core import TokenType

from sqloud.dialect.fragments import Fragment
from sqloud.dialect.statements import (
    Argument,
    Begin,
    Commit,
    Describe,
    Exec,
    Name,
    Path,
    Rollback,
    Show,
    Statement,
)
from sqloud.dialect.syntax import SqloudParser
from sqloud.errors import Span, SqlSyntaxError

__all__ = ["describe", "execute", "explain_options", "hints_before", "read_name", "show", "transaction"]

_WORD = re.compile(r"\w+")
_HINT = re.compile(r"/\*\+(.*?)\*/", re.DOTALL)
_SHOWN: dict[str, tuple[Literal["providers", "services", "resources", "methods", "tables"], int]] = {
    "PROVIDERS": ("providers", 0),
    "SERVICES": ("services", 1),
    "RESOURCES": ("resources", 2),
    "METHODS": ("methods", 3),
    "TABLES": ("tables", 0),
}
_LEVELS = ("provider", "service", "resource", "method")


def show(fragment: Fragment) -> Show:
    """`SHOW [EXTENDED] PROVIDERS | TABLES | SERVICES IN p | RESOURCES IN p.s | METHODS IN p.s.r [LIKE 'pattern']`."""
    at = 1
    extended = fragment.word(at) == "EXTENDED"
    at += extended
    if fragment.word(at) not in _SHOWN:
        raise fragment.unexpected(at, *_SHOWN)
    what, levels = _SHOWN[fragment.word(at)]
    at += 1
    path = None
    if levels:
        if fragment.word(at) not in ("IN", "FROM"):
            raise fragment.unexpected(at, f"IN {'.'.join(_LEVELS[:levels])}")
        path, at = _read_path(fragment, at + 1, levels)
    like = None
    if fragment.word(at) == "LIKE":
        at += 1
        if at >= len(fragment.tokens) or fragment.tokens[at].token_type != TokenType.STRING:
            raise fragment.unexpected(at, "a pattern in quotes")
        like = fragment.tokens[at].text
        at += 1
    _end(fragment, at)
    return Show(what=what, path=path, like=like, extended=extended)


def describe(fragment: Fragment) -> Describe:
    """`DESCRIBE [EXTENDED] p.s.r`, or DESC; one name is a relation of the user's own."""
    extended = fragment.word(1) == "EXTENDED" and fragment.word(2) != "." and len(fragment.tokens) > 2
    if len(fragment.tokens) == 2 + extended:
        return Describe(path=Path(names=(read_name(fragment, 1 + extended),)), extended=extended)
    path, at = _read_path(fragment, 1 + extended, 3)
    _end(fragment, at)
    return Describe(path=path, extended=extended)


def explain_options(fragment: Fragment) -> tuple[bool, Literal["text", "json"], int]:
    """What follows EXPLAIN, and where the statement begins: ANALYZE, VERBOSE, and options in brackets.

    Postgres's other options are read and change nothing: what they would tell does not exist here.
    """
    at = 1
    analyze = fragment.word(at) == "ANALYZE"
    at += analyze
    at += fragment.word(at) == "VERBOSE"
    if fragment.word(at) != "(" or fragment.word(at + 1) in _QUERY_WORDS:
        return analyze, "text", at
    form: Literal["text", "json"] = "text"
    while True:
        at += 1
        option = fragment.word(at)
        if option == "FORMAT":
            at += 1
            if fragment.word(at) not in ("JSON", "TEXT"):
                raise fragment.unexpected(at, "json", "text")
            form = "json" if fragment.word(at) == "JSON" else "text"
        elif option == "ANALYZE" or option in _SILENT_OPTIONS:
            said = _SWITCHES.get(fragment.word(at + 1))
            at += said is not None
            analyze = analyze if option != "ANALYZE" else said is not False
        else:
            raise fragment.unexpected(at, "FORMAT", "ANALYZE", "VERBOSE")
        at += 1
        if fragment.word(at) == ")":
            return analyze, form, at + 1
        if fragment.word(at) != ",":
            raise fragment.unexpected(at, "a comma", ")")


_QUERY_WORDS = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "FROM", "("})
_SILENT_OPTIONS = frozenset(
    {"VERBOSE", "COSTS", "SETTINGS", "GENERIC_PLAN", "BUFFERS", "WAL", "TIMING", "SUMMARY", "MEMORY"}
)
_SWITCHES = {"TRUE": True, "ON": True, "1": True, "FALSE": False, "OFF": False, "0": False}


def execute(fragment: Fragment) -> Exec:
    """`EXEC p.s.r.m @a = 1, @b = 'x', @@json = '{...}'`. A comma before an `@` may be left out."""
    path, at = _read_path(fragment, 1, 4)
    starts = _arguments(fragment, at)
    if starts and starts[0] != at:
        raise fragment.unexpected(at, "@name = value")
    if not starts:
        _end(fragment, at)
        return Exec(path=path, hints=hints_before(fragment, 1))
    arguments: list[Argument] = []
    json = None
    for start, end in pairwise([*starts, len(fragment.tokens)]):
        name = read_name(fragment, start + 1)
        if end < len(fragment.tokens) and fragment.word(end - 1) == ",":
            end -= 1
        if start + 3 >= end:
            raise fragment.unexpected(end, f"a value for {name.text}")
        value = fragment.between(start + 3, end).parse(SqloudParser._parse_expression)
        if fragment.tokens[start].token_type == TokenType.PARAMETER:
            if any(name.key == earlier.name.key for earlier in arguments):
                raise SqlSyntaxError(f"the argument {name.text} is given twice", span=name.span)
            arguments.append(Argument(name=name, value=value))
        elif name.key != "json":
            raise SqlSyntaxError(f"@@ takes only json, not {name.text}", span=name.span)
        elif json is not None:
            raise SqlSyntaxError("@@json is given twice", span=name.span)
        else:
            json = value
    return Exec(path=path, arguments=tuple(arguments), json=json, hints=hints_before(fragment, 1))


def transaction(fragment: Fragment) -> Statement:
    """`BEGIN`, `START TRANSACTION`, `COMMIT`, `END`, `ROLLBACK`, `ABORT`; WORK or TRANSACTION may follow."""
    word, at = fragment.word(0), 1
    if word == "START" and fragment.word(1) != "TRANSACTION":
        raise fragment.unexpected(1, "TRANSACTION")
    if fragment.word(at) in ("TRANSACTION", "WORK"):
        at += 1
    _end(fragment, at)
    if word in ("BEGIN", "START"):
        return Begin()
    return Commit() if word in ("COMMIT", "END") else Rollback()


def hints_before(fragment: Fragment, index: int) -> tuple[str, ...]:
    """The words of `/*+ ... */` that stand right before a token, in lower case."""
    if index >= len(fragment.tokens):
        return ()
    words = (words for words in _HINT.findall(fragment.gap(index)))
    return tuple(word.lower() for text in words for word in text.replace(",", " ").split())


def read_name(fragment: Fragment, index: int) -> Name:
    """The token as a name: any word, or anything in double quotes or backticks."""
    if index < len(fragment.tokens):
        token = fragment.tokens[index]
        span = Span(token.start, token.end + 1)
        if token.token_type == TokenType.IDENTIFIER:
            return Name(text=token.text, quoted=True, span=span)
        if _WORD.fullmatch(fragment.word(index)) and token.token_type != TokenType.NUMBER:
            return Name(text=fragment.source.text[token.start : token.end + 1], span=span)
    raise fragment.unexpected(index, "a name")


def _read_provider(fragment: Fragment, index: int) -> Name:
    """The first name of a path, which may be an account: `provider@account`."""
    if index < len(fragment.tokens):
        token = fragment.tokens[index]
        if token.token_type == TokenType.VAR and "@" in token.text:
            return Name(text=token.text, span=Span(token.start, token.end + 1))
    return read_name(fragment, index)


def _read_path(fragment: Fragment, at: int, levels: int) -> tuple[Path, int]:
    names = [_read_provider(fragment, at)]
    at += 1
    while fragment.word(at) == ".":
        names.append(read_name(fragment, at + 1))
        at += 2
    path = Path(names=tuple(names))
    if len(names) != levels:
        shape = ".".join(_LEVELS[:levels])
        raise SqlSyntaxError(f"{fragment.word(0)} needs {shape} here", span=path.span)
    return path, at


def _arguments(fragment: Fragment, at: int) -> list[int]:
    """Where `@name =` and `@@name =` begin, outside of all brackets."""
    starts, depth = [], 0
    for index in range(at, len(fragment.tokens)):
        kind = fragment.tokens[index].token_type
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE):
            depth += 1
        elif kind in (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE):
            depth -= 1
        elif not depth and kind in (TokenType.PARAMETER, TokenType.DAT) and fragment.word(index + 2) == "=":
            starts.append(index)
    return starts


def _end(fragment: Fragment, at: int) -> None:
    if at < len(fragment.tokens):
        raise fragment.unexpected(at, "the end of the statement")
