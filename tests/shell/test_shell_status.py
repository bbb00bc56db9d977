"""The line below the prompt, and what a user without a token is told."""

from __future__ import annotations

from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.frontends.shell_status import About, no_token, status, writes
from sqloud.session import Session
from sqloud.settings import Settings

TOKEN = {"DIGITALOCEAN_TOKEN": "dop_v1_test"}


def _run(session: Session, text: str) -> None:
    session.run(split(Source("<test>", text))[0]).close()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sandbox": True}, "digitalocean: sandbox | writes asked for, one by one | \\? help"),
        ({"environment": TOKEN}, "digitalocean | writes asked for, one by one | \\? help"),
        ({}, "digitalocean: no token | writes asked for, one by one | \\? help"),
        (
            {"environment": TOKEN, "endpoints": {"digitalocean": "http://127.0.0.1:1"}, "read_only": True},
            "digitalocean at 127.0.0.1:1 | writes refused (--read-only) | \\? help",
        ),
    ],
)
def test_the_line_tells_who_is_asked_and_what_a_write_does(fields: dict[str, Any], told: str) -> None:
    with Session(Settings(**fields)) as session:
        assert status(session.settings, session, 200) == f" {told} "


def test_the_line_follows_the_session() -> None:
    opened: list[Session] = []
    settings = Settings(sandbox=True)
    about = About(settings, lambda: opened[0] if opened else None)
    assert about.status(80) == " the sandbox | writes asked for, one by one "
    assert not about.has_welcome()
    with Session(settings) as session:
        opened.append(session)
        _run(session, "SELECT count(*) FROM digitalocean.droplets.droplets")
        assert "requests left" in about.status(80)
        _run(session, "BEGIN")
        assert "writes kept until COMMIT" in about.status(80)
        assert all(len(about.status(columns)) <= columns for columns in range(2, 120))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "asked for, one by one"),
        ({"allow_writes": True}, "allowed, those that destroy asked for"),
        ({"allow_writes": True, "allow_destructive": True}, "allowed"),
        ({"allow_destructive": True, "read_only": True}, "refused (--read-only)"),
        ({"allow_writes": True, "dry_run": True}, "shown, not sent"),
    ],
)
def test_what_becomes_of_a_write(fields: dict[str, Any], told: str) -> None:
    assert writes(Settings(**fields)) == told


@pytest.mark.parametrize(
    ("fields", "is_told"),
    [
        ({}, True),
        ({"sandbox": True}, False),
        ({"environment": TOKEN}, False),
        ({"credentials": {"digitalocean": "x"}}, False),
    ],
)
def test_a_user_without_a_token_is_told_once_and_offered_the_sandbox(
    fields: dict[str, Any], is_told: bool
) -> None:
    with Session(Settings(**fields)) as session:
        about = About(session.settings, lambda: session)
        told = about.welcome() or ""
        assert ("sqloud --sandbox" in told and "export DIGITALOCEAN_TOKEN=" in told) is is_told
        assert max(map(len, told.split("\n"))) <= 80
        assert about.welcome() is None
        assert (no_token(session) is not None) is is_told
