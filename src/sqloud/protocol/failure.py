"""What an answer that is no success means.

Law: classified by status and by the provider's declared error shape, never by searching a message. A 404 in
that shape, from a read whose path carries the key, is the only failure that means "no rows".
"""

from __future__ import annotations

import msgspec

from sqloud.errors import ApiError, CredentialError, RateLimitError
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import ErrorShape, Method, Provider

__all__ = ["failure", "is_absence", "shown_url"]

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LONGEST = 500


def is_absence(method: Method, provider: Provider, response: ApiResponse) -> bool:
    """Whether a 404 says, in the provider's own words, that the key in the path has no rows."""
    return (
        response.status == 404
        and method.verb == "select"
        and any(parameter.location == "path" for parameter in method.parameters)
        and _in_shape(provider.errors, response) is not None
    )


def failure(provider: Provider, request: ApiRequest, response: ApiResponse) -> ApiError | CredentialError:
    """The error for an answer outside 200 to 299: method, URL, status and the API's own message."""
    shaped = _in_shape(provider.errors, response)
    detail = shaped or _excerpt(response)
    url = shown_url(request)
    if response.status == 401:
        names = " or ".join(provider.authentication.environment)
        return CredentialError(
            f"{request.http_verb} {url} answered 401: {detail}",
            hints=(f"check the token in {names}",) if names else (),
        )
    kind = RateLimitError if response.status == 429 else ApiError
    hints: tuple[str, ...] = ()
    if response.status == 404 and shaped is None and provider.errors is not None:
        hints = (f"this 404 is not {provider.name}'s own: does the endpoint serve its API?",)
    if 300 <= response.status < 400:
        hints = (
            "only reads follow a redirect, on the same host; give the address it leads to as the endpoint",
        )
    place = f" (page {request.place})" if request.place > 1 else ""
    return kind(
        http_verb=request.http_verb, url=url + place, status=response.status, detail=detail, hints=hints
    )


def shown_url(request: ApiRequest) -> str:
    """A request's URL for a message, cut where it is very long."""
    return request.url if len(request.url) <= _LONGEST else request.url[:_LONGEST] + "..."


def _in_shape(shape: ErrorShape | None, response: ApiResponse) -> str | None:
    """`code: message` where the body has the provider's error shape, else None."""
    if shape is None:
        return None
    try:
        found = _OBJECT.decode(response.body)
        code = msgspec.json.decode(found[shape.code], type=str)
        message = msgspec.json.decode(found[shape.message], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return None
    return _one_line(f"{code}: {message}")


def _excerpt(response: ApiResponse) -> str:
    return _one_line(response.body[: 4 * _LONGEST].decode("utf-8", "replace")) or "(an empty answer)"


def _one_line(text: str) -> str:
    """Another's text as part of a message: one line, nothing that moves a terminal, not too long."""
    text = " ".join(text.split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text[:_LONGEST] + "..." if len(text) > _LONGEST else text
