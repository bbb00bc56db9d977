"""One request with its retries, from the flow to the wire.

Law: a flow decides, this module carries: it sends, waits, counts, and gives back the answer that stands.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from sqloud.errors import ConnectionFault
from sqloud.executor.statistics import ScanStatistics
from sqloud.protocol.flow import Flow, request_flow
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.registry.records import Provider

__all__ = ["Sender", "drive", "exchange"]


class Sender(Protocol):
    """What puts one request on the wire, with its provider's credential."""

    async def send(self, request: ApiRequest, provider: Provider) -> ApiResponse:
        """One exchange. Raises ConnectionFault."""


async def exchange(
    sender: Sender, request: ApiRequest, provider: Provider, counted: ScanStatistics
) -> ApiResponse:
    """The answer of one request after its retries, whatever its status. Raises the last ConnectionFault."""
    sent = 0

    async def send(message: ApiRequest) -> ApiResponse:
        nonlocal sent
        counted.requests += 1
        counted.retries += sent > 0
        sent += 1
        response = await sender.send(message, provider)
        counted.bytes += len(response.body)
        return response

    async def wait(pause: Wait) -> None:
        began = time.monotonic()
        try:
            await asyncio.sleep(pause.seconds)
        finally:
            counted.waited += time.monotonic() - began

    flow = request_flow(request, jitter=random.random, now=time.time, rate_limit=provider.rate_limit)
    return await drive(flow, send, wait)


async def drive(
    flow: Flow,
    send: Callable[[ApiRequest], Awaitable[ApiResponse]],
    wait: Callable[[Wait], Awaitable[None]],
) -> ApiResponse:
    """Carry a flow's requests and waits out until it returns its answer."""
    try:
        message = next(flow)
        while True:
            try:
                outcome: ApiResponse | None = None
                if isinstance(message, Wait):
                    await wait(message)
                else:
                    outcome = await send(message)
            except ConnectionFault as fault:
                message = flow.throw(fault)
            else:
                message = flow.send(outcome)
    except StopIteration as end:
        answer: ApiResponse = end.value
        return answer
