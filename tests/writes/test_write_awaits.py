"""Following what a write starts to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import WriteFailedError
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
