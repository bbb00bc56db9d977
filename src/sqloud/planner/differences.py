"""Whether values can be all that is said of some columns: what they are compared with, numbers, texts, each other.

Law: values are called impossible only where no row has them. Numbers are compared as differences: `x <= y + 2` bounds
how far x is above y, a bound from x to y and one from y to z bound x to z, and a column that would have to be less
than itself has no value. Only columns of one kind are compared with each other, and sums only of integers, as a
double's are not exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec
from sqlglot import exp

__all__ = ["HOLDS", "Atom", "Comparison", "consistent"]

Comparison = type[exp.Expr]

HOLDS: dict[Comparison, Callable[[Decimal, Decimal], bool]] = {
    exp.EQ: lambda one, other: one == other,
    exp.NEQ: lambda one, other: one != other,
    exp.LT: lambda one, other: one < other,
    exp.GT: lambda one, other: one > other,
    exp.LTE: lambda one, other: one <= other,
    exp.GTE: lambda one, other: one >= other,
}
_UPPER = (exp.EQ, exp.LT, exp.LTE)
_LOWER = (exp.EQ, exp.GT, exp.GTE)

Bound = tuple[Decimal, bool]
"""How much one is above another at most, and whether it stays below that."""


class Atom(msgspec.Struct, frozen=True):
    """One thing that is said of a column: it is NULL, it is a value, or how it compares.

    With `other` it compares with that column and `value` on top, of the same kind; else with `value`.
    """

    name: str
    says: Comparison | None  # a comparison; exp.Null, or None for any value
    value: Decimal | str = ""
    integer: bool = False
    other: str = ""


def consistent(atoms: Sequence[Atom]) -> bool:
    """Whether one value for each column can be all that is said of them."""
    empty = {atom.name for atom in atoms if atom.says is exp.Null}
    if any(atom.says is not exp.Null and not empty.isdisjoint({atom.name, atom.other}) for atom in atoms):
        return False
    atoms = [atom for atom in atoms if atom.says not in (exp.Null, None)]
    texts = [atom for atom in atoms if isinstance(atom.value, str)]
    numbers = [atom for atom in atoms if not isinstance(atom.value, str)]
    if texts and not _texts_agree(texts):
        return False
    if any(atom.other for atom in numbers):
        found = _closed(numbers)
        if found is None:
            return False
        numbers = [*(atom for atom in numbers if not atom.other), *found]
    names = dict.fromkeys(atom.name for atom in numbers)
    return all(_has_value([atom for atom in numbers if atom.name == name]) for name in names)


def _texts_agree(atoms: Iterable[Atom]) -> bool:
    """Whether texts that are equal to each other can be what is said of them."""
    atoms = list(atoms)
    classes: list[set[str]] = []
    for atom in atoms:
        ends = {f"column {atom.name}", f"column {atom.other}" if atom.other else f"text {atom.value}"}
        if atom.says is exp.EQ:
            meeting = [one for one in classes if one & ends]
            classes = [one for one in classes if one not in meeting] + [ends.union(*meeting)]
        elif len(ends) == 1:
            return False
    for atom in atoms:
        ends = {f"column {atom.name}", f"column {atom.other}" if atom.other else f"text {atom.value}"}
        if atom.says is exp.NEQ and any(ends <= one for one in classes):
            return False
    return all(sum(member.startswith("text ") for member in one) < 2 for one in classes)


def _closed(atoms: Sequence[Atom]) -> list[Atom] | None:
    """What differences say of single columns beside what is said already; None where no values fit."""
    whole = {name for atom in atoms if atom.integer for name in (atom.name, atom.other)}
    names = ["", *dict.fromkeys(name for atom in atoms for name in (atom.name, atom.other) if name)]
    bounds: dict[tuple[str, str], Bound] = {}

    def bound(one: str, other: str, most: Decimal, strict: bool) -> None:
        if {one, other} <= whole | {""}:
            floor = most.to_integral_value(rounding="ROUND_FLOOR")
            most, strict = (floor - 1 if strict and floor == most else floor), False
        known = bounds.get((one, other))
        if known is None or (most, not strict) < (known[0], not known[1]):
            bounds[one, other] = (most, strict)

    for atom in atoms:
        assert isinstance(atom.value, Decimal)
        if atom.says in _UPPER:
            bound(atom.name, atom.other, atom.value, atom.says is exp.LT)
        if atom.says in _LOWER:
            bound(atom.other, atom.name, -atom.value, atom.says is exp.GT)
    for middle, one, other in itertools.product(names, names, names):
        first, second = bounds.get((one, middle)), bounds.get((middle, other))
        if first is not None and second is not None:
            bound(one, other, first[0] + second[0], first[1] or second[1])
    if any(one == other and (most < 0 or strict) for (one, other), (most, strict) in bounds.items()):
        return None
    for atom in atoms:
        if atom.says is exp.NEQ:
            above, below = bounds.get((atom.name, atom.other)), bounds.get((atom.other, atom.name))
            if above is not None and below is not None and above[0] == atom.value == -below[0]:
                return None
    return list(_single(names, bounds, whole))


def _single(names: Sequence[str], bounds: dict[tuple[str, str], Bound], whole: set[str]) -> Iterator[Atom]:
    for name in names[1:]:
        upper, lower = bounds.get((name, "")), bounds.get(("", name))
        if upper is not None:
            yield Atom(name, exp.LT if upper[1] else exp.LTE, upper[0], name in whole)
        if lower is not None:
            yield Atom(name, exp.GT if lower[1] else exp.GTE, -lower[0], name in whole)


def _has_value(atoms: Sequence[Atom]) -> bool:
    """Whether one number can be all that is said of a column by constants."""
    told = [
        (atom.says, atom.value) for atom in atoms if isinstance(atom.value, Decimal) and atom.says is not None
    ]
    marks = sorted({value for _, value in told})
    # Values of which one satisfies all if any does: the marks, and something before, between and after them.
    between = [(one + other) / 2 for one, other in itertools.pairwise(marks)]
    tried = [*marks, *between, marks[0] - 1, marks[-1] + 1]
    if any(atom.integer for atom in atoms):
        tried = [value for mark in marks for value in _whole_around(mark)]
    return any(all(HOLDS[says](value, mark) for says, mark in told) for value in tried)


def _whole_around(mark: Decimal) -> Iterator[Decimal]:
    below = mark.to_integral_value(rounding="ROUND_FLOOR")
    yield from (below - 1, below, below + 1, below + 2)
