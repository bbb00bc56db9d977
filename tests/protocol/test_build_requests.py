"""A value stays inside its place, whatever it holds."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sqloud.datatypes import DataType
from sqloud.errors import InvalidValueError
from sqloud.plan.steps import KeyValues, Limit, Scan, Value
from sqloud.protocol.build import base_url, build, first_request, wire_text
from sqloud.registry.records import Method, Paging, Parameter, Provider, TableName

TEXT = DataType(type="string")
PROVIDER = Provider(name="p", base_url="https://api.example.com/root/")
BASE = "https://api.example.com/root"
THING = Parameter(name="thing_id", sql_name="id", location="path", type=TEXT, required=True)
TAG = Parameter(name="tag name", sql_name="tag", location="query", type=TEXT)
OTHER = Parameter(name="other", sql_name="other", location="query", type=TEXT)
HEAD = Parameter(name="X-Mode", sql_name="mode", location="header", type=TEXT)
METHOD = Method(
    name="things_get",
    verb="select",
    http_verb="GET",
    path="/v2/things/{thing_id}/parts",
    parameters=(THING, TAG, OTHER, HEAD),
    idempotent=True,
)


def url_of(value: Value) -> str:
    return build(PROVIDER, METHOD, BASE, {"thing_id": value}).url


ENCODED = [
    ("../account", "..%2Faccount"),
    ("1/2", "1%2F2"),
    ("%2e", "%252e"),
    ("%2e%2e", "%252e%252e"),
    ("%2F", "%252F"),
    ("...", "..."),
    ("a?b", "a%3Fb"),
    ("a#b", "a%23b"),
    ("a;b", "a%3Bb"),
    ("a b", "a%20b"),
    ("a+b", "a%2Bb"),
    ("a\\b", "a%5Cb"),
    ("@evil.com", "%40evil.com"),
    ("http://evil.com", "http%3A%2F%2Fevil.com"),
    ("ü", "%C3%BC"),
    ("😀", "%F0%9F%98%80"),
    ("\u2028", "%E2%80%A8"),
    ("{thing_id}", "%7Bthing_id%7D"),
    (3164444, "3164444"),
    (-1, "-1"),
    (5.0, "5"),
    (2.5, "2.5"),
    (True, "true"),
    ("x" * 2_048, "x" * 2_048),
]


@pytest.mark.parametrize(("value", "segment"), ENCODED, ids=[str(value)[:20] for value, _ in ENCODED])
def test_a_path_value_is_one_segment(value: Value, segment: str) -> None:
    assert url_of(value) == f"{BASE}/v2/things/{segment}/parts"


REFUSED = [
    ("", "cannot be ''"),
    (".", "cannot be '.'"),
    ("..", "cannot be '..'"),
    ("a\nb", "control character"),
    ("\n", "control character"),
    ("a\r\nHost: evil", "control character"),
    ("a\x00", "control character"),
    ("a\x7f", "control character"),
    ("x" * 2_049, "2,049 characters"),
    ("x" * 10 * 2**20, "10,485,760 characters"),
    ("ü" * 2_000 * 6, "12,000 characters"),
    ("\ud800", "half a character"),
]


@pytest.mark.parametrize(("value", "said"), REFUSED, ids=[repr(value)[:20] for value, _ in REFUSED])
def test_a_path_value_that_is_no_segment_is_refused(value: str, said: str) -> None:
    with pytest.raises(InvalidValueError, match=said) as caught:
        url_of(value)
    assert caught.value.message.startswith("id ")
    assert len(caught.value.message) < 200


@given(st.text())
@example("%2e%2e/%2e%2e/account?x=1#y;z")
@example("..;/")
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_text_is_one_segment_or_refused(value: str) -> None:
    """The path keeps its segments, and the client sends it as it is."""
    try:
        url = url_of(value)
    except InvalidValueError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "api.example.com", "", "")
    segments = parts.path.split("/")
    assert len(segments) == 6
    assert [*segments[:4], segments[5]] == ["", "root", "v2", "things", "parts"]
    assert segments[4] not in {".", ".."}
    assert unquote(segments[4], errors="strict") == value
    assert httpx.URL(url).raw_path.decode() == parts.path


@given(st.text(max_size=60), st.text(max_size=60))
@example("a&b=c", "d#e")
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_query_value_arrives(tag: str, other: str) -> None:
    url = build(PROVIDER, METHOD, BASE, {"thing_id": 1, "tag name": tag, "other": other}).url
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True, errors="strict") == [
        ("tag name", tag),
        ("other", other),
    ]
    assert urlsplit(url).fragment == ""
    assert httpx.URL(url).raw_path.decode().partition("?")[2] == urlsplit(url).query


@pytest.mark.parametrize(
    ("value", "said"), [("x" * 40_000, "URL of 40,"), ("\udfff", "half a character")], ids=["long", "half"]
)
def test_a_query_value_that_no_url_carries_is_refused(value: str, said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        build(PROVIDER, METHOD, BASE, {"thing_id": 1, "other": value})


@pytest.mark.parametrize("value", ["a\r\nx: y", "ü", "\x00"])
def test_a_header_value_that_could_be_more_than_that_is_refused(value: str) -> None:
    with pytest.raises(InvalidValueError, match="mode is sent as a header"):
        build(PROVIDER, METHOD, BASE, {"thing_id": 1, "X-Mode": value})


def test_headers_and_what_a_request_says_of_itself() -> None:
    request = build(PROVIDER, METHOD, BASE, {"thing_id": 1, "X-Mode": True})
    assert request.headers == (("accept", "application/json"), ("x-mode", "true"))
    assert (request.http_verb, request.provider, request.place, request.idempotent) == ("GET", "p", 1, True)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (0, "0"), (2**63, str(2**63)), (1e3, "1000"), (0.1, "0.1"), ("", "")],
)
def test_wire_text(value: Value, text: str) -> None:
    assert wire_text(value) == text


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ({}, "https://api.example.com/root"),
        ({"p": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080/root"),
        ({"q": "http://127.0.0.1:8080"}, "https://api.example.com/root"),
    ],
)
def test_an_endpoint_replaces_scheme_host_and_port_and_keeps_the_path(
    endpoints: dict[str, str], expected: str
) -> None:
    assert base_url(PROVIDER, endpoints) == expected


PER_PAGE = Parameter(name="per_page", sql_name="per_page", location="query", type=DataType(type="integer"))
LISTING = Method(
    name="things_list",
    verb="select",
    http_verb="GET",
    path="/v2/things",
    parameters=(PER_PAGE,),
    paging=Paging(style="page_number", page="page", size="per_page", default_size=20, maximum_size=200),
)
SCAN = Scan(id="scan_0", table=TableName("p", "s", "things"), provider=PROVIDER, method=LISTING)
ASKED = KeyValues(parameters=(PER_PAGE,), rows=((7,),))

SIZES: list[tuple[str, dict[str, object], tuple[Value, ...], str]] = [
    ("the largest page", {}, (), "?per_page=200"),
    ("no more than the limit", {"limit": Limit(rows=5)}, (), "?per_page=5"),
    ("a limit past the largest page", {"limit": Limit(rows=900)}, (), "?per_page=200"),
    ("a limit of nothing", {"limit": Limit(rows=0)}, (), "?per_page=1"),
    ("a limit on what passes a filter", {"limit": Limit(rows=5, passed="SELECT 1")}, (), "?per_page=200"),
    ("the API's own size on a single page", {"single_page": True}, (), ""),
    ("the statement's size", {"keys": ASKED}, (7,), "?per_page=7"),
    ("the statement's size on a single page", {"keys": ASKED, "single_page": True}, (7,), "?per_page=7"),
]


@pytest.mark.parametrize(
    ("changes", "key", "query"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES]
)
def test_the_page_size_of_a_first_request(
    changes: dict[str, object], key: tuple[Value, ...], query: str
) -> None:
    scan = msgspec.structs.replace(SCAN, **changes)
    assert first_request(scan, key, BASE).url == f"{BASE}/v2/things{query}"
