"""EXPLAIN's estimate against what a server then sees, for statements of every shape.

A line of `STATEMENTS` is a statement; a capital letter stands for a table. EXPLAIN sends nothing; what it says is a
number, an upper bound, or a number to begin with, and the log of the server has to agree. No request is there twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.executor.transport import Transport
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

TABLES = {
    "D": "digitalocean.droplets.droplets",
    "B": "digitalocean.droplets.backups",
    "S": "digitalocean.droplets.snapshots",
    "Z": "digitalocean.sizes.sizes",
    "K": "digitalocean.domains.records",
    "N": "digitalocean.domains.domains",
    "A": "digitalocean.apps.apps",
    "L": "digitalocean.apps.components_logs",
}
STATEMENTS = """
SELECT 1
SELECT name FROM D
SELECT name FROM D LIMIT 5
SELECT name FROM D LIMIT 5 OFFSET 3
SELECT name FROM D WHERE vcpus > 1 LIMIT 2
SELECT name FROM D WHERE false
SELECT name FROM D LIMIT 0
SELECT count(*) FROM D
SELECT count(*) FROM (SELECT * FROM D)
SELECT count(*) FROM D WHERE vcpus > 1
SELECT slug FROM Z ORDER BY price_monthly LIMIT 3
SELECT name FROM D WHERE id = 3164444
SELECT name FROM D WHERE droplet_id IN (3164444, 3164460)
SELECT name FROM D WHERE id = 3164444 OR id = 3164444
SELECT name FROM D WHERE id = 7
SELECT name FROM D WHERE 'web' = ANY(tags)
SELECT name FROM D WHERE tag_name = 'web' OR tag_name = 'prod'
SELECT name FROM B WHERE droplet_id = 3164444
SELECT name FROM B WHERE droplet_id IN (3164444, 3164460)
SELECT name FROM B WHERE droplet_id = 3164444 AND page = 1
SELECT name FROM B WHERE droplet_id = 3164444 LIMIT 1
SELECT d.id, b.id FROM D d JOIN B b ON b.droplet_id = d.id
SELECT d.id, b.id FROM D d LEFT JOIN B b ON b.droplet_id = d.id
SELECT d.id, b.id FROM D d JOIN B b ON b.droplet_id = d.id WHERE d.id = 3164444
SELECT d.id, b.id FROM D d JOIN B b ON b.droplet_id = d.id WHERE b.droplet_id = 3164444
SELECT b.id, s.id FROM D d JOIN B b ON b.droplet_id = d.id JOIN S s ON s.droplet_id = b.droplet_id
SELECT x.id FROM B x JOIN B y USING (droplet_id) WHERE droplet_id IN (3164444, 3164460)
SELECT name FROM D WHERE id = 3164444 UNION ALL SELECT name FROM D WHERE id IN (3164444, 3164460)
SELECT d.name FROM D d WHERE NOT EXISTS (SELECT 1 FROM B b WHERE b.droplet_id = d.id)
SELECT d.name FROM D d WHERE d.id NOT IN (SELECT droplet_id FROM B)
SELECT name FROM B WHERE droplet_id IN (SELECT id FROM D LIMIT 2)
SELECT name FROM D WHERE EXISTS (SELECT 1 FROM Z)
SELECT (SELECT count(*) FROM D), (SELECT count(*) FROM Z)
SELECT b.name FROM (VALUES (3164444), (3164460), (NULL)) AS v(k) JOIN B b ON b.droplet_id = v.k
SELECT b.name FROM D d CROSS JOIN unnest(d.backup_ids) AS u(k) JOIN B b ON b.droplet_id = u.k
SELECT d.name FROM D d CROSS JOIN unnest(d.snapshot_ids) AS u(k) JOIN D e ON e.id = u.k WHERE d.id = 3164444
SELECT n.name, k.type FROM N n JOIN K k ON k.domain_name = n.name WHERE k.type = 'A'
SELECT d.name, z.slug FROM D d JOIN Z z ON z.slug = d.size_slug
SELECT l.live_url FROM A a JOIN L l ON l.app_id = a.id AND l.component_name = 'web' AND l.type = 'RUN'
WITH RECURSIVE n(k) AS (VALUES (1) UNION SELECT k + 1 FROM n WHERE k < 3) SELECT id FROM n JOIN B b ON droplet_id = k
WITH x AS (SELECT id, vcpus FROM D) SELECT a.id FROM x a JOIN x b ON a.vcpus = b.vcpus + 1
""".strip().splitlines()


class Log:
    """What goes over the transport beneath it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._beneath: Transport | None = None

    def over(self, beneath: Transport) -> Log:
        self._beneath = beneath
        return self

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        assert self._beneath is not None
        self.requests.append(request.url)
        return await self._beneath.send(request, headers)

    async def close(self) -> None:
        assert self._beneath is not None
        await self._beneath.close()


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def session(log: Log) -> Iterator[Session]:
    with Session(Settings(sandbox=True), around=log.over) as opened:
        yield opened


def told(session: Session, sql: str) -> dict[str, Any]:
    (text,) = split(Source("estimates", sql))
    lines = [str(row[0]) for batch in session.run(text).batches() for row in batch]
    found: dict[str, Any] = json.loads("\n".join(lines))
    return found


@pytest.mark.parametrize("sql", STATEMENTS)
def test_the_estimate_is_what_the_server_then_sees(session: Session, log: Log, sql: str) -> None:
    sql = re.sub(r"\b(FROM|JOIN) ([A-Z])\b", lambda match: f"{match[1]} {TABLES[match[2]]}", sql)
    log.requests.clear()
    before = told(session, f"EXPLAIN (FORMAT json) {sql}")
    assert not log.requests
    after = told(session, f"EXPLAIN ANALYZE (FORMAT json) {sql}")
    asked = len(log.requests)
    assert len(set(log.requests)) == asked, "a request was sent twice"
    assert after["actual"]["requests"] == asked
    assert before["least"] <= asked
    assert before["most"] is None or asked <= before["most"]
    if re.fullmatch(r"[\d,]+ requests?", before["estimate"]):
        assert before["least"] == before["most"] == asked
    rows = {scan["id"]: scan["actual"]["rows"] for scan in after["scans"]}
    for scan in after["scans"]:
        feeders = scan.get("keys_from", ())
        if " for each row of " in scan["estimate"] and "pages" not in scan["estimate"]:
            most = 1
            for feeder in feeders:
                most *= rows[feeder]
            assert scan["actual"]["requests"] <= most
