"""The sqlglot dialect: Postgres without opaque commands, with two quotes for identifiers and with positions.

Law: every token is consumed for what it is. A string or a number is never taken for a name, no statement is
swallowed as text, and whatever can be wrong (a name, a value, a placeholder, a function) knows its place in
the source.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import ParseError
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import Token, TokenType

from sqloud.dialect.functions import AGGREGATES, ARGUMENTS, SCALARS, TABLES

__all__ = ["Sqloud", "SqloudParser", "sqloud_dialect"]

_NO_TOKEN = Token(TokenType.SENTINEL, "")

# Operators that are not Postgres's, Jinja's marks, and words that would turn a statement into opaque text.
_DROPPED = ("|>", "??", "?::")
_BEFORE_FILES = (TokenType.FROM, TokenType.JOIN, TokenType.COMMA, TokenType.LATERAL)
_WRAPPERS = (exp.Window, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)


class UnreadableTokens(ParseError):
    """A parse failure with the token at which it was noticed; `at_end` where the tokens ran out."""

    def __init__(self, message: str, start: int, end: int, at_end: bool) -> None:
        super().__init__(message, [{"description": message}])
        self.description = message
        self.start = start
        self.end = end
        self.at_end = at_end


_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
_OWN = frozenset(
    {
        "DATE_TRUNC",
        "DATE_PART",
        "FORMAT",
        "ENCODE",
        "DECODE",
        "TO_CHAR",
        "TO_DATE",
        "TO_TIMESTAMP",
        "TO_NUMBER",
    }
    | {
        "REGEXP_MATCHES",
        "JSON_EACH",
        "DATE",
        "DATETIME",
        "STRFTIME",
        "JULIANDAY",
        "JSON_EXTRACT_PATH",
        "JSON_EXTRACT_PATH_TEXT",
    }
    | {name.partition("/")[0].upper() for name in (*SCALARS, *AGGREGATES, *TABLES)}
)


def _aggregate(name: str, arguments: list[Any]) -> exp.AnonymousAggFunc:
    return exp.AnonymousAggFunc(this=name, expressions=arguments)


def _place(node: exp.Expr, first: Token, last: Token) -> None:
    node.meta.update(line=first.line, col=first.col, start=first.start, end=last.end)


class SqloudParser(PostgresParser):
    """Postgres's parser with positions on everything that an error may point at.

    `values_at` holds the start of every token that was consumed as a value.
    """

    # Postgres has no lambdas: an arrow among a function's arguments reads JSON.
    LAMBDAS: ClassVar[dict[Any, Any]] = {
        token: parse for token, parse in PostgresParser.LAMBDAS.items() if token != TokenType.ARROW
    }

    values_at: set[int]

    def _read_string(self, token: Token) -> exp.Expr:
        self.values_at.add(token.start)
        text, last = token.text, token
        # Strings on lines of their own are one string; on one line they are a slip.
        while self._curr.token_type == TokenType.STRING:
            if "\n" not in self.sql[last.end : self._curr.start]:
                self.raise_error("two strings side by side")
            text, last = text + self._curr.text, self._curr
            self._advance()
        literal = self.expression(exp.Literal(this=text, is_string=True))
        _place(literal, token, last)
        return literal

    def _read_number(self, token: Token) -> exp.Expr:
        self.values_at.add(token.start)
        if not token.text.startswith("-"):
            return self.expression(exp.Literal(this=token.text, is_string=False), token)
        # The value of a variable may be negative. It stays one operand whatever stands beside it.
        literal = self.expression(exp.Literal(this=token.text[1:], is_string=False), token)
        return exp.Paren(this=exp.Neg(this=literal))

    def _read_word(self, token: Token) -> exp.Expr:
        self.values_at.add(token.start)
        if token.token_type in (TokenType.NULL, TokenType.UNKNOWN):
            return self.expression(exp.Null(), token)
        return self.expression(exp.Boolean(this=token.token_type == TokenType.TRUE), token)

    STRING_PARSERS: ClassVar[dict[Any, Any]] = {TokenType.STRING: _read_string}
    NUMERIC_PARSERS: ClassVar[dict[Any, Any]] = {
        **PostgresParser.NUMERIC_PARSERS,
        TokenType.NUMBER: _read_number,
    }
    PRIMARY_PARSERS: ClassVar[dict[Any, Any]] = {
        **PostgresParser.PRIMARY_PARSERS,
        **NUMERIC_PARSERS,
        **STRING_PARSERS,
        TokenType.NULL: _read_word,
        TokenType.TRUE: _read_word,
        TokenType.FALSE: _read_word,
    }

    def _read_key(self, this: exp.Expr, key: exp.Expr, kind: Any, operator: TokenType) -> Any:
        # A path of sqlglot's loses an empty key; the literal keeps it.
        if isinstance(key, exp.Literal) and key.is_string and not key.this:
            return self.expression(kind(this=this, expression=key, only_json_types=True))
        return PostgresParser.JSON_OPERATORS[operator](self, this, key)

    JSON_OPERATORS: ClassVar[dict[Any, Any]] = {
        **PostgresParser.JSON_OPERATORS,
        TokenType.ARROW: lambda self, this, key: self._read_key(this, key, exp.JSONExtract, TokenType.ARROW),
        TokenType.DARROW: lambda self, this, key: self._read_key(
            this, key, exp.JSONExtractScalar, TokenType.DARROW
        ),
    }

    # A unit stays the string that was written: `m` is no month, and a variable's value is not respelled.
    # A function that is written in `functions` is called by its name there.
    FUNCTIONS: ClassVar[dict[str, Any]] = {
        **{name: builder for name, builder in PostgresParser.FUNCTIONS.items() if name not in _OWN},
        **{name.upper(): partial(_aggregate, name) for name in AGGREGATES},
    }
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser for name, parser in PostgresParser.FUNCTION_PARSERS.items() if name not in _OWN
    }
    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Any]] = {}

    def reset(self) -> None:
        """Forget the last tokens; sqlglot calls it before each parse."""
        super().reset()
        self.values_at = set()

    def raise_error(self, message: str, token: Token = _NO_TOKEN) -> None:
        """Raise at once, at the current token; nothing is collected, quoted or coloured."""
        at = token or self._curr or self._prev
        raise UnreadableTokens(message, at.start, at.end + 1, not (token or self._curr))

    def parse_whole(self, method: Callable[[SqloudParser], Any], tokens: list[Token], sql: str) -> Any:
        """What `method` makes of `tokens`, all of them. Raises UnreadableTokens and sqlglot's ParseError."""
        (tree,) = self._parse(method, tokens, sql) or [None]  # type: ignore[arg-type]
        return tree

    def _warn_unsupported(self) -> None:
        self.raise_error("no statement of its own may stand here", self._prev)

    def _parse_csv(self, parse_method: Any, sep: TokenType = TokenType.COMMA) -> list[Any]:
        """As sqlglot's, but no item may be missing before or after a separator."""
        item = parse_method()
        items = [] if item is None else [item]
        while self._match(sep, advance=False):
            if item is None:
                self.raise_error("something must stand before the comma")
            self._advance()
            item = parse_method()
            if item is None:
                self.raise_error("something must follow the comma", self._prev)
            items.append(item)
        return items

    def _parse_type(
        self, parse_interval: bool = True, fallback_to_identifier: bool = False
    ) -> exp.Expr | None:
        """As sqlglot's, but `date '2024-01-01'::text` is a date as text, and no text as a date."""
        if self._next.token_type == TokenType.STRING and self._curr.token_type != TokenType.INTERVAL:
            index = self._index
            data_type = self._parse_types(check_func=True, allow_identifiers=False)
            if isinstance(data_type, exp.DataType) and self._curr.token_type == TokenType.STRING:
                literal = self._parse_primary()
                return self._parse_column_ops(self.expression(exp.Cast(this=literal, to=data_type)))
            self._retreat(index)
        return super()._parse_type(parse_interval, fallback_to_identifier)

    def _parse_table_part(self, schema: bool = False) -> exp.Expr | None:
        if self._curr.token_type == TokenType.STRING and self._prev.token_type in _BEFORE_FILES:
            file = self._parse_primary()  # FROM 'file.parquet'
            if file is not None:
                self.values_at.discard(file.meta["start"])  # what a variable holds cannot say what is read
            return file
        part = super()._parse_table_part(schema)
        if part is None and TokenType.DOT in (self._prev.token_type, self._curr.token_type):
            self.raise_error("a name must stand beside the dot")
        return part

    def _identifier_expression(
        self, token: Token | None = None, quoted: bool | None = None
    ) -> exp.Identifier:
        if (token or self._prev).token_type in (TokenType.STRING, TokenType.NUMBER):
            self.raise_error("a value, where a name must stand", token or self._prev)
        return super()._identifier_expression(token, quoted)

    def _parse_string_as_identifier(self) -> exp.Identifier | None:
        if self._match(TokenType.STRING, advance=False):
            self.raise_error("a value, where a name must stand")
        return None

    def _parse_var(self, any_token: bool = False, tokens: Any = None, upper: bool = False) -> exp.Expr | None:
        if self._curr.token_type in (TokenType.STRING, TokenType.NUMBER):
            return None
        return super()._parse_var(any_token=any_token, tokens=tokens, upper=upper)

    def _parse_primary(self) -> exp.Expr | None:
        first = self._curr
        primary = super()._parse_primary()
        if isinstance(primary, exp.Literal) and primary._meta is None:
            if not self._prev.text.isdigit() or first.end + 1 != self._prev.start:
                self.raise_error("a fraction is a point and digits", first)
            _place(primary, first, self._prev)
        return primary

    def _parse_placeholder(self) -> exp.Expr | None:
        first = self._curr
        placeholder = super()._parse_placeholder()
        if isinstance(placeholder, (exp.Placeholder, exp.Parameter)):
            _place(placeholder, first, self._prev)
        return placeholder

    def _parse_query_parameter(self) -> exp.Expr | None:
        mark = self._prev
        name = None
        if self._match(TokenType.L_PAREN):
            name = self._curr.text
            if not name.isidentifier() or not self._advance_any():
                self.raise_error("a placeholder is ?, %s, :name or %(name)s", mark)
            self._match_r_paren()
        if self._curr.text != "s" or not self._is_connected():
            self.raise_error("a placeholder is ?, %s, :name or %(name)s", mark)
        self._advance()
        return self.expression(exp.Placeholder(this=name) if name else exp.Placeholder(jdbc=True))

    def _parse_function_call(
        self,
        functions: Any = None,
        anonymous: bool = False,
        optional_parens: bool = True,
        any_token: bool = False,
    ) -> exp.Expr | None:
        name, index = self._curr, self._index
        is_call = bool(name) and self._next.token_type == TokenType.L_PAREN
        try:
            called = super()._parse_function_call(functions, anonymous, optional_parens, any_token)
        except UnreadableTokens:
            if is_call:
                self._count_arguments(name, index)
            raise
        node = called
        while isinstance(node, _WRAPPERS):
            node = node.this
        if isinstance(node, exp.Expr) and not isinstance(node, exp.Placeholder) and "start" not in node.meta:
            _place(node, name, name)
        if is_call and isinstance(node, exp.Func) and not isinstance(node, exp.Cast):
            self._count_arguments(name, index)
            node.meta["called"] = name.text if name.token_type == TokenType.IDENTIFIER else name.text.lower()
        return called

    def _count_arguments(self, name: Token, index: int) -> None:
        """Compare the arguments of a call with those that its function takes; sqlglot would drop a surplus."""
        least, most = ARGUMENTS.get(name.text.lower(), (0, None))
        if most is None:
            return
        count, depth, at = 0, 0, index + 1
        while True:
            if at >= len(self._tokens):
                return
            kind = self._tokens[at].token_type
            depth += (kind in _OPENING) - (kind in _CLOSING)
            if depth == 0 or (depth == 1 and kind == TokenType.ORDER_BY):
                break
            if depth == 1 and kind != TokenType.L_PAREN:
                count = max(count, 1) + (kind == TokenType.COMMA)
            elif count == 0 and at > index + 1:
                count = 1
            at += 1
        if not least <= count <= most:
            takes = (
                str(least) if least == most else f"{least} or more" if most >= 1000 else f"{least} to {most}"
            )
            plural = "" if takes == "1" else "s"
            self.raise_error(
                f"{name.text.lower()} takes {takes} argument{plural}, and {count} are given", name
            )


class SqloudGenerator(PostgresGenerator):
    """Postgres's SQL, with placeholders as `?` and `:name`; QUALIFY and SEMI JOIN stay what they are."""

    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        kind: transform for kind, transform in PostgresGenerator.TRANSFORMS.items() if kind is not exp.Select
    }

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """`:name`, or `?`."""
        return f":{expression.name}" if expression.this else "?"


class Sqloud(Postgres):
    """Postgres, with identifiers quoted by `"` or by a backtick, and no opaque commands."""

    class Tokenizer(Postgres.Tokenizer):
        """Postgres's tokens; EXEC, SHOW, EXPLAIN and their like are words."""

        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"', "`"]
        COMMANDS: ClassVar[set[TokenType]] = set()
        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            word: token_type
            for word, token_type in Postgres.Tokenizer.KEYWORDS.items()
            if token_type not in (TokenType.COMMAND, TokenType.BLOCK_START, TokenType.BLOCK_END)
            and word not in _DROPPED
        }

    Parser = SqloudParser
    Generator = SqloudGenerator


Sqloud.Tokenizer._COMMENTS.pop("{#", None)


@cache
def sqloud_dialect() -> Sqloud:
    """The one instance of the dialect. It holds no state between statements."""
    return Sqloud()
