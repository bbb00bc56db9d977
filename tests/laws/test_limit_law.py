"""A scan that stops early, or only counts, leaves the answer what it is: LIMITs at any depth of nested SELECTs.

The statement is run over a simulated API and, as it stands, over every row by the plain engine. Both keep the API's
order, so the answers are equal row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

EXAMPLES = 120
COLUMNS = ("id", "name", "size", "price", "flag")
KINDS = {"id": "integer", "name": "string", "size": "integer", "price": "number", "flag": "boolean"}
TOPS = (
    "SELECT * FROM {source}",
    "SELECT name, size FROM {source} LIMIT 2",
    "SELECT id FROM {source} LIMIT 1 OFFSET 1",
    "SELECT name, (SELECT max(id) FROM {source} AS y WHERE y.size = x.size) FROM {source} AS x LIMIT 2",
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
    world = _one_table(a_world(dice, "limit"))
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


def _one_table(world: World) -> World:
    """The same rows, which nothing but a filter divides; each is told apart by its id."""
    return msgspec.structs.replace(
        world,
        rows=tuple(({**row, "id": number}, "x", 1) for number, (row, _, _) in enumerate(world.rows, 1)),
        zone="none",
        shelf=False,
        required=(),
        excludes=(),
        filters=("size_is",),
        lookups=(),
        shape="list",
    )


def a_sorted_case(seed: int, *, plain: bool) -> tuple[World, str]:
    """A world that sorts, and a statement that wants the first of an order."""
    dice = Random(seed)
    world = msgspec.structs.replace(
        _one_table(a_world(dice, "limit")), sorts=("size", "id", "made_at"), clamp=dice.randint(1, 4)
    )
    filled = [
        ({**row, "size": row["size"] or 0, "made_at": row["made_at"] or "2024-03-01T00:00:00Z"}, zone, shelf)
        for row, zone, shelf in world.rows
    ]
    world = msgspec.structs.replace(world, rows=tuple(filled))
    by = dice.choice(("size", "size DESC", "made_at DESC", "made_at ASC", "size DESC NULLS LAST", "name"))
    spelled = by if "NULLS" in by or not plain else by + (" NULLS FIRST" if "DESC" in by else " NULLS LAST")
    where = f" WHERE {text(a_predicate(dice, KINDS, 1), plain=plain)}" if dice.random() < 0.5 else ""
    cut = f" LIMIT {dice.randint(1, 4)}" + dice.choice(("", "", " OFFSET 1"))
    columns = dice.choice(("id, size", "id, name", "id, size, made_at"))
    return world, f"SELECT {columns} FROM {{table}}{where} ORDER BY {spelled}, id{cut}"


def _tail(dice: Random, plain: bool) -> str:
    where = f" WHERE {text(a_predicate(dice, KINDS, 1), plain=plain)}" if dice.random() < 0.5 else ""
    limit = dice.choice(
        ("", "", " LIMIT 3", " LIMIT 2", " OFFSET 1", " LIMIT 2 OFFSET 1", " ORDER BY id LIMIT 2")
    )
    return where + limit


@pytest.mark.parametrize("case", [a_case, a_sorted_case], ids=["nested", "sorted"])
@given(seed=st.integers(0, 2**64))
@settings(max_examples=examples(EXAMPLES), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(patience(EXAMPLES))
def test_what_is_not_read_changes_nothing(
    laboratory: Laboratory, case: Callable[..., tuple[World, str]], seed: int
) -> None:
    world, statement = case(seed, plain=False)
    _, plain = case(seed, plain=True)
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
    few = any("per_page" in one and "per_page=50" not in one for one in asked)
    whole = max(1, -(-len(world.rows) // world.clamp))
    event("stopped" if few or 0 < len(asked) < whole else "read on")
