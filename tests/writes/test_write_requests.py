"""What a write sends: statements and their requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.writes.conftest import Api, run

from sqloud.session import Session

Open = Callable[..., Session]
D = "digitalocean.droplets.droplets"
R = "digitalocean.domains.records"
NEW = "name, size, image"
OLD = {"name": "a", "size": "s", "image": "i"}

# A statement, and the requests that write; a body is None where there is none.
SENT: list[tuple[str, list[tuple[str, Any]]]] = [
    (f"INSERT INTO {D} ({NEW}) VALUES ('a', 's', 'i')", [("POST /v2/droplets", OLD)]),
    (
        f"INSERT INTO {D} (data__name, data__size, data__image) SELECT 'a', 's', 'i'",
        [("POST /v2/droplets", OLD)],
    ),
    (f"INSERT /*+ create */ INTO {D} ({NEW}) SELECT 'a', 's', 'i'", [("POST /v2/droplets", OLD)]),
    (
        (
            f"INSERT INTO {D} ({NEW}, tags, backups, vpc_uuid) VALUES ('a', 's', 'i', ['x'], true, DEFAULT), "
            "('b', 's', 'i', '[\"y\"]', 'false', NULL)"
        ),
        [
            ("POST /v2/droplets", {**OLD, "tags": ["x"], "backups": True}),
            ("POST /v2/droplets", {**OLD, "name": "b", "tags": ["y"], "backups": False}),
        ],
    ),
    (
        f"INSERT INTO {D} ({NEW}, backup_policy) VALUES ('a', 's', 'i', '{{\"plan\": \"daily\"}}')",
        [("POST /v2/droplets", {**OLD, "backup_policy": {"plan": "daily"}})],
    ),
    (
        f"INSERT INTO {D} ({NEW}, backup_policy.plan, backup_policy.hour) VALUES ('a', 's', 'i', 'daily', 20)",
        [("POST /v2/droplets", {**OLD, "backup_policy": {"plan": "daily", "hour": 20}})],
    ),
    (
        (
            f"INSERT INTO {D} ({NEW}, backup_policy) VALUES (upper('a'), 's', 'i', "
            "struct_pack(plan := 'daily', hour := 4))"
        ),
        [("POST /v2/droplets", {**OLD, "name": "A", "backup_policy": {"plan": "daily", "hour": 4}})],
    ),
    (
        f"INSERT INTO {D} ({NEW}) SELECT name || '-2', 's', 'i' FROM {D} WHERE id < 3 ORDER BY id",
        [
            ("POST /v2/droplets", {**OLD, "name": "web-1-2"}),
            ("POST /v2/droplets", {**OLD, "name": "web-2-2"}),
        ],
    ),
    (
        f"INSERT INTO {D} ({NEW}) VALUES ((SELECT name FROM {D} WHERE id = 1), 's', 'i')",
        [("POST /v2/droplets", {**OLD, "name": "web-1"})],
    ),
    (
        f"INSERT INTO {R} (domain_name, type, name, data, ttl) VALUES ('e.com', 'A', '@', '1.1.1.1', '300')",
        [("POST /v2/domains/e.com/records", {"type": "A", "name": "@", "data": "1.1.1.1", "ttl": 300})],
    ),
    (f"DELETE FROM {D} WHERE id = 3", [("DELETE /v2/droplets/3", None)]),
    (
        f"DELETE FROM {D} WHERE droplet_id IN (3, 4, 3)",
        [("DELETE /v2/droplets/3", None), ("DELETE /v2/droplets/4", None)],
    ),
    (f"DELETE FROM {D} AS d WHERE d.id = 3", [("DELETE /v2/droplets/3", None)]),
    (f"DELETE FROM {D} WHERE id = 3 AND status = 'off'", []),
    (f"DELETE FROM {D} WHERE id = 4 AND status = 'off'", [("DELETE /v2/droplets/4", None)]),
    (f"DELETE FROM {D} WHERE id = NULL", []),
    (f"DELETE FROM {D} WHERE id = 3 AND id = 4", []),
    (
        f"DELETE FROM {D} WHERE status = 'off'",
        [("DELETE /v2/droplets/4", None), ("DELETE /v2/droplets/5", None)],
    ),
    (
        f"DELETE FROM {D} WHERE id = 1 OR id = 2",
        [("DELETE /v2/droplets/1", None), ("DELETE /v2/droplets/2", None)],
    ),
    (f"DELETE FROM {D} WHERE NOT id < 5", [("DELETE /v2/droplets/5", None)]),
    (
        f"DELETE FROM {D} WHERE id IN (SELECT id FROM {D} WHERE 'web' = ANY(tags) AND status = 'off')",
        [("DELETE /v2/droplets/4", None), ("DELETE /v2/droplets/5", None)],
    ),
    (
        f"DELETE FROM {D} AS d USING {D} AS o WHERE o.id = d.id + 4",
        [("DELETE /v2/droplets/1", None)],
    ),
    (f"DELETE FROM {D} WHERE tag_name = 'web'", [("DELETE /v2/droplets?tag_name=web", None)]),
    (f"DELETE FROM {D} WHERE tag_name = 'web' AND id > 4", [("DELETE /v2/droplets/5", None)]),
    (
        f"DELETE FROM {D} ALL ROWS",
        [(f"DELETE /v2/droplets/{number}", None) for number in (1, 2, 3, 4, 5)],
    ),
    (
        f"UPDATE {R} SET ttl = 300 WHERE domain_name = 'e.com' AND type = 'A' AND ttl > 3600",
        [("PATCH /v2/domains/e.com/records/3", {"ttl": 300, "type": "A"})],
    ),
    (
        f"UPDATE {R} SET ttl = ttl * 2 WHERE domain_name = 'e.com' AND id = 2",
        [("PATCH /v2/domains/e.com/records/2", {"ttl": 7200, "type": "A"})],
    ),
    (
        f"UPDATE {R} SET ttl = 60, type = 'A' WHERE domain_name = 'e.com' AND id = 2",
        [("PATCH /v2/domains/e.com/records/2", {"ttl": 60, "type": "A"})],
    ),
    (
        f"UPDATE {R} AS r SET data = d.name FROM {D} AS d WHERE r.domain_name = 'e.com' AND r.id = d.id AND d.id = 2",
        [("PATCH /v2/domains/e.com/records/2", {"data": "web-2", "type": "A"})],
    ),
    (
        (
            f"UPDATE {R} SET data__type = 'A', data__ttl = '60' WHERE domain_name = 'e.com' AND domain_record_id = '2' "
            "AND data__type = 'A'"
        ),
        [("PATCH /v2/domains/e.com/records/2", {"ttl": 60, "type": "A"})],
    ),
    (
        f"UPDATE {R} SET data__ttl = '60' WHERE domain_name = 'e.com' AND domain_record_id = '2' AND data__type = 'A'",
        [("PATCH /v2/domains/e.com/records/2", {"ttl": 60, "type": "A"})],
    ),
    (
        f"UPDATE {R} SET ttl = 60 WHERE domain_name = 'e.com' AND id < 3 AND data__type = 'AAAA'",
        [
            ("PATCH /v2/domains/e.com/records/1", {"ttl": 60, "type": "AAAA"}),
            ("PATCH /v2/domains/e.com/records/2", {"ttl": 60, "type": "AAAA"}),
        ],
    ),
    (
        "EXEC digitalocean.droplets.actions.droplet_actions_post @droplet_id = 3, @type = 'reboot'",
        [("POST /v2/droplets/3/actions", {"type": "reboot"})],
    ),
    (
        (
            "EXEC digitalocean.droplets.actions.droplet_actions_post @droplet_id = 3, "
            '@@json = \'{"type": "resize", "disk": true}\''
        ),
        [("POST /v2/droplets/3/actions", {"type": "resize", "disk": True})],
    ),
]


@pytest.mark.parametrize(("sql", "sent"), SENT, ids=[sql for sql, _ in SENT])
def test_a_write_sends(api: Api, opened: Open, sql: str, sent: list[tuple[str, Any]]) -> None:
    session = opened(allow_writes=True, allow_destructive=True)
    run(session, sql)
    assert [(str(one), one.body) for one in api.writes] == sent


@pytest.mark.parametrize(("sql", "sent"), SENT, ids=[sql for sql, _ in SENT])
def test_nothing_is_sent_to_explain_or_to_dry_run(
    api: Api, opened: Open, sql: str, sent: list[tuple[str, Any]]
) -> None:
    lines = [row[0] for row in run(opened(), f"EXPLAIN {sql}")]
    dry = [row[0] for row in run(opened(dry_run=True), sql)]
    assert api.log == []
    if sent and "for each row of answer" not in "\n".join(dry):
        for request, _ in sent[:1]:
            assert any(request in line for line in lines)
            assert any(request in line for line in dry)


@pytest.mark.parametrize(("sql", "sent"), SENT, ids=[sql for sql, _ in SENT])
def test_a_preview_sends_the_reads_and_tells_the_writes(
    api: Api, opened: Open, sql: str, sent: list[tuple[str, Any]]
) -> None:
    lines = [
        row[0].strip() for row in run(opened(preview=True, allow_writes=True, allow_destructive=True), sql)
    ]
    assert api.writes == []
    for request, _ in sent:
        assert any(line.startswith(request) for line in lines)


def test_parameters_are_values(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True)
    run(session, f"INSERT INTO {D} ({NEW}, tags) VALUES (:n, 's', 'i', :t)", {"n": "oa", "t": ["o'x"]})
    assert api.writes[0].body == {**OLD, "name": "oa", "tags": ["o'x"]}


def test_returning_gives_the_rows_done(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True, allow_destructive=True)
    made = run(
        session,
        f"INSERT INTO {R} (domain_name, type, name, data) VALUES ('e.com', 'A', '@', '1.1.1.1') "
        "RETURNING id, data, domain_name",
    )
    assert made == [(6, "1.1.1.1", "e.com")]
    changed = run(
        session,
        f"UPDATE {R} SET ttl = 9 WHERE domain_name = 'e.com' AND id < 3 RETURNING id + 1 AS next, ttl",
    )
    assert changed == [(2, 9), (3, 9)]
    whole = run(
        session, f"UPDATE {R} SET ttl = 9 WHERE domain_name = 'e.com' AND id = 1 RETURNING domain_record"
    )
    assert '"ttl":9' in whole[0][0]
    gone = run(session, f"DELETE FROM {D} WHERE status = 'off' RETURNING name, tags")
    assert gone == [("web-4", ["web"]), ("web-5", ["web"])]


def test_an_exec_shows_its_answer(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True)
    rows = run(
        session, "EXEC digitalocean.droplets.actions.droplet_actions_post @droplet_id = 3, @type = 'reboot'"
    )
    assert rows == [(7, "in-progress", "reboot")]
    rows = run(session, "EXEC digitalocean.droplets.droplets.droplets_get @droplet_id = 3")
    assert rows[0][0] == 3


def test_a_struct_is_a_nested_body(api: Api, opened: Open) -> None:
    run(
        opened(allow_writes=True),
        "INSERT INTO digitalocean.droplets.droplets (name, size, image, backup_policy) "
        "VALUES ('a', 's', 'i', {'plan': 'weekly', weekday: 'SUN'})",
    )
    assert api.writes[0].body["backup_policy"] == {"plan": "weekly", "weekday": "SUN"}


def test_exec_shows_the_row_at_either_place_of_the_answer(api: Api, opened: Open) -> None:
    (row,) = run(
        opened(allow_writes=True),
        """EXEC digitalocean.droplets.droplets.droplets_create @@json = '{"name": "a", "size": "s", "image": "i"}'""",
    )
    assert "a" in row
    assert "new" in row
