"""Predicates for the laws: a small tree, its text for sqloud and for the plain engine, and what it binds.

Law: `text(..., plain=True)` says by Postgres's rules what the tree means over a table in which every hidden column
stands as a column; a member has no column there and is written out as what it means.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Compare(msgspec.Struct, frozen=True):
    """`operand` with a template of its comparison: `{} = 1`. `values` are the constants it may be, or None."""

    operand: str
    template: str
    equal: bool = False  # true only where the operand is one of some constants that are no NULL


class Rows(msgspec.Struct, frozen=True):
    """(a, b) IN ((..), (..)), or = with one row."""

    operands: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    negated: bool = False


class Fixed(msgspec.Struct, frozen=True):
    """TRUE, FALSE or NULL."""

    word: str


class Junction(msgspec.Struct, frozen=True):
    """AND or OR."""

    word: str
    parts: tuple[Any, ...]


class Negation(msgspec.Struct, frozen=True):
    """NOT."""

    part: Any


Predicate = Compare | Rows | Fixed | Junction | Negation


def text(node: Predicate, *, plain: bool) -> str:
    """SQL of a predicate."""
    match node:
        case Compare(operand, template):
            if operand == "tag" and plain:
                return _member(template)
            shown = f"({operand})" if plain and " " in operand else operand
            return template.replace("{}", shown)
        case Rows(operands, rows, negated):
            if not plain:
                left = f"({', '.join(operands)})"
                right = ", ".join(f"({', '.join(row)})" for row in rows)
                return f"{left} {'NOT ' if negated else ''}IN ({right})"
            ors = " OR ".join(
                "(" + " AND ".join(f"({o}) = {v}" for o, v in zip(operands, row, strict=True)) + ")"
                for row in rows
            )
            return f"(NOT ({ors}))" if negated else f"({ors})"
        case Fixed(word):
            return word
        case Junction(word, parts):
            return "(" + f" {word} ".join(text(part, plain=plain) for part in parts) + ")"
        case Negation(part):
            return f"(NOT {text(part, plain=plain)})" if plain else f"NOT {text(part, plain=plain)}"
    raise AssertionError(node)


def _member(template: str) -> str:
    """`tag = 'a'` is `'a' = ANY(tags)`."""
    left, _, value = template.partition(" ")
    operator, _, value = value.partition(" ")
    assert left in {"{}", "({})"}
    if operator == "<>":
        return f"(NOT ({value} = ANY(tags)))"
    if operator == "IN":
        items = value.strip("()").split(", ")
        return "(" + " OR ".join(f"{item} = ANY(tags)" for item in items) + ")"
    if value.startswith("ANY(ARRAY["):
        items = value.removeprefix("ANY(ARRAY[").removesuffix("])").split(", ")
        return "(" + " OR ".join(f"{item} = ANY(tags)" for item in items) + ")"
    assert operator == "=", template
    return f"({value} = ANY(tags))"


def binds(node: Predicate, name: str, *, negated: bool = False) -> bool:
    """Whether the predicate (or NOT it) surely can be true only for some constants of `name`."""
    match node:
        case Compare(operand, template, equal):
            if operand != name:
                return False
            return template == "NOT {} <> 'x'" if negated else equal
        case Rows(operands, _, row_negated):
            return name in operands and row_negated is negated
        case Fixed(word):
            return word == "NULL" or (word == "TRUE") is negated
        case Junction(word, parts):
            found = [binds(part, name, negated=negated) for part in parts]
            return any(found) if (word == "AND") is not negated else all(found)
        case Negation(part):
            return binds(part, name, negated=not negated)
    raise AssertionError(node)
