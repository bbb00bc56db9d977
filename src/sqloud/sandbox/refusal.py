"""Why a simulated request is refused.

Law: every refusal is an HTTP status with the provider's own code for it and a sentence.
"""

from __future__ import annotations

__all__ = ["CODES", "Refusal", "shortened"]

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    411: "length_required",
    413: "payload_too_large",
    414: "uri_too_long",
    422: "unprocessable_entity",
    429: "too_many_requests",
    431: "header_fields_too_large",
    500: "server_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}
"""The text under the error's code key; any other status is `error`."""


class Refusal(Exception):
    """Ends a request with `status`; `headers` (lower case) go with the answer."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def shortened(value: str, length: int = 60) -> str:
    """A value as a message quotes it: on one line, and never longer than about `length`."""
    return repr(value) if len(value) <= length else f"{value[:length]!r}... ({len(value)} characters)"
