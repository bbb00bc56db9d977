"""A query over a view is the query with the view's body in its place, what it leaves unbound included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.session import Session
from sqloud.settings import Settings

BACKUPS, DROPLETS = "digitalocean.droplets.backups", "digitalocean.droplets.droplets"
BODIES = (
    (f"SELECT id, name, size_gigabytes FROM {BACKUPS}", True),
    (f"SELECT id, name, size_gigabytes FROM {BACKUPS} WHERE size_gigabytes > 2", True),
    (
        f"SELECT b.id, d.name, b.size_gigabytes FROM {BACKUPS} b JOIN {DROPLETS} d ON d.id = b.droplet_id",
        False,
    ),
    (f"SELECT id, name, memory / 1024.0 AS size_gigabytes FROM {DROPLETS} WHERE status = 'active'", False),
    (f"SELECT id, max(name) AS name, count(*)::double AS size_gigabytes FROM {DROPLETS} GROUP BY id", False),
    (f"SELECT DISTINCT id, name, disk::double AS size_gigabytes FROM {DROPLETS}", False),
)
CONDITIONS = (
    "true",
    "id % 2 = 0",
    "name LIKE '%e%'",
    "name NOT LIKE 'example%'",
    "size_gigabytes BETWEEN 1 AND 3",
    "NOT (size_gigabytes > 1.5 OR id % 3 = 0)",
    "id IN (3164444, 3164460, 67539208)",
)
OUTER = (
    "SELECT * FROM {v} WHERE {w}",
    "SELECT count(*), max(size_gigabytes) FROM {v} WHERE {w}",
    "SELECT name, count(*) FROM {v} WHERE {w} GROUP BY name",
    "SELECT a.id FROM {v} a WHERE {w} AND a.id = (SELECT max(id) FROM {v} b WHERE {w})",
    "SELECT x.n FROM (SELECT name AS n FROM {v} WHERE {w}) x ORDER BY x.n LIMIT 3",
)
KEYS = ("droplet_id = 3164444", "droplet_id IN (3164444, 3164460)", "droplet_id = 1")


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(sandbox=True), on_notice=lambda _: None) as opened:
        for number, (body, _) in enumerate(BODIES):
            rows(opened, f"CREATE VIEW v{number} AS {body}")
            rows(opened, f"CREATE VIEW over{number} AS SELECT * FROM v{number}")
        yield opened


def rows(session: Session, sql: str) -> Counter[tuple[object, ...]]:
    result = session.run(split(Source("law", sql))[0])
    return Counter(row for batch in result.batches() for row in batch)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    number=st.integers(0, len(BODIES) - 1),
    outer=st.sampled_from(OUTER),
    condition=st.sampled_from(CONDITIONS),
    key=st.sampled_from(KEYS),
    twice=st.booleans(),
)
def test_a_view_is_its_body(
    session: Session, number: int, outer: str, condition: str, key: str, twice: bool
) -> None:
    body, unbound = BODIES[number]
    where = f"{condition} AND {key}" if unbound else condition
    view = f"over{number}" if twice else f"v{number}"
    if unbound:
        inlined = "(" + body.replace("SELECT ", "SELECT droplet_id, ", 1) + ")"
        outer = outer.replace("SELECT *", "SELECT id, name, size_gigabytes")
    else:
        inlined = f"({body})"
    written = outer.format(v=view, w=where)
    expected = (
        outer.replace("{v} a", "{v} AS a").replace("{v} b", "{v} AS b").replace("{v} WHERE", "{v} AS v WHERE")
    )
    assert rows(session, written) == rows(session, expected.format(v=inlined, w=where)), written
