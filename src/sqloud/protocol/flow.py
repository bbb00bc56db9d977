"""One request with its retries and waits, as a flow.

Law: a flow yields `ApiRequest` or `Wait` and is sent the `ApiResponse`; it returns the first answer that is
not worth another try. What is not idempotent is sent once: only a 429, which says that nothing was done,
may be asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import msgspec

from sqloud.errors import ConnectionFault
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.registry.records import RateLimitHeaders

__all__ = ["Flow", "Patience", "request_flow"]

Flow = Generator[ApiRequest | Wait, ApiResponse | None, ApiResponse]

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to go on: `attempts` in all, pauses from `base` doubling to `most` seconds with full jitter,
    a server's own wait up to `longest` seconds, and `budget` seconds of waiting in one flow.
    """

    attempts: int = 5
    base: float = 0.25
    most: float = 8.0
    longest: float = 60.0
    budget: float = 60.0


def request_flow(
    request: ApiRequest,
    *,
    jitter: Callable[[], float],
    now: Callable[[], float],
    patience: Patience = Patience(),  # noqa: B008  # frozen
    rate_limit: RateLimitHeaders = RateLimitHeaders(),  # noqa: B008  # frozen
) -> Flow:
    """Send `request` until an answer stands. The driver throws ConnectionFault in for a network failure.

    jitter: gives numbers from 0 to 1; now: Unix seconds, read only to understand dates in headers.
    Returns the last answer, whatever its status; raises the last ConnectionFault.
    """
    waited = 0.0
    for attempt in range(1, patience.attempts + 1):
        last = attempt == patience.attempts
        try:
            response = yield request
        except ConnectionFault:
            if last or not request.idempotent:
                raise
            pause, reason = _backoff(patience, attempt, jitter), "the connection failed"
            if waited + pause > patience.budget:
                raise
        else:
            assert response is not None
            if last or not _worth_another(request, response):
                return response
            asked = _server_wait(response, now(), rate_limit)
            if asked is not None and asked > patience.longest:
                return response
            pause = _backoff(patience, attempt, jitter) if asked is None else asked
            if waited + pause > patience.budget:
                return response
            reason = f"the API answered {response.status}"
        waited += pause
        yield Wait(seconds=pause, reason=reason)
    raise AssertionError("a flow ends by an answer or a fault")


def _worth_another(request: ApiRequest, response: ApiResponse) -> bool:
    return response.status in _AGAIN and (request.idempotent or response.status == 429)


def _backoff(patience: Patience, attempt: int, jitter: Callable[[], float]) -> float:
    return float(min(patience.most, patience.base * 2.0 ** (attempt - 1)) * jitter())


def _server_wait(response: ApiResponse, now: float, rate_limit: RateLimitHeaders) -> float | None:
    """Seconds that the answer asks to wait: Retry-After (seconds or a date), else a spent limit's reset."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    if text:
        return _seconds_until(text, now)
    if response.status != 429:
        return None
    remaining = response.headers.get(rate_limit.remaining or "", "")
    reset = response.headers.get(rate_limit.reset or "", "")
    if remaining.strip() == "0" and reset.isascii() and reset.strip().isdigit():
        return max(0.0, float(reset) - now)
    return None


def _seconds_until(text: str, now: float) -> float | None:
    """Seconds to an HTTP date, which is GMT's; None for what is no date, as if it had not been sent."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None
