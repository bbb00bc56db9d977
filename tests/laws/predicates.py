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


MOMENT = "timestamptz '2024-06-01T12:00:00Z'"
KINDS: dict[str, tuple[str, ...]] = {
    "integer": ("1", "2", "3", "0", "'2'", "' 3 '", "1 + 1", "NULLIF(1, 1)", "CAST('2' AS integer)", "2.0", "1.5", "7"),
    "string": ("'a'", "'A'", "'b'", "''", "'1'", "'01'", "'a' || 'b'", "upper('a')", "NULLIF('a', 'a')", "'zz'"),
    "zone": ("'x'", "'y'", "'z'", "'q'", "lower('X')", "'x' || ''"),
    "shelf": ("1", "2", "9", "'1'", "1 + 1"),
    "number": ("0.5", "1", "1.0", "'1'", "'1e0'", "2e0", "0.25 * 2", "3"),
    "boolean": ("true", "false", "'t'", "'true'", "(NOT true)"),
    "moment": ("'2024-01-01'", "'2024-01-01T00:00:00Z'", "'2024-06-01 14:00:00+02'", MOMENT),
    "tag": ("'a'", "'b'", "'c'", "'a' || ''"),
}  # fmt: skip
"""Constants by kind, several spellings of one value among them."""

UNFIT = ("0", "1.5", "2.0", "7", "9")
"""Constants that some parameter cannot take, or that nothing equals."""


BINDING = (
    *("{} = {v}", "{} = {v}", "{} = {v}", "{v} = {}", "({}) = {v}", "{} = NULL", "NOT {} <> {v}"),
    *("{} IN ({l})", "{} IN ({l})", "{} IN ({l}, NULL)", "{} = ANY(ARRAY[{e}])"),
)
"""Forms of comparisons with constants {v}, lists {l} of them and arrays {e}, that bind {}; likely ones more often."""

FORMS = (
    *BINDING,
    *("{} IS NOT DISTINCT FROM {v}", "{} IS NOT DISTINCT FROM NULL", "{} IS DISTINCT FROM {v}"),
    *("{} <> {v}", "{} NOT IN ({l})", "{} NOT IN ({l}, NULL)", "{} IS NULL", "{} IS NOT NULL"),
    *("{} >= {v}", "{} < {v}", "{} BETWEEN {v} AND {w}"),
    *("{} = ALL(ARRAY[{e}])", "{} <> ALL(ARRAY[{e}])"),
    *("({} = {v}) IS TRUE", "coalesce({}, {v}) = {w}"),
)


@st.composite
def compares(draw: st.DrawFn, operand: str, kind: str) -> Predicate:
    """One comparison of an operand with constants of its kind."""
    constant = st.sampled_from(KINDS[kind])
    if kind == "tag":
        form = draw(
            st.sampled_from(["{} = {v}", "{} IN ({l})", "{} <> {v}", "({}) = {v}", "{} = ANY(ARRAY[{l}])"])
        )
    else:
        form = draw(st.sampled_from(FORMS))
        if kind in {"string", "zone"}:
            form = draw(st.sampled_from([form, form, "{} LIKE 'a%'", "lower({}) = {v}"]))
    # An array's elements have one type, so its texts are not read as the operand's.
    elements = [
        v
        for v in KINDS[kind]
        if not (v.startswith("'") and kind in {"integer", "number", "boolean", "shelf", "moment"})
    ]
    if kind == "moment":
        elements = [MOMENT, "timestamptz '2024-01-01T00:00:00Z'"]
    several = st.lists(constant, min_size=1, max_size=3)
    template = (
        form.replace("{v}", draw(constant))
        .replace("{w}", draw(constant))
        .replace("{l}", ", ".join(draw(several)))
        .replace("{e}", ", ".join(draw(st.lists(st.sampled_from(elements), min_size=1, max_size=2))))
    )
    return Compare(operand, template, form in BINDING)


@st.composite
def bindings(draw: st.DrawFn, operand: str, kind: str, likely: tuple[str, ...] = ()) -> Predicate:
    """A comparison that most often binds the operand, to constants that fit, a `likely` one most often among them."""
    fitting = [constant for constant in KINDS[kind] if constant not in UNFIT]
    constants = draw(st.lists(st.sampled_from(fitting), max_size=2 if likely else 3))
    if likely and draw(st.integers(0, 5)) > 0:
        constants.insert(draw(st.integers(0, len(constants))), draw(st.sampled_from(likely)))
    chosen = draw(st.integers(0, 9))
    if chosen == 0 or not constants:
        return draw(compares(operand, kind))
    if len(constants) == 1:
        return Compare(operand, f"{{}} = {constants[0]}", True)
    if chosen == 1:
        return Junction("OR", tuple(Compare(operand, f"{{}} = {constant}", True) for constant in constants))
    return Compare(operand, f"{{}} IN ({', '.join(constants)})", True)


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


@st.composite
def predicates(draw: st.DrawFn, operands: dict[str, str], depth: int = 2) -> Predicate:
    """A predicate over operands, each with its kind; junctions stand `depth` deep at most."""
    form = draw(st.integers(0, 11 if depth else 7))
    if form >= 11:
        return Negation(draw(predicates(operands, depth - 1)))
    if form >= 8:
        parts = draw(st.lists(predicates(operands, depth - 1), min_size=2, max_size=3))
        return Junction(draw(st.sampled_from(["AND", "OR"])), tuple(parts))
    if form == 7:
        return Fixed(draw(st.sampled_from(["TRUE", "FALSE", "NULL"])))
    paired = {name: kind for name, kind in operands.items() if kind != "tag" and " " not in name}
    if form == 6 and len(paired) > 1:
        return draw(row_values(paired))
    name = draw(st.sampled_from(sorted(operands)))
    return draw(compares(name, operands[name]))
