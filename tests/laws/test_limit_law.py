"""A scan that stops early, or only counts, leaves the answer what it is: LIMITs at any depth of nested SELECTs.

The statement is run over a simulated API and, as it stands, over every row by the plain engine. Both keep the API's
order, so the answers are equal row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from tests.laws.chance import a_predicate, a_world
from tests.laws.effort import examples, patience
from tests.laws.laboratory import Laboratory
from tests.laws.predicates import text
from tests.laws.simulated import TYPES, World

from sqloud.errors import DataError, InvalidValueError

EXAMPLES = 250
COLUMNS = ("id", "name", "size", "price", "flag")
KINDS = {"id": "integer", "name": "string", "size": "integer", "price": "number", "flag": "boolean"}
TOPS = (
    "SELECT * FROM {source}",
    "SELECT name, size FROM {source} LIMIT 2",
    "SELECT id FROM {source} LIMIT 1 OFFSET 1",
    "SELECT count(*) FROM {source}",
    "SELECT count(*) FROM {source} AS one, {source} AS other",
    "SELECT EXISTS (SELECT * FROM {source})",
    "SELECT (SELECT name FROM {source} LIMIT 1), (SELECT count(*) FROM {source}), (SELECT max(id) FROM {source})",
    "SELECT id IN (SELECT id FROM {source}) FROM (VALUES (1), (2)) AS given(id)",
    "SELECT name, count(*) FROM {source} GROUP BY name ORDER BY name",
)


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    made = Laboratory()
    yield made
    made.close()


def a_case(seed: int, *, plain: bool) -> tuple[World, str]:
    """A world, and a statement with `{table}` where its table goes, by the rules of Postgres or of the plain engine."""
    dice = Random(seed)
    world = a_world(dice, "limit")
    world = msgspec.structs.replace(
        world,
        rows=tuple(({**row, "id": number}, "x", 1) for number, (row, _, _) in enumerate(world.rows, 1)),
        zone="none",
        shelf=False,
        required=(),
        excludes=(),
        filters=("size_is",),
        lookups=(),
    )
    source = f"(SELECT {', '.join(TYPES)} FROM {{table}}{_tail(dice, plain)})"
    ctes = []
    for depth in range(dice.randint(0, 2)):
        if dice.random() < 0.5:
            ctes.append(f"c{depth} AS {source}")
            source = f"c{depth}"
        else:
            source = f"{source} AS d{depth}"
        source = f"(SELECT {', '.join(COLUMNS)} FROM {source}{_tail(dice, plain)})"
    if dice.random() < 0.3:
        ctes.append(f"last AS {source}")
        source = "last"
    top = dice.choice(TOPS).replace("{source}", source)
    return world, (f"WITH {', '.join(ctes)} " if ctes else "") + top


def _tail(dice: Random, plain: bool) -> str:
    where = f" WHERE {text(a_predicate(dice, KINDS, 1), plain=plain)}" if dice.random() < 0.5 else ""
    limit = dice.choice(
        ("", "", " LIMIT 3", " LIMIT 2", " OFFSET 1", " LIMIT 2 OFFSET 1", " ORDER BY id LIMIT 2")
    )
    return where + limit


@given(st.integers(0, 2**64))
@settings(max_examples=examples(EXAMPLES), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(patience(EXAMPLES))
def test_what_is_not_read_changes_nothing(laboratory: Laboratory, seed: int) -> None:
    world, statement = a_case(seed, plain=False)
    _, plain = a_case(seed, plain=True)
    laboratory.over(world)
    try:
        expected = laboratory.plain_answer(
            world, False, f"SELECT * FROM ({plain.replace('{table}', 'every')})"
        )
    except DataError:
        event("refused by the engine")
        return
    try:
        answer = laboratory.answer(statement.replace("{table}", "sim.svc.things"))
    except InvalidValueError:
        event("a value that does not fit")
        return
    asked = laboratory.api.requests
    if len({one.partition("per_page")[0] for one in asked}) > 1:
        event("several keys, whose rows come in the order of the keys")
        return
    assert answer == expected, f"{statement}\n{asked}\nseed {seed}"
    event("stopped" if any("per_page" in one and "per_page=50" not in one for one in asked) else "read on")
