"""`{{ name }}` to a value.

Law: a value arrives as the value of one token, never as text that is read again. So no quote, semicolon or
comment mark in it can change the statement, and it can stand only where a value may.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot.tokenizer_core import Token, TokenType

from sqloud.dialect.lexing import StatementText, marks_in, put_into, template_at
from sqloud.errors import InvalidValueError, MissingParameterError, Span, SqlSyntaxError

__all__ = ["fill_in"]

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_FIELD_NAMES = (TokenType.STRING, TokenType.VAR, TokenType.IDENTIFIER)
_JSON_WORDS = {"true": TokenType.TRUE, "false": TokenType.FALSE, "null": TokenType.NULL}


def fill_in(text: StatementText, variables: Mapping[str, str]) -> tuple[list[Token], dict[int, str]]:
    """The tokens with the variables' values in place, and the name of each bare `{{ }}` by its start.

    Inside of a string the value becomes part of the string. A bare `{{ name }}` becomes a number where the
    value is a JSON number, `true`, `false` or `null` where it is that word, and else a string.
    Raises MissingParameterError for a variable without a value, InvalidValueError for one that is no text,
    SqlSyntaxError where one stands in a name.
    """
    filled: list[Token] = []
    bare: dict[int, str] = {}
    index = 0
    while index < len(text.tokens):
        token = text.tokens[index]
        if token.token_type == TokenType.L_BRACE and (name := template_at(text.source, text.tokens, index)):
            last = text.tokens[index + 4]
            span = Span(token.start, last.end + 1)
            bare[token.start] = name
            filled.append(_literal(token, last, _value(name, variables, span)))
            index += 5
            continue
        if token.token_type == TokenType.L_BRACE and not _is_struct(text.tokens, index):
            raise SqlSyntaxError(
                "a brace opens nothing but a variable or a struct",
                span=Span(token.start, token.end + 1),
                hints=("write   {{ name }}", "or   {'field': value}"),
            )
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) and "{{" in token.text:
            token = _filled(token, variables)
        filled.append(token)
        index += 1
    return filled, bare


def _is_struct(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a brace opens a struct: `{'field': value}`, `{field: value}`."""
    after = [token.token_type for token in tokens[index + 1 : index + 3]]
    return len(after) == 2 and after[0] in _FIELD_NAMES and after[1] == TokenType.COLON


def _value(name: str, variables: Mapping[str, str], span: Span) -> str:
    try:
        value: object = variables[name]
    except KeyError:
        raise MissingParameterError(
            f"the variable {name} has no value", span=span, hints=(f"add   -v {name}=VALUE",)
        ) from None
    if not isinstance(value, str):
        raise InvalidValueError(
            f"the variable {name} is {type(value).__name__}, and a variable is text",
            span=span,
            hints=(f"give it as text, or write :{name} and pass it as a parameter",),
        )
    return value


def _filled(token: Token, variables: Mapping[str, str]) -> Token:
    span = Span(token.start, token.end + 1)
    if token.token_type == TokenType.IDENTIFIER and (names := marks_in(token.text)):
        raise SqlSyntaxError(
            f"{{{{ {names[0]} }}}} is a value; it cannot be part of a name",
            span=span,
            hints=("a variable can stand where a number or a string can",),
        )
    text = put_into(token.text, lambda name: _value(name, variables, span))
    return Token(token.token_type, text, token.line, token.col, token.start, token.end)


def _literal(first: Token, last: Token, value: str) -> Token:
    kind = TokenType.NUMBER if _JSON_NUMBER.fullmatch(value) else _JSON_WORDS.get(value, TokenType.STRING)
    return Token(kind, value, first.line, first.col, first.start, last.end)
