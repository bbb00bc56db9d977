"""What the planner may ask of a tree: where a node stands, what constant it is, and its SQL.

Law: a position is an offset into the source that the statement was read from, so an error can point at the
text that the user wrote; a node that was made and not read has none.

These have a span of their own: literals, NULL, TRUE, FALSE, placeholders, identifiers, stars, and the name of
a called function. A table reference spans its dotted name and a column reference its qualified name. Any
other expression spans what lies below it, from the first to the last position; brackets and operators at its
ends are not counted. A constant JSON key after `->` and the text of an INTERVAL have none.
"""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from sqloud.dialect.syntax import sqloud_dialect
from sqloud.errors import NotSupportedError, Span

__all__ = ["Constant", "constant_of", "escape_templates", "is_constant", "render", "span_of"]

_TEMPLATE = re.compile(r"\{\{(?=\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\})")

Constant = str | int | float | bool | None


def span_of(node: exp.Expr) -> Span | None:
    """The offsets of a node in its source; None for a node that no text stands for."""
    found: list[Span] = []
    below: list[exp.Expr] = [node]
    while below:
        part = below.pop()
        start = part.meta_get("start")
        if start is not None:
            found.append(Span(start, part.meta_get("end") + 1))
        elif isinstance(part, (exp.Table, exp.Column)):
            below.extend(part.parts)
        else:
            below.extend(part.iter_expressions())
    if not found:
        return None
    return Span(min(span.start for span in found), max(span.end for span in found))


def is_constant(node: exp.Expr) -> bool:
    """Whether the node is a literal, signed and in brackets or not, so that `constant_of` has its value."""
    inner = node.unnest()
    if isinstance(inner, exp.Neg):
        operand = inner.this.unnest()
        return isinstance(operand, exp.Literal) and not operand.is_string
    return isinstance(inner, (exp.Literal, exp.Null, exp.Boolean))


def constant_of(node: exp.Expr) -> Constant:
    """The value of a constant. A number without point or exponent is an int of any size, else a float.

    Raises ValueError where `is_constant` is false.
    """
    inner = node.unnest()
    if isinstance(inner, exp.Null):
        return None
    if isinstance(inner, exp.Boolean):
        return bool(inner.this)
    negative = isinstance(inner, exp.Neg)
    literal = inner.this.unnest() if negative else inner
    if not isinstance(literal, exp.Literal) or (negative and literal.is_string):
        raise ValueError(f"not a constant: {render(node)}")
    if literal.is_string:
        return str(literal.this)
    number = int(literal.this) if literal.this.isdecimal() else float(literal.this)
    return -number if negative else number


def render(tree: exp.Expr) -> str:
    """The tree as SQL of the dialect, without comments. Raises NotSupportedError for what has no spelling."""
    try:
        sql = tree.sql(dialect=sqloud_dialect(), comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as cause:
        raise NotSupportedError(
            f"this has no spelling in the dialect: {cause}", span=span_of(tree)
        ) from cause
    return escape_templates(sql)


def escape_templates(sql: str) -> str:
    """SQL text in whose strings and names nothing is a template: `{{ x }}` becomes `{{{{ x }}`."""
    return _TEMPLATE.sub("{{{{", sql) if "{{" in sql else sql
