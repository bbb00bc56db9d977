"""Law 2: complete, or an error. What an API may do to a list on its way, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.laws.simulated import HOST, SimulatedApi, SimulatedCatalogue, World

from sqloud.dialect import split
from sqloud.errors import ApiError, Error, IncompleteAnswerError, ResponseDataError, Source
from sqloud.executor.result import Completeness
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

ROWS = tuple(
    ({"id": number, "name": f"n{number}", "size": None, "price": None, "flag": None, "tags": None,
      "region": None, "made_at": None}, "x", 1)
    for number in range(1, 6)
)  # fmt: skip

Tamper = Callable[[int, ApiRequest, ApiResponse], ApiResponse]


class TamperedApi(SimulatedApi):
    """An API whose answers are changed: `tamper` is given the number of the answer, from 1."""

    def __init__(self, world: World, tamper: Tamper) -> None:
        super().__init__(world)
        self.tamper = tamper
        self.hosts: list[str] = []

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        self.hosts.append(request.url.split("/")[2])
        answer = await super().send(request, headers)
        return self.tamper(len(self.requests), request, answer)


class Asked(NamedTuple):
    """What came of a statement."""

    rows: list[Any]
    error: Error | None
    notices: list[str]
    api: TamperedApi


def ask(world: World, tamper: Tamper, sql: str = "SELECT id FROM sim.svc.things") -> Asked:
    api = TamperedApi(world, tamper)
    notices: list[str] = []
    with Session(Settings(), transport=api, on_notice=notices.append) as session:
        session.catalogue = SimulatedCatalogue(world)  # type: ignore[assignment]
        try:
            result = session.run(split(Source("law", sql))[0])
        except Error as error:
            return Asked([], error, notices, api)
        rows = [row[0] for batch in result.batches() for row in batch]
        assert result.completeness is Completeness.COMPLETE
        return Asked(rows, None, notices, api)


def world(paging: str, clamp: int = 2, zone: str = "none") -> World:
    return World(rows=ROWS, paging=paging, clamp=clamp, zone=zone)


def untouched(_: int, __: ApiRequest, answer: ApiResponse) -> ApiResponse:
    return answer


def on(
    number: int, change: Callable[[dict[str, Any]], object], status: int = 200, *, later: bool = False
) -> Tamper:
    """Change the body of one answer, or of that and all `later` ones."""

    def tamper(count: int, _: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if count < number or (count > number and not later):
            return answer
        body = json.loads(answer.body)
        changed = change(body)
        text = json.dumps(body if changed is None else changed, separators=(",", ":")).encode()
        return msgspec.structs.replace(answer, status=status, body=text)

    return tamper


def becomes(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: {**body, **fields}


@pytest.mark.parametrize("paging", ["links", "total", "bare", "next_link", "none"])
@pytest.mark.parametrize("clamp", [2, 3, 5, 50])
def test_every_row_comes_once_at_any_page_size(paging: str, clamp: int) -> None:
    asked = ask(world(paging, clamp), untouched)
    assert asked.error is None
    assert asked.rows == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("paging", ["links", "total", "next_link"])
def test_a_server_that_gives_one_row_at_a_time_is_followed(paging: str) -> None:
    assert ask(world(paging, 1), untouched).rows == [1, 2, 3, 4, 5]


BROKEN: dict[str, tuple[str, Tamper, type[Error], str]] = {
    "a total that the rows do not reach": (
        "links",
        on(1, becomes(total=6), later=True),
        IncompleteAnswerError,
        "promises 6",
    ),
    "an empty page before the total": ("total", on(2, becomes(things=[])), IncompleteAnswerError, "promises 5"),
    "a link that repeats": (
        "next_link",
        on(2, becomes(links={"next": f"{HOST}/things?per_page=50"})),
        IncompleteAnswerError,
        "already read",
    ),
    "a link to another host": (
        "next_link",
        on(1, becomes(links={"next": "https://elsewhere.test/things?page=2"})),
        IncompleteAnswerError,
        "another host",
    ),
    "a link to another port": (
        "links",
        on(1, becomes(links={"next": f"{HOST}:8443/things?page=2"})),
        IncompleteAnswerError,
        "another host",
    ),
    "a link that is no text": ("links", on(1, becomes(links={"next": 2})), IncompleteAnswerError, "no text"),
    "the same page again": (
        "total",
        on(2, becomes(things=[row for row, _, _ in ROWS[:2]])),
        IncompleteAnswerError,
        "repeats the rows",
    ),
    "no place for the rows": ("none", on(1, lambda body: {"other": 1}), IncompleteAnswerError, "no 'things'"),
    "a page that is refused": (
        "links",
        on(2, lambda body: {"id": "forbidden", "message": "not that page"}, 403),
        ApiError,
        "forbidden: not that page",
    ),
    "rows that are no list": ("none", on(1, becomes(things="none")), ResponseDataError, "should be a list"),
    "a row that does not fit": (
        "links",
        on(2, becomes(things=[{"id": "three"}, {"id": 4}])),
        ResponseDataError,
        "id is integer",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("paging", "tamper", "kind", "said"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_completed_is_an_error_and_no_rows(
    paging: str, tamper: Tamper, kind: type[Error], said: str
) -> None:
    asked = ask(world(paging), tamper)
    assert asked.rows == []
    assert type(asked.error) is kind
    assert said in asked.error.message
    assert set(asked.api.hosts) == {"api.sim.test"}


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (on(3, becomes(total=6), later=True), "total moved from 5 to 6"),
        (on(2, becomes(things=[row for row, _, _ in ROWS[1:3]])), "id 2 came twice"),
        (on(2, becomes(things=[row for row, _, _ in ROWS[2:3]])), "page 2 held 1 rows where 2 were promised"),
    ],
)
def test_a_list_that_changes_while_it_is_read_is_told(tamper: Tamper, told: str) -> None:
    asked = ask(world("links"), tamper)
    assert asked.error is None
    assert any("the list changed while it was read" in notice and told in notice for notice in asked.notices)


def test_a_null_list_is_an_empty_list() -> None:
    assert ask(world("none"), on(1, becomes(things=None)))[:2] == ([], None)


BY_ZONE = "SELECT count(*) FROM sim.svc.things WHERE zone {}"


def test_an_absent_key_has_no_rows_and_is_told() -> None:
    asked = ask(world("none", zone="path"), untouched, BY_ZONE.format("IN ('x', 'gone')"))
    assert asked.rows == [5]
    assert len(asked.notices) == 1
    assert "zone = gone" in asked.notices[0]


def test_a_404_that_is_not_the_apis_own_is_an_error() -> None:
    tamper = on(1, lambda body: {"error": "nothing here"}, 404)
    asked = ask(world("none", zone="path"), tamper, BY_ZONE.format("= 'gone'"))
    assert isinstance(asked.error, ApiError)
    assert asked.error.status == 404


def test_a_404_without_a_key_in_the_path_is_an_error() -> None:
    tamper = on(1, lambda body: {"id": "not_found", "message": "no things"}, 404)
    assert isinstance(ask(world("none", zone="query"), tamper, BY_ZONE.format("= 'x'")).error, ApiError)


def test_a_later_page_that_is_gone_is_no_absence() -> None:
    tamper = on(2, lambda body: {"id": "not_found", "message": "no page"}, 404)
    asked = ask(world("links", zone="path"), tamper, BY_ZONE.format("= 'x'"))
    assert isinstance(asked.error, IncompleteAnswerError)


@pytest.mark.parametrize("paging", ["links", "total", "bare", "next_link"])
@pytest.mark.parametrize(("sql", "rows", "most"), [
    ("SELECT id FROM sim.svc.things LIMIT 2", [1, 2], 1),
    ("SELECT id FROM sim.svc.things LIMIT 3 OFFSET 1", [2, 3, 4], 2),
    ("SELECT id FROM sim.svc.things WHERE id > 2 LIMIT 1", [3], 2),
    ("SELECT id FROM sim.svc.things WHERE id > 9 LIMIT 1", [], 4),
    ("SELECT id FROM sim.svc.things ORDER BY id DESC LIMIT 1", [5], 4),
])  # fmt: skip
def test_a_limit_stops_the_pages_and_nothing_else(paging: str, sql: str, rows: list[int], most: int) -> None:
    asked = ask(world(paging), untouched, sql)
    assert asked.error is None
    assert asked.rows == rows
    assert len(asked.api.requests) <= most
