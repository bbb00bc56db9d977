"""One request with its retries, waits and redirects, as a flow.

Law: a flow yields `ApiRequest` or `Wait` and is sent the `ApiResponse`; it returns the first answer that is
not worth another try. What is not idempotent is sent once: only a 429, which says that nothing was done,
may be asked again. A redirect is followed on the same host, and by reads alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from urllib.parse import urljoin, urlsplit

import msgspec

from sqloud.errors import ConnectionFault
from sqloud.protocol.authenticate import origin
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.registry.records import RateLimitHeaders

__all__ = ["Flow", "Patience", "request_flow", "server_wait"]

Flow = Generator[ApiRequest | Wait, ApiResponse | None, ApiResponse]

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_REDIRECTS = 5


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to go on: `attempts` in all, pauses from `base` doubling to `most` seconds with full jitter,
    a server's own wait up to `longest` seconds, and `budget` seconds for one flow, its waits included.

    A 429 is no failure but a request to wait, and counts against the budget alone. `stalls` are the seconds that
    each attempt waits for bytes, the last for all that follow; () leaves that to the transport.
    """

    attempts: int = 5
    base: float = 0.25
    most: float = 8.0
    longest: float = 60.0
    budget: float = 60.0
    stalls: tuple[float, ...] = ()


def request_flow(
    request: ApiRequest,
    *,
    jitter: Callable[[], float],
    now: Callable[[], float],
    patience: Patience = Patience(),  # noqa: B008  # frozen
    rate_limit: RateLimitHeaders = RateLimitHeaders(),  # noqa: B008  # frozen
) -> Flow:
    """Send `request` until an answer stands. The driver throws ConnectionFault in for a network failure.

    jitter: gives numbers from 0 to 1; now: Unix seconds. Returns the last answer, whatever its status; raises the
    last ConnectionFault.
    """
    began, waited, failures, refusals, redirects = now(), 0.0, 0, 0, 0
    while True:
        # What is not idempotent has one attempt, which is as patient as the last of several.
        stall = _stall(patience, failures if request.idempotent else len(patience.stalls))
        try:
            response = yield _patient(request, stall)
        except ConnectionFault:
            failures += 1
            pause, reason = _backoff(patience, failures, jitter), "the connection failed"
            spent = max(waited, now() - began) + pause + (_stall(patience, failures) or 0.0)
            if failures >= patience.attempts or not request.idempotent or spent > patience.budget:
                raise
        else:
            assert response is not None
            leads = _redirect(request, response)
            if leads is not None and redirects < _REDIRECTS:
                request, redirects = leads, redirects + 1
                continue
            if not _worth_another(request, response):
                return response
            asked = server_wait(response, now(), rate_limit)
            if asked is not None and asked > patience.longest:
                return response
            if response.status == 429:
                refusals += 1
                pause = _backoff(patience, refusals, jitter)
            else:
                failures += 1
                if failures >= patience.attempts:
                    return response
                pause = _backoff(patience, failures, jitter)
            pause = pause if asked is None else asked
            if max(waited, now() - began) + pause > patience.budget:
                return response
            reason = f"the API answered {response.status}"
        waited += pause
        yield Wait(seconds=pause, reason=reason)


def server_wait(response: ApiResponse, now: float, rate_limit: RateLimitHeaders) -> float | None:
    """Seconds that an answer asks to wait: Retry-After (seconds or a date), else a spent limit's reset."""
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


def _worth_another(request: ApiRequest, response: ApiResponse) -> bool:
    return response.status in _AGAIN and (request.idempotent or response.status == 429)


def _backoff(patience: Patience, attempt: int, jitter: Callable[[], float]) -> float:
    return float(min(patience.most, patience.base * 2.0 ** min(attempt - 1, 30)) * jitter())


def _stall(patience: Patience, attempt: int) -> float | None:
    return patience.stalls[min(attempt, len(patience.stalls) - 1)] if patience.stalls else None


def _patient(request: ApiRequest, stall: float | None) -> ApiRequest:
    return request if stall is None else msgspec.structs.replace(request, patience=stall)


def _redirect(request: ApiRequest, response: ApiResponse) -> ApiRequest | None:
    """The request that a redirect leads to; None where it is none, or leads where none may go."""
    link = response.headers.get("location", "")
    if response.status not in _ELSEWHERE or request.http_verb != "GET" or not link:
        return None
    try:
        url = urlsplit(urljoin(request.url, link))._replace(fragment="").geturl()
        same = origin(url) == origin(request.url) and "@" not in urlsplit(url).netloc
    except ValueError:
        return None
    if not same or url == request.url or not (url.isprintable() and url.isascii()):
        return None
    return msgspec.structs.replace(request, url=url)


def _seconds_until(text: str, now: float) -> float | None:
    """Seconds to an HTTP date, which is GMT's; None for what is no date, as if it had not been sent."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None
