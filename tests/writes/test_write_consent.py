"""Nothing is written without consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import ConsentError, NotSupportedError, ProgrammingError
from sqloud.session import Session

Open = Callable[..., Session]
D = "digitalocean.droplets.droplets"
MAKE = f"INSERT INTO {D} (name, size, image) VALUES ('a', 's', 'i')"
DROP = f"DELETE FROM {D} WHERE id = 1"
DROP_OFF = f"DELETE FROM {D} WHERE status = 'off'"


@pytest.mark.parametrize(
    ("sql", "fields", "flag"),
    [
        (MAKE, {}, "--allow-writes"),
        (MAKE, {"allow_destructive": True}, "--allow-writes"),
        (MAKE, {"allow_writes": True, "read_only": True}, "--read-only"),
        (DROP, {}, "--allow-destructive"),
        (DROP, {"allow_writes": True}, "--allow-destructive"),
        (DROP_OFF, {"allow_writes": True}, "--allow-destructive"),
        (DROP, {"allow_destructive": True, "read_only": True}, "--read-only"),
    ],
)
def test_without_consent_nothing_is_sent(
    api: Api, opened: Open, sql: str, fields: dict[str, bool], flag: str
) -> None:
    with pytest.raises(ConsentError) as caught:
        run(opened(**fields), sql)
    assert flag in " ".join(caught.value.hints)
    assert api.log == []
    if "read_only" not in fields:
        assert "/v2/droplets" in caught.value.message


@pytest.mark.parametrize("yes", [True, False])
def test_a_person_is_asked_with_the_exact_preview(api: Api, opened: Open, yes: bool) -> None:
    asked: list[tuple[str, Sequence[str]]] = []

    def confirm(question: str, lines: Sequence[str]) -> bool:
        asked.append((question, lines))
        assert api.writes == []
        return yes

    session = opened(confirm)
    if yes:
        run(session, DROP_OFF)
    else:
        with pytest.raises(ConsentError, match="not confirmed"):
            run(session, DROP_OFF)
    ((question, lines),) = asked
    assert "2 requests" in question
    assert [line.strip() for line in lines[1:]] == ["DELETE /v2/droplets/4", "DELETE /v2/droplets/5"]
    assert len(api.writes) == (2 if yes else 0)


def test_a_widened_delete_says_what_it_covers(api: Api, opened: Open) -> None:
    lines = [row[0] for row in run(opened(preview=True), f"DELETE FROM {D} WHERE tag_name = 'web'")]
    assert any("every row" in line and "tag_name = 'web'" in line for line in lines)
    assert any("5 rows" in line for line in lines)
    assert any("web-3" in line for line in lines)


def test_begin_queues_and_commit_sends_together(api: Api, opened: Open, notices: list[str]) -> None:
    session = opened(allow_writes=True, allow_destructive=True)
    run(session, "BEGIN")
    run(session, MAKE)
    run(session, DROP)
    assert run(session, f"SELECT count(*) FROM {D}") == [(5,)]
    assert api.writes == []
    run(session, "COMMIT")
    assert [str(one) for one in api.writes] == ["POST /v2/droplets", "DELETE /v2/droplets/1"]
    assert any("2 rows done" in note for note in notices)


def test_rollback_drops_the_queue(api: Api, opened: Open, notices: list[str]) -> None:
    session = opened(allow_writes=True)
    run(session, "BEGIN")
    run(session, MAKE)
    run(session, "ROLLBACK")
    run(session, "COMMIT")
    assert api.log == []
    assert any("1 queued write dropped" in note for note in notices)
    run(session, MAKE)  # autocommit again
    assert len(api.writes) == 1


def test_within_begin_nothing_is_returned(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True)
    run(session, "BEGIN")
    for refused in (
        "BEGIN",
        f"DELETE FROM {D} WHERE id = 3 RETURNING id",
        MAKE.replace("INSERT", "INSERT /*+ AWAIT */"),
    ):
        with pytest.raises((NotSupportedError, ProgrammingError)):
            run(session, refused)
    assert api.log == []


def test_a_commit_without_consent_sends_nothing(api: Api, opened: Open) -> None:
    session = opened()
    run(session, "BEGIN")
    run(session, MAKE)
    run(session, DROP)
    with pytest.raises(ConsentError) as caught:
        run(session, "COMMIT")
    assert api.log == []
    assert "POST /v2/droplets" in caught.value.message
    assert "DELETE /v2/droplets/1" in caught.value.message
