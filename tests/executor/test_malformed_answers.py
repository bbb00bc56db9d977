"""What a server may do to HTTP/1.1: each gives its right answer or a clear fault, and none a wait without end."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from sqloud.errors import ConnectionFault, ResponseDataError
from sqloud.executor.wire import DirectTransport
from sqloud.protocol.messages import ApiRequest

OK = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"droplets": []}'
PACKED = gzip.compress(BODY)
BOMB = gzip.compress(b"0" * 5_000_000)


def length(body: bytes, said: int | None = None, more: bytes = b"") -> bytes:
    return OK + more + b"content-length: %d\r\n\r\n" % (len(body) if said is None else said) + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", more: bytes = b"") -> bytes:
    return (
        OK
        + more
        + b"transfer-encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        + end
    )


RIGHT = {
    "whole": length(BODY),
    "in chunks": chunked(BODY[:5], BODY[5:]),
    "a chunk with an extension": OK
    + b"transfer-encoding: chunked\r\n\r\n10;a=b\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "trailers": chunked(BODY, end=b"0\r\nx-sum: 1\r\n\r\n"),
    "after 100 and 103": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n" + length(BODY),
    "until the end": OK + b"\r\n" + BODY,
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "packed": length(PACKED, more=b"content-encoding: gzip\r\n"),
    "packed in chunks": chunked(PACKED[:9], PACKED[9:], more=b"content-encoding: GZIP\r\n"),
    "a folded header": OK + b"x-long: a\r\n b\r\ncontent-length: 16\r\n\r\n" + BODY,
    "one length twice": OK + b"content-length: 16\r\ncontent-length: 16\r\n\r\n" + BODY,
    "more than its length": length(BODY + b"HTTP/1.1 200 OK\r\n", len(BODY)),
}
WRONG = {
    "nothing": b"",
    "half a head": OK + b"content-len",
    "shorter than its length": length(BODY, 99),
    "chunks cut short": chunked(BODY, end=b""),
    "a chunk cut short": OK + b"transfer-encoding: chunked\r\n\r\n99\r\n" + BODY,
    "no number of a chunk": OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + BODY,
    "two lengths": OK + b"content-length: 16\r\ncontent-length: 17\r\n\r\n" + BODY,
    "a length below nought": OK + b"content-length: -1\r\n\r\n" + BODY,
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a head without end": OK + b"x: " + b"y" * 2**20,
    "packed and cut short": length(PACKED[:-6], more=b"content-encoding: gzip\r\n"),
    "not packed": length(BODY, more=b"content-encoding: gzip\r\n"),
}


async def asked(answer: bytes, *, drip: bool = False, patience: float = 5.0) -> bytes:
    """What one GET makes of bytes after which the server ends the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for byte in answer if drip else ():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
            if not drip:
                writer.write(answer)
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass  # the other side has seen enough
        finally:
            writer.transport.abort()
            served.set()

    served = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2/droplets"
    transport = DirectTransport(
        connect_timeout=5, read_timeout=patience, response_limit=1_000_000, user_agent="test"
    )
    try:
        request = ApiRequest(provider="digitalocean", http_verb="GET", url=url, idempotent=True)
        async with asyncio.timeout(20):
            return (await transport.send(request, ())).body
    finally:
        await transport.close()
        server.close()
        await served.wait()
        await asyncio.sleep(0)


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_that_holds_is_read(name: str) -> None:
    assert asyncio.run(asked(RIGHT[name])) == BODY


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_that_does_not_hold_is_a_fault(name: str) -> None:
    with pytest.raises(ConnectionFault, match=r"GET http://127\.0\.0\.1.* failed: ."):
        asyncio.run(asked(WRONG[name]))


@pytest.mark.parametrize("more", [b"", b"transfer-encoding: chunked\r\n"])
def test_what_unpacks_to_too_much_is_refused(more: bytes) -> None:
    packed = b"content-encoding: gzip\r\n"
    with pytest.raises(ResponseDataError, match="more than 1,000,000 bytes"):
        asyncio.run(asked(chunked(BOMB, more=packed) if more else length(BOMB, more=packed)))


def test_a_server_that_drips_has_stalled() -> None:
    with pytest.raises(ConnectionFault, match=r"only \d+ bytes came in"):
        asyncio.run(asked(length(b"x" * 500), drip=True, patience=0.3))
