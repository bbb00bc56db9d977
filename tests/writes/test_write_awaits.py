"""Following what a write starts to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import NotSupportedError, WriteFailedError
from sqloud.session import Session

Open = Callable[..., Session]
REBOOT = "digitalocean.droplets.actions.droplet_actions_post @droplet_id = 3, @type = 'reboot'"
MAKE = "INTO digitalocean.droplets.droplets (name, size, image) VALUES ('a', 's', 'i') RETURNING id, name, status"


def test_it_is_followed_to_its_end(api: Api, opened: Open, notices: list[str]) -> None:
    assert run(opened(allow_writes=True), f"EXEC /*+ AWAIT */ {REBOOT}") == [(7, "completed", "reboot")]
    assert api.polls == 2
    assert [note for note in notices if note.startswith("actions_get(7)")] == [
        "actions_get(7): in-progress",
        "actions_get(7): completed",
    ]


def test_without_await_nothing_is_followed(api: Api, opened: Open) -> None:
    run(opened(allow_writes=True), f"EXEC {REBOOT}")
    assert api.polls == 0


def test_set_await_holds_for_what_follows(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True)
    run(session, "SET await = on")
    run(session, f"EXEC {REBOOT}")
    assert api.polls == 2
    run(session, "SET await = off")
    run(session, f"EXEC {REBOOT}")
    assert api.polls == 2


def test_returning_gives_the_final_row(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True, await_writes=True)
    assert run(session, f"INSERT {MAKE}") == [(6, "a", "new")]
    assert [str(one) for one in api.log] == [
        "POST /v2/droplets",
        "GET /v2/actions/7",
        "GET /v2/actions/7",
        "GET /v2/droplets/6",
    ]


def test_work_that_fails_is_an_error_in_the_apis_words(api: Api, opened: Open) -> None:
    api.end = "errored"
    with pytest.raises(WriteFailedError, match="errored"):
        run(opened(allow_writes=True), f"EXEC /*+ AWAIT */ {REBOOT}")


def test_a_limit_ends_the_watching(api: Api, opened: Open) -> None:
    api.end = "in-progress"
    session = opened(allow_writes=True)
    run(session, "SET await_timeout = '1 s'")
    with pytest.raises(WriteFailedError, match="was not at its end after 1 s"):
        run(session, f"EXEC /*+ AWAIT */ {REBOOT}")


def test_work_that_failed_is_not_told_as_a_request_that_failed(api: Api, opened: Open) -> None:
    """The droplet is there: the report and RETURNING say so."""
    api.end = "errored"
    with pytest.raises(WriteFailedError) as caught:
        run(opened(allow_writes=True, await_writes=True), f"INSERT {MAKE}")
    (row,) = caught.value.report
    assert row[:2] == (1, "done, and its work failed")
    assert row[2].startswith("actions_get(7) is errored: {")
    assert caught.value.message.count("failed") == 2  # in the count and in the row's line
    returned = caught.value.returned
    assert returned is not None
    assert [each for batch in returned.batches() for each in batch] == [(6, "a", "new")]


def test_the_limit_of_time_gives_the_last_answer(api: Api, opened: Open) -> None:
    api.end = "in-progress"
    session = opened(allow_writes=True, await_timeout=0.1)
    with pytest.raises(WriteFailedError) as caught:
        run(session, f"EXEC /*+ AWAIT */ {REBOOT}")
    assert caught.value.report[0][1] == "done, and its end not seen"
    assert '"status":"in-progress"' in caught.value.message
    assert "await_timeout" in caught.value.hints[0]


def test_the_statements_limit_ends_the_watching_too(api: Api, opened: Open) -> None:
    api.end = "in-progress"
    with pytest.raises(WriteFailedError) as caught:
        run(opened(allow_writes=True, statement_timeout=0.4), f"EXEC /*+ AWAIT */ {REBOOT}")
    assert caught.value.report[0][1] == "done, and its end not seen"
    assert api.writes  # it was sent, once
    assert len(api.writes) == 1


def test_every_action_that_one_request_begins_is_answered(api: Api, opened: Open) -> None:
    rows = run(
        opened(allow_writes=True),
        "EXEC /*+ AWAIT */ digitalocean.droplets.actions.droplet_actions_post_by_tag"
        " @tag_name = 'web', @type = 'power_cycle'",
    )
    assert sorted(rows) == [(7, "completed", "power_cycle"), (8, "completed", "power_cycle")]


def test_what_nothing_follows_is_said_before_it_is_sent(api: Api, opened: Open, notices: list[str]) -> None:
    session = opened(allow_writes=True)
    run(
        session,
        "INSERT /*+ AWAIT */ INTO digitalocean.domains.records (domain_name, type, name, data)"
        " VALUES ('e.com', 'A', 'n', '1.1.1.1')",
    )
    assert notices[0].startswith("AWAIT: the document names nothing to follow for domains_create_record")
    assert len(api.writes) == 1


def test_what_waits_for_commit_is_not_awaited(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True, await_writes=True)
    run(session, "BEGIN")
    with pytest.raises(NotSupportedError, match="AWAIT within BEGIN"):
        run(session, f"EXEC {REBOOT}")
    assert not api.log
