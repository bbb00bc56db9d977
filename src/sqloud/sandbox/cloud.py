"""A simulated cloud: a request in, the answer out.

Law: no I/O. The answer depends on the provider documents, the inventory and the request alone, but for the
rate-limit headers and the request's id, which count the requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sqloud.errors import InterfaceError
from sqloud.protocol.messages import ApiResponse
from sqloud.registry.records import Provider, Service
from sqloud.sandbox.arguments import read_arguments
from sqloud.sandbox.inventory import Inventory, inventory_of
from sqloud.sandbox.operations import Asked, Operation
from sqloud.sandbox.refusal import CODES, Refusal, shortened
from sqloud.sandbox.routes import Routes

__all__ = ["RATE_LIMIT", "Cloud", "Documents", "open_sandbox"]

RATE_LIMIT = 5000
"""Requests an hour, as the rate-limit headers tell it. It is told and not enforced: the count that remains
never reaches zero, it begins again."""

_HOUR = 3600


class Documents(Protocol):
    """Where provider documents come from; the registry's catalogue is one."""

    def provider(self, name: str) -> Provider:
        """A provider by name."""

    def service(self, provider: str, service: str) -> Service:
        """One of its services by name."""


class Cloud:
    """Serves the methods of `services` over the rows of `inventory`.

    `token` is the one token that is let in, None for any that is not empty. `clock` gives Unix seconds.
    `clamp` is the most rows that a page has, whatever size is asked (None: the size asked). Safe from
    several threads. Raises NotSupportedError, while it is built, for an expression in a document that the
    sandbox cannot evaluate.
    """

    def __init__(
        self,
        provider: Provider,
        services: Sequence[Service],
        inventory: Inventory,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
        clamp: int | None = None,
    ) -> None:
        if clamp is not None and clamp < 1:
            raise InterfaceError(f"clamp must be at least 1, got {clamp}")
        self.provider = provider
        self._inventory = inventory
        self._token = token
        self._clock = clock
        self._clamp = clamp
        self._count = 0
        self._lock = Lock()
        prefix = urlsplit(provider.base_url).path.rstrip("/")
        self._routes: Routes[Operation] = Routes(
            (method.http_verb, prefix + method.path, Operation(resource, method))
            for service in services
            for resource in service.resources
            for method in resource.methods
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
        try:
            self._authenticate(headers)
            found = self._found(http_verb, target, headers, base_url or self._base_url(headers))
            return self._respond(200, msgspec.json.encode(found))
        except Refusal as refusal:
            return self.refuse(refusal.status, refusal.message, refusal.headers)

    def refuse(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> ApiResponse:
        """An error in the provider's own shape, as plain text where it has none."""
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

    def _found(self, http_verb: str, target: str, headers: Mapping[str, str], base_url: str) -> Any:
        path, _, query_text = target.partition("?")
        operation, segments = self._routes.find(http_verb, path)
        try:
            query = parse_qsl(query_text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            raise Refusal(400, f"the query {shortened(query_text)} cannot be read") from None
        arguments = read_arguments(operation.parameters, segments, query, headers)
        method = operation.method
        if method.verb != "select":
            raise Refusal(501, f"the sandbox does not keep state yet, so {method.name} changes nothing in it")
        if not self._inventory.holds(operation.table):
            raise Refusal(501, f"the sandbox holds no rows of {operation.resource.name}")
        asked = Asked(arguments=arguments, query=query, url=base_url + path)
        return operation.answer(asked, self._inventory, self._clamp)

    def _base_url(self, headers: Mapping[str, str]) -> str:
        host = headers.get("host")
        if host:
            return f"http://{host}"
        own = urlsplit(self.provider.base_url)
        return f"{own.scheme}://{own.netloc}"

    def _respond(
        self, status: int, body: bytes | dict[str, str], headers: Mapping[str, str] | None = None
    ) -> ApiResponse:
        with self._lock:
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
    """The cloud of every service that a provider's document lists, over the inventory that ships for it.

    Raises InterfaceError where none ships, and what the catalogue raises for documents that do not hold.
    """
    inventory = inventory_of(provider_name)
    provider = catalogue.provider(provider_name)
    services = [catalogue.service(provider_name, name) for name, _ in provider.services]
    return Cloud(provider, services, inventory, token=token, clamp=clamp)
