"""The SQL over one row that provider documents write, evaluated by the sandbox itself.

Law: an expression means here what it means to the engine, or it is refused before anything is served.

Only the forms below are known; `column` is a name of the resource's columns, and missing reads as NULL.

    expression  CASE WHEN test THEN expression ... [ELSE expression] END
              | primary [-> step | ->> step] ...
    primary     column | 'text' | number | TRUE | FALSE | NULL | lower(expression) | (expression)
    test        expression IS [NOT] NULL | expression = expression
    step        'key' | index
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sqloud.errors import NotSupportedError

__all__ = ["Evaluate", "compile_expression", "follow_path"]

Evaluate = Callable[[Any], Any]
"""From a row to a value; None is NULL."""

_TOKENS = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*) | "(?P<quoted>(?:[^"]|"")+)" | '(?P<text>(?:[^']|'')*)'
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?) | (?P<sign>->>|->|[()=]) | (?P<end>\Z))""",
    re.VERBOSE,
)
_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"case", "when", "then", "else", "end", "is", "not", *_CONSTANTS})


def follow_path(row: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of a row; None where it leads nowhere. () is the row itself."""
    for key in path:
        if not isinstance(row, Mapping):
            return None
        row = row.get(key)
    return row


def compile_expression(text: str, columns: Mapping[str, tuple[str, ...]], owner: str) -> Evaluate:
    """An expression over `columns` (name to path) as a function of the row.

    `owner` names where it stands. Raises NotSupportedError, naming both, for what is not known here.
    """
    return _Parser(text, columns, owner).whole()


class _Parser:
    """One expression, read from left to right; each method reads what it is named after."""

    def __init__(self, text: str, columns: Mapping[str, tuple[str, ...]], owner: str) -> None:
        self.text = text
        self.columns = columns
        self.owner = owner
        self.tokens = self.split()
        self.place = 0

    def split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        offset = 0
        while not tokens or tokens[-1][0] != "end":
            match = _TOKENS.match(self.text, offset)
            if match is None:
                raise self.refused(f"at {self.text[offset:].strip()[:20]!r}")
            kind = str(match.lastgroup)
            token = match[kind]
            if kind == "word":
                token = token.lower()
            elif kind in ("quoted", "text"):
                quote = '"' if kind == "quoted" else "'"
                token = token.replace(quote * 2, quote)
            tokens.append((kind, token))
            offset = match.end()
        return tokens

    def refused(self, why: str) -> NotSupportedError:
        return NotSupportedError(
            f"the sandbox cannot evaluate {self.text!r} of {self.owner}: {why}",
            hints=("it knows columns, constants, lower(), -> and ->>, and CASE over IS [NOT] NULL and =",),
        )

    def accept(self, kind: str, token: str) -> bool:
        if self.tokens[self.place] != (kind, token):
            return False
        self.place += 1
        return True

    def expect(self, kind: str, token: str) -> None:
        if not self.accept(kind, token):
            raise self.refused(f"expected {token.upper()}, found {self.tokens[self.place][1] or 'the end'!r}")

    def whole(self) -> Evaluate:
        evaluate = self.expression()
        if self.tokens[self.place][0] != "end":
            raise self.refused(f"at {self.tokens[self.place][1]!r}")
        return evaluate

    def expression(self) -> Evaluate:
        return self.case() if self.accept("word", "case") else self.steps(self.primary())

    def case(self) -> Evaluate:
        branches: list[tuple[Evaluate, Evaluate]] = []
        while self.accept("word", "when"):
            test = self.test()
            self.expect("word", "then")
            branches.append((test, self.expression()))
        if not branches:
            raise self.refused("CASE without WHEN")
        otherwise = self.expression() if self.accept("word", "else") else _constant(None)
        self.expect("word", "end")

        def choose(row: Any) -> Any:
            for test, value in branches:
                if test(row):
                    return value(row)
            return otherwise(row)

        return choose

    def test(self) -> Evaluate:
        left = self.expression()
        if self.accept("word", "is"):
            negated = self.accept("word", "not")
            self.expect("word", "null")
            return lambda row: (left(row) is None) is not negated
        self.expect("sign", "=")
        right = self.expression()
        return lambda row: (value := left(row)) is not None and value == right(row)

    def steps(self, evaluate: Evaluate) -> Evaluate:
        while True:
            if self.accept("sign", "->>"):
                evaluate = _composed(_text, _step(evaluate, self.key()))
            elif self.accept("sign", "->"):
                evaluate = _step(evaluate, self.key())
            else:
                return evaluate

    def key(self) -> str | int:
        kind, token = self.tokens[self.place]
        if kind == "text":
            self.place += 1
            return token
        if kind == "number" and "." not in token:
            self.place += 1
            return int(token)
        raise self.refused("-> and ->> take a quoted key or an index")

    def primary(self) -> Evaluate:
        kind, word = self.tokens[self.place]
        self.place += 1
        if kind == "text":
            return _constant(word)
        if kind == "number":
            return _constant(float(word) if "." in word else int(word))
        if (kind, word) == ("sign", "("):
            inner = self.expression()
            self.expect("sign", ")")
            return inner
        if kind == "word" and word in _CONSTANTS:
            return _constant(_CONSTANTS[word])
        if kind == "word" and word == "lower" and self.accept("sign", "("):
            inner = self.expression()
            self.expect("sign", ")")
            return _composed(_lower, inner)
        if kind == "quoted" or (kind == "word" and word not in _RESERVED):
            return self.column(word)
        raise self.refused(f"at {word or 'the end'!r}")

    def column(self, name: str) -> Evaluate:
        path = self.columns.get(name)
        if path is None:
            raise self.refused(f"there is no column {name}")
        return lambda row: follow_path(row, path)


def _constant(value: Any) -> Evaluate:
    return lambda row: value


def _composed(outer: Evaluate, inner: Evaluate) -> Evaluate:
    return lambda row: outer(inner(row))


def _step(evaluate: Evaluate, key: str | int) -> Evaluate:
    def step(row: Any) -> Any:
        value = evaluate(row)
        if isinstance(key, str):
            return value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, list) and -len(value) <= key < len(value):
            return value[key]
        return None

    return step


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _text(value: Any) -> str | None:
    """A JSON value as `->>` gives it: text bare, everything else as JSON text."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
