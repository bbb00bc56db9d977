"""What a write refuses before any request, and where it points."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import (
    Error,
    InvalidValueError,
    MissingParameterError,
    NotSupportedError,
    ProgrammingError,
    UnknownNameError,
)
from sqloud.session import Session

Open = Callable[..., Session]
D = "digitalocean.droplets.droplets"
R = "digitalocean.domains.records"
A = "digitalocean.droplets.actions.droplet_actions_post"

# ruff: noqa: E501
# A statement, the class of its error, a part of the message, and the text under the caret ("" for any).
REFUSED: list[tuple[str, type[Error], str, str]] = [
    (f"INSERT INTO {D} (name, size) VALUES ('a', 's')", MissingParameterError, "image", D),
    (f"INSERT INTO {D} (name, size, image, colour) VALUES ('a', 's', 'i', 'red')", UnknownNameError, "colour", "colour"),
    (f"INSERT INTO {D} (name, size, image, memory) VALUES ('a', 's', 'i', 3)", UnknownNameError, "can only be read", "memory"),
    (f"INSERT INTO {D} (name, size, image, backups) VALUES ('a', 's', 'i', 'maybe')", InvalidValueError, "boolean", "'maybe'"),
    (f"INSERT INTO {D} (name, size, image, tags) VALUES ('a', 's', 'i', 'web')", InvalidValueError, "array", "'web'"),
    (f"INSERT INTO {D} (name, size, image, backup_policy) VALUES ('a', 's', 'i', 'x')", InvalidValueError, "object", "'x'"),
    (f"INSERT INTO {D} (name, size, image) VALUES ('a', 's')", ProgrammingError, "2 values", ""),
    (f"INSERT INTO {D} (name, size, image) VALUES ('a', NULL, 'i')", InvalidValueError, "NULL", "NULL"),
    (f"INSERT INTO {D} (name, size, image) VALUES ('a', DEFAULT, 'i')", MissingParameterError, "size", "size"),
    (f"INSERT INTO {D} (name, name, size, image) VALUES ('a', 'b', 's', 'i')", ProgrammingError, "twice", "name"),
    (f"INSERT INTO {D} VALUES ('a', 's', 'i')", ProgrammingError, "names of its columns", D),
    (f"INSERT INTO {D} (name, size, image) SELECT name, 's' FROM {D}", ProgrammingError, "answers 2", ""),
    (f"INSERT INTO {R} (domain_name, type, id) VALUES ('e.com', 'A', 3)", InvalidValueError, "readOnly", "id"),
    (f"INSERT INTO {R} (type) VALUES ('A')", MissingParameterError, "domain_name", R),
    (f"INSERT INTO {R} (domain_name, type, name, data, ttl) VALUES ('e.com', 'A', '@', 'x', 'soon')", InvalidValueError, "integer", "'soon'"),
    (f"INSERT INTO {R} (domain_name, type) VALUES ('e.com', 'B')", InvalidValueError, "'B'", "'B'"),
    (f"INSERT INTO {R} (domain_name, type, name, data) VALUES ('..', 'A', '@', 'x')", InvalidValueError, "segment", ""),
    (f"INSERT INTO {R} (domain_name, type) VALUES ('e.com', 'A') RETURNING colour", UnknownNameError, "colour", "colour"),
    (f"INSERT INTO {R} (domain_name, type, name) VALUES ('e.com', 'A', '@')", InvalidValueError, "data+name+type", ""),
    (f"INSERT INTO {D} (name, names, size, image) VALUES ('a', ['b'], 's', 'i')", InvalidValueError, "mixes", ""),
    (f"INSERT INTO {D} (size, image) VALUES ('s', 'i')", InvalidValueError, "image+name+size | image+names+size", ""),
    (f"INSERT INTO {D} (name, size, image, backup_policy.plan) VALUES ('a', 's', 'i', 'hourly')", InvalidValueError, "hourly", "'hourly'"),
    (f"INSERT INTO {D} (name, size, image, backup_policy) VALUES ('a', 's', 'i', '{{\"window_length_hours\": 4}}')", InvalidValueError, "readOnly", ""),
    (f"UPDATE {R} SET ttl = 5", ProgrammingError, "without WHERE", R),
    (f"DELETE FROM {D}", ProgrammingError, "without WHERE", D),
    (f"DELETE FROM {D} WHERE colour = 'red'", UnknownNameError, "colour", "colour"),
    (f"DELETE FROM {D} WHERE id = 'abc'", InvalidValueError, "integer", "'abc'"),
    (f"UPDATE {R} SET ttl = 'soon' WHERE domain_name = 'e.com' AND ttl > 5", InvalidValueError, "integer", "'soon'"),
    (f"UPDATE {R} SET id = 5 WHERE domain_name = 'e.com' AND id = 4", InvalidValueError, "readOnly", "id"),
    (f"UPDATE {R} SET ttl = NULL WHERE domain_name = 'e.com' AND id = 4", InvalidValueError, "NULL", ""),
    (f"UPDATE {R} SET ttl = 5 WHERE id = 4", MissingParameterError, "domain_name", ""),
    (f"UPDATE {D} SET name = 'x' WHERE id = 4", UnknownNameError, "no UPDATE method", D),
    ("UPDATE digitalocean.databases.database_clusters SET size = 'x' WHERE name = 'y'", UnknownNameError, "no UPDATE method", "digitalocean.databases.database_clusters"),
    (f"EXEC {A} @droplet_id = 3, @type = 'dance'", InvalidValueError, "dance", "'dance'"),
    (f"EXEC {A} @droplet_id = 3", MissingParameterError, "type", A),
    (f"EXEC {A} @type = 'reboot'", MissingParameterError, "droplet_id", A),
    (f"EXEC {A} @droplet_id = 3, @kind = 'reboot'", UnknownNameError, "kind", "kind"),
    (f"EXEC {A} @droplet_id = 3, @@json = '[]'", InvalidValueError, "JSON object", "'[]'"),
    (f"EXEC {A} @droplet_id = 3, @@json = '{{\"kind\": 1}}'", UnknownNameError, "kind", ""),
    ("EXEC digitalocean.droplets.actions.nosuch @a = 1", UnknownNameError, "nosuch", "nosuch"),
    (f"DELETE FROM {D} WHERE id = 3 RETURNING count(*)", NotSupportedError, "RETURNING", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "kind", "part", "under"), REFUSED, ids=[row[0] for row in REFUSED])
def test_it_is_refused_before_any_request(
    api: Api, opened: Open, sql: str, kind: type[Error], part: str, under: str
) -> None:
    with pytest.raises(kind) as caught:
        run(opened(allow_writes=True, allow_destructive=True), sql)
    error = caught.value
    assert part in "\n".join([error.message, *error.hints])
    assert error.span is not None
    if under:
        assert sql[error.span.start : error.span.end] == under
    assert api.log == []
