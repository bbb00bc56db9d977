"""OpenTelemetry: a span for each statement, and one within it for each request.

Law: nothing is imported, and nothing costs anything, unless the program around has imported OpenTelemetry itself
(`opentelemetry-instrument sqloud ...` does). A span holds no SQL, no header and no body, and a credential that stands
in a URL is masked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqloud._version import __version__
from sqloud.errors import Error
from sqloud.protocol.messages import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

__all__ = ["Answered", "request_span", "statement_span"]

_SHORTEST_SECRET = 4

Answered = Callable[[ApiResponse], None]
"""Told of the answer that a request got."""


@contextmanager
def statement_span(kind: str) -> Iterator[None]:
    """The span of one statement, named by its kind (`select`, `insert`, ...); what it raises ends it as an error."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    attributes = {"db.system.name": "sqloud", "db.operation.name": kind.upper()}
    with tracer.start_as_current_span(
        f"sqloud {kind}", attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Error as error:
            _failed(span, type(error).__name__)
            raise


@contextmanager
def request_span(request: ApiRequest, attempt: int, secrets: Iterable[str]) -> Iterator[Answered]:
    """The span of one attempt at a request, in the words of the conventions for HTTP clients."""
    tracer = _tracer()
    if tracer is None:
        yield _unheard
        return
    from opentelemetry.trace import SpanKind

    place = urlsplit(request.url)
    url = request.url
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            url = url.replace(secret, "[credential]")
    attributes: dict[str, str | int] = {
        "http.request.method": request.http_verb,
        "url.full": url,
        "server.address": place.hostname or "",
    }
    if place.port is not None:
        attributes["server.port"] = place.port
    if attempt > 1:
        attributes["http.request.resend_count"] = attempt - 1
    with tracer.start_as_current_span(
        request.http_verb,
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:

        def answered(response: ApiResponse) -> None:
            span.set_attribute("http.response.status_code", response.status)
            span.set_attribute("http.response.body.size", len(response.body))
            if response.status >= 400:
                _failed(span, str(response.status))

        try:
            yield answered
        except Error as error:
            _failed(span, type(error).__name__)
            raise


def _tracer() -> Tracer | None:
    """The tracer of the program around; None where it has imported none."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    return trace.get_tracer("sqloud", __version__)


def _failed(span: Span, reason: str) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", reason)
    span.set_status(StatusCode.ERROR, reason)


def _unheard(_: ApiResponse) -> None:
    """Nobody traces."""
