"""What the planner may ask of a tree: where a node stands, what constant it is, and its SQL.

Law: a position is an offset into the source that the statement was read from, so an error can point at the
text that the user wrote; a node that was made and not read has none.

These have a span of their own: literals, NULL, TRUE, FALSE, placeholders, identifiers, stars, and the name of
a called function. A table reference spans its dotted name and a column reference its qualified name. Any
other expression spans what lies below it, from the first to the last position; brackets and operators at its
ends are not counted. The text of a JSON key after `->` counts as a literal; that of an INTERVAL has no span.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from sqloud.dialect.syntax import sqloud_dialect
from sqloud.errors import NotSupportedError, Span

__all__ = ["Constant", "constant_of", "is_constant", "render", "span_of"]

Constant = str | int | float | bool | None


def span_of(node: exp.Expr) -> Span | None:
    """The offsets of a node in its source; None for a node that no text stands for."""
    start = node.meta_get("start")
    if start is not None:
        return Span(start, node.meta_get("end") + 1)
    if isinstance(node, (exp.Table, exp.Column)):
        below = [span_of(part) for part in node.parts]
    else:
        below = [span_of(child) for child in node.iter_expressions()]
    spans = [span for span in below if span is not None]
    if not spans:
        return None
    return Span(min(span.start for span in spans), max(span.end for span in spans))


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
        return tree.sql(dialect=sqloud_dialect(), comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as cause:
        raise NotSupportedError(
            f"this has no spelling in the dialect: {cause}", span=span_of(tree)
        ) from cause
