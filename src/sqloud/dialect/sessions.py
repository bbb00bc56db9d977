"""SET, RESET and SHOW of a session's settings.

Law: a name is read here and judged where the settings are; a value is a literal or a word, never an expression.
"""

from __future__ import annotations

from sqlglot.tokenizer_core import TokenType

from sqloud.dialect.commands import read_name, show
from sqloud.dialect.fragments import Fragment
from sqloud.dialect.guides import ShowStatement, is_ready, show_ready
from sqloud.dialect.misspelt import did_you_mean
from sqloud.dialect.nodes import escape_templates
from sqloud.dialect.statements import Name, Show, Statement
from sqloud.errors import NotSupportedError, Span
from sqloud.session_settings import SESSION_SETTINGS, setting

__all__ = ["ResetSetting", "SetSetting", "ShowSetting", "reset", "set_setting", "show_any", "use"]


class SetSetting(Statement, frozen=True, kw_only=True):
    """SET a setting of the session. `value` is what was written: a text, a number, a word."""

    name: Name
    value: str | int | float
    span: Span = Span(0, 0)

    def _sql(self) -> str:
        text = str(self.value)
        if isinstance(self.value, str):
            text = escape_templates("'" + text.replace("'", "''") + "'")
        return f"SET {self.name.to_sql()} = {text}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SetSetting) and (self.name, self.value) == (other.name, other.value)

    def __hash__(self) -> int:
        return hash((self.name, self.value))


class ResetSetting(Statement, frozen=True, kw_only=True):
    """RESET a setting to what the session was opened with; all of them where `name` is None."""

    name: Name | None = None

    def _sql(self) -> str:
        return f"RESET {self.name.to_sql() if self.name else 'ALL'}"


class ShowSetting(Statement, frozen=True, kw_only=True):
    """SHOW the value of a setting; all of them where `name` is None."""

    name: Name | None = None

    def _sql(self) -> str:
        return f"SHOW {self.name.to_sql() if self.name else 'ALL'}"


def set_setting(fragment: Fragment) -> Statement:
    """`SET [SESSION] name = value`, or TO; DEFAULT resets it."""
    at = 1
    if fragment.word(at) == "LOCAL" and fragment.word(at + 1) not in ("=", "TO"):
        token = fragment.tokens[at]
        raise NotSupportedError(
            "SET LOCAL needs a transaction, and there is none",
            span=Span(token.start, token.end + 1),
            hints=("SET holds for the rest of the session",),
        )
    at += fragment.word(at) == "SESSION" and fragment.word(at + 1) not in ("=", "TO")
    name = read_name(fragment, at)
    at += 1
    if fragment.word(at) not in ("=", "TO"):
        raise fragment.unexpected(at, f"{name.text} = value")
    at += 1
    if fragment.word(at) == "DEFAULT":
        _end(fragment, at + 1)
        return ResetSetting(name=name)
    value, span, at = _value(fragment, at)
    _end(fragment, at)
    return SetSetting(name=name, value=value, span=span)


def use(fragment: Fragment) -> SetSetting:
    """`USE [CONNECTION] name`: the setting `connection`."""
    at = 2 if fragment.word(1) == "CONNECTION" and len(fragment.tokens) > 2 else 1
    value, span, at = _value(fragment, at)
    _end(fragment, at)
    word = fragment.tokens[0]
    name = Name(text="connection", quoted=False, span=Span(word.start, word.end + 1))
    return SetSetting(name=name, value=str(value), span=span)


def reset(fragment: Fragment) -> ResetSetting:
    """`RESET name`, or ALL."""
    name = read_name(fragment, 1)
    _end(fragment, 2)
    return ResetSetting(name=None if fragment.word(1) == "ALL" else name)


def show_any(fragment: Fragment) -> Show | ShowSetting | ShowStatement:
    """SHOW of a setting, of ALL settings, of a ready statement, or of what the registry holds."""
    word = fragment.word(1)
    if len(fragment.tokens) == 2 and (word == "ALL" or word.lower() in SESSION_SETTINGS):
        return ShowSetting(name=None if word == "ALL" else read_name(fragment, 1))
    if is_ready(fragment):
        return show_ready(fragment)
    if len(fragment.tokens) == 2 and did_you_mean(word, tuple(SESSION_SETTINGS)):
        token = fragment.tokens[1]
        setting(word.lower(), Span(token.start, token.end + 1))  # raises, with the nearest
    return show(fragment)


def _value(fragment: Fragment, at: int) -> tuple[str | int | float, Span, int]:
    sign = fragment.word(at) == "-"
    start = at
    at += sign
    if at >= len(fragment.tokens):
        raise fragment.unexpected(at, "a value")
    token = fragment.tokens[at]
    span = Span(fragment.tokens[start].start, token.end + 1)
    if token.token_type == TokenType.NUMBER:
        text = f"-{token.text}" if sign else token.text
        whole = text.removeprefix("-").isdecimal()
        return (int(text) if whole else float(text)), span, at + 1
    if sign:
        raise fragment.unexpected(at, "a number")
    if token.token_type == TokenType.STRING:
        return token.text, span, at + 1
    return read_name(fragment, at).text, span, at + 1


def _end(fragment: Fragment, at: int) -> None:
    if at < len(fragment.tokens):
        raise fragment.unexpected(at, "the end of the statement")
