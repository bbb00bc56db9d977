"""The simulated cloud in the place of the network.

Law: a request and its answer are what they would be over a socket; only the socket is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.sandbox.cloud import Cloud
from sqloud.sandbox.faults import Fault, FaultyCloud

__all__ = ["SandboxTransport"]


class SandboxTransport:
    """Answers requests from a `Cloud`, after `latency` seconds, `faults` first."""

    def __init__(self, cloud: Cloud, *, latency: float = 0.0, faults: Sequence[Fault] = ()) -> None:
        self._cloud = FaultyCloud(cloud, faults)
        self._latency = latency

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer to a request; `headers` are those added on the way out, the credential among them."""
        if self._latency:
            await asyncio.sleep(self._latency)
        parts = urlsplit(request.url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        sent = {name.lower(): value for name, value in (*request.headers, *headers)}
        sent.setdefault("host", parts.netloc)
        base_url = f"{parts.scheme}://{parts.netloc}"
        return self._cloud.answer(request.http_verb, target, sent, request.body, base_url=base_url)

    async def close(self) -> None:
        """Nothing is held open."""
