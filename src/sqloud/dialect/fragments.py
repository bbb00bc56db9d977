"""Tokens to trees: the only place that calls sqlglot's parser.

Law: every token is used, and what sqlglot cannot read leaves here as an error of ours, at its place, in plain
words and without colours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from sqloud.dialect.misspelt import did_you_mean, meant
from sqloud.dialect.nodes import span_of
from sqloud.dialect.syntax import SqloudParser, UnreadableTokens, sqloud_dialect
from sqloud.errors import Error, NotSupportedError, Source, Span, SqlSyntaxError

__all__ = ["Fragment"]

_CLASS_NAME = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
_TOKEN = re.compile(r" but got <Token .*>", re.DOTALL)
_WORD = re.compile(r"\w+(?: \w+)*")
_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_NAMED = (exp.Table, exp.TableAlias, exp.Column, exp.Dot, exp.CTE)
# Where a query may stand without brackets of its own.
_QUERY_PLACES = (
    exp.All,
    exp.Any,
    exp.Array,
    exp.CTE,
    exp.Exists,
    exp.In,
    exp.Insert,
    exp.Lateral,
    exp.SetOperation,
    exp.Subquery,
)
# What sqlglot reads and neither Postgres nor the engine would: kind of node, when it is wrong, why.
_WRONG: tuple[tuple[Any, Callable[[Any], bool], str], ...] = (
    (
        exp.Select,
        lambda node: not node.expressions and not isinstance(node.parent, exp.Exists),
        "SELECT needs something to select",
    ),
    (exp.Select, lambda node: bool(node.args.get("laterals")), "LATERAL follows a comma or JOIN"),
    (
        exp.Select,
        lambda node: bool(node.args.get("joins")) and node.args.get("from_") is None,
        "JOIN needs a FROM before it",
    ),
    (
        (exp.Select, exp.SetOperation),
        lambda node: node.parent is not None and not isinstance(node.parent, _QUERY_PLACES),
        "a query inside of an expression needs brackets",
    ),
    (
        exp.CTE,
        lambda node: not isinstance(node.this, (exp.Query, exp.Values, *_WRITES)),
        "WITH takes queries",
    ),
    (exp.Command, lambda node: True, "this cannot be read as SQL"),
    ((exp.Parameter, exp.SessionParameter), lambda node: True, "@ and $ name no parameter of a query"),
    (
        exp.Placeholder,
        lambda node: isinstance(node.parent, _NAMED),
        "a parameter is a value, and a name must stand here",
    ),
    (exp.Dot, lambda node: isinstance(node.this, exp.Literal), "a number has no fields"),
    (
        exp.Interval,
        lambda node: not (isinstance(node.this, exp.Literal) and node.this.this),
        "INTERVAL needs its length in quotes",
    ),
    (exp.TableAlias, lambda node: node.this is None and bool(node.columns), "an alias needs a name"),
    (exp.DataTypeParam, lambda node: node.args.get("expression") is not None, "a type takes numbers"),
    # A unit that is read out of a string becomes bare text in the SQL that is written.
    (exp.Var, lambda node: not _WORD.fullmatch(str(node.this)), "this is no unit or option"),
)
_SUSPECTS = (*_WRITES, exp.Into, exp.Lock, *(kind for kind, _, _ in _WRONG))
_LEFT_OVER = "Invalid expression / Unexpected token"


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive tokens of one statement. `bare` names the variables whose values are tokens of their own,
    by the offset at which they stood. `terminated` says that a semicolon follows.
    """

    source: Source
    tokens: tuple[Any, ...]
    bare: dict[int, str]
    terminated: bool

    @property
    def span(self) -> Span:
        """From the first token to the last."""
        return Span(self.tokens[0].start, self.tokens[-1].end + 1)

    def word(self, index: int) -> str:
        """The token's text in upper case; '' past the end and for values and quoted names."""
        if index >= len(self.tokens):
            return ""
        token = self.tokens[index]
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) or token.start in self.bare:
            return ""
        return self.source.text[token.start : token.end + 1].upper()

    def between(self, first: int, last: int | None = None) -> Fragment:
        """The tokens from index `first` to before `last`."""
        return msgspec.structs.replace(self, tokens=self.tokens[first:last])

    def renamed(self, index: int, kind: TokenType) -> Fragment:
        """The same with one token of another kind, at the same place."""
        old = self.tokens[index]
        new = Token(kind, old.text, old.line, old.col, old.start, old.end)
        return msgspec.structs.replace(self, tokens=(*self.tokens[:index], new, *self.tokens[index + 1 :]))

    def preceded_by(self, *words: tuple[TokenType, str]) -> Fragment:
        """The same after tokens that nobody wrote; they stand where the first token does."""
        at = self.tokens[0]
        made = tuple(Token(kind, text, at.line, at.col, at.start, at.end) for kind, text in words)
        return msgspec.structs.replace(self, tokens=(*made, *self.tokens))

    def gap(self, index: int) -> str:
        """The text between two tokens, the second at `index`: space and comments."""
        return self.source.text[self.tokens[index - 1].end + 1 : self.tokens[index].start]

    def parse(self, method: Callable[[SqloudParser], Any]) -> Any:
        """The tree that one of the parser's methods makes of all the tokens.

        Raises SqlSyntaxError and NotSupportedError.
        """
        parser = SqloudParser(dialect=sqloud_dialect())
        try:
            tree = parser.parse_whole(method, list(self.tokens), self.source.text)
        except UnreadableTokens as cause:
            raise self._unreadable(cause) from cause
        except RecursionError as cause:
            raise SqlSyntaxError("this is nested too deeply to be read", span=self.span) from cause
        except (ParseError, AttributeError, IndexError, KeyError, TypeError, ValueError) as cause:
            # Some of sqlglot's builders assume arguments that a wrong call does not have.
            raise SqlSyntaxError("this cannot be read as SQL", span=self.span) from cause
        if tree is None:
            raise self.unexpected(0, "an expression")
        for start, name in self.bare.items():
            if start not in parser.values_at and any(token.start == start for token in self.tokens):
                raise self._misplaced(start, name)
        _check(tree, self.span)
        return tree

    def unexpected(self, index: int, *wanted: str) -> SqlSyntaxError:
        """The error for a token that does not fit, or for the end where more was wanted."""
        expected = f"; expected {', '.join(wanted)}" if wanted else ""
        if index >= len(self.tokens):
            last = self.tokens[-1]
            return SqlSyntaxError(
                f"the statement ends too early{expected}",
                span=Span(last.start, last.end + 1),
                incomplete=not self.terminated,
            )
        token = self.tokens[index]
        if token.start in self.bare:
            return self._misplaced(token.start, self.bare[token.start])
        text = self.source.text[token.start : token.end + 1]
        return SqlSyntaxError(
            f"unexpected {_short(text)}{expected}",
            span=Span(token.start, token.end + 1),
            hints=did_you_mean(text, wanted) or self._meant(token.start),
        )

    def _meant(self, start: int) -> tuple[str, ...]:
        """A hint where the token at an offset, or the one before it, is a keyword misspelt."""
        words = [self.source.text[token.start : token.end + 1] for token in self.tokens]
        return meant(
            words, next((n for n, token in enumerate(self.tokens) if token.start >= start), len(words))
        )

    def _unreadable(self, cause: UnreadableTokens) -> Error:
        if cause.start in self.bare and not cause.at_end:
            return self._misplaced(cause.start, self.bare[cause.start])
        text = _short(self.source.text[cause.start : cause.end])
        said = _TOKEN.sub("", _CLASS_NAME.sub(r"\1", cause.description))
        if said == _LEFT_OVER:
            message = f"unexpected {text}"
        elif cause.at_end:
            message = f"the statement ends too early: {said}"
        else:
            message = f"syntax error at {text}: {said}"
        return SqlSyntaxError(
            message,
            span=Span(cause.start, cause.end),
            hints=() if cause.at_end else self._meant(cause.start),
            incomplete=cause.at_end and not self.terminated,
        )

    def _misplaced(self, start: int, name: str) -> SqlSyntaxError:
        end = next(token.end + 1 for token in self.tokens if token.start == start)
        return SqlSyntaxError(
            f"{{{{ {name} }}}} is a value, and no value can stand here",
            span=Span(start, end),
            hints=("a variable can stand where a number or a string can; write names as they are",),
        )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _check(tree: exp.Expr, whole: Span) -> None:
    """Refuse, anywhere in a tree, what no statement of the dialect may contain."""
    for node in tree.walk():
        if isinstance(node, _SUSPECTS) and (refusal := _refusal(node, node is tree)):
            refusal.span = span_of(node) or span_of(node.parent or node) or whole
            raise refusal


def _refusal(node: exp.Expr, is_root: bool) -> Error | None:
    if isinstance(node, _WRITES) and not is_root:
        return NotSupportedError(f"{node.key.upper()} inside of a query is not built yet")
    if isinstance(node, exp.Into):
        return NotSupportedError("SELECT INTO is not built yet")
    if isinstance(node, exp.Lock):
        return NotSupportedError("locking rows (FOR UPDATE, FOR SHARE) is not built")
    for kind, is_wrong, message in _WRONG:
        if isinstance(node, kind) and is_wrong(node):
            hints = ("write   ? or :name for a parameter, {{ name }} for a variable",)
            return SqlSyntaxError(message, hints=hints if message.startswith("@") else ())
    return None
