"""The network: straight to a host, or through the proxy that the environment names.

Law: what is on this machine is never asked of a proxy. httpx, which knows proxies, is imported only where one is
named: it is a fifth of a cold start.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from sqloud.executor.transport import HttpxTransport
from sqloud.executor.wire import DirectTransport
from sqloud.protocol.authenticate import is_loopback
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["NetworkTransport"]

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class NetworkTransport:
    """Limits as of `DirectTransport`; the proxies' variables are read at every request."""

    def __init__(
        self, *, connect_timeout: float, read_timeout: float, response_limit: int, user_agent: str
    ) -> None:
        limits = {"connect_timeout": connect_timeout, "read_timeout": read_timeout}
        self._direct = DirectTransport(**limits, response_limit=response_limit, user_agent=user_agent)
        self._proxied = HttpxTransport(**limits, response_limit=response_limit, user_agent=user_agent)

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """One exchange. Raises ConnectionFault, ResponseDataError."""
        proxied = any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)
        if proxied and not is_loopback(_host(request.url)):
            return await self._proxied.send(request, headers)
        return await self._direct.send(request, headers)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._direct.close()
        await self._proxied.close()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
