"""Where in a statement the cursor stands, as far as the text so far tells.

Law: a pure function of text and cursor. A statement that is being typed is rarely whole, so nothing here parses: it
reads words, keeps parentheses, strings and comments apart, and never fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["KEYWORDS", "Context", "TableRef", "Word", "context_at", "listed", "words"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<template>\{\{.*?(?:\}\}|\Z))
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<dollar>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
    | (?P<number>\d[\w.]*)
    | (?P<word>[^\W\d]\w*(?:@(?:[^\W\d][\w-]*)?)?)
    | (?P<mark><=|>=|<>|!=|->>|->|::|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def listed(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


_TABLE_WORDS = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "REPLACE", "USING"})
_NO_ALIAS = frozenset(
    listed(
        "ON USING WHERE GROUP ORDER HAVING LIMIT OFFSET UNION EXCEPT INTERSECT JOIN LEFT RIGHT FULL INNER "
        "CROSS NATURAL LATERAL SET VALUES SELECT RETURNING WINDOW QUALIFY FETCH AS AND OR IN WITH SEMI ANTI "
        "ASOF TABLESAMPLE"
    )
)
_SET_WORDS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_CLAUSES = frozenset(
    listed(
        "SELECT FROM WHERE GROUP ORDER HAVING LIMIT OFFSET ON SET VALUES RETURNING JOIN QUALIFY UNION EXCEPT "
        "INTERSECT INTO UPDATE DELETE INSERT REPLACE EXEC SHOW DESCRIBE EXPLAIN WITH USING"
    )
)

KEYWORDS = (
    _TABLE_WORDS
    | _NO_ALIAS
    | _CLAUSES
    | frozenset(
        listed(
            "ALL ANALYZE ANY ASC BEGIN BETWEEN BY CASE CAST COMMIT COPY CREATE DATABASE DESC DISTINCT DROP ELSE "
            "END EXISTS EXTENDED FALSE FILTER FIRST FORMAT IF ILIKE INSERT INTERVAL IS LAST LIKE MATERIALIZED "
            "METHOD METHODS NOT NULL NULLS OVER PARTITION PROVIDERS RECURSIVE REFRESH RESET RESOURCES ROLLBACK "
            "ROWS SERVICES SIMILAR TABLE TABLES TEMP THEN TO TRUE UNNEST VIEW WHEN"
        )
    )
)
"""What is shown as a keyword."""


class Word(NamedTuple):
    """A token: its kind (a group of the pattern), its text, and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def upper(self) -> str:
        """The text in capitals, for comparing with keywords; empty for what is no bare word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


class TableRef(NamedTuple):
    """A relation named in the statement: its dotted name, and the alias, the last part where there is none."""

    name: tuple[str, ...]
    alias: str


class Context(NamedTuple):
    """What stands before the cursor.

    `prefix` is the part of a name that is being typed, from offset `start`; `path` the names before its dots.
    `before` are the words of the statement before that, comments left out; `tables` those that can be seen here;
    `within` is `string`, `template` or `comment` where the cursor is inside of one, else empty.
    """

    prefix: str
    start: int
    path: tuple[str, ...]
    before: tuple[Word, ...]
    tables: tuple[TableRef, ...]
    ctes: tuple[str, ...]
    within: str = ""

    def clause(self) -> str:
        """The keyword of the clause that the cursor is in, at its own depth; empty before the first."""
        depth = 0
        for word in reversed(self.before):
            if word.text == ")":
                depth += 1
            elif word.text == "(":
                depth -= 1
                if depth < 0:
                    depth = 0
            elif depth == 0 and word.upper in _CLAUSES:
                return word.upper
        return ""

    def last(self, count: int = 1) -> tuple[str, ...]:
        """The texts of the last words before the name that is typed, keywords in capitals."""
        return tuple(word.upper or word.text for word in self.before[-count:])


def context_at(text: str, cursor: int) -> Context:
    """The context of an offset in a text of one or more statements."""
    found = list(words(text))
    begin, end = _statement(found, cursor)
    found = found[begin:end]
    inside = next(
        (
            word
            for word in found
            if word.kind in {"string", "template", "comment", "dollar"}
            and word.start < cursor
            and (cursor < word.end or (cursor == word.end and not _is_closed(word)))
        ),
        None,
    )
    plain = [word for word in found if word.kind not in {"space", "comment"}]
    tables, ctes = _tables(plain, cursor), _ctes(plain)
    if inside is not None:
        opening = 2 if inside.kind == "template" else 1
        start = inside.start + opening
        before = tuple(word for word in plain if word.start < inside.start)
        within = "string" if inside.kind in {"string", "dollar"} else inside.kind
        return Context(text[start:cursor], start, (), before, tables, ctes, within)
    prefix, start, path, first = _name_before(text, plain, cursor)
    before = tuple(word for word in plain if word.end <= first and word.start < first)
    return Context(prefix, start, path, before, tables, ctes)


def words(text: str) -> Iterator[Word]:
    """Every token of a text, blanks and comments too; together they are the text."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        yield Word("dollar" if kind == "tag" else kind, match[0], match.start())


def _statement(words: Sequence[Word], cursor: int) -> tuple[int, int]:
    """The words of the statement around the cursor."""
    begin = 0
    for position, word in enumerate(words):
        if word.kind == "mark" and word.text == ";":
            if word.start >= cursor:
                return begin, position
            begin = position + 1
    return begin, len(words)


def _is_closed(word: Word) -> bool:
    if word.kind == "string":
        return len(word.text) > 1 and word.text.endswith("'") and word.text.count("'") % 2 == 0
    if word.kind == "template":
        return word.text.endswith("}}")
    if word.kind == "dollar":
        tag = word.text[: word.text.index("$", 1) + 1]
        return len(word.text) > len(tag) and word.text.endswith(tag)
    return word.text.startswith("/*") and word.text.endswith("*/")


def _name_before(text: str, words: Sequence[Word], cursor: int) -> tuple[str, int, tuple[str, ...], int]:
    """The part that is typed, where it starts, the parts before its dots, and where the whole name starts."""
    typed = [word for word in words if word.start < cursor]
    prefix, start = "", cursor
    if typed and typed[-1].end >= cursor and typed[-1].kind in {"word", "quoted"}:
        word = typed.pop()
        prefix, start = text[word.start : cursor], word.start
    path: list[str] = []
    first = start
    while typed and typed[-1].text == "." and typed[-1].end == first:
        first = typed.pop().start
        if not (typed and typed[-1].end == first and typed[-1].kind in {"word", "quoted"}):
            break
        word = typed.pop()
        path.insert(0, _bare(word))
        first = word.start
    return prefix, start, tuple(path), first


def _bare(word: Word) -> str:
    """A name as it is looked up."""
    if word.kind == "quoted":
        return word.text.strip('"').replace('""', '"')
    return word.text.lower()


def _tables(words: Sequence[Word], cursor: int) -> tuple[TableRef, ...]:
    """The relations that an expression at the cursor can see: those of its block, and of the blocks around it."""
    found: list[tuple[tuple[int, ...], TableRef]] = []
    here: tuple[int, ...] | None = None
    block, blocks = [0, 0], 0  # a number for each parenthesis that is open, then the part of a set operation
    expecting = [False]
    position = 0
    while position < len(words):
        word = words[position]
        if here is None and word.start >= cursor:
            here = tuple(block)
        if word.text == "(":
            blocks += 1
            block += [blocks, 0]
            expecting.append(False)
        elif word.text == ")":
            if len(block) > 2:
                del block[-2:]
                expecting.pop()
            expecting[-1] = False
        elif word.upper in _SET_WORDS:
            block[-1] += 1
            expecting[-1] = False
        elif word.upper in _TABLE_WORDS and not _is_call(words, position):
            expecting[-1] = True
        elif expecting[-1] and word.kind in {"word", "quoted"} and word.upper not in _NO_ALIAS:
            ref, position = _reference(words, position)
            found.append((tuple(block), ref))
            expecting[-1] = position < len(words) and words[position].text == ","
            continue
        elif word.text != "," and word.upper not in {"LATERAL", "ONLY"}:
            expecting[-1] = False
        position += 1
    here = tuple(block) if here is None else here
    return tuple(ref for place, ref in found if here[: len(place)] == place)


def _is_call(words: Sequence[Word], position: int) -> bool:
    """`replace(` is a function, and `USING (` a list of columns."""
    return position + 1 < len(words) and words[position + 1].text == "("


def _reference(words: Sequence[Word], position: int) -> tuple[TableRef, int]:
    name = [_bare(words[position])]
    position += 1
    while (
        position + 1 < len(words)
        and words[position].text == "."
        and words[position + 1].kind in {"word", "quoted"}
    ):
        name.append(_bare(words[position + 1]))
        position += 2
    if position < len(words) and words[position].upper == "AS":
        position += 1
    if (
        position < len(words)
        and words[position].kind in {"word", "quoted"}
        and words[position].upper not in _NO_ALIAS
    ):
        return TableRef(tuple(name), _bare(words[position])), position + 1
    return TableRef(tuple(name), name[-1]), position


def _ctes(words: Sequence[Word]) -> tuple[str, ...]:
    """The names that WITH gives: `name AS (`."""
    return tuple(
        _bare(word)
        for word, as_, opening in zip(words, words[1:], words[2:], strict=False)
        if word.kind in {"word", "quoted"}
        and as_.upper == "AS"
        and (opening.text == "(" or opening.upper in {"MATERIALIZED", "NOT"})
    )
