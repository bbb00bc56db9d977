"""What a failed answer means, and where a credential may go."""

from __future__ import annotations

import json

import msgspec
import pytest

from sqloud.datatypes import DataType
from sqloud.errors import ApiError, CredentialError, Error, RateLimitError
from sqloud.protocol.authenticate import authorization, is_loopback, origin
from sqloud.protocol.failure import failure, is_absence, shown_url
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import Authentication, ErrorShape, Method, Parameter, Provider

TOKEN = "dop_v1_do_not_show"
PROVIDER = Provider(
    name="ocean",
    base_url="https://api.example.com",
    authentication=Authentication(scheme="bearer", environment=("OCEAN_TOKEN", "OCEAN_ACCESS_TOKEN")),
    errors=ErrorShape(code="id", message="message"),
)
SHAPELESS = msgspec.structs.replace(PROVIDER, errors=None)
KEY = Parameter(name="id", sql_name="id", location="path", type=DataType(type="integer"), required=True)
FILTER = msgspec.structs.replace(KEY, location="query")
GET = Method(name="get", verb="select", http_verb="GET", path="/v2/things/{id}", parameters=(KEY,))
LIST = Method(name="list", verb="select", http_verb="GET", path="/v2/things", parameters=(FILTER,))
DESTROY = Method(name="destroy", verb="delete", http_verb="DELETE", path="/v2/things/{id}", parameters=(KEY,))
REQUEST = ApiRequest(http_verb="GET", url="https://api.example.com/v2/things/1", provider="ocean")


def answer(status: int, body: object) -> ApiResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ApiResponse(status=status, headers={}, body=raw)


SHAPED = {"id": "not_found", "message": "no such thing", "request_id": "x"}
HTML = b"<html><body>404 page not found</body></html>"

ABSENCES = [
    ("in shape", PROVIDER, GET, 404, SHAPED, True),
    ("without a key in the path", PROVIDER, LIST, 404, SHAPED, False),
    ("a write", PROVIDER, DESTROY, 404, SHAPED, False),
    ("gone is not absent", PROVIDER, GET, 410, SHAPED, False),
    ("forbidden", PROVIDER, GET, 403, SHAPED, False),
    ("success", PROVIDER, GET, 200, SHAPED, False),
    ("HTML", PROVIDER, GET, 404, HTML, False),
    ("empty", PROVIDER, GET, 404, b"", False),
    ("an array", PROVIDER, GET, 404, [SHAPED], False),
    ("no code", PROVIDER, GET, 404, {"message": "no"}, False),
    ("no message", PROVIDER, GET, 404, {"id": "not_found"}, False),
    ("a code that is a number", PROVIDER, GET, 404, {"id": 404, "message": "no"}, False),
    ("a message that is null", PROVIDER, GET, 404, {"id": "not_found", "message": None}, False),
    ("no UTF-8", PROVIDER, GET, 404, b'{"id": "\xff", "message": "x"}', False),
    ("very deep", PROVIDER, GET, 404, b'{"id": ' + b"[" * 200_000, False),
    ("no shape declared", SHAPELESS, GET, 404, SHAPED, False),
]


@pytest.mark.parametrize(
    ("provider", "method", "status", "body", "expected"),
    [row[1:] for row in ABSENCES],
    ids=[row[0] for row in ABSENCES],
)
def test_absence(provider: Provider, method: Method, status: int, body: object, expected: bool) -> None:
    assert is_absence(method, provider, answer(status, body)) is expected


def told(status: int, body: object, provider: Provider = PROVIDER, place: int = 1) -> Error:
    return failure(provider, msgspec.structs.replace(REQUEST, place=place), answer(status, body))


URL = "https://api.example.com/v2/things/1"
FAILURES: list[tuple[str, int, object, type[Error], str, str]] = [
    ("shaped", 500, {"id": "server_error", "message": "sorry"}, ApiError,
     f"GET {URL} answered 500: server_error: sorry", ""),
    ("HTML", 404, HTML, ApiError, f"GET {URL} answered 404: {HTML.decode()}", "this 404 is not ocean's own"),
    ("a shaped 404", 404, SHAPED, ApiError, f"GET {URL} answered 404: not_found: no such thing", ""),
    ("empty", 502, b"", ApiError, f"GET {URL} answered 502: (an empty answer)", ""),
    ("forbidden", 403, {"id": "forbidden", "message": "no"}, ApiError, f"GET {URL} answered 403: forbidden: no", ""),
    ("unauthorized", 401, {"id": "unauthorized", "message": "who?"}, CredentialError,
     f"GET {URL} answered 401: unauthorized: who?", "check the token in OCEAN_TOKEN or OCEAN_ACCESS_TOKEN"),
    ("too many", 429, {"id": "too_many_requests", "message": "slow"}, RateLimitError,
     f"GET {URL} answered 429: too_many_requests: slow", ""),
    ("a redirect", 302, b"", ApiError, f"GET {URL} answered 302: (an empty answer)", "only reads follow a redirect"),
    ("on lines", 500, b"a\r\n  b\tc", ApiError, f"GET {URL} answered 500: a b c", ""),
    ("what moves a terminal", 500, b"\x1b[31mred\x07", ApiError, f"GET {URL} answered 500: \ufffd[31mred\ufffd", ""),
    ("the same in shape", 500, {"id": "\x1b]0;x", "message": "a\nb\u202e"}, ApiError,
     f"GET {URL} answered 500: \ufffd]0;x: a b\ufffd", ""),
    ("no UTF-8", 500, b"caf\xe9", ApiError, f"GET {URL} answered 500: caf\ufffd", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "message", "hint"),
    [row[1:] for row in FAILURES],
    ids=[row[0] for row in FAILURES],
)
def test_failure(status: int, body: object, kind: type[Error], message: str, hint: str) -> None:
    error = told(status, body)
    assert type(error) is kind
    assert error.message == message
    assert "; ".join(error.hints).startswith(hint)
    assert bool(error.hints) is bool(hint)


def test_a_failure_keeps_its_parts_and_its_page() -> None:
    error = told(500, {"id": "x", "message": "y"}, place=7)
    assert isinstance(error, ApiError)
    assert (error.http_verb, error.status, error.detail) == ("GET", 500, "x: y")
    assert error.url == f"{URL} (page 7)"


@pytest.mark.parametrize(
    "body", [b"x" * 10_000, {"id": "x", "message": "y" * 10_000}], ids=["bare", "shaped"]
)
def test_a_long_answer_is_told_in_part(body: object) -> None:
    assert len(told(500, body).message) < 700


def test_a_long_url_is_shown_in_part() -> None:
    request = msgspec.structs.replace(REQUEST, url=URL + "?q=" + "x" * 5_000)
    assert len(shown_url(request)) == 503


ENDPOINT = "https://api.example.com"
SENT = (("authorization", f"Bearer {TOKEN}"),)

ALLOWED = [
    (ENDPOINT, f"{ENDPOINT}/v2/things?page=2"),
    (ENDPOINT, "https://API.example.com:443/v2"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v2"),
    ("http://localhost:8080", "http://localhost:8080/v2"),
    ("http://api.localhost", "http://api.localhost/v2"),
    ("http://[::1]:8080", "http://[::1]:8080/v2"),
    ("http://127.9.9.9", "http://127.9.9.9/"),
]


@pytest.mark.parametrize(("endpoint", "url"), ALLOWED)
def test_a_credential_goes_to_its_endpoint(endpoint: str, url: str) -> None:
    assert authorization(PROVIDER, endpoint, url, TOKEN) == SENT


FORBIDDEN = [
    (ENDPOINT, "https://evil.example.com/v2", "refused to send"),
    (ENDPOINT, "https://api.example.com:8443/v2", "refused to send"),
    (ENDPOINT, "http://api.example.com/v2", "refused to send"),
    (ENDPOINT, "https://api.example.com.evil.com/", "refused to send"),
    (ENDPOINT, "https://api.example.com@evil.com/", "refused to send"),
    (ENDPOINT, "https://evil.com/api.example.com", "refused to send"),
    ("http://api.example.com", "http://api.example.com/v2", "over plain http"),
    ("http://10.0.0.1", "http://10.0.0.1/v2", "over plain http"),
    ("http://localhost.evil.com", "http://localhost.evil.com/v2", "over plain http"),
    ("http://127.0.0.1.evil.com", "http://127.0.0.1.evil.com/v2", "over plain http"),
    ("http://notlocalhost", "http://notlocalhost/v2", "over plain http"),
]


@pytest.mark.parametrize(("endpoint", "url", "said"), FORBIDDEN)
def test_a_credential_goes_nowhere_else(endpoint: str, url: str, said: str) -> None:
    with pytest.raises(CredentialError, match=said) as caught:
        authorization(PROVIDER, endpoint, url, TOKEN)
    assert TOKEN not in repr(caught.value) + "".join(caught.value.hints)


@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_credential_names_its_variables(token: str | None) -> None:
    with pytest.raises(CredentialError, match="no credential for ocean") as caught:
        authorization(PROVIDER, ENDPOINT, ENDPOINT, token)
    assert caught.value.hints[0] == "set OCEAN_TOKEN or OCEAN_ACCESS_TOKEN"


@pytest.mark.parametrize("bad", ["\n", "\r\nx: y", " ", "\t", "\x00", "\x7f", "ü", "’"])
@pytest.mark.parametrize("place", ["{}token_to_hide", "token_{}to_hide", "token_to_hide{}"])
def test_a_credential_that_no_header_carries_is_refused_and_not_shown(bad: str, place: str) -> None:
    with pytest.raises(CredentialError, match="characters that no header can carry") as caught:
        authorization(PROVIDER, ENDPOINT, ENDPOINT, place.format(bad))
    assert "to_hide" not in repr(caught.value) + "".join(caught.value.hints)


def test_a_provider_without_credentials_is_sent_none() -> None:
    open_to_all = Provider(name="open", base_url="http://example.com")
    assert authorization(open_to_all, "http://example.com", "http://example.com/x", TOKEN) == ()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Example.COM/x", ("https", "example.com", 443)),
        ("http://example.com", ("http", "example.com", 80)),
        ("http://[::1]:8080/", ("http", "::1", 8080)),
    ],
)
def test_origin(url: str, expected: tuple[str, str, int]) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "http://", "", "//x", "https://x:99999"])
def test_what_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|[Pp]ort"):
        origin(url)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.255.0.9", True), ("::1", True),
     ("0.0.0.0", False), ("example.com", False), ("localhost.com", False), ("", False), ("10.0.0.1", False),
     ("127.1", False), ("2130706433", False)],
)  # fmt: skip
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
