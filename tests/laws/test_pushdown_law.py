"""Law 1: pushdown never changes the answer.

The answer of a statement over a simulated API is that of the plain engine over every row, with the hidden columns
written on each: whatever the API filters, ignores or answers too much of, and however it pages.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.laws.effort import examples, patience
from tests.laws.predicates import Fixed, Junction, Predicate, bindings, binds, predicates, text
from tests.laws.simulated import (
    FILTERS,
    SHELVES,
    TYPES,
    ZONES,
    Row,
    SimulatedApi,
    SimulatedCatalogue,
    World,
)

from sqloud.dialect import Query, parse, split
from sqloud.engine.duck import DuckEngine
from sqloud.errors import (
    DataError,
    Error,
    InvalidValueError,
    MissingParameterError,
    ProgrammingError,
    Source,
)
from sqloud.plan.steps import KeyValues, Scan
from sqloud.planner import plan_query
from sqloud.session import Session
from sqloud.settings import Settings

EXAMPLES = 250


class Ask(NamedTuple):
    """A statement: what it selects, its predicate, and its tail, for sqloud and for the plain engine."""

    select: str
    where: Predicate | None
    tail: str
    plain_tail: str
    ordered: bool
    limit: int | None = None
    offset: int = 0
    unordered: bool = False  # in no order at all: groups, distinct rows

    @property
    def sql(self) -> str:
        where = f" WHERE {text(self.where, plain=False)}" if self.where else ""
        return f"SELECT {self.select} FROM sim.svc.things{where}{self.tail}"

    def plain(self, select: str) -> str:
        where = f" WHERE {text(self.where, plain=True)}" if self.where else ""
        return f"SELECT {select} FROM every{where}{self.plain_tail}"


class Laboratory:
    """A session over simulated APIs beside a plain engine."""

    def __init__(self) -> None:
        world = World(rows=())
        self.api = SimulatedApi(world)
        self.session = Session(Settings(), transport=self.api)
        self.engine = DuckEngine()

    def over(self, world: World) -> None:
        self.api.world = world
        self.api.requests.clear()
        self.session.catalogue = SimulatedCatalogue(world)  # type: ignore[assignment]

    def scan(self, sql: str) -> Scan:
        statement = parse(split(Source("law", sql))[0], {})
        assert isinstance(statement, Query)
        return plan_query(statement.tree, self.session.catalogue).scans[0]

    def answer(self, sql: str) -> list[tuple[Any, ...]]:
        result = self.session.run(split(Source("law", sql))[0])
        return [tuple(map(_plain, row)) for batch in result.batches() for row in batch]

    def plain_answer(self, world: World, zone_asked: bool, sql: str) -> list[tuple[Any, ...]]:
        """The answer over every row there is; where the zone is unasked, over those of its default."""
        workspace = self.engine.open()
        columns = [(name, kind.sql) for name, kind in TYPES.items()]
        hidden = [("zone", "VARCHAR"), ("shelf", "BIGINT")]
        workspace.create("rows", [*columns, *hidden])
        workspace.load("rows", b"".join(_lines(world, zone_asked)))
        views = ["id AS thing_id"] + [
            f"({one.parameter.meaning.expression}) AS {name}"  # type: ignore[union-attr]
            for name, one in FILTERS.items()
            if name not in TYPES and name != "tag"
        ]
        try:
            query = f"WITH every AS (SELECT *, {', '.join(views)} FROM rows) {sql}"
            return [tuple(map(_plain, row)) for batch in workspace.query(query) for row in batch]
        finally:
            workspace.close()

    def close(self) -> None:
        self.session.close()
        self.engine.close()


def _lines(world: World, zone_asked: bool) -> Iterator[bytes]:
    for row, zone, shelf in world.rows:
        carried: str | None = zone
        if world.zone == "none" or (not zone_asked and not world.zone_computed):
            carried = world.zone_default
        if not zone_asked and world.zone_default is not None and zone != world.zone_default:
            continue
        yield json.dumps({**row, "zone": carried, "shelf": shelf if world.shelf else None}).encode() + b"\n"


def _plain(cell: object) -> object:
    """A value that can be counted."""
    return repr(cell) if isinstance(cell, (list, dict)) else cell


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    made = Laboratory()
    yield made
    made.close()


def _rows() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "a", "A", "b", "ab", "", "1", "01", None]),
            "size": st.sampled_from([0, 1, 2, 3, None]),
            "price": st.sampled_from([0.5, 1.0, 2.0, None]),
            "flag": st.sampled_from([True, False, None]),
            "tags": st.sampled_from([[], ["a"], ["b"], ["a", "b"], ["c", "a"], [None, "b"], None]),
            "region": st.sampled_from([None, {}, {"slug": "a"}, {"slug": "b"}, {"slug": None}]),
            "made_at": st.sampled_from(["2024-01-01T00:00:00Z", "2024-06-01T12:00:00Z", None]),
        }
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    zone = draw(
        st.sampled_from(
            [
                "none",
                "none",
                "path",
                "query",
                "default",
                "default_computed",
                "open",
                "open_computed",
                "query_computed",
            ]
        )
    )
    shelf = draw(st.sampled_from([False, False, True]))
    filters = tuple(draw(st.lists(st.sampled_from(sorted(FILTERS)), unique=True, max_size=4)))
    optional = [*filters, *(["zone"] if zone.startswith(("default", "open")) else [])]
    excludes: tuple[tuple[str, str], ...] = ()
    if len(optional) > 1 and filters and draw(st.booleans()):
        one = draw(st.sampled_from(filters))
        other = draw(st.sampled_from([name for name in optional if name != one]))
        excludes = ((one, other),)
    required: tuple[str, ...] = ()
    if filters and not excludes and draw(st.sampled_from([False, False, False, True])):
        required = (draw(st.sampled_from(filters)),)
    lookups = tuple(draw(st.lists(st.sampled_from(["id", "id_zone", "name"]), unique=True, max_size=2)))
    if {"id", "id_zone"} <= set(lookups):
        lookups = ("id",)
    paging = draw(st.sampled_from(["none", "links", "total", "bare", "next_link"]))
    placed: list[tuple[Row, str, int]] = []
    # A key is unique within the scopes that must be asked; with a lookup by key alone, in the whole API.
    within = zone in {"path", "query", "default"} and "id" not in lookups
    seen: set[tuple[object, ...]] = set()
    for row in draw(st.lists(_rows(), max_size=9)):
        its_zone = (
            ("y" if row["flag"] else "x") if zone.endswith("computed") else draw(st.sampled_from(ZONES))
        )
        its_shelf = draw(st.sampled_from(SHELVES))
        number = draw(st.integers(1, 4)) if within else len(placed) + 1
        place = (number, its_zone, its_shelf if shelf else None)
        if place not in seen:
            seen.add(place)
            placed.append(({"id": number, **row}, its_zone, its_shelf))
    return World(
        rows=tuple(placed),
        zone=zone,
        shelf=shelf,
        filters=filters,
        required=required,
        excludes=excludes,
        lookups=lookups,
        temperament=draw(st.sampled_from(["exact", "ignores", "superset"])),
        paging=paging,
        clamp=draw(st.integers(2, 4) if paging == "bare" else st.integers(1, 4)),
        shape="list" if within else draw(st.sampled_from(["list", "list", "map"])),
    )


def operands_of(world: World) -> dict[str, str]:
    """What a predicate over the world's table may speak of, each with its kind of constants."""
    found = {
        "id": "integer",
        "size": "integer",
        "name": "string",
        "price": "number",
        "flag": "boolean",
        "made_at": "moment",
        "region ->> 'slug'": "string",
    }
    kinds = {"date-time": "moment", "tag": "tag"}
    for name in world.filters:
        kind = FILTERS[name].parameter.type
        found[name] = kinds.get(name) or kinds.get(kind.format or "") or kind.type
    if world.zone != "none":
        found["zone"] = "zone"
    if world.shelf:
        found["shelf"] = "shelf"
    if any(lookup.startswith("id") for lookup in world.lookups):
        found["thing_id"] = "integer"
    return found


def _likely(name: str, witness: tuple[Row, str, int] | None) -> tuple[str, ...]:
    """Constants that a row has for an operand."""
    if witness is None:
        return ()
    row, zone, shelf = witness
    found = {"zone": zone, "shelf": shelf, "id": row["id"], "thing_id": row["id"]}
    told = found[name] if name in found else FILTERS[name].tells(row)
    values = told if isinstance(told, list) else [told]
    return tuple(_constant(value) for value in values if value is not None)


def _constant(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


_SENT = ("zone", "thing_id", "id")


@st.composite
def asks(draw: st.DrawFn, world: World) -> Ask:
    operands = operands_of(world)
    conjuncts: list[Predicate] = []
    if draw(st.integers(0, 9)) < 4:
        conjuncts.append(draw(predicates(operands)))
    witness = draw(st.sampled_from(world.rows)) if world.rows else None
    for name, kind in operands.items():
        # Mostly bind what must be bound, or nearly every statement would be refused; and to what some row has,
        # or nearly every answer would be empty.
        must = name in world.required or (name == "zone" and world.zone_required) or name == "shelf"
        likely = _likely(name, witness) if must or name in _SENT or name in world.filters else ()
        if draw(st.integers(0, 19)) < (19 if must else 7 if likely else 1 if name in world.filters else 0):
            conjuncts.append(draw(bindings(name, kind, likely)))
    where = conjuncts[0] if len(conjuncts) == 1 else Junction("AND", tuple(conjuncts)) if conjuncts else None
    shown = [name for name in (*TYPES, *operands) if name != "tag" and " " not in name]
    columns = ", ".join(draw(st.lists(st.sampled_from(shown), min_size=1, max_size=4, unique=True)))
    kind = draw(st.sampled_from(["rows", "rows", "rows", "star", "count", "group", "distinct"]))
    if kind == "count":
        return Ask("count(*), max(size), count(name)", where, "", "", True)
    if kind == "group":
        one = draw(st.sampled_from([name for name in shown if name not in {"tags", "region"}]))
        return Ask(f"{one}, count(*)", where, f" GROUP BY {one}", f" GROUP BY {one}", False, unordered=True)
    if kind == "star":
        columns = "*"
    if kind == "distinct":
        return Ask(f"DISTINCT {columns}", where, "", "", False, unordered=True)
    tail = plain_tail = ""
    limit = draw(st.sampled_from([None, None, 0, 1, 2, 3]))
    offset = draw(st.sampled_from([0, 0, 1])) if limit is not None else 0
    ordered = draw(st.sampled_from([False, False, True]))
    cut = "" if limit is None else f" LIMIT {limit}" + (f" OFFSET {offset}" if offset else "")
    if ordered:
        by = draw(st.sampled_from(["size", "name DESC", "made_at", "price DESC NULLS LAST"]))
        total = ", id" + (", zone" if world.zone != "none" else "") + (", shelf" if world.shelf else "")
        tail = f" ORDER BY {by}{total}{cut}"
        nulls = "" if "NULLS" in by else " NULLS FIRST" if "DESC" in by else " NULLS LAST"
        plain_tail = f" ORDER BY {by}{nulls}{total}{cut}"
    else:
        tail = cut
    return Ask(columns, where, tail, plain_tail, ordered, limit, offset)


_UNFIT = re.compile(r"(?<![\w.'])(0|1\.5|2\.0|7|9)(?![\w.'])")


def _justified(error: Error, world: World, ask: Ask, zone_bound: bool, shelf_bound: bool) -> bool:
    """Whether a refusal names something that must be bound and is not, or a value that does not fit."""
    if isinstance(error, MissingParameterError):
        missing_filter = any(name in error.message for name in world.required)
        missing_zone = world.zone_required and not zone_bound and "zone (" in error.message
        missing_shelf = world.shelf and not shelf_bound and "shelf (" in error.message
        return missing_filter or missing_zone or missing_shelf
    if isinstance(error, InvalidValueError):
        return bool(_UNFIT.search(ask.sql)) or "together" in error.message
    return False


def _plainly_refused(laboratory: Laboratory, world: World, sql: str) -> bool:
    try:
        laboratory.plain_answer(world, True, sql)
    except (DataError, ProgrammingError):
        return True
    return False


def check(laboratory: Laboratory, world: World, ask: Ask) -> str:
    """Raise AssertionError if the law is broken; tells what happened."""
    laboratory.over(world)
    where = ask.where if ask.where is not None else Fixed("TRUE")
    zone_bound, shelf_bound = binds(where, "zone"), binds(where, "shelf")
    stars = ", ".join(TYPES)
    plain = ask.plain(stars if ask.select == "*" else ask.select)
    try:
        scan = laboratory.scan(ask.sql)
        answer = laboratory.answer(ask.sql)
    except Error as error:
        if _justified(error, world, ask, zone_bound, shelf_bound):
            assert not laboratory.api.requests, "a refusal sends nothing"
            return f"refused: {type(error).__name__}"
        if _plainly_refused(laboratory, world, plain):
            return "both refuse"
        raise AssertionError(f"{type(error).__name__}: {error} {error.hints}") from error
    keys = [parameter.sql_name for parameter in scan.keys.parameters]
    nothing = isinstance(scan.keys, KeyValues) and not scan.keys.rows
    if zone_bound and scan.method.listing and world.zone != "none":
        assert "zone" in keys, "what a predicate binds is asked"
    expected = laboratory.plain_answer(world, "zone" in keys or zone_bound, plain)
    if ask.limit is not None and not ask.ordered:
        unlimited = plain.removesuffix(ask.plain_tail)
        whole = laboratory.plain_answer(world, "zone" in keys or zone_bound, unlimited)
        assert len(answer) == min(ask.limit, max(0, len(whole) - ask.offset)), f"{answer} of {whole}"
        assert not Counter(answer) - Counter(whole), f"{answer} is no part of {whole}"
    elif ask.ordered or (len(keys) == 0 and not ask.unordered):
        assert answer == expected, f"{answer} and not {expected}"
    else:
        assert Counter(answer) == Counter(expected), f"{answer} and not {expected} in some order"
    shown = "rows" if answer and answer != [(0, None, 0)] else "no rows"
    return f"{shown}: {'nothing asked' if nothing else scan.method.name} by {len(keys)}"


@st.composite
def cases(draw: st.DrawFn) -> tuple[World, Ask]:
    world = draw(worlds())
    return world, draw(asks(world))


@given(cases())
@settings(max_examples=examples(EXAMPLES), suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(patience(EXAMPLES))
def test_pushdown_never_changes_the_answer(laboratory: Laboratory, case: tuple[World, Ask]) -> None:
    world, ask = case
    try:
        event(check(laboratory, world, ask))
    except AssertionError as error:
        shown = msgspec.json.format(msgspec.json.encode(world)).decode()
        raise AssertionError(f"{error}\n{ask.sql}\nrequests: {laboratory.api.requests}\n{shown}") from error
