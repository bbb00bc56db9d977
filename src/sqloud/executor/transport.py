"""The one seam to the network.

Law: httpx is known here and nowhere else. A worker for each request in flight, with a client and a connection
of its own on one TLS context: a shared AsyncClient takes ten times the ideal at 64 in flight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from sqloud.errors import ConnectionFault, InterfaceError, ResponseDataError
from sqloud.protocol.authenticate import is_loopback
from sqloud.protocol.messages import ApiRequest, ApiResponse

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["HttpxTransport", "Transport"]


class Transport(Protocol):
    """What carries requests. `headers` are the request's own and the credential's."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer, read to its end. Raises ConnectionFault if there is none."""

    async def close(self) -> None:
        """Let go of every connection."""


class HttpxTransport:
    """HTTP by httpx. Redirects are not followed; a proxy of the environment's is used but on this machine.

    connect_timeout, read_timeout: seconds. response_limit: bytes of a body after decompression.
    """

    def __init__(
        self, *, connect_timeout: float, read_timeout: float, response_limit: int, user_agent: str
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._response_limit = response_limit
        self._user_agent = user_agent
        self._idle: dict[bool, list[httpx.AsyncClient]] = {True: [], False: []}
        self._tls: ssl.SSLContext | None = None

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """One exchange on an idle client, or on a new one where all are busy."""
        import httpx

        local = is_loopback(urlsplit(request.url).hostname or "")
        idle = self._idle[local]
        client = idle.pop() if idle else self._client(local, request.url.startswith("https:"))
        # A client that is cancelled while it connects never gives its only connection back.
        spoiled = True
        try:
            async with client.stream(
                request.http_verb,
                request.url,
                headers=list(headers),
                content=request.body,
                timeout=httpx.Timeout(request.patience or self._read_timeout, connect=self._connect_timeout),
            ) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._response_limit:
                        raise ResponseDataError(
                            f"{request.http_verb} {request.url} answers more than "
                            f"{self._response_limit:,} bytes"
                        )
                found = {name.lower(): value for name, value in response.headers.items()}
                answer = ApiResponse(status=response.status_code, headers=found, body=bytes(body))
            spoiled = False
            return answer
        except httpx.InvalidURL as error:
            raise InterfaceError(f"{request.url[:200]!r} is no URL that can be asked: {error}") from error
        except httpx.HTTPError as error:
            unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
            raise ConnectionFault(
                f"{request.http_verb} {request.url} failed: {_said(error)}",
                sent=not isinstance(error, (*unsent, httpx.ProxyError)),
            ) from error
        finally:
            if spoiled:
                await client.aclose()
            else:
                idle.append(client)

    async def close(self) -> None:
        """Close every client."""
        for clients in self._idle.values():
            while clients:
                await clients.pop().aclose()

    def _client(self, local: bool, secure: bool) -> httpx.AsyncClient:
        """A client as the environment asks. Raises InterfaceError where it asks for what cannot be."""
        import httpx

        try:
            return self._opened(local, secure)
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
            raise InterfaceError(
                f"no connection can be opened as the environment asks: {error}",
                hints=(
                    "look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
                ),
            ) from error

    def _opened(self, local: bool, secure: bool) -> httpx.AsyncClient:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        verify: ssl.SSLContext | bool = False  # for plain http, where reading certificates would be waste
        if secure or not local:
            if self._tls is None:
                self._tls = httpx.create_ssl_context()
            verify = self._tls
        return httpx.AsyncClient(
            verify=verify,
            trust_env=not local,
            follow_redirects=False,
            timeout=httpx.Timeout(self._read_timeout, connect=self._connect_timeout),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60),
            headers={"user-agent": self._user_agent},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # each request is as the plan says
        )


def _said(error: BaseException) -> str:
    """What a failure says, or the nearest of its causes that says anything; else what it is called."""
    within: BaseException | None = error
    while within is not None:
        if str(within):
            return str(within)
        within = within.__cause__ or within.__context__
    return type(error).__name__
