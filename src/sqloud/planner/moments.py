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
_FORMS = re.compile(r"%(.)")
_PLAIN = "dHjmMSwWY%"


def moment_sql(name: str, arguments: Sequence[exp.Expr]) -> tuple[str, list[exp.Expr]]:
    """SQL of the engine's, in which `$1` is the moment, and what `$1` is. Raises NotSupportedError."""
    given = list(arguments)
    form = _form(given.pop(0)) if name == "strftime" and given else "%Y-%m-%d %H:%M:%S"
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
    return f"strftime({sql}, '{form}')", [moment]


def _form(node: exp.Expr) -> str:
    form = _text(node)
    for letter in _FORMS.findall(form):
        if letter not in _PLAIN:
            raise NotSupportedError(f"%{letter} of strftime is not built", span=span_of(node))
    return form.replace("'", "''")


def _text(node: exp.Expr) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    raise NotSupportedError(
        "a format or modifier that is no string in quotes is not built", span=span_of(node)
    )
