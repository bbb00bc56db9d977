"""A session over simulated APIs beside a plain engine, and what the law of pushdown says of one case.

Law: the plain engine is given every row there is, with the hidden columns written on each, and the predicate by the
rules of Postgres; it knows nothing of plans but whether the zone was asked, on which it depends which rows there are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.laws.predicates import Fixed, Predicate, binds, text
from tests.laws.simulated import FILTERS, TYPES, SimulatedApi, SimulatedCatalogue, World

from sqloud.dialect import Query, parse, split
from sqloud.engine.duck import DuckEngine
from sqloud.errors import DataError, Error, InvalidValueError, MissingParameterError, ProgrammingError, Source
from sqloud.plan.steps import KeyValues, Scan
from sqloud.planner import plan_query
from sqloud.session import Session
from sqloud.settings import Settings

_UNFIT = re.compile(r"(?<![\w.'])(0|1\.5|2\.0|7|9)(?![\w.'])")


class Ask(NamedTuple):
    """A statement: what it selects, its predicate, and its tail, for sqloud and for the plain engine.

    order: `all` where the tail orders the rows, `none` where nothing does (groups), `api` where the API's stays.
    """

    select: str
    where: Predicate | None
    tail: str = ""
    plain_tail: str = ""
    order: str = "api"
    limit: int | None = None
    offset: int = 0

    @property
    def sql(self) -> str:
        where = f" WHERE {text(self.where, plain=False)}" if self.where else ""
        return f"SELECT {self.select} FROM sim.svc.things{where}{self.tail}"

    @property
    def plain(self) -> str:
        select = ", ".join(TYPES) if self.select == "*" else self.select
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


def _justified(error: Error, world: World, ask: Ask, zone_bound: bool, shelf_bound: bool) -> bool:
    """Whether a refusal names something that must be bound and is not, or a value that does not fit."""
    if isinstance(error, MissingParameterError):
        missing_filter = any(name in error.message for name in world.required)
        missing_zone = world.zone_required and not zone_bound and "zone (" in error.message
        missing_shelf = world.shelf and not shelf_bound and "shelf (" in error.message
        return missing_filter or missing_zone or missing_shelf
    if isinstance(error, InvalidValueError):
        return bool(_UNFIT.search(ask.sql))
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
    try:
        scan = laboratory.scan(ask.sql)
        answer = laboratory.answer(ask.sql)
    except Error as error:
        if _justified(error, world, ask, zone_bound, shelf_bound):
            assert not laboratory.api.requests, "a refusal sends nothing"
            return f"refused: {type(error).__name__}"
        if _plainly_refused(laboratory, world, ask.plain):
            return "both refuse"
        raise AssertionError(f"{type(error).__name__}: {error} {error.hints}") from error
    keys = [parameter.sql_name for parameter in scan.keys.parameters]
    nothing = isinstance(scan.keys, KeyValues) and not scan.keys.rows
    if zone_bound and scan.method.listing and world.zone != "none":
        assert "zone" in keys, "what a predicate binds is asked"
    expected = laboratory.plain_answer(world, "zone" in keys or zone_bound, ask.plain)
    if ask.limit is not None and ask.order == "api":
        unlimited = ask.plain.removesuffix(ask.plain_tail)
        whole = laboratory.plain_answer(world, "zone" in keys or zone_bound, unlimited)
        assert len(answer) == min(ask.limit, max(0, len(whole) - ask.offset)), f"{answer} of {whole}"
        assert not Counter(answer) - Counter(whole), f"{answer} is no part of {whole}"
    elif ask.order == "all" or (not keys and ask.order == "api"):
        assert answer == expected, f"{answer} and not {expected}"
    else:
        assert Counter(answer) == Counter(expected), f"{answer} and not {expected} in some order"
    shown = "rows" if answer and answer != [(0, None, 0)] else "no rows"
    return f"{shown}: {'nothing asked' if nothing else scan.method.name} by {len(keys)}"
