"""The seam to the network, against a server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sqloud.errors import ConnectionFault, Error, InterfaceError, ResponseDataError
from sqloud.executor.network import NetworkTransport
from sqloud.executor.transport import HttpxTransport, Transport
from sqloud.executor.wire import DirectTransport
from sqloud.protocol.messages import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

T = TypeVar("T")


def get(url: str, **more: Any) -> ApiRequest:
    return ApiRequest(http_verb="GET", url=url, provider="p", **more)


KINDS: dict[str, Callable[..., Transport]] = {
    "direct": DirectTransport,
    "httpx": HttpxTransport,
    "network": NetworkTransport,
}
made = KINDS["direct"]


@pytest.fixture(params=sorted(KINDS), autouse=True)
def _each_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "made", KINDS[request.param])


def using(work: Callable[[Transport], Awaitable[T]], **changes: Any) -> T:
    """Run `work` with a transport of its own."""

    async def whole() -> T:
        settings: dict[str, Any] = {
            "connect_timeout": 2.0,
            "read_timeout": 2.0,
            "response_limit": 1_000_000,
            "user_agent": "sqloud/test",
        }
        transport = made(**(settings | changes))
        try:
            return await work(transport)
        finally:
            await transport.close()

    return asyncio.run(whole())


def asked(url: str, headers: tuple[tuple[str, str], ...] = (), **changes: Any) -> ApiResponse:
    return using(lambda transport: transport.send(get(url), headers), **changes)


def ok(exchange: Exchange) -> None:
    exchange.reply({"path": exchange.path})


def test_an_answer_is_read_to_its_end_with_lower_case_headers(serve: Serve) -> None:
    server = serve(lambda exchange: exchange.reply({"ok": True}, 418, X_Thing="1", RateLimit_Reset="5"))
    response = asked(server.url + "/a?b=%26c", (("authorization", "Bearer t"), ("x-mode", "m")))
    assert (response.status, response.body) == (418, b'{"ok":true}')
    assert response.headers["x-thing"] == "1"
    assert response.headers["ratelimit-reset"] == "5"
    (seen,) = server.log
    assert seen.path == "/a?b=%26c"
    assert seen.headers["authorization"] == "Bearer t"
    assert seen.headers["x-mode"] == "m"
    assert seen.headers["user-agent"] == "sqloud/test"


def test_a_path_is_sent_as_it_was_built(serve: Serve) -> None:
    """Nothing between here and the socket resolves dots or decodes a segment."""
    server = serve(ok)
    path = "/v2/things/..%2Faccount/%252e%252e/%2E/a%3Bb?x=%2F&y=%C3%BC"
    asked(server.url + path)
    assert server.paths == [path]


def test_a_connection_is_kept(serve: Serve) -> None:
    server = serve(ok)

    async def work(transport: Transport) -> None:
        for number in range(5):
            await transport.send(get(f"{server.url}/{number}"), ())

    using(work)
    assert len(server.log) == 5
    assert len(server.peers) == 1


def test_a_connection_for_each_request_in_flight(serve: Serve) -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.1)
        ok(exchange)

    server = serve(slow)

    async def work(transport: Transport) -> None:
        for _ in range(2):
            sent = [transport.send(get(f"{server.url}/{number}"), ()) for number in range(6)]
            answers = await asyncio.gather(*sent)
            assert [answer.body for answer in answers] == [b'{"path":"/%d"}' % number for number in range(6)]

    using(work)
    assert server.most == 6
    assert len(server.peers) == 6


def test_a_connection_that_the_server_closed_is_opened_again(serve: Serve) -> None:
    def once(exchange: Exchange) -> None:
        ok(exchange)
        exchange.close_connection = True

    server = serve(once)

    async def work(transport: Transport) -> None:
        for _ in range(3):
            await transport.send(get(server.url), ())
            await asyncio.sleep(0.05)

    using(work)
    assert len(server.peers) == 3


def test_a_chunked_answer_is_read_to_its_end(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2,\r\n")
        time.sleep(0.01)
        exchange.wfile.write(b"2\r\n3]\r\n0\r\n\r\n")

    assert asked(serve(answer).url).body == b"[1,2,3]"


def test_an_answer_that_ends_with_its_connection_is_whole(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[1,2,3]")
        exchange.close_connection = True

    assert asked(serve(answer).url).body == b"[1,2,3]"


def test_a_request_has_a_patience_of_its_own(serve: Serve) -> None:
    over = threading.Event()

    def answer(exchange: Exchange) -> None:
        over.wait(10)

    server = serve(answer)
    began = time.monotonic()
    with pytest.raises(ConnectionFault):
        using(lambda transport: transport.send(get(server.url, patience=0.1), ()))
    assert time.monotonic() - began < 5
    over.set()


def test_a_compressed_answer_is_unpacked(serve: Serve) -> None:
    packed = gzip.compress(b'{"a": 1}')
    server = serve(lambda exchange: exchange.reply(packed, content_encoding="gzip"))
    assert asked(server.url).body == b'{"a": 1}'
    assert "gzip" in server.log[0].headers["accept-encoding"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
def test_an_answer_past_the_limit_is_an_error(serve: Serve, packed: bool) -> None:
    body = b"x" * 2_000_000

    def answer(exchange: Exchange) -> None:
        if packed:
            exchange.reply(gzip.compress(body), content_encoding="gzip")
        else:
            exchange.reply(body)

    server = serve(answer)
    with pytest.raises(ResponseDataError, match=r"answers more than 1,000,000 bytes"):
        asked(server.url)
    assert asked(server.url, response_limit=2_000_000).body == body


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    server = serve(lambda exchange: exchange.reply(b"", 302, location="/elsewhere"))
    response = asked(server.url)
    assert (response.status, response.headers["location"]) == (302, "/elsewhere")
    assert server.paths == ["/"]


def test_a_cookie_is_not_kept(serve: Serve) -> None:
    server = serve(lambda exchange: exchange.reply({}, set_cookie="session=1; Path=/"))

    async def work(transport: Transport) -> None:
        for _ in range(2):
            await transport.send(get(server.url), ())

    using(work)
    assert [exchange.headers["cookie"] for exchange in server.log] == [None, None]


def test_a_body_is_sent(serve: Serve) -> None:
    def echo(exchange: Exchange) -> None:
        exchange.reply(exchange.rfile.read(int(exchange.headers["content-length"])))

    server = serve(echo)
    request = ApiRequest(http_verb="POST", url=server.url, provider="p", body=b'{"a":1}')
    assert using(lambda transport: transport.send(request, ())).body == b'{"a":1}'


def no_status(exchange: Exchange) -> None:
    exchange.reset(b"220 mail.example.com ESMTP\r\n")


def cut_off(exchange: Exchange) -> None:
    exchange.reset(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":')


def broken_gzip(exchange: Exchange) -> None:
    exchange.reply(b"no gzip at all", content_encoding="gzip")


def silent(exchange: Exchange) -> None:
    time.sleep(0.6)


def halting(exchange: Exchange) -> None:
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    time.sleep(0.6)


@pytest.mark.parametrize(
    "answer", [no_status, cut_off, broken_gzip, silent, halting], ids=lambda f: f.__name__
)
def test_a_failing_network_is_a_connection_fault(serve: Serve, answer: Callable[[Exchange], None]) -> None:
    server = serve(answer)
    with pytest.raises(ConnectionFault, match=r"GET http://127.0.0.1:\d+/ failed: .") as caught:
        asked(server.url + "/", (("authorization", "Bearer hidden"),), read_timeout=0.2)
    assert caught.value.__cause__ is not None
    assert "hidden" not in str(caught.value)


def test_a_connection_that_breaks_says_so_in_words() -> None:
    """httpx's own error has no text here; what it comes from has."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve_once() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.close()

        thread = threading.Thread(target=serve_once)
        thread.start()
        with pytest.raises(ConnectionFault, match=r"failed: .*reset"):
            asked(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()


def test_a_refused_connection_is_a_connection_fault() -> None:
    with socket.socket() as held:  # bound, so that nobody else takes the port, and not listening
        held.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFault, match="failed"):
            asked(f"http://127.0.0.1:{held.getsockname()[1]}/")


def test_speaking_tls_to_a_plain_server_is_a_connection_fault(serve: Serve) -> None:
    server = serve(ok)
    with pytest.raises(ConnectionFault, match="failed"):
        asked(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_is_not_asked_for_what_is_on_this_machine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    proxy, server = serve(ok), serve(ok)
    monkeypatch.setenv(variable, proxy.url)
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        asked(url)
    assert (len(server.log), len(proxy.log)) == (2, 0)


def test_a_proxy_is_asked_for_what_is_elsewhere(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    if made is DirectTransport:
        pytest.skip("asks no proxy")
    proxy = serve(lambda exchange: exchange.reply({"by": "proxy"}))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert asked("http://nowhere.invalid/x").body == b'{"by":"proxy"}'
    assert proxy.paths == ["http://nowhere.invalid/x"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "ftp://me:password@127.0.0.1:1"),
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem"),
    ],
)
def test_an_environment_that_cannot_be_followed_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    if made is DirectTransport and "PROXY" in variable:
        pytest.skip("asks no proxy")
    monkeypatch.setenv(variable, value)
    with pytest.raises(InterfaceError, match="as the environment asks") as caught:
        asked("https://nowhere.invalid/")
    assert variable in caught.value.hints[0]
    assert "password" not in caught.value.message


@pytest.mark.parametrize("url", ["http://127.0.0.1/\x00", "http://127.0.0.1/" + "x" * 70_000, "http://a b/"])
def test_what_is_no_url_is_an_error_of_ours(url: str) -> None:
    with pytest.raises(Error):
        asked(url)


def test_a_cancelled_exchange_leaves_a_transport_that_works(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.path == "/slow":
            exchange.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
            time.sleep(0.3)
        else:
            ok(exchange)

    server = serve(answer)

    async def cancelled(sending: Coroutine[Any, Any, ApiResponse]) -> None:
        task = asyncio.create_task(sending)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def work(transport: Transport) -> None:
        for _ in range(20):
            await cancelled(transport.send(get(f"{server.url}/slow"), ()))
            assert (await transport.send(get(f"{server.url}/ok"), ())).body == b'{"path":"/ok"}'

    using(work)
