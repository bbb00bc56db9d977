"""How many columns of a terminal a text takes.

Law: characters of the East take two, marks that combine none; what is plain ASCII is counted without a table.
"""

from __future__ import annotations

__all__ = ["folded", "padded", "width_of"]


def width_of(text: str) -> int:
    """The columns of a text of one line that holds no control character."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    width = wcswidth(text)
    return width if width >= 0 else len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks to a width, before it where `right`."""
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


def folded(text: str, width: int) -> list[str]:
    """The lines of a text in a column of `width`; broken behind a blank or a comma where there is one.

    >>> folded("a word too many", 9)
    ['a word', 'too many']
    """
    lines = []
    while width_of(text) > width:
        end = len(text[:width])
        while end > 1 and width_of(text[:end]) > width:
            end -= 1
        at = max(text.rfind(" ", 0, end + 1), text.rfind(",", 0, end - 1) + 1)
        if at <= end // 2:
            at = end
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip(" ")
    lines.append(text)
    return lines
