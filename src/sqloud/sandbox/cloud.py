"""A simulated cloud: a request in, the answer out.

Law: no I/O. The answer depends on the specification's facts, on the clock, and on what was asked before; one
request is answered after another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from sqloud.errors import InterfaceError
from sqloud.protocol.messages import ApiResponse
from sqloud.registry.records import Parameter, Provider
from sqloud.sandbox.arguments import read_arguments
from sqloud.sandbox.asking import Asked
from sqloud.sandbox.bodies import read_body
from sqloud.sandbox.facts import Operation, check_known, facts_of
from sqloud.sandbox.reading import read
from sqloud.sandbox.refusal import CODES, Refusal, shortened
from sqloud.sandbox.routes import Routes
from sqloud.sandbox.texts import text_of
from sqloud.sandbox.world import World
from sqloud.sandbox.writing import write

__all__ = ["RATE_LIMIT", "Cloud", "Documents", "open_sandbox"]

RATE_LIMIT = 5000
"""Requests an hour, as the rate-limit headers tell it. It is told and not enforced: the count that remains
never reaches zero, it begins again."""

_HOUR = 3600


class Documents(Protocol):
    """Where provider documents come from; the registry's catalogue is one."""

    def provider(self, name: str) -> Provider:
        """A provider by name."""


class Cloud:
    """Serves every operation of a provider, and keeps what is written to it.

    `token` is the one token that is let in, None for any that is not empty. `clock` gives Unix seconds.
    `clamp` is the most rows that a page has, whatever size is asked (None: the size asked). Safe from
    several threads: one request is answered after another. Raises InterfaceError for a provider that it
    does not know.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
        clamp: int | None = None,
    ) -> None:
        if clamp is not None and clamp < 1:
            raise InterfaceError(f"clamp must be at least 1, got {clamp}")
        facts = facts_of(provider.name)
        from sqloud.sandbox.digitalocean.customs import customs_of_digitalocean

        self.provider = provider
        self.customs = customs_of_digitalocean()
        self.world = World(facts, self.customs, clock)
        self._facts = facts
        self._token = token
        self._clock = clock
        self._clamp = clamp
        self._count = 0
        self._lock = Lock()
        self._parameters: dict[str, tuple[Parameter, ...]] = {}
        self._prefix = urlsplit(provider.base_url).path.rstrip("/")
        self._routes: Routes[Operation] = Routes(
            (operation.verb, self._prefix + operation.path, operation) for operation in facts.operations
        )

    def answer(
        self,
        http_verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        base_url: str | None = None,
    ) -> ApiResponse:
        """Answer a request to `target` (`/path?query`, encoded); header names are lower case.

        `base_url` (scheme and host) begins the links of the answer: the Host header's where it is None.
        """
        with self._lock:
            try:
                self._authenticate(headers)
                own = base_url or self._base_url(headers)
                return self._respond(*self._found(http_verb, target, headers, body, own))
            except Refusal as refusal:
                return self._refuse(refusal.status, refusal.message, refusal.headers)

    def refuse(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> ApiResponse:
        """An error in the provider's own shape, as plain text where it has none."""
        with self._lock:
            return self._refuse(status, message, headers)

    def _refuse(self, status: int, message: str, headers: Mapping[str, str] | None) -> ApiResponse:
        shape = self.provider.errors
        if shape is None:
            return self._respond(status, message.encode(), {**(headers or {}), "content-type": "text/plain"})
        error = {shape.code: CODES.get(status, "error"), shape.message: message}
        return self._respond(status, error, headers)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        if self.provider.authentication.scheme != "bearer":
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or (self._token is not None and token != self._token):
            raise Refusal(401, "Unable to authenticate you.")

    def _found(
        self, http_verb: str, target: str, headers: Mapping[str, str], body: bytes | None, base_url: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the answer to what may be asked."""
        path, _, query_text = target.partition("?")
        operation, segments = self._routes.find("GET" if http_verb == "HEAD" else http_verb, path)
        try:
            query = parse_qsl(query_text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            raise Refusal(400, f"the query {shortened(query_text)} cannot be read") from None
        parameters = self._parameters.get(operation.name)
        if parameters is None:
            parameters = self._parameters[operation.name] = self.customs.parameters(self._facts, operation)
        arguments = read_arguments(parameters, segments, query, headers)
        own = tuple(unquote(segment) for segment in path[len(self._prefix) :].split("/")[1:])
        asked = Asked(
            world=self.world,
            operation=operation,
            path=own,
            target=self.customs.canonical(own),
            arguments=arguments,
            query=query,
            url=base_url + path,
            body=read_body(self._facts, operation, body),
            clamp=self._clamp,
        )
        self.world.begin_request()
        answer = self._answer_to(asked)
        if operation.media is not None and "json" not in operation.media:
            return operation.status, text_of(asked, operation.media), {"content-type": operation.media}
        return operation.status, b"" if answer is None else msgspec.json.encode(answer), {}

    def _answer_to(self, asked: Asked) -> Any:
        operation = asked.operation
        effect = self.customs.effects.get((operation.verb, operation.path))
        if effect is not None:
            answer = effect(asked)
        elif operation.verb == "GET":
            return read(asked, self.customs.filters)
        else:
            answer = write(asked, self.customs.filters)
        if operation.verb != "GET":
            self.customs.settle(self.world)
        return answer

    def _base_url(self, headers: Mapping[str, str]) -> str:
        host = headers.get("host")
        if host:
            return f"http://{host}"
        own = urlsplit(self.provider.base_url)
        return f"{own.scheme}://{own.netloc}"

    def _respond(
        self, status: int, body: bytes | dict[str, str], headers: Mapping[str, str] | None = None
    ) -> ApiResponse:
        count = self._count
        self._count += 1
        request_id = f"{count:08x}-0000-4000-8000-{count:012x}"
        if isinstance(body, dict):
            body = msgspec.json.encode(body | {"request_id": request_id})
        limits = self.provider.rate_limit
        reset = (int(self._clock()) // _HOUR + 1) * _HOUR
        told = {
            "content-type": "application/json; charset=utf-8",
            "x-request-id": request_id,
            limits.limit: str(RATE_LIMIT),
            limits.remaining: str(RATE_LIMIT - 1 - count % (RATE_LIMIT - 1)),
            limits.reset: str(reset),
        }
        named = {name.lower(): value for name, value in told.items() if name is not None}
        return ApiResponse(status=status, headers=named | dict(headers or {}), body=body)


def open_sandbox(
    catalogue: Documents,
    provider_name: str = "digitalocean",
    *,
    token: str | None = None,
    clamp: int | None = None,
) -> Cloud:
    """The cloud of a provider, with the state in which it begins.

    Raises InterfaceError for a provider that cannot be simulated, and what the catalogue raises for a
    document that does not hold.
    """
    check_known(provider_name)
    return Cloud(catalogue.provider(provider_name), token=token, clamp=clamp)
