"""Build requests: a method and the values of its parameters become one HTTP request.

Law: a value stays inside its place. A path value is one segment, whatever it holds; a value that HTTP would
read as something else than that segment is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import msgspec

from sqloud.errors import InvalidValueError
from sqloud.plan.steps import Scan, Value
from sqloud.protocol.messages import ApiRequest
from sqloud.registry.records import Method, Parameter, Provider

__all__ = ["base_url", "build", "first_request", "wire_text"]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_LONGEST_SEGMENT = 2_048
_LONGEST_URL = 32_768


def wire_text(value: Value) -> str:
    """A parameter's value as HTTP carries it: `true`, `3164444`, `web`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def base_url(provider: Provider, endpoints: Mapping[str, str]) -> str:
    """Scheme, host and port to ask, with the path prefix of the document's own base URL."""
    endpoint = endpoints.get(provider.name)
    if endpoint is None:
        return provider.base_url.rstrip("/")
    return endpoint + urlsplit(provider.base_url).path.rstrip("/")


_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")


def build(provider: Provider, method: Method, base: str, values: Mapping[str, Value]) -> ApiRequest:
    """The request of `method` with `values` by the parameters' API names; every required one is among them.

    Every host of a provider goes to its endpoint where the session names one, so that `base` holds no placeholder
    then. Raises InvalidValueError for a value that cannot stand in its place.
    """
    query: list[str] = []
    media = method.rows.media if method.rows is not None else ""
    headers: list[tuple[str, str]] = [("accept", media or "application/json")]
    segments: dict[str, str] = {}
    body: dict[str, object] = {}
    whole: str | None = None
    for parameter in method.parameters:
        if parameter.name not in values:
            continue
        text = wire_text(values[parameter.name])
        if parameter.location == "path":
            segments[parameter.name] = _segment(parameter, text)
        elif parameter.location == "query":
            query.append(f"{quote(parameter.name, safe='')}={_quoted(parameter, text)}")
        elif parameter.location == "body":
            body[parameter.name] = _field(parameter, values[parameter.name])
        elif parameter.location == "host":
            base = base.replace("{" + parameter.name + "}", _host(parameter, text))
        elif parameter.location == "url":
            whole = _whole(parameter, text, provider, base)
        else:
            headers.append((parameter.name.lower(), _header(parameter, text)))
    path = _PLACEHOLDER.sub(lambda match: segments[match[1]], method.path)
    url = whole or base + path + ("?" + "&".join(query) if query else "")
    if body:
        headers.append(("content-type", "application/json"))
    if len(url) > _LONGEST_URL:
        raise InvalidValueError(
            f"the values of {method.name} make a URL of {len(url):,} characters; {_LONGEST_URL:,} are the most"
        )
    return ApiRequest(
        http_verb=method.http_verb,
        url=url,
        provider=provider.name,
        idempotent=method.idempotent,
        headers=tuple(headers),
        body=msgspec.json.encode(body) if body else None,
    )


def first_request(scan: Scan, key: tuple[Value, ...], base: str) -> ApiRequest:
    """The first request of a scan for one of its keys, at the largest page unless the statement says."""
    values: dict[str, Value] = {
        parameter.name: value for parameter, value in zip(scan.keys.parameters, key, strict=True)
    }
    values |= scan.sort
    paging = scan.method.paging
    if paging is not None and paging.size and not scan.single_page:
        largest = paging.maximum_size or paging.default_size
        if largest is not None and paging.size not in values:
            enough = scan.limit.rows if scan.limit is not None and scan.limit.passed is None else largest
            values[paging.size] = 1 if scan.counted else max(1, min(largest, enough))
    return build(scan.provider, scan.method, base, values)


def _field(parameter: Parameter, value: Value) -> object:
    """A value as a field of a JSON body; a list is JSON text, and one text by itself is a list of one."""
    if parameter.listed is None or not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [value]
    try:
        return msgspec.json.decode(value, type=_LISTS[parameter.listed])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InvalidValueError(
            f"{parameter.sql_name} is a JSON array of {parameter.listed}, and {value[:60]!r} is none"
        ) from error


_LISTS = {"integer": list[int], "number": list[float], "boolean": list[bool], "string": list[str]}


def _host(parameter: Parameter, text: str) -> str:
    if not _HOST_LABEL.fullmatch(text):
        raise InvalidValueError(
            f"{parameter.sql_name} is one label of a host's name, and {text[:60]!r} is none"
        )
    return text.lower()


def _whole(parameter: Parameter, text: str, provider: Provider, base: str) -> str:
    """A URL that is asked as it stands, or, where the session names an endpoint, its path and query there."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        sound = False
    if not sound or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidValueError(f"{parameter.sql_name} is an https URL, and {text[:60]!r} is none")
    if base == provider.base_url.rstrip("/"):
        return text.partition("#")[0]
    return base + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _segment(parameter: Parameter, text: str) -> str:
    if not text or text in {".", ".."}:
        raise InvalidValueError(f"{parameter.sql_name} cannot be {text!r}: it is a segment of the path")
    if len(text) > _LONGEST_SEGMENT:
        raise InvalidValueError(
            f"{parameter.sql_name} has {len(text):,} characters; a segment of the path holds "
            f"{_LONGEST_SEGMENT:,} at most"
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InvalidValueError(f"{parameter.sql_name} holds a control character: {text[:40]!r}")
    return _quoted(parameter, text)


def _quoted(parameter: Parameter, text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"{parameter.sql_name} holds half a character that UTF-8 cannot carry: {text[:40]!r}"
        ) from error


def _header(parameter: Parameter, text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise InvalidValueError(f"{parameter.sql_name} is sent as a header and cannot hold {text[:40]!r}")
    return text
