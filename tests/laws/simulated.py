"""An API for the laws: a small world of rows, served by a transport that honours its own parameters.

Law: the API keeps the promises of its records and no more. It leaves out no row that a filter must answer, it
answers a scope exactly, it refuses what it does not know; beyond that its temperament decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from sqloud.datatypes import DataType
from sqloud.errors import UnknownNameError
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import (
    Column,
    Equals,
    ErrorShape,
    MemberOf,
    Method,
    Option,
    Paging,
    Parameter,
    Provider,
    Resource,
    Rows,
    Scope,
    Sort,
    TableName,
)

HOST = "https://api.sim.test"
TABLE = TableName("sim", "svc", "things")
ZONES = ("x", "y", "z")
SHELVES = (1, 2)

INTEGER, NUMBER = DataType(type="integer"), DataType(type="number")
STRING, BOOLEAN = DataType(type="string"), DataType(type="boolean")
MOMENT = DataType(type="string", format="date-time")
TYPES = {
    "id": INTEGER,
    "name": STRING,
    "size": INTEGER,
    "price": NUMBER,
    "flag": BOOLEAN,
    "tags": DataType(type="array", items="string"),
    "region": DataType(type="object"),
    "made_at": MOMENT,
}
COMPUTED_ZONE = "CASE WHEN flag THEN 'y' ELSE 'x' END"

Row = dict[str, Any]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter that narrows: its record, and what a row has for it (a list for a member)."""

    parameter: Parameter
    tells: Callable[[Row], Any]


def _filter(name: str, kind: DataType, meaning: Equals | MemberOf, tells: Callable[[Row], Any]) -> Filter:
    parameter = Parameter(name=f"{name}[q]", sql_name=name, location="query", type=kind, meaning=meaning)
    return Filter(parameter=parameter, tells=tells)


FILTERS: Mapping[str, Filter] = {
    one.parameter.sql_name: one
    for one in (
        _filter("name", STRING, Equals(expression="name", superset=True), lambda row: row["name"]),
        _filter("size_is", INTEGER, Equals(expression="size"), lambda row: row["size"]),
        _filter("price", NUMBER, Equals(expression="price"), lambda row: row["price"]),
        _filter("flagged", BOOLEAN, Equals(expression="flag"), lambda row: row["flag"]),
        _filter(
            "region_slug",
            STRING,
            Equals(expression="region ->> 'slug'"),
            lambda row: None if row["region"] is None else row["region"].get("slug"),
        ),
        _filter(
            "parity",
            INTEGER,
            Equals(expression="size % 2"),
            lambda row: None if row["size"] is None else row["size"] % 2,
        ),
        _filter("made", MOMENT, Equals(expression="made_at"), lambda row: row["made_at"]),
        _filter("tag", STRING, MemberOf(column="tags"), lambda row: row["tags"]),
    )
}


class World(msgspec.Struct, frozen=True, kw_only=True):
    """One API. `rows` are (row, zone, shelf).

    zone: `none`, `path`, `query`, `default`, `default_computed`, `open`, `open_computed`, `query_computed`: where
    the zone is asked, what it is unasked, whether a row tells it. shelf: whether a shelf is asked in the path.
    filters: names of FILTERS; required: those of them that must be asked. lookups: `id`, `id_zone` (takes the
    zone too), `name`. temperament: `exact`, `ignores` optional filters, `superset` answers some rows more.
    paging: `none`, `links`, `total`, `bare`, `next_link`; clamp: the largest page that the server gives.
    sorts: columns by which it sorts when asked, none of them NULL in any row.
    """

    rows: tuple[tuple[Row, str, int], ...]
    zone: str = "none"
    shelf: bool = False
    filters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excludes: tuple[tuple[str, str], ...] = ()
    lookups: tuple[str, ...] = ()
    temperament: str = "exact"
    paging: str = "none"
    clamp: int = 100
    sorts: tuple[str, ...] = ()
    shape: str = "list"

    @property
    def zone_default(self) -> str | None:
        return "x" if self.zone.startswith("default") else None

    @property
    def zone_computed(self) -> bool:
        return self.zone.endswith("computed")

    @property
    def zone_required(self) -> bool:
        return self.zone in {"path", "query", "query_computed"}


def zone_parameter(world: World) -> Parameter:
    return Parameter(
        name="zone",
        sql_name="zone",
        location="path" if world.zone == "path" else "query",
        type=STRING,
        required=world.zone_required,
        meaning=Scope(default=world.zone_default, computed=COMPUTED_ZONE if world.zone_computed else None),
    )


SHELF = Parameter(
    name="shelf", sql_name="shelf", location="path", type=INTEGER, required=True, meaning=Scope(), minimum=1
)
PAGE = Parameter(name="page", sql_name="page", location="query", type=INTEGER, meaning=Scope(), minimum=1)
PER_PAGE = Parameter(
    name="per_page",
    sql_name="per_page",
    location="query",
    type=INTEGER,
    meaning=Option(),
    minimum=1,
    maximum=50,
)
DEFAULT_SIZE = 2
SORTED = (
    Parameter(name="by", sql_name="by", location="query", type=STRING, meaning=Option()),
    Parameter(name="way", sql_name="way", location="query", type=STRING, meaning=Option()),
)


def resource_of(world: World) -> Resource:
    """The record of the world's one table."""
    scopes = ([zone_parameter(world)] if world.zone != "none" else []) + ([SHELF] if world.shelf else [])
    prefix = ("/zones/{zone}" if world.zone == "path" else "") + ("/shelves/{shelf}" if world.shelf else "")
    filters = []
    for name in world.filters:
        parameter = FILTERS[name].parameter
        excluded = tuple(f"{b}[q]" if b in FILTERS else b for a, b in world.excludes if a == name)
        filters.append(msgspec.structs.replace(parameter, required=name in world.required, excludes=excluded))
    paging = _paging(world)
    listing = Method(
        name="things_list",
        verb="select",
        http_verb="GET",
        path=f"{prefix}/things",
        parameters=(
            *filters,
            *scopes,
            *((PAGE, PER_PAGE) if paging else ()),
            *(SORTED if world.sorts else ()),
        ),
        sort=Sort(
            columns=tuple((name, f"by-{name}") for name in world.sorts),
            parameter="by",
            direction="way",
            ascending="up",
            descending="down",
        )
        if world.sorts
        else None,
        rows=Rows(path=("things",), shape=world.shape),
        paging=paging,
        listing=True,
        idempotent=True,
    )
    return Resource(
        name=TABLE,
        key=("id",),
        columns=tuple(Column(name=name, type=kind, path=(name,)) for name, kind in TYPES.items()),
        methods=(listing, *_lookups(world, scopes, prefix)),
    )


def _lookups(world: World, scopes: Sequence[Parameter], prefix: str) -> Iterator[Method]:
    thing = Parameter(
        name="thing_id", sql_name="thing_id", location="path", type=INTEGER, required=True,
        meaning=Equals(expression="id"), minimum=1,
    )  # fmt: skip
    called = msgspec.structs.replace(FILTERS["name"].parameter, required=True)
    for lookup in world.lookups:
        by_name = lookup == "name"
        scoped = by_name or lookup == "id_zone"
        yield Method(
            name=f"things_by_{lookup}",
            verb="select",
            http_verb="GET",
            path=f"{prefix}/named"
            if by_name
            else (f"{prefix}/things/{{thing_id}}" if scoped else "/any/{thing_id}"),
            parameters=((called,) if by_name else (thing,)) + (tuple(scopes) if scoped else ()),
            rows=Rows(path=("things",)) if by_name else Rows(path=("thing",), shape="object"),
            idempotent=True,
        )


def _paging(world: World) -> Paging | None:
    if world.paging == "none":
        return None
    return Paging(
        style="next_link" if world.paging == "next_link" else "page_number",
        page="page",
        size="per_page",
        default_size=DEFAULT_SIZE,
        maximum_size=50,
        next=("links", "next") if world.paging in {"links", "next_link"} else (),
        total=("total",) if world.paging in {"links", "total"} else (),
    )


class SimulatedCatalogue:
    """A catalogue of one table, that of `world`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._provider = Provider(name="sim", base_url=HOST, errors=ErrorShape(code="id", message="message"))
        self._resource = resource_of(world)

    def provider(self, name: str) -> Provider:
        if name != "sim":
            raise UnknownNameError(f"there is no provider {name!r}")
        return self._provider

    def resource(self, name: TableName) -> Resource:
        if name != TABLE:
            raise UnknownNameError(f"there is no resource {name}")
        return self._resource

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        return (self.resource(name),)


class SimulatedApi:
    """The transport. `requests` are the targets asked so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests: list[str] = []

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        parts = urlsplit(request.url)
        self.requests.append(request.url.removeprefix(HOST))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            return self._answer(request, [unquote(part) for part in parts.path.split("/")[1:]], query)
        except _Refused as refusal:
            status, text = refusal.args
            body = json.dumps({"id": "refused", "message": text}).encode()
            return ApiResponse(status=status, headers={}, body=body)

    async def close(self) -> None:
        """Nothing is held open."""

    def _answer(self, request: ApiRequest, path: list[str], query: dict[str, str]) -> ApiResponse:
        world = self.world
        zone: str | None = None
        shelf: int | None = None
        if path[0] == "any":
            return _json({"thing": self._one([row for row, _, _ in world.rows], path[1])})
        if path[0] == "zones":
            zone, path = path[1], path[2:]
        if path[0] == "shelves":
            shelf, path = int(path[1]), path[2:]
            if shelf < 1:
                raise _Refused(422, "shelf")
        if "zone" in query:
            zone = query.pop("zone")
        if world.zone_required and zone is None:
            raise _Refused(422, "zone is required")
        zone = zone if zone is not None else world.zone_default
        rows = [
            row
            for row, its_zone, its_shelf in world.rows
            if (zone is None or its_zone == zone) and (shelf is None or its_shelf == shelf)
        ]
        if world.zone == "path" and zone not in ZONES:
            raise _Refused(404, "no such zone")
        if path[0] == "named":
            found = self._kept("name", query.pop("name[q]"), rows, "exact")
            return self._finished(query, {"things": found})
        if len(path) > 1:
            return self._finished(query, {"thing": self._one(rows, path[1])})
        return self._listed(request, query, rows)

    def _listed(self, request: ApiRequest, query: dict[str, str], rows: list[Row]) -> ApiResponse:
        world = self.world
        asked = {name.removesuffix("[q]") for name in query}
        for one, other in world.excludes:
            if one in asked and (other in asked or (other == "zone" and "zone=" in request.url)):
                raise _Refused(422, f"{one} excludes {other}")
        for name in world.filters:
            text = query.pop(f"{name}[q]", None)
            if text is not None:
                rows = self._kept(name, text, rows, world.temperament)
            elif name in world.required:
                raise _Refused(422, f"{name} is required")
        if world.sorts and "by" in query:
            by, way = query.pop("by").removeprefix("by-"), query.pop("way", "up")
            if by not in world.sorts or way not in {"up", "down"}:
                raise _Refused(422, "by")
            rows = sorted(rows, key=lambda row: row[by], reverse=way == "down")
        if world.paging == "none":
            return self._finished(query, {"things": self._shaped(rows)})
        page, size = int(query.pop("page", 1)), int(query.pop("per_page", DEFAULT_SIZE))
        if page < 1 or not 1 <= size <= 50:
            raise _Refused(422, "page")
        size = min(size, world.clamp)
        shown = rows[(page - 1) * size : page * size]
        answer: dict[str, Any] = {"things": self._shaped(shown)}
        if world.paging in {"links", "next_link"}:
            answer["links"] = {}
            if page * size < len(rows):
                base = re.sub(r"[?&]page=\d+", "", request.url)
                answer["links"]["next"] = f"{base}{'&' if '?' in base else '?'}page={page + 1}"
        if world.paging in {"links", "total"}:
            answer["total"] = len(rows)
        return self._finished(query, answer)

    def _shaped(self, rows: list[Row]) -> Any:
        return {str(row["id"]): row for row in rows} if self.world.shape == "map" else rows

    def _kept(self, name: str, text: str, rows: list[Row], temperament: str) -> list[Row]:
        known = FILTERS[name]
        value = _read(known.parameter.type, text)
        if temperament == "ignores":
            return rows

        def matches(row: Row) -> bool:
            told = known.tells(row)
            if isinstance(known.parameter.meaning, MemberOf):
                return told is not None and value in told
            return told is not None and bool(_read_told(known.parameter.type, told) == value)

        return [
            row for row in rows if matches(row) or (temperament == "superset" and (row["id"] + len(text)) % 2)
        ]

    def _one(self, rows: list[Row], text: str) -> Row:
        found = [row for row in rows if row["id"] == int(text)]
        if int(text) < 1:
            raise _Refused(422, "thing_id")
        if not found:
            raise _Refused(404, "no such thing")
        return found[0]

    def _finished(self, query: dict[str, str], answer: object) -> ApiResponse:
        if query:
            raise _Refused(422, f"unknown: {', '.join(query)}")
        return _json(answer)


class _Refused(Exception):
    pass


def _json(answer: object) -> ApiResponse:
    body = json.dumps(answer, separators=(",", ":")).encode()
    return ApiResponse(status=200, headers={}, body=body)


_FORMS = {
    "integer": re.compile(r"-?(0|[1-9]\d*)"),
    "number": re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?"),
    "boolean": re.compile("true|false"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
}


def _read(kind: DataType, text: str) -> Any:
    """A parameter's text as its type; refused where it is not written as HTTP APIs write it."""
    form = _FORMS.get(kind.format or kind.type)
    if form is not None and not form.fullmatch(text):
        raise _Refused(422, f"{text!r} is no {kind.spelling}")
    if kind.format == "date-time":
        return datetime.fromisoformat(text)
    readers: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "number": float,
        "boolean": "true".__eq__,
        "string": str,
    }
    return readers[kind.type](text)


def _read_told(kind: DataType, told: Any) -> Any:
    return datetime.fromisoformat(told) if kind.format == "date-time" else told
