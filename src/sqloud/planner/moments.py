"""SQLite's `date`, `datetime`, `strftime` and `julianday` with their modifiers, which are StackQL's.

Law: a modifier that is not known is refused, as one that is passed over would be a wrong moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError

__all__ = ["MOMENTS", "moment_sql"]

MOMENTS = ("date", "datetime", "julianday", "strftime")
_SHIFT = re.compile(r"([+-]?)\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|month|year)s?", re.IGNORECASE)
_START = re.compile(r"start of (day|month|year)", re.IGNORECASE)
_PIECES = re.compile(r"%.|[^%]+|%", re.DOTALL)
_PLAIN = "dHjmMSwWY%"
# Those of SQLite's that the engine's strftime lacks or means otherwise; e, k and l pad with a space.
_SAID = {
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "I": "%I",
    "p": "%p",
    "G": "%G",
    "U": "%U",
    "V": "%V",
    "u": "%u",
}
_COMPUTED = {
    "s": "CAST(floor(epoch($0)) AS BIGINT)",
    "J": "julian($0) - 0.5",
    "f": "format('{:02d}.{:03d}', date_part('second', $0), date_part('millisecond', $0) % 1000)",
    "e": "lpad(strftime($0, '%-d'), 2, ' ')",
    "k": "lpad(strftime($0, '%-H'), 2, ' ')",
    "l": "lpad(strftime($0, '%-I'), 2, ' ')",
    "P": "lower(strftime($0, '%p'))",
}


def moment_sql(name: str, arguments: Sequence[exp.Expr]) -> tuple[str, list[exp.Expr]]:
    """SQL of the engine's, in which `$1` is the moment, and what `$1` is. Raises NotSupportedError."""
    given = list(arguments)
    form = _form(given.pop(0)) if name == "strftime" and given else ["%Y-%m-%d %H:%M:%S"]
    moment = given.pop(0) if given else exp.Literal.string("now")
    text = moment.name if isinstance(moment, exp.Literal) and moment.is_string else None
    modifiers = [(_text(one), one) for one in given]
    if text is not None and text.lower() == "now":
        sql = "(now() AT TIME ZONE 'UTC')"
    elif modifiers and modifiers[0][0].lower() == "unixepoch":
        modifiers.pop(0)
        sql = "(to_timestamp($1) AT TIME ZONE 'UTC')"
    else:
        sql = "CAST($1 AS TIMESTAMP)"
    for modifier, node in modifiers:
        if shift := _SHIFT.fullmatch(modifier.strip()):
            sql = f"({sql} {'-' if shift[1] == '-' else '+'} INTERVAL '{shift[2]} {shift[3].lower()}')"
        elif start := _START.fullmatch(modifier.strip()):
            sql = f"date_trunc('{start[1].lower()}', {sql})"
        elif modifier.strip().lower() not in ("utc", "localtime"):  # both are UTC here
            raise NotSupportedError(f"the modifier {modifier!r} is not built", span=span_of(node))
    if name == "date":
        return f"CAST({sql} AS DATE)", [moment]
    if name == "julianday":
        return f"julian({sql}) - 0.5", [moment]
    if not form:
        return "''", [moment]
    pieces = [
        _COMPUTED[piece[1]].replace("$0", sql) if piece[1:] in _COMPUTED else f"strftime({sql}, '{piece}')"
        for piece in form
    ]
    # One alone keeps its type: SQLite counts with the seconds and the days that it writes as text.
    return f"concat({', '.join(pieces)})" if len(pieces) > 1 else pieces[0], [moment]


def _form(node: exp.Expr) -> list[str]:
    """A format in pieces: those that the engine's strftime says, and each that is computed beside it."""
    pieces = [""]
    for piece in _PIECES.findall(_text(node)):
        letter = piece[1:] if piece[0] == "%" else None
        if letter in _COMPUTED:
            pieces += [piece, ""]
        elif letter is None or letter in _PLAIN or letter in _SAID:
            pieces[-1] += _SAID.get(letter or "", piece).replace("'", "''")
        else:
            raise NotSupportedError(f"{piece} of strftime is not built", span=span_of(node))
    return [piece for piece in pieces if piece]


def _text(node: exp.Expr) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    raise NotSupportedError(
        "a format or modifier that is no string in quotes is not built", span=span_of(node)
    )
