"""Predicates for the laws: a small tree, its text for sqloud and for the plain engine, and what it binds.

Law: `text(..., plain=True)` says by Postgres's rules what the tree means over a table in which every hidden column
stands as a column; a member has no column there and is written out as what it means.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st


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


KINDS: dict[str, tuple[str, ...]] = {
    "integer": ("1", "2", "3", "0", "'2'", "' 3 '", "1 + 1", "NULLIF(1, 1)", "CAST('2' AS integer)", "2.0", "1.5", "7"),
    "string": ("'a'", "'A'", "'b'", "''", "'1'", "'01'", "'a' || 'b'", "upper('a')", "NULLIF('a', 'a')", "'zz'"),
    "zone": ("'x'", "'y'", "'z'", "'q'", "lower('X')", "'x' || ''"),
    "shelf": ("1", "2", "9", "'1'", "1 + 1"),
    "number": ("0.5", "1", "1.0", "'1'", "'1e0'", "2e0", "0.25 * 2", "3"),
    "boolean": ("true", "false", "'t'", "'true'", "(NOT true)"),
    "moment": ("'2024-01-01'", "'2024-01-01T00:00:00Z'", "'2024-06-01 14:00:00+02'", "timestamptz '2024-06-01T12:00:00Z'"),
    "tag": ("'a'", "'b'", "'c'", "'a' || ''"),
}  # fmt: skip
"""Constants by kind, several spellings of one value among them."""

UNFIT = ("0", "1.5", "2.0", "7", "9")
"""Constants that some parameter cannot take, or that nothing equals."""


@st.composite
def compares(draw: st.DrawFn, operand: str, kind: str) -> Predicate:
    """One comparison of an operand with constants of its kind."""
    constant = st.sampled_from(KINDS[kind])
    if kind == "tag":
        form = draw(
            st.sampled_from(["{} = {v}", "{} IN ({l})", "{} <> {v}", "({}) = {v}", "{} = ANY(ARRAY[{l}])"])
        )
    else:
        form = draw(
            st.sampled_from(
                ["{} = {v}", "{} = {v}", "{} = {v}", "{v} = {}", "({}) = {v}", "{} IN ({l})", "{} IN ({l})", "{} IN ({l}, NULL)",
                 "{} = ANY(ARRAY[{e}])", "{} IS NOT DISTINCT FROM {v}", "{} IS NOT DISTINCT FROM NULL", "{} = NULL", "NOT {} <> {v}",
                 "{} <> {v}", "{} NOT IN ({l})", "{} NOT IN ({l}, NULL)", "{} IS NULL", "{} IS NOT NULL",
                 "{} IS DISTINCT FROM {v}", "{} >= {v}", "{} < {v}", "{} BETWEEN {v} AND {w}", "{} = ALL(ARRAY[{e}])",
                 "{} <> ALL(ARRAY[{e}])", "({} = {v}) IS TRUE", "coalesce({}, {v}) = {w}"]
            )
        )  # fmt: skip
        if kind in {"string", "zone"}:
            form = draw(st.sampled_from([form, form, "{} LIKE 'a%'", "lower({}) = {v}"]))
    # An array's elements have one type, so its texts are not read as the operand's.
    elements = [
        v
        for v in KINDS[kind]
        if not (v.startswith("'") and kind in {"integer", "number", "boolean", "shelf", "moment"})
    ]
    if kind == "moment":
        elements = ["timestamptz '2024-06-01T12:00:00Z'", "timestamptz '2024-01-01T00:00:00Z'"]
    several = st.lists(constant, min_size=1, max_size=3)
    template = (
        form.replace("{v}", draw(constant))
        .replace("{w}", draw(constant))
        .replace("{l}", ", ".join(draw(several)))
        .replace("{e}", ", ".join(draw(st.lists(st.sampled_from(elements), min_size=1, max_size=2))))
    )
    equal = form in {"{} = {v}", "{v} = {}", "({}) = {v}", "{} IN ({l})", "{} IN ({l}, NULL)", "{} = NULL", "NOT {} <> {v}",
                     "{} = ANY(ARRAY[{e}])"}  # fmt: skip
    return Compare(operand, template, equal)


@st.composite
def bindings(draw: st.DrawFn, operand: str, kind: str) -> Predicate:
    """A comparison that most often binds the operand, to constants that most often fit."""
    constants = draw(st.lists(st.sampled_from(KINDS[kind]), min_size=1, max_size=3))
    fitting = [constant for constant in constants if constant not in UNFIT] or constants[:1]
    binding = f"{{}} = {fitting[0]}" if len(fitting) == 1 else f"{{}} IN ({', '.join(fitting)})"
    if draw(st.integers(0, 4)):
        return Compare(operand, binding, True)
    return draw(compares(operand, kind))


@st.composite
def row_values(draw: st.DrawFn, operands: dict[str, str]) -> Predicate:
    """A comparison of two operands with rows of constants."""
    names = draw(st.lists(st.sampled_from(sorted(operands)), min_size=2, max_size=2, unique=True))
    rows = draw(
        st.lists(
            st.tuples(*(st.sampled_from((*KINDS[operands[name]], "NULL")) for name in names)),
            min_size=1,
            max_size=2,
        )
    )
    return Rows(tuple(names), tuple(rows), draw(st.sampled_from([False, False, False, True])))


def predicates(operands: dict[str, str]) -> st.SearchStrategy[Any]:
    """Predicates over operands, each with its kind."""
    single = st.sampled_from(sorted(operands)).flatmap(lambda name: compares(name, operands[name]))
    paired = {name: kind for name, kind in operands.items() if kind != "tag" and " " not in name}
    fixed: st.SearchStrategy[Any] = st.sampled_from([Fixed("TRUE"), Fixed("FALSE"), Fixed("NULL")])
    several = row_values(paired) if len(paired) > 1 else single
    leaves = st.one_of(single, single, single, single, single, several, fixed)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(
                Junction, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
            ),
            st.builds(Negation, inner),
        ),
        max_leaves=5,
    )
