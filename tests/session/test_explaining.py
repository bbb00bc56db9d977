"""EXPLAIN and the dry run: what is told before anything is sent, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

DROPLETS, BACKUPS = "digitalocean.droplets.droplets", "digitalocean.droplets.backups"
SIZES = "digitalocean.sizes.sizes"


class NoTransport:
    """The network, closed."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        raise AssertionError(f"something was sent: {request.url}")

    async def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(), transport=NoTransport()) as opened:
        yield opened


@pytest.fixture(scope="module")
def dry() -> Iterator[Session]:
    with Session(Settings(dry_run=True), transport=NoTransport()) as opened:
        yield opened


def lines(session: Session, sql: str) -> list[str]:
    result = session.run(split(Source("test", sql))[0])
    return [str(row[0]) for batch in result.batches() for row in batch]


ESTIMATES = {
    "SELECT 1": "0 requests",
    f"SELECT * FROM {BACKUPS} WHERE droplet_id = 1 AND false": "0 requests",
    f"SELECT * FROM {DROPLETS} WHERE id = 1": "1 request",
    f"SELECT * FROM {DROPLETS} WHERE id IN (1, 2, 2)": "2 requests",
    f"SELECT * FROM {BACKUPS} WHERE droplet_id = 1": "1 page, and the pages that follow",
    f"SELECT * FROM {SIZES} LIMIT 5": "1 request",
    f"SELECT * FROM {SIZES} LIMIT 401": "<= 3 requests",
    f"SELECT * FROM {SIZES} WHERE vcpus > 1 LIMIT 5": "1 page, and the pages that follow",
    f"SELECT * FROM {BACKUPS} WHERE droplet_id IN (1, 2)": "2 pages, and the pages that follow",
    f"SELECT * FROM {BACKUPS} WHERE droplet_id = 1 AND page = 3": "1 request",
    f"SELECT 1 FROM {DROPLETS} d, {BACKUPS} b WHERE b.droplet_id = d.id": (
        "1 page, then one request for each row of scan_0, and the pages that follow"
    ),
}


@pytest.mark.parametrize("sql", ESTIMATES)
def test_an_estimate_is_a_number_a_bound_or_what_it_depends_on(session: Session, sql: str) -> None:
    (told,) = (line for line in lines(session, f"EXPLAIN {sql}") if line.startswith("estimate"))
    assert told.split(None, 1)[1] == ESTIMATES[sql]


def test_json_tells_what_the_text_tells(session: Session) -> None:
    sql = f"SELECT name FROM {DROPLETS} WHERE tag_name = 'web' AND status = 'active'"
    told: dict[str, Any] = json.loads("\n".join(lines(session, f"EXPLAIN (FORMAT json) {sql}")))
    (scan,) = told["scans"]
    assert scan["requests"] == ["GET /v2/droplets?tag_name=web&per_page=200"]
    assert scan["pushed"] == {"tag_name": "ANY(tags)"}
    assert scan["instead_of"] == {"droplets_get": "nothing binds droplet_id"}
    assert told["estimate"] == scan["estimate"] == "1 page, and the pages that follow"
    assert "status = 'active'" in told["answer"]


DRY = {
    f"SELECT name FROM {BACKUPS} WHERE droplet_id = 3164444": [
        "GET /v2/droplets/3164444/backups?per_page=200"
    ],
    f"SELECT name FROM {DROPLETS} WHERE id IN (1, 2)": ["GET /v2/droplets/1", "GET /v2/droplets/2"],
    f"SELECT 1 FROM {DROPLETS} WHERE id = 1 AND id = 2": [],
    "SELECT 1": [],
}


@pytest.mark.parametrize("sql", DRY)
def test_a_dry_run_is_the_requests_a_line_each(dry: Session, sql: str) -> None:
    assert lines(dry, sql) == DRY[sql]


def test_a_dry_run_shows_what_depends_on_answers_as_a_template(dry: Session) -> None:
    first, second = lines(dry, f"SELECT 1 FROM {DROPLETS} d JOIN {BACKUPS} b ON b.droplet_id = d.id")
    assert first == "GET /v2/droplets?per_page=200"
    template, source = second.split("   ", 1)
    assert template == "GET /v2/droplets/{droplet_id}/backups?per_page=200"
    assert source.startswith("for each droplet_id out of scan_0: SELECT")


@pytest.fixture(scope="module")
def sandboxed() -> Iterator[Session]:
    with Session(Settings(sandbox=True)) as opened:
        yield opened


KNOWN_BEFORE = (
    f"SELECT name FROM {DROPLETS} WHERE id = 3164444",
    f"SELECT name FROM {DROPLETS} WHERE id IN (3164444, 3164460, 7)",
    f"SELECT name FROM {BACKUPS} WHERE droplet_id = 3164444 AND page = 1 AND per_page = 2",
    f"SELECT name FROM {DROPLETS} WHERE id = 1 AND id = 2",
)


@pytest.mark.parametrize("sql", KNOWN_BEFORE)
def test_what_is_known_before_is_what_is_counted_after(sandboxed: Session, sql: str) -> None:
    told: dict[str, Any] = json.loads("\n".join(lines(sandboxed, f"EXPLAIN ANALYZE (FORMAT json) {sql}")))
    counted = told["actual"]["requests"]
    assert told["estimate"] == f"{counted} request{'' if counted == 1 else 's'}"


def test_analyze_counts_each_scan_and_the_whole(sandboxed: Session) -> None:
    sql = f"SELECT d.id, b.id FROM {DROPLETS} d LEFT JOIN {BACKUPS} b ON b.droplet_id = d.id"
    droplets = len(lines(sandboxed, f"SELECT id FROM {DROPLETS}"))
    rows = len(lines(sandboxed, sql))
    told: dict[str, Any] = json.loads("\n".join(lines(sandboxed, f"EXPLAIN ANALYZE (FORMAT json) {sql}")))
    first, second = (scan["actual"] for scan in told["scans"])
    assert (first["requests"], second["requests"]) == (1, droplets)
    assert told["actual"]["requests"] == droplets + 1
    assert told["actual"]["answer_rows"] == rows
    assert first["rows"] == droplets
    text = lines(sandboxed, f"EXPLAIN ANALYZE {sql}")
    assert sum("  actual  " in line or line.startswith("actual  ") for line in text) == 3


def test_a_dry_run_does_not_analyze(dry: Session) -> None:
    told = "\n".join(lines(dry, f"EXPLAIN ANALYZE SELECT * FROM {SIZES}"))
    assert "GET /v2/sizes?per_page=200" in told
    assert "actual" not in told


def test_explain_tells_what_the_token_has_to_be_allowed(session: Session) -> None:
    (told,) = (line for line in lines(session, f"EXPLAIN SELECT slug FROM {SIZES}") if "token" in line)
    assert told.split(None, 2) == ["token", "needs", "sizes:read, regions:read"]
