"""Control characters made visible.

Law: nothing that a value, a name or a message holds can move the cursor, colour a terminal, reorder its text
or end a line that is ours. The escaped text says which character stood there.
"""

from __future__ import annotations

import re

__all__ = ["json_escaped", "visible", "visible_lines"]

# C0, DEL and C1, the line separators, and what embeds, overrides or isolates a direction of writing.
_HARMFUL = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_HARMFUL}]")
_NO_NEWLINE = re.compile(f"(?!\n)[{_HARMFUL}]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""The text with every control character escaped, line ends too.

    >>> print(visible("a\x1b[31m\n\u202e"))
    a\x1b[31m\n\u202e
    """
    return text if text.isprintable() else _ANY.sub(_spelled, text)


def visible_lines(text: str) -> str:
    """The text with every control character escaped but the newline, for texts of several lines."""
    return text if text.isprintable() else _NO_NEWLINE.sub(_spelled, text)


def json_escaped(text: str) -> str:
    r"""JSON text, whose newlines lie between values only, with what JSON itself leaves raw escaped its way.

    >>> print(json_escaped('"\x9b\u202e"'))
    "\u009b\u202e"
    """
    return text if text.isprintable() else _NO_NEWLINE.sub(_json_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _json_spelled(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
