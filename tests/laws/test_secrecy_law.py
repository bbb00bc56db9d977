"""Law 4: a secret goes only to its own provider's host, and into nothing that a user or a file sees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import Error, IncompleteAnswerError, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

TOKEN = "dop_v1_5ecre7" + "0" * 57
BACKUPS = "SELECT name FROM digitalocean.droplets.backups WHERE droplet_id = 3164444"


class Watched:
    """A transport that answers one thing and keeps what it was given."""

    def __init__(self, status: int, body: object) -> None:
        self.answer = ApiResponse(status=status, headers={}, body=json.dumps(body).encode())
        self.sent: list[tuple[ApiRequest, tuple[tuple[str, str], ...]]] = []

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        self.sent.append((request, headers))
        return self.answer

    async def close(self) -> None:
        """Nothing is held open."""


def told(transport: Watched, sql: str) -> list[str]:
    """Everything that a statement tells: rows, notices, errors in every form."""
    found: list[Any] = []
    with Session(
        Settings(environment={"DIGITALOCEAN_TOKEN": TOKEN}), transport=transport, on_notice=found.append
    ) as session:
        try:
            result = session.run(split(Source("law", sql))[0])
            found += [row for batch in result.batches() for row in batch]
            found += [result.columns, vars(result)]
        except Error as error:
            cause: BaseException | None = error
            while cause is not None:
                found += [str(cause), repr(cause), vars(cause)]
                cause = cause.__cause__ or cause.__context__
    return [str(one) + repr(one) for one in found]


ANSWERS: dict[str, tuple[int, object]] = {
    "rows": (200, {"backups": [{"name": "a"}], "links": {}, "meta": {"total": 1}}),
    "no rows": (404, {"id": "not_found", "message": "no such droplet"}),
    "a stranger's 404": (404, {"oops": 1}),
    "not allowed": (401, {"id": "Unauthorized", "message": "Unable to authenticate you"}),
    "forbidden": (403, {"id": "Forbidden", "message": "no"}),
    "a redirect": (302, {}),
    "rows that do not fit": (200, {"backups": [{"name": 1}], "links": {}, "meta": {"total": 1}}),
    "a total that is not reached": (200, {"backups": [], "links": {}, "meta": {"total": 1}}),
    "a link elsewhere": (
        200,
        {"backups": [{"name": "a"}], "links": {"pages": {"next": "https://evil.test/v2?page=2"}}, "meta": {"total": 9}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_token_is_sent_once_to_its_host_and_told_to_nobody(answer: tuple[int, object]) -> None:
    transport = Watched(*answer)
    everything = told(transport, BACKUPS)
    assert everything, "something is told of every answer"
    assert not [text for text in everything if TOKEN in text]
    assert len(transport.sent) == 1
    request, headers = transport.sent[0]
    assert request.url.startswith("https://api.digitalocean.com/v2/droplets/3164444/backups")
    assert dict(headers)["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(request), "the request itself carries no secret"


@pytest.mark.parametrize(
    "sql",
    [f"EXPLAIN {BACKUPS}", "SELECT name FROM digitalocean.droplets.backups", "SHOW EXTENDED PROVIDERS", "SELECT 1"],
)  # fmt: skip
def test_what_is_not_sent_shows_no_token(sql: str) -> None:
    transport = Watched(500, {})
    assert not [text for text in told(transport, sql) if TOKEN in text]
    assert transport.sent == []


def test_a_next_link_elsewhere_is_an_error_and_is_not_followed() -> None:
    transport = Watched(*ANSWERS["a link elsewhere"])
    with (
        Session(Settings(environment={"DIGITALOCEAN_TOKEN": TOKEN}), transport=transport) as session,
        pytest.raises(IncompleteAnswerError, match="another host"),
    ):
        session.run(split(Source("law", BACKUPS))[0])
    assert len(transport.sent) == 1
