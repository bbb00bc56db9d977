"""Constants of a statement as values of parameters.

Law: a value goes to a parameter only as the parameter's own type; what does not fit is refused before any
request, with the type as the document writes it.
"""

from __future__ import annotations

import re

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import InvalidValueError
from sqloud.plan.steps import Value
from sqloud.registry.records import Parameter

__all__ = ["VOLATILE", "fit", "has_one_value", "is_constant", "is_text", "literal_value", "shown"]

_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_NO_ONE_VALUE_CALLS = frozenset(
    {"all", "some", "clock_timestamp", "currval", "gen_random_uuid", "nextval", "setseed", "timeofday"}
    | {"txid_current", "uuidv4", "uuidv7"}
)
_TEXTS = (exp.DPipe, exp.Concat, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Replace)
_WORDS = {"true": True, "t": True, "false": False, "f": False}
VOLATILE = (exp.Rand, exp.Randn, exp.Uuid)
"""Functions that give another value each time."""

_NO_CONSTANT = (exp.Column, exp.Query, exp.Star, exp.Window, exp.AggFunc, exp.Placeholder)
_NO_ONE_VALUE = (exp.Any, exp.All, *VOLATILE)
"""What gives all that an array holds, or another value each time; ALL of an array parses as a call."""

_SHOWN = 60


def literal_value(node: exp.Expr) -> Value | None:
    """The Python value of a literal, through parentheses, a sign and casts that keep the text; None if it is none.

    NULL is no value.
    """
    if isinstance(node, exp.Paren):
        return literal_value(node.this)
    if (
        isinstance(node, exp.Cast)
        and isinstance(node.this, exp.Literal)
        and not isinstance(node, exp.TryCast)
    ):
        return _cast(node.this, node.to)
    if isinstance(node, exp.Neg):
        value = literal_value(node.this)
        return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        if node.is_string:
            return str(node.this)
        return int(node.this) if _INTEGER.fullmatch(node.this) else float(node.this)
    return None


def _cast(literal: exp.Literal, to: exp.DataType) -> Value | None:
    """A literal cast to a type whose values it can simply be read as; anything else is the engine's."""
    text = str(literal.this)
    if to.this in exp.DataType.INTEGER_TYPES and _INTEGER.fullmatch(text):
        return int(text)
    if to.this in exp.DataType.TEXT_TYPES and not to.expressions and literal.is_string:
        return text
    return None


def is_constant(node: exp.Expr) -> bool:
    """Whether an expression reads no row, no subquery, and is the same however often it is evaluated."""
    return node.find(*_NO_CONSTANT) is None and has_one_value(node)


def has_one_value(node: exp.Expr) -> bool:
    """Whether an expression has one value for a row, the same however often it is evaluated."""
    return not any(
        isinstance(part, _NO_ONE_VALUE)
        or (isinstance(part, exp.Anonymous) and part.name.lower() in _NO_ONE_VALUE_CALLS)
        for part in node.walk()
    )


def is_text(node: exp.Expr) -> bool:
    """Whether a constant is surely a text (or NULL), and no number that a text could be read as."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.to.this in exp.DataType.TEXT_TYPES
    return isinstance(node, (exp.Null, *_TEXTS)) or (isinstance(node, exp.Literal) and bool(node.is_string))


def shown(value: object) -> str:
    """A value in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...' ({len(str(value)):,} characters)"


def fit(parameter: Parameter, value: Value, node: exp.Expr | None = None) -> Value:
    """`value`, which stands at `node`, in the parameter's own type.

    Raises InvalidValueError that names parameter and type.
    """
    span = span_of(node) if node is not None else None
    name, kind = parameter.sql_name, parameter.type.type
    fitted = _typed(kind, value)
    if fitted is None:
        raise InvalidValueError(
            f"{name} is {_article(parameter.type.spelling)}, and {shown(value)} is none", span=span
        )
    if parameter.enum and fitted not in parameter.enum:
        words = ", ".join(map(str, parameter.enum))
        raise InvalidValueError(
            f"{name} ({kind}) cannot be {shown(value)}", span=span, hints=(f"it is one of {words}",)
        )
    if isinstance(fitted, (int, float)) and not isinstance(fitted, bool):
        low, high = parameter.minimum, parameter.maximum
        if (low is not None and fitted < low) or (high is not None and fitted > high):
            bounds = " and ".join(
                f"{word} {bound:g}"
                for word, bound in (("at least", low), ("at most", high))
                if bound is not None
            )
            raise InvalidValueError(f"{name} ({kind}) is {bounds}, and {fitted} is not", span=span)
    if parameter.pattern and isinstance(fitted, str) and not re.search(parameter.pattern, fitted):
        raise InvalidValueError(
            f"{name} ({kind}) cannot be {shown(value)}",
            span=span,
            hints=(f"it matches {parameter.pattern}",),
        )
    return fitted


def _typed(kind: str, value: Value) -> Value | None:
    if kind == "integer":
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)  # 3164444.0 is that number
        if isinstance(value, (bool, float)):
            return None
        if isinstance(value, str):
            value = int(value) if len(value) < 40 and value.isascii() and _INTEGER.fullmatch(value) else 2**63
        return value if -(2**63) <= value < 2**63 else None
    if kind == "number":
        if isinstance(value, bool):
            return None
        try:
            return float(value)
        except ValueError:
            return None
    if kind == "boolean":
        if isinstance(value, str):
            return _WORDS.get(value.strip().lower())
        return value if isinstance(value, bool) else None
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def _article(text: str) -> str:
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"
