"""`%s` and `%(name)s`, which PEP 249 calls pyformat, read as `?` and `:name`.

Law: only text outside of literals, quoted names and comments is read, and only where values were given; a statement
that has no such placeholder stays as it is, `%` for the remainder and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["native_placeholders"]

_PIECES = re.compile(
    r"""
    (?P<skip> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | %\((?P<name>\w+)\)s
    | (?P<place> %s\b )
    | (?P<double> %% )
    """,
    re.VERBOSE | re.DOTALL,
)


def native_placeholders(sql: str, parameters: object) -> str:
    """The statement with its own placeholders.

    >>> native_placeholders("SELECT %s, '%s'", [1])
    "SELECT ?, '%s'"
    >>> native_placeholders("SELECT %(a)s", {"a": 1})
    'SELECT :a'
    >>> native_placeholders("SELECT 7 %s", None)
    'SELECT 7 %s'
    """
    if not parameters or "%" not in sql:
        return sql
    named = isinstance(parameters, Mapping)
    kinds = {match.lastgroup for match in _PIECES.finditer(sql)}
    if ("name" if named else "place") not in kinds:
        return sql

    def written(match: re.Match[str]) -> str:
        if named and match["name"]:
            return f":{match['name']}"
        if not named and match["place"]:
            return "?"
        return "%" if match["double"] else match[0]

    return _PIECES.sub(written, sql)
