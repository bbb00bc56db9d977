"""Law 1: pushdown never changes the answer.

The answer of a statement over a simulated API is that of the plain engine over every row, with the hidden columns
written on each: whatever the API filters, ignores or answers too much of, and however it pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from tests.laws.chance import FOCUSES, a_world, an_ask
from tests.laws.effort import examples, patience
from tests.laws.laboratory import Ask, Laboratory, check
from tests.laws.predicates import Junction, Negation, Predicate
from tests.laws.simulated import World

EXAMPLES = 200
Case = tuple[World, Ask]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    made = Laboratory()
    yield made
    made.close()


def a_case(seed: int) -> Case:
    dice = Random(seed)
    focus = dice.choice(FOCUSES)
    world = a_world(dice, focus)
    return world, an_ask(dice, world, focus)


@given(st.integers(0, 2**64))
@settings(max_examples=examples(EXAMPLES), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(patience(EXAMPLES))
def test_pushdown_never_changes_the_answer(laboratory: Laboratory, seed: int) -> None:
    case = a_case(seed)
    try:
        event(check(laboratory, *case))
    except AssertionError:
        world, ask = smallest(case, lambda smaller: breaks(laboratory, smaller))
        told = breaks(laboratory, (world, ask))
        shown = msgspec.json.format(msgspec.json.encode(world)).decode()
        raise AssertionError(
            f"{told}\n{ask.sql}\nrequests: {laboratory.api.requests}\nseed {seed}\n{shown}"
        ) from None


def breaks(laboratory: Laboratory, case: Case) -> str | None:
    """What a case says against the law; None if nothing."""
    try:
        check(laboratory, *case)
    except AssertionError as error:
        return str(error).splitlines()[0]
    return None


def smallest(case: Case, fails: Callable[[Case], object]) -> Case:
    """A case that fails as well, of which nothing can be left out."""
    while True:
        found = next((smaller for smaller in smaller_cases(case) if fails(smaller)), None)
        if found is None:
            return case
        case = found


def smaller_cases(case: Case) -> Iterator[Case]:
    """The case with one thing less."""
    world, ask = case
    for place in range(len(world.rows)):
        yield msgspec.structs.replace(world, rows=world.rows[:place] + world.rows[place + 1 :]), ask
    if ask.where is not None:
        for smaller in (None, *smaller_predicates(ask.where)):
            yield world, ask._replace(where=smaller)
    if ask.order != "none" and ask.tail:
        yield world, ask._replace(tail="", plain_tail="", order="api", limit=None, offset=0)
    for name in world.filters:
        if name not in ask.sql:
            left = tuple(other for other in world.filters if other != name)
            excludes = tuple(pair for pair in world.excludes if name not in pair)
            required = tuple(other for other in world.required if other != name)
            yield (
                msgspec.structs.replace(world, filters=left, excludes=excludes, required=required),
                ask,
            )
    if world.paging != "none":
        yield msgspec.structs.replace(world, paging="none"), ask
    if world.lookups and "thing_id" not in ask.sql:
        yield msgspec.structs.replace(world, lookups=world.lookups[1:]), ask


def smaller_predicates(node: Predicate) -> Iterator[Predicate]:
    """The predicate with one part less."""
    match node:
        case Junction(word, parts):
            yield from parts
            for place, part in enumerate(parts):
                if len(parts) > 2:
                    yield Junction(word, parts[:place] + parts[place + 1 :])
                for smaller in smaller_predicates(part):
                    yield Junction(word, (*parts[:place], smaller, *parts[place + 1 :]))
        case Negation(part):
            yield part
            yield from map(Negation, smaller_predicates(part))
