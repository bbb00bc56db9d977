"""What a statement costs: the requests that a server of 300 droplets sees, none of them twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from sqloud.dialect import split
from sqloud.errors import OperationalError, ProgrammingError, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

DROPLETS = [
    {
        "id": number,
        "name": f"d{number}",
        "vcpus": number % 4,
        "tags": [],
        "created_at": "2026-01-01T00:00:00Z",
    }
    for number in range(1, 301)
]
D, B = "digitalocean.droplets.droplets", "digitalocean.droplets.backups"


class Cloud:
    """300 droplets, the even ones with a backup each; notes what it was asked.

    `totals` may be left out; the path `refused` answers 403.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.totals = True
        self.refused = ""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        parts = urlsplit(request.url)
        query = dict(parse_qsl(parts.query))
        self.asked.append(f"{parts.path}?{parts.query}")
        steps = parts.path.split("/")
        if parts.path == self.refused:
            await asyncio.sleep(0.01)
            return ApiResponse(status=403, headers={}, body=b'{"id": "forbidden", "message": "forbidden"}')
        rows: list[dict[str, object]] = list(DROPLETS)
        name = "droplets"
        if len(steps) == 5:
            number = int(steps[3])
            name = "backups"
            rows = (
                []
                if number % 2
                else [{"id": 1000 + number, "name": "b", "created_at": "2026-01-01T00:00:00Z"}]
            )
        page, size = int(query.get("page", "1")), int(query.get("per_page", "20"))
        last = page * size >= len(rows)
        pages = (
            {} if last else {"next": f"https://{parts.netloc}{parts.path}?page={page + 1}&per_page={size}"}
        )
        if len(steps) == 4:
            number = int(steps[3])
            return ApiResponse(
                status=200, headers={}, body=json.dumps({"droplet": DROPLETS[number - 1]}).encode()
            )
        body: dict[str, object] = {name: rows[(page - 1) * size : page * size], "links": {"pages": pages}}
        if self.totals:
            body["meta"] = {"total": len(rows)}
        return ApiResponse(status=200, headers={}, body=json.dumps(body).encode())

    async def close(self) -> None:
        pass


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def session(cloud: Cloud) -> Iterator[Session]:
    with Session(Settings(credentials={"digitalocean": "dop_v1_test"}), transport=cloud) as opened:
        yield opened


def run(session: Session, sql: str) -> list[tuple[object, ...]]:
    (text,) = split(Source("counts", sql))
    return [row for batch in session.run(text).batches() for row in batch]


def test_an_outer_join_asks_each_key_once(session: Session, cloud: Cloud) -> None:
    rows = run(session, f"SELECT d.id, b.id FROM {D} d LEFT JOIN {B} b ON b.droplet_id = d.id")
    assert len(rows) == 300
    assert len(cloud.asked) == len(set(cloud.asked)) == 302


COSTS = [
    (f"SELECT count(*) FROM {D}", (300,), 1),
    (f"SELECT count(*) AS n FROM {D} HAVING count(*) > 1", (300,), 1),
    (f"SELECT count(1) + 1 FROM {D} d", (301,), 1),
    (f"SELECT (SELECT count(*) FROM {D})", (300,), 1),
    (f"SELECT count(*) FROM (SELECT 1 FROM {D})", (300,), 1),
    (f"SELECT count(*) FROM {D} WHERE 1 = 1", (300,), 1),
    (f"WITH x AS (SELECT * FROM {D}) SELECT count(*) FROM (SELECT name, id FROM x)", (300,), 1),
    (f"SELECT id FROM (SELECT * FROM {D} WHERE vcpus = 3) WHERE id > 3 LIMIT 1", (7,), 1),
    (f"SELECT id FROM (SELECT * FROM {D} WHERE vcpus = 3) LIMIT 1 OFFSET 60", (243,), 2),
    (f"SELECT id, (SELECT count(*) FROM {B} b WHERE b.droplet_id = d.id) FROM {D} d LIMIT 1", (1, 0), 2),
    (f"SELECT EXISTS (SELECT 1 FROM {D} WHERE vcpus = 3)", (True,), 1),
    (f"SELECT count(*) FROM (SELECT * FROM {D} LIMIT 3)", (3,), 1),
    (f"SELECT (SELECT id FROM {D} LIMIT 1), (SELECT count(*) FROM {D})", (1, 300), 2),
    (f"SELECT count(vcpus) FROM {D}", (300,), 2),
    (f"SELECT count(*) FROM {D} WHERE vcpus = 1", (75,), 2),
    (f"SELECT count(*) FROM {D} a JOIN {D} b ON a.id = b.id", (300,), 2),
    (f"SELECT count(*), (SELECT max(id) FROM {D}) FROM {D}", (300, 300), 2),
    (
        f"SELECT count(*) FROM {B} x JOIN {B} y ON x.id = y.id WHERE x.droplet_id = 2 AND y.droplet_id = 2",
        (1,),
        1,
    ),
    (f"SELECT count(*) FROM {D} a WHERE a.vcpus = (SELECT max(vcpus) FROM {D})", (75,), 2),
]


SHARING = [
    (f"SELECT d.id FROM {D} d JOIN {B} b ON b.droplet_id = d.id WHERE b.droplet_id = 2", 1, 2),
    (
        f"SELECT b.id FROM {D} d, {B} b, (VALUES (2), (3)) AS v(k) WHERE b.droplet_id = d.id AND v.k = d.id",
        1,
        4,
    ),
    (f"SELECT x.id FROM {B} x, {B} y WHERE x.droplet_id = y.droplet_id AND x.droplet_id IN (1, 2)", 1, 2),
    (
        f"SELECT id FROM {B} WHERE droplet_id = 2 UNION ALL SELECT id FROM {B} WHERE droplet_id IN (1, 2)",
        2,
        2,
    ),
    (f"SELECT name FROM {D} WHERE id = 1 UNION ALL SELECT name FROM {D} WHERE id IN (2, 1)", 3, 2),
    (
        (
            f"WITH x AS (SELECT id, droplet_id FROM {B} WHERE droplet_id IN (2, 4)) SELECT a.id FROM x a JOIN x b "
            f"USING (id) WHERE EXISTS (SELECT 1 FROM {B} c WHERE c.droplet_id = a.droplet_id AND c.droplet_id > 2)"
        ),
        1,
        2,
    ),
    (
        (
            f"SELECT x.id FROM {D} d JOIN {B} x ON x.droplet_id = d.id "
            f"WHERE x.id IN (SELECT y.id FROM {B} y WHERE y.droplet_id IN (SELECT id FROM {D} WHERE vcpus = 2))"
        ),
        75,
        302,
    ),
]


@pytest.mark.parametrize(("sql", "rows", "requests"), SHARING)
def test_no_request_is_sent_twice_in_a_statement(
    session: Session, cloud: Cloud, sql: str, rows: int, requests: int
) -> None:
    assert len(run(session, sql)) == rows
    assert len(cloud.asked) == len(set(cloud.asked)) == requests, cloud.asked


@pytest.mark.parametrize(("sql", "row", "requests"), COSTS)
def test_a_statement_costs_no_more_than_it_must(
    session: Session, cloud: Cloud, sql: str, row: tuple[object, ...], requests: int
) -> None:
    assert run(session, sql) == [row]
    assert len(cloud.asked) == requests, cloud.asked


def test_a_limit_without_a_filter_asks_one_small_page(session: Session, cloud: Cloud) -> None:
    assert len(run(session, f"SELECT name FROM {D} LIMIT 5")) == 5
    assert cloud.asked == ["/v2/droplets?per_page=5"]


def test_without_a_total_the_rows_are_counted(session: Session, cloud: Cloud) -> None:
    cloud.totals = False
    assert run(session, f"SELECT count(*) FROM {D}") == [(300,)]
    assert cloud.asked == [
        f"/v2/droplets?{query}" for query in ("per_page=1", "per_page=200", "page=2&per_page=200")
    ]


def test_a_request_that_fails_for_two_scans_is_sent_once(session: Session, cloud: Cloud) -> None:
    cloud.refused = "/v2/droplets/2/backups"
    sql = f"SELECT id FROM {B} WHERE droplet_id = 2 UNION ALL SELECT id FROM {B} WHERE droplet_id IN (1, 2)"
    with pytest.raises(OperationalError, match="forbidden"):
        run(session, sql)
    assert sum(cloud.refused in one for one in cloud.asked) == 1


@pytest.mark.parametrize("prefix", ["", "EXPLAIN "])
def test_more_values_than_the_most_are_refused_before_anything_is_sent(
    session: Session, cloud: Cloud, prefix: str
) -> None:
    listed = ", ".join(map(str, range(1, 5_002)))
    with pytest.raises(ProgrammingError, match="5,001 values of droplet_id; 5,000 is the most") as refusal:
        run(session, f"{prefix}SELECT name FROM {B} WHERE droplet_id IN ({listed})")
    assert "--max-keys" in refusal.value.hints[0]
    assert not cloud.asked
