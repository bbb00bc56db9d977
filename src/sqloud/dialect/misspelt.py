"""Which keyword a word was meant to be, where a statement cannot be read.

Law: a hint and nothing more: it never decides whether a statement is read, and a word in the place of a name, or in
quotes, is nobody's keyword.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["did_you_mean", "meant"]

_KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "JOIN", "INNER", "LEFT", "RIGHT",
    "FULL", "OUTER", "CROSS", "UNION", "INTERSECT", "EXCEPT", "DISTINCT", "VALUES", "RETURNING", "BETWEEN", "LIKE",
    "ILIKE", "DESC", "CASE", "WHEN", "THEN", "ELSE", "CAST", "EXISTS", "WINDOW", "PARTITION", "INTO", "TABLE", "VIEW",
    "NULLS", "INTERVAL", "LATERAL", "USING", "EXPLAIN", "ANALYZE",
)  # fmt: skip
_BEFORE_NAMES = frozenset({".", ",", "AS", "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW"})


def did_you_mean(word: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """A hint with the one of `wanted` that a word resembles; () where it resembles none.

    >>> did_you_mean("servces", ["PROVIDERS", "SERVICES"]), did_you_mean("x", ["SERVICES"])
    (('did you mean SERVICES?',), ())
    """
    import difflib

    known = {one.upper(): one for one in wanted}
    near = difflib.get_close_matches(word.upper(), known, n=1, cutoff=0.7)
    return (f"did you mean {known[near[0]]}?",) if near else ()


def meant(words: Sequence[str], index: int) -> tuple[str, ...]:
    """A hint for words of which the one at `index` could not be read: it, or the one before, is a keyword misspelt.

    >>> meant(["SELECT", "*", "FORM", "things"], 3), meant(["FROM", "orders", "x", "y"], 3)
    (('did you mean FROM in the place of FORM?',), ())
    """
    for place in (index - 1, index):
        word = words[place] if 0 <= place < len(words) else ""
        before = words[place - 1].upper() if place > 0 else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if len(word) < 3 or not word.isidentifier() or word.upper() in _KEYWORDS:
            continue
        if before in _BEFORE_NAMES or after == ".":
            continue
        for hint in did_you_mean(word, _KEYWORDS):
            return (hint.replace("?", f" in the place of {word}?"),)
    return ()
