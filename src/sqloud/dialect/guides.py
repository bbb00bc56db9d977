"""SHOW of a ready statement and DESCRIBE of a method.

Law: a name may be any word; what is not read to the last token is an error.
"""

from __future__ import annotations

from typing import Literal

from sqloud.dialect.commands import describe, hints_before, read_name
from sqloud.dialect.fragments import Fragment
from sqloud.dialect.statements import Describe, Path, Statement
from sqloud.errors import SqlSyntaxError

__all__ = ["DescribeMethod", "ShowStatement", "describe_any", "is_ready", "show_ready"]

Verb = Literal["select", "insert", "update", "replace", "delete", "exec"]

_WORDS: dict[str, tuple[Verb, str]] = {
    "SELECT": ("select", "FROM"),
    "INSERT": ("insert", "INTO"),
    "UPDATE": ("update", ""),
    "REPLACE": ("replace", ""),
    "DELETE": ("delete", "FROM"),
    "EXEC": ("exec", ""),
}
"""The word after SHOW: the verb of the statement that is written, and the word before its table."""


class ShowStatement(Statement, frozen=True, kw_only=True):
    """SHOW INSERT INTO and the like: a statement of `verb` over `path`, ready but for its values.

    `required` leaves out what may be left out. `path` is a resource, or a method of one for EXEC.
    """

    verb: Verb
    path: Path
    required: bool = False

    def _sql(self) -> str:
        between = _WORDS[self.verb.upper()][1]
        words = (
            "SHOW",
            self.verb.upper(),
            "/*+ REQUIRED */" if self.required else "",
            between,
            self.path.to_sql(),
        )
        return " ".join(word for word in words if word)


class DescribeMethod(Statement, frozen=True, kw_only=True):
    """DESCRIBE METHOD: what a method takes and what it answers."""

    path: Path
    extended: bool = False

    def _sql(self) -> str:
        return f"DESCRIBE {'EXTENDED ' if self.extended else ''}METHOD {self.path.to_sql()}"


def is_ready(fragment: Fragment) -> bool:
    """Whether a SHOW asks for a ready statement."""
    return fragment.word(1) in _WORDS and len(fragment.tokens) > 2


def show_ready(fragment: Fragment) -> ShowStatement:
    """`SHOW INSERT [/*+ REQUIRED */] INTO p.s.r`, and so for SELECT, UPDATE, REPLACE, DELETE; `SHOW EXEC p.s.r.m`."""
    verb, between = _WORDS[fragment.word(1)]
    required = "required" in hints_before(fragment, 2)
    at = 2
    if between:
        if fragment.word(at) != between:
            raise fragment.unexpected(at, f"{between} provider.service.resource")
        at += 1
    path = _read_whole(fragment, at, 4 if verb == "exec" else 3)
    return ShowStatement(verb=verb, path=path, required=required)


def describe_any(fragment: Fragment) -> Describe | DescribeMethod:
    """DESCRIBE of a resource, or `DESCRIBE [EXTENDED] METHOD p.s.r.m`."""
    extended = fragment.word(1) == "EXTENDED" and fragment.word(2) != "."
    at = 1 + extended
    if fragment.word(at) != "METHOD" or at + 1 == len(fragment.tokens) or fragment.word(at + 1) == ".":
        return describe(fragment)
    return DescribeMethod(path=_read_whole(fragment, at + 1, 4), extended=extended)


def _read_whole(fragment: Fragment, at: int, levels: int) -> Path:
    names = [read_name(fragment, at)]
    at += 1
    while fragment.word(at) == ".":
        names.append(read_name(fragment, at + 1))
        at += 2
    path = Path(names=tuple(names))
    if at < len(fragment.tokens):
        raise fragment.unexpected(at, "the end of the statement")
    if len(names) != levels:
        shape = ".".join(("provider", "service", "resource", "method")[:levels])
        raise SqlSyntaxError(f"{fragment.word(0)} {fragment.word(1)} needs {shape} here", span=path.span)
    return path
