"""UPDATE of what can only be replaced: the row is read, changed, and put back whole."""

from __future__ import annotations

from typing import Any

import pytest

import sqloud
from sqloud.errors import MissingParameterError
from sqloud.protocol.schemas import drop_read_only

RULE = '{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}'
LED = '{"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}'

# The table, how a row is made, a change of it, and what else of the row has to stay.
CHANGED = [
    (
        "firewalls.firewalls",
        f"(name, inbound_rules) VALUES ('web-a', '[{RULE}]')",
        "name = 'web-b'",
        "inbound_rules",
    ),
    (
        "load_balancers.load_balancers",
        f"(name, region, droplet_ids, forwarding_rules) VALUES ('web-a', 'nyc3', '[3164444]', '[{LED}]')",
        "name = 'web-b'",
        "region ->> 'slug', droplet_ids, forwarding_rules",
    ),
    (
        "compute.load_balancers",
        f"(name, region, droplet_ids, forwarding_rules) VALUES ('web-a', 'nyc3', '[3164444]', '[{LED}]')",
        "name = 'web-b'",
        "region ->> 'slug', droplet_ids, forwarding_rules",
    ),
    (
        "ssh_keys.account_keys",
        "(name, public_key) VALUES ('web-a', 'ssh-rsa AAAAB3NzaC1yc2E a')",
        "name = 'web-b'",
        "public_key",
    ),
]


@pytest.mark.parametrize(("table", "made", "change", "staying"), CHANGED)
@pytest.mark.parametrize("where", ["id = {id}", "name = 'web-a' AND id > '0'"])
def test_what_is_not_set_stays(table: str, made: str, change: str, staying: str, where: str) -> None:
    table = f"digitalocean.{table}"
    with sqloud.connect(sandbox=True, allow_writes=True, on_notice=lambda _: None) as connection:
        row = connection.execute(f"INSERT INTO {table} {made} RETURNING id").fetchone()
        assert row is not None
        where = where.format(id=f"'{row[0]}'")
        if table.endswith("account_keys"):
            where = where.replace("id > '0'", "id > 0")
        before = connection.execute(f"SELECT {staying} FROM {table} WHERE id = '{row[0]}'").fetchone()
        assert connection.execute(f"UPDATE {table} SET {change} WHERE {where}").rowcount == 1
        after = connection.execute(f"SELECT name, {staying} FROM {table} WHERE id = '{row[0]}'").fetchone()
        assert after == ("web-b", *(before or ()))


SCHEMA = (
    '{"properties": {"id": {"readOnly": true}, "a": {"properties": {"x": {"readOnly": true}, "y": {}}},'
    ' "b": {"items": {"properties": {"x": {"readOnly": true}}}}}}'
)


@pytest.mark.parametrize(("fields", "left"), [
    ({"a"}, {"id": 1, "a": {"y": 2}, "b": [{"x": 3}, {"x": 4, "y": 5}]}),
    ({"b"}, {"id": 1, "a": {"x": 1, "y": 2}, "b": [{}, {"y": 5}]}),
    ({"id", "a", "b"}, {"a": {"y": 2}, "b": [{}, {"y": 5}]}),
])  # fmt: skip
def test_what_only_the_api_writes_is_not_put_back(fields: set[str], left: dict[str, Any]) -> None:
    body: dict[str, Any] = {"id": 1, "a": {"x": 1, "y": 2}, "b": [{"x": 3}, {"x": 4, "y": 5}]}
    drop_read_only(SCHEMA, body, fields)
    assert body == left


def test_a_filter_of_a_read_is_no_key_of_a_write() -> None:
    """The read's filter answers more than it names; a DELETE at the same address must not go by it."""
    query = {"in": "query", "type": "string"}
    wide = {**query, "equals": "name", "superset": True}
    methods = {
        "list": {
            "verb": "select",
            "request": "GET /things",
            "listing": True,
            "shape": "list",
            "parameters": {"q": wide},
        },
        "clear": {
            "verb": "delete",
            "request": "DELETE /things",
            "parameters": {"q": {**query, "required": True}},
        },
    }
    columns = {"id": {"type": "integer"}, "name": {"type": "string"}}
    document = {
        "provider": {
            "provider": "acme", "base_url": "http://127.0.0.1:9", "authentication": {"scheme": "none"},
            "services": {"work": "Work."},
        },
        "services": {"work": {"service": "work", "resources": {
            "things": {"key": ["id"], "columns": columns, "methods": methods},
        }}},
    }  # fmt: skip
    with (
        sqloud.connect(providers=[document], dry_run=True) as connection,
        pytest.raises(MissingParameterError),
    ):
        connection.execute("DELETE FROM acme.work.things WHERE name = 'x'")
