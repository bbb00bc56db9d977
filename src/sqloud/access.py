"""Who asks, and where: endpoints, credentials, and the account that a session uses.

Law: a credential is looked up when a request needs it, for the provider whose own it is, and kept nowhere here. What
is asked for by name goes first: a source that the caller gave, then the connection, then the call's own credentials,
then the environment; the default connection only where none of them has one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from sqloud.connections import Connection, Connections
from sqloud.errors import CredentialError, InterfaceError, ProviderDocumentError, Span, UnknownNameError
from sqloud.protocol.build import base_url
from sqloud.registry import Catalogue
from sqloud.registry.accounts import NO_ACCOUNTS, Accounts
from sqloud.registry.records import Provider
from sqloud.settings import Settings, checked_endpoint

__all__ = ["SANDBOX_TOKEN", "Access"]

SANDBOX_TOKEN = "dop_v1_test_sandbox"  # noqa: S105  # of the simulated cloud, which takes any
"""What the simulated cloud is shown; no credential of the user's ever goes there."""


class Access:
    """What a session's settings mean for who asks.

    `catalogue` gives the providers; `source` is asked for the token of a provider, by name, before anything else.
    Raises InterfaceError for a provider that does not exist, and for a configuration that does not hold.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Callable[[], Catalogue],
        source: Callable[[str], str | None] | None,
    ) -> None:
        self._catalogue = catalogue
        self._source = source
        self._connections = (
            Connections(settings.config, settings.environment) if settings.config is not None else None
        )
        self._endpoints = {**self._of_accounts(settings), **settings.endpoints}
        known = catalogue().providers()
        for name in (*settings.endpoints, *settings.credentials):
            if name not in known:  # a slip, not a setting
                raise InterfaceError(
                    f"there is no provider {name} to give an endpoint or a credential to",
                    hints=(f"there is {', '.join(known)}",),
                )

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The accounts that the user's configuration names."""
        return tuple(self._connections or ())

    @property
    def accounts(self) -> Accounts:
        """The accounts and their groups, as names of statements."""
        if self._connections is None:
            return NO_ACCOUNTS
        return Accounts(
            providers={one.name: one.provider for one in self.connections}, groups=self._connections.groups
        )

    def _of_accounts(self, settings: Settings) -> dict[str, str]:
        """Where each account is asked under its own name: what the call says of its provider goes first."""
        found = {}
        for one in self.connections:
            if url := settings.endpoints.get(one.provider) or one.endpoint_url:
                found[f"{one.provider}@{one.name}"] = checked_endpoint(one.provider, url)
        return found

    def opened(self, settings: Settings) -> Settings:
        """The settings with the connection that they name, or the default one of a provider without a credential."""
        settings = msgspec.structs.replace(settings, endpoints=self._endpoints)
        if settings.connection is not None:
            return self.connected(settings, settings.connection)
        if self._connections is None or not self.connections or settings.sandbox:
            return settings
        for name in self._catalogue().providers():
            default = self._connections.default(name)
            if default is not None and not self.credential(settings, self._catalogue().provider(name)):
                return self.connected(settings, default.name)
        return settings

    def connected(self, settings: Settings, name: str | None, span: Span | None = None) -> Settings:
        """The settings with an account of a provider, None for none.

        Raises UnknownNameError and InterfaceError at `span`.
        """
        endpoints = self._endpoints
        if name is not None:
            if self._connections is None:
                raise InterfaceError("no configuration names connections", span=span)
            try:
                chosen = self._connections.named(name)
            except UnknownNameError as error:
                error.span = span
                raise
            if chosen.provider not in self._catalogue().providers():
                raise InterfaceError(
                    f"the connection {name} is of {chosen.provider}, which is no provider", span=span
                )
            if chosen.endpoint_url is not None:
                url = checked_endpoint(chosen.provider, chosen.endpoint_url)
                endpoints = {chosen.provider: url} | endpoints  # what the call says goes first
        return msgspec.structs.replace(settings, connection=name, endpoints=endpoints)

    def endpoint(self, settings: Settings, provider: Provider) -> str:
        """`scheme://host[:port]` of a provider."""
        base = urlsplit(base_url(provider, settings.endpoints))
        return f"{base.scheme}://{base.netloc}"

    def secrets(self, settings: Settings) -> list[str]:
        """Every credential that can be sent. What cannot be had is not sent."""
        known = []
        for name in self._catalogue().providers():
            with contextlib.suppress(ProviderDocumentError, CredentialError):
                known.append(self.credential(settings, self._catalogue().provider(name)))
        known += self._connections.fetched if self._connections is not None else ()
        return [secret for secret in known if secret]

    def credential(self, settings: Settings, provider: Provider) -> str | None:
        """The token of a provider, None where there is none. Raises CredentialError where it cannot be fetched."""
        if settings.sandbox:
            return SANDBOX_TOKEN
        if provider.authentication == self._catalogue().provider(provider.name).authentication:
            # A method's authentication may be another than its provider's: these are for the provider's alone.
            if self._source is not None and (token := self._source(provider.name)):
                return token
            account = provider.name.partition("@")[2]
            if account and self._connections is not None:
                return self._connections.token(self._connections.named(account))
            if settings.connection is not None and self._connections is not None:
                chosen = self._connections.named(settings.connection)
                if chosen.provider == provider.name:
                    return self._connections.token(chosen)
            if token := settings.credentials.get(provider.name):
                return token
        for name in provider.authentication.environment:
            if token := settings.environment.get(name):
                return token
        return None
