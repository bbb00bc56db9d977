"""Text to tokens, and a script to its statements.

Law: tokens keep their offsets in the source, and a statement is cut only at a semicolon that is a token of
its own, never inside a string, a quoted name or a comment. Every string token, however it was quoted, is a
plain STRING whose text is the string's value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from sqloud.dialect.syntax import Sqloud, sqloud_dialect
from sqloud.errors import NotSupportedError, Source, Span, SqlSyntaxError

__all__ = ["StatementText", "marks_in", "put_into", "split", "template_at"]

# Inside of a string: `{{ name }}`; with more braces before it, the same text with one pair less.
_MARK = re.compile(r"((?:\{\{)*)\{\{(\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\})")

_ACCOUNT = re.compile(r"@[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLOSED_DIGITS = re.compile(r"[xXbB]'[^']*'")
_OPENING = re.compile(r"\$\w*\$|/\*|(?:[uU]&|[a-zA-Z])?['\"`]")
_STRINGS = frozenset(
    {
        TokenType.HEREDOC_STRING,
        TokenType.BYTE_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.NATIONAL_RAW_STRING,
        TokenType.RAW_STRING,
    }
)


class StatementText(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a source, tokenised and not yet parsed.

    `span` holds the offsets of its first to its last token in `source.text`. `terminated` says that a
    semicolon followed. `variables` are the names of its `{{ }}`, in order and distinct.
    """

    source: Source
    span: Span
    tokens: tuple[Any, ...]  # of sqlglot.tokens.Token
    terminated: bool
    variables: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The statement as it was written, without its semicolon."""
        return self.source.text[self.span.start : self.span.end]


def split(source: Source) -> tuple[StatementText, ...]:
    """The statements of a script in their order; empty ones are dropped.

    Raises SqlSyntaxError: `incomplete`, with the span of the opening, where a quote or comment is open.

    >>> [statement.text for statement in split(Source("example", "SELECT 'a;b'; ; SHOW PROVIDERS"))]
    ["SELECT 'a;b'", 'SHOW PROVIDERS']
    """
    statements = []
    begun: list[Token] = []
    for token in tokenize(source):
        if token.token_type == TokenType.SEMICOLON:
            if begun:
                statements.append(_statement(source, begun, terminated=True))
            begun = []
        else:
            begun.append(token)
    if begun:
        statements.append(_statement(source, begun, terminated=False))
    return tuple(statements)


def marks_in(text: str) -> list[str]:
    """The names of the templates in a string's or a quoted name's text, in order.

    >>> marks_in("{{ a }}-{{b}} {{{{ c }}")
    ['a', 'b']
    """
    return [mark[3] for mark in _MARK.finditer(text) if not mark[1]]


def put_into(text: str, value: Callable[[str], str]) -> str:
    """The text with each template replaced by `value(name)`, and each escaped one by what it stands for.

    >>> put_into("{{ a }} {{{{ b }}", {"a": "{{ c }}"}.__getitem__)
    '{{ c }} {{ b }}'
    """
    return _MARK.sub(lambda mark: mark[1] + mark[2] if mark[1] else value(mark[3]), text)


def template_at(source: Source, tokens: tuple[Token, ...], index: int) -> str | None:
    """The name of the bare template `{{ name }}` that begins at `tokens[index]`, None where none does.

    Raises SqlSyntaxError where two braces open and no name stands alone between them.
    """
    if not _is_pair(tokens, index, TokenType.L_BRACE):
        return None
    if index + 4 < len(tokens) and _is_pair(tokens, index + 3, TokenType.R_BRACE):
        name = tokens[index + 2]
        word = source.text[name.start : name.end + 1]
        if _NAME.fullmatch(word):
            return word
    raise SqlSyntaxError(
        "{{ here must be followed by one name and }}",
        span=Span(tokens[index].start, tokens[index + 1].end + 1),
        source=source,
        hints=("write   {{ name }}",),
    )


def _is_pair(tokens: tuple[Token, ...], index: int, brace: TokenType) -> bool:
    pair = tokens[index : index + 2]
    return (
        len(pair) == 2
        and pair[0].token_type == brace == pair[1].token_type
        and pair[0].end + 1 == pair[1].start
    )


def tokenize(source: Source) -> list[Token]:
    """The tokens of a text, comments left out. Raises SqlSyntaxError where a quote or a comment is open."""
    tokenizer = Sqloud.Tokenizer(sqloud_dialect())
    try:
        tokens = tokenizer.tokenize(source.text)
    except TokenError as cause:
        raise _unreadable(source, tokenizer._core._start) from cause
    _check_last_comment(source, tokens[-1].end + 1 if tokens else 0)
    for token in tokens:
        if token.token_type in _STRINGS:
            token.token_type = TokenType.STRING
        elif token.token_type == TokenType.UNICODE_STRING:
            raise NotSupportedError(
                "U&'...' is not built yet",
                span=Span(token.start, token.end + 1),
                source=source,
                hints=("write   the character itself, or E'\\u0041'",),
            )
        # A comment says nothing to the parser, which would else take some for settings of its own.
        token.comments = []
    return _with_accounts(source.text, tokens) if "@" in source.text else tokens


def _with_accounts(text: str, tokens: list[Token]) -> list[Token]:
    """The tokens with each `provider@account` as one name: it begins one, and nothing stands between its parts."""
    found: list[Token] = []
    for token in tokens:
        if found and token.start <= found[-1].end:
            # A part of the account; `1.` is read as a number, and the dot in it is what parts names.
            last = found[-1].end
            if token.end > last and text[last + 1] == ".":
                found.append(Token(TokenType.DOT, ".", token.line, token.col, last + 1, last + 1))
            continue
        before = found[-1] if found else None
        account = _ACCOUNT.match(text, token.start) if token.token_type == TokenType.PARAMETER else None
        if account and before is not None and before.token_type == TokenType.VAR and _begins(found, token):
            found[-1] = Token(
                TokenType.VAR,
                before.text + account[0],
                before.line,
                before.col,
                before.start,
                account.end() - 1,
            )
            continue
        found.append(token)
    return found


def _begins(before: list[Token], token: Token) -> bool:
    """Whether a token directly follows a word that no dot stands before."""
    return before[-1].end + 1 == token.start and not (
        len(before) > 1 and before[-2].token_type == TokenType.DOT
    )


def _unreadable(source: Source, start: int) -> SqlSyntaxError:
    opening = source.text[start:]
    if _CLOSED_DIGITS.match(opening):
        return SqlSyntaxError(
            "a bit or hex string with a character that is no digit of its own",
            span=Span(start, start + opening.index("'", 2) + 1),
            source=source,
        )
    return _unclosed(source, start)


def _unclosed(source: Source, start: int) -> SqlSyntaxError:
    opening = _OPENING.match(source.text, start)
    mark = opening[0] if opening else source.text[start]
    return SqlSyntaxError(
        f"the {mark} that opens here is not closed",
        span=Span(start, start + len(mark)),
        source=source,
        incomplete=True,
    )


def _check_last_comment(source: Source, start: int) -> None:
    """Only whitespace and comments follow the last token; the tokenizer lets the last one stay open."""
    text, at = source.text, start
    while at < len(text):
        if text.startswith("--", at):
            at = next((i for i in range(at, len(text)) if text[i] in "\r\n"), len(text))
        elif text.startswith("/*", at):
            opening = at
            at = comment_end(text, at)
            if not at:
                raise _unclosed(source, opening)
        else:
            at += 1


def comment_end(text: str, at: int) -> int:
    """The offset behind the comment, with those inside of it, that begins at an offset; 0 where it stays open."""
    depth = 0
    while at < len(text):
        step = {"/*": 1, "*/": -1}.get(text[at : at + 2], 0)
        depth += step
        at += 2 if step else 1
        if not depth:
            return at
    return 0


def _statement(source: Source, tokens: list[Token], *, terminated: bool) -> StatementText:
    whole = tuple(tokens)
    names: dict[str, None] = {}
    for index, token in enumerate(whole):
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) and "{{" in token.text:
            names.update(dict.fromkeys(marks_in(token.text)))
        elif token.token_type == TokenType.L_BRACE and (name := template_at(source, whole, index)):
            names[name] = None
    return StatementText(
        source=source,
        span=Span(tokens[0].start, tokens[-1].end + 1),
        tokens=whole,
        terminated=terminated,
        variables=tuple(names),
    )
