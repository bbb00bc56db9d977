"""Covers: every row that satisfies a predicate is covered by one of its alternatives, without exception."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp
from tests.laws.chance import ROW_VALUES, a_predicate, operands_of
from tests.laws.effort import examples, patience
from tests.laws.predicates import Compare, Predicate, text
from tests.laws.simulated import TYPES, World

from sqloud.dialect import Query, parse, split
from sqloud.engine.base import Workspace
from sqloud.engine.duck import DuckEngine
from sqloud.errors import DataError, Source
from sqloud.planner.cover import Alternatives, cover
from sqloud.planner.literals import is_constant
from sqloud.planner.row_values import spell_rows

OPERANDS = operands_of(World(rows=()))
KINDS = {"BIGINT": "number", "DOUBLE": "number", "VARCHAR": "text"}
EXAMPLES = 250
CHOICES: dict[str, tuple[Any, ...]] = {"id": (1, 2, 3), **ROW_VALUES}


class Subjects:
    """Columns by their names, any other expression by its text."""

    def subject(self, node: exp.Expr) -> str | None:
        return node.unnest().sql(dialect="duckdb") if node.find(exp.Column) else None

    def kind(self, subject: str) -> str | None:
        return KINDS.get(TYPES[subject].sql) if subject in TYPES else None

    def accepts(self, node: exp.Expr) -> bool:
        return is_constant(node)

    def answers(self, query: exp.Expr) -> bool:
        return False

    def cheaper(self, one: exp.Expr, other: exp.Expr) -> bool:
        return False


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """Rows in which every pair of values of two columns stands together at least once."""
    engine = DuckEngine()
    opened = engine.open()
    opened.create("things", [(name, kind.sql) for name, kind in TYPES.items()])
    rows: dict[str, None] = {}
    for one, other in itertools.combinations(CHOICES, 2):
        for number, (left, right) in enumerate(itertools.product(CHOICES[one], CHOICES[other])):
            row = {name: values[number % len(values)] for name, values in CHOICES.items()}
            rows[json.dumps({**row, one: left, other: right})] = None
    opened.load("things", "\n".join(rows).encode())
    yield opened
    opened.close()
    engine.close()


MEMBERS = ("'a' = ANY({})", "'b' = ANY({})", "array_contains({}, 'a')", "NULL = ANY({})")


@pytest.mark.timeout(patience(EXAMPLES))
@settings(max_examples=examples(EXAMPLES), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**64))
def test_every_row_is_covered(workspace: Workspace, seed: int) -> None:
    dice = Random(seed)
    parts: list[Predicate] = [a_predicate(dice, OPERANDS) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.3:
        parts.append(Compare("tags", dice.choice(MEMBERS)))
    negated = dice.random() < 0.3
    where = " AND ".join(text(part, plain=False) for part in parts)
    statement = parse(split(Source("law", f"SELECT id FROM things WHERE {where}"))[0], {})
    assert isinstance(statement, Query)
    spell_rows(statement.tree)
    node = statement.tree.args["where"].this
    covered = _sql(cover(node, Subjects(), negated=negated))
    truth = node.sql(dialect="duckdb")
    truth = f"NOT ({truth})" if negated else truth
    left_out = f"SELECT id FROM things WHERE ({truth}) AND NOT coalesce({covered}, false)"
    try:
        rows = [row for batch in workspace.query(left_out) for row in batch]
    except DataError:
        return  # a predicate that no engine can evaluate says nothing of covers
    assert not rows, f"{len(rows)} rows of {truth}\nare not covered by {covered}"


def _sql(alternatives: Alternatives) -> str:
    """What the alternatives say, as SQL."""
    spoken = [
        " AND ".join(["true", *(_bound(subject, value) for subject, value in one.items())])
        for one in alternatives
    ]
    return "(" + " OR ".join(["false", *(f"({one})" for one in spoken)]) + ")"


def _bound(subject: str, value: exp.Expr) -> str:
    constant = value.sql(dialect="duckdb")
    if subject.startswith("any "):
        return f"({constant}) = ANY({subject.removeprefix('any ')})"
    return f"({subject}) = ({constant})"
