"""Markdown, as far as the pages need it.

Law: a cell stays a cell, and a text stays a text: what Markdown would read as its own is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["code", "fenced", "link", "table", "text"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$])")


def text(value: str) -> str:
    r"""A text on one line, with what Markdown would read as its own escaped.

    >>> print(text("a | b_c"))
    a \| b\_c
    """
    return _SPECIAL.sub(r"\\\1", " ".join(value.split()))


def code(value: str) -> str:
    """A name as code; within a table a bar would end the cell, so it is escaped there by `table`."""
    return f"`{value}`" if "`" not in value else f"`` {value} ``"


def fenced(language: str, body: str) -> str:
    """A block of code."""
    return f"```{language}\n{body}\n```\n"


def link(label: str, target: str) -> str:
    """A link; the label is Markdown already."""
    return f"[{label}]({target})"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown cells; a bar that is code is escaped."""
    lines = ["| " + " | ".join(headers) + " |", "|" + "|".join(" :--- " for _ in headers) + "|"]
    lines += ["| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
