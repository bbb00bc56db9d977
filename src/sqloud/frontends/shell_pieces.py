r"""A text of the shell, taken apart into SQL and commands.

Law: pure functions of the text. A command begins with a backslash that stands in no string, quoted name, comment or
template, and ends with its line; where nothing of a statement stands before it, a dot and a word at the beginning of
a line begin one too. Offsets are those of the whole text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Piece", "Word", "has_command", "pieces", "split_words"]

_SKIPPED = re.compile(
    r"""
      --[^\n]* | /\*.*?(?:\*/|\Z) | \{\{.*?(?:\}\}|\Z)
    | (?<![^\W\d])[eE]'(?:\\.|''|[^'\\])*(?:'|\Z)
    | '(?:[^']|'')*(?:'|\Z)
    | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
    | "(?:[^"]|"")*(?:"|\Z)
    | `[^`]*(?:`|\Z)
    | (?P<command>\\[^\n]*)
    | (?P<dot>(?<![^\n])[ \t]*\.[a-zA-Z?][^\n]*)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"'((?:[^']|'')*)'?|\"([^\"]*)\"?|(\S+)")


class Piece(NamedTuple):
    """A piece of a text: SQL or a command (`is_command`), as it stands from the offset `start`."""

    is_command: bool
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


class Word(NamedTuple):
    """An argument of a command, without its quotes, and the offsets that it takes in the line."""

    text: str
    start: int
    end: int


def pieces(text: str) -> tuple[Piece, ...]:
    r"""The SQL and the commands of a text, in their order; what is blank between them is left out.

    >>> [piece.text for piece in pieces("SELECT '\\x' AS a \\gx\n.mode csv\nSELECT 2;")]
    ["SELECT '\\x' AS a ", '\\gx', '.mode csv', '\nSELECT 2;']
    """
    found: list[Piece] = []
    begin = 0  # of the SQL since the last command
    fresh = 0  # behind the last semicolon or command
    for match in _SKIPPED.finditer(text):
        if match["end"]:
            fresh = match.end()
            continue
        if match["dot"] and text[fresh : match.start()].strip():
            continue
        written = match["command"] or match["dot"]
        if not written:
            continue
        if text[begin : match.start()].strip():
            found.append(Piece(False, text[begin : match.start()], begin))
        bare = written.lstrip()
        found.append(Piece(True, bare.rstrip(), match.end() - len(bare)))
        begin = fresh = match.end()
    if text[begin:].strip():
        found.append(Piece(False, text[begin:], begin))
    return tuple(found)


def has_command(text: str) -> bool:
    """Whether a text may hold a command, told without taking it apart."""
    return "\\" in text or text.lstrip().startswith(".") or "\n." in text


def split_words(line: str, start: int = 0) -> tuple[Word, ...]:
    r"""The words of a line from an offset; quotes of either kind hold blanks together.

    >>> [word.text for word in split_words("\\set a 'it''s' b")]
    ['\\set', 'a', "it's", 'b']
    """
    found = []
    for match in _WORD.finditer(line, start):
        text = match[1].replace("''", "'") if match[1] is not None else match[2] or match[3] or ""
        found.append(Word(text, match.start(), match.end()))
    return tuple(found)
