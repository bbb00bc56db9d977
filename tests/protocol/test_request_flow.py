"""One request with its retries: (state, event, what is yielded), with a script in the place of a server."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.errors import ConnectionFault
from sqloud.protocol.flow import Patience, request_flow
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.registry.records import RateLimitHeaders

NOW = 1_700_000_000.0
GET = ApiRequest(http_verb="GET", url="https://api.example.com/x", provider="p")
POST = ApiRequest(http_verb="POST", url="https://api.example.com/x", provider="p", idempotent=False)
LIMITS = RateLimitHeaders(limit="limit", remaining="remaining", reset="reset")
FAULT = ConnectionFault("reset by peer")

Event = ApiResponse | ConnectionFault


def answer(status: int, **headers: str) -> ApiResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ApiResponse(status=status, headers=named, body=b"")


def played(
    request: ApiRequest, script: Sequence[Event], patience: Patience | None = None, jitter: float = 1.0
) -> tuple[int, list[float], ApiResponse | ConnectionFault]:
    """Requests sent, seconds of each wait, and what the flow ended with."""
    flow = request_flow(
        request,
        jitter=lambda: jitter,
        now=lambda: NOW,
        rate_limit=LIMITS,
        patience=patience or Patience(),
    )
    sent, waits, events = 0, [], iter(script)
    message = next(flow)
    try:
        while True:
            if isinstance(message, Wait):
                assert message.reason
                waits.append(message.seconds)
                message = flow.send(None)
                continue
            assert message is request
            sent += 1
            event = next(events)
            message = flow.throw(event) if isinstance(event, ConnectionFault) else flow.send(event)
    except StopIteration as end:
        return sent, waits, end.value
    except ConnectionFault as fault:
        return sent, waits, fault


OK = answer(200)
DOUBLING = [0.25, 0.5, 1.0, 2.0]

TABLE: list[tuple[str, ApiRequest, Sequence[Event], int, Sequence[float], Event]] = [
    ("success", GET, [OK], 1, [], OK),
    ("a redirect stands", GET, [answer(302)], 1, [], answer(302)),
    *(
        (f"{status} stands", GET, [answer(status)], 1, [], answer(status))
        for status in (204, 400, 401, 403, 404, 409, 422, 501)
    ),
    *(
        (f"{status} is asked again", GET, [answer(status), OK], 2, [0.25], OK)
        for status in (408, 425, 429, 500, 502, 503, 504)
    ),
    ("five tries", GET, [answer(500)] * 5, 5, DOUBLING, answer(500)),
    ("five faults", GET, [FAULT] * 5, 5, DOUBLING, FAULT),
    ("a fault, then an answer", GET, [FAULT, answer(503), OK], 3, [0.25, 0.5], OK),
    ("a write after a fault is not sent again", POST, [FAULT], 1, [], FAULT),
    *(
        (f"a write after {status} is not sent again", POST, [answer(status)], 1, [], answer(status))
        for status in (408, 425, 500, 502, 503, 504)
    ),
    ("a write after 429 was not done", POST, [answer(429, retry_after="2"), OK], 2, [2.0], OK),
    ("a write after 429 and a fault", POST, [answer(429, retry_after="2"), FAULT], 2, [2.0], FAULT),
    ("Retry-After in seconds", GET, [answer(429, retry_after="7"), OK], 2, [7.0], OK),
    ("Retry-After with spaces", GET, [answer(503, retry_after=" 3 "), OK], 2, [3.0], OK),
    ("Retry-After of no time", GET, [answer(503, retry_after="0"), OK], 2, [0.0], OK),
    ("Retry-After as a date", GET, [answer(503, retry_after=formatdate(NOW + 9, usegmt=True)), OK], 2, [9.0], OK),
    ("Retry-After in the past", GET, [answer(503, retry_after=formatdate(NOW - 9, usegmt=True)), OK], 2, [0.0], OK),
    ("Retry-After without a zone is GMT's", GET,
     [answer(503, retry_after=formatdate(NOW + 9).replace(" -0000", "")), OK], 2, [9.0], OK),
    ("Retry-After of nonsense", GET, [answer(503, retry_after="soon"), OK], 2, [0.25], OK),
    ("Retry-After below nought", GET, [answer(503, retry_after="-5"), OK], 2, [0.25], OK),
    ("Retry-After with a fraction", GET, [answer(503, retry_after="1.5"), OK], 2, [0.25], OK),
    ("Retry-After in other digits", GET, [answer(503, retry_after="²"), OK], 2, [0.25], OK),
    ("Retry-After past patience", GET, [answer(429, retry_after="61")], 1, [], answer(429, retry_after="61")),
    ("Retry-After without end", GET, [answer(429, retry_after="9" * 999)], 1, [], answer(429, retry_after="9" * 999)),
    ("the reset of a spent limit", GET, [answer(429, remaining="0", reset=str(int(NOW) + 30)), OK], 2, [30.0], OK),
    ("the reset of a limit that is not spent", GET,
     [answer(429, remaining="3", reset=str(int(NOW) + 30)), OK], 2, [0.25], OK),
    ("the reset is another status's", GET, [answer(500, remaining="0", reset=str(int(NOW) + 30)), OK], 2, [0.25], OK),
    ("a reset past patience", GET, [answer(429, remaining="0", reset=str(int(NOW) + 99))], 1, [],
     answer(429, remaining="0", reset=str(int(NOW) + 99))),
    ("a reset of nonsense", GET, [answer(429, remaining="0", reset="²"), OK], 2, [0.25], OK),
    ("Retry-After before the reset", GET,
     [answer(429, retry_after="1", remaining="0", reset=str(int(NOW) + 30)), OK], 2, [1.0], OK),
    ("the budget is all waits together", GET, [answer(503, retry_after="40"), answer(503, retry_after="21")], 2,
     [40.0], answer(503, retry_after="21")),
    ("the budget counts before a fault too", GET, [answer(503, retry_after="60"), FAULT], 2, [60.0], FAULT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "script", "sent", "waits", "end"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_flow(
    request_: ApiRequest, script: Sequence[Event], sent: int, waits: Sequence[float], end: Event
) -> None:
    assert played(request_, script) == (sent, waits, end)


def test_jitter_scales_the_pause_but_not_the_servers_own() -> None:
    assert played(GET, [answer(500), answer(503, retry_after="4"), OK], jitter=0.5)[1] == [0.125, 4.0]


def test_the_pause_stops_doubling() -> None:
    patience = Patience(attempts=8, budget=1_000)
    assert played(GET, [answer(500)] * 8, patience)[1] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


EVENTS = st.one_of(
    st.builds(lambda: ConnectionFault("reset")),
    st.builds(
        answer,
        st.sampled_from([200, 204, 302, 400, 404, 408, 425, 429, 500, 502, 503, 504]),
        retry_after=st.one_of(st.text(max_size=40), st.integers(-9, 99).map(str)),
        remaining=st.sampled_from(["0", "1", "", "x"]),
        reset=st.one_of(st.text(max_size=12), st.integers(0, 2**40).map(str)),
    ),
)


@given(st.lists(EVENTS, min_size=9, max_size=9), st.booleans(), st.floats(0, 1))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_script_ends_within_its_bounds(script: list[Event], idempotent: bool, jitter: float) -> None:
    """Attempts and waiting are bounded, whatever a server says; a write goes again after a 429 alone."""
    patience = Patience()
    script = [*script, OK]
    sent, waits, end = played(GET if idempotent else POST, script, patience, jitter)
    refused = sum(isinstance(event, ApiResponse) and event.status == 429 for event in script[:sent])
    assert sent - refused <= patience.attempts
    assert sum(waits) <= patience.budget
    assert end is script[sent - 1]
    if not idempotent:
        before = script[: sent - 1]
        assert all(isinstance(event, ApiResponse) and event.status == 429 for event in before)
