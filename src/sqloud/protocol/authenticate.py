"""Where a credential may go.

Law: a secret goes only to its own provider's endpoint, and over plain http only to this machine.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sqloud.errors import CredentialError
from sqloud.registry.records import Provider

__all__ = ["authorization", "is_loopback", "origin"]

_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, lower-case host and port of a URL; ValueError where it has none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"no http or https URL: {url!r}")
    return parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme]


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, without asking a name server."""
    import ipaddress

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def _is_at(asked: tuple[str, str, int], endpoint: tuple[str, str, int]) -> bool:
    """Whether an origin is the endpoint's; a placeholder in that one's host stands for one label."""
    scheme, host, port = endpoint
    if "{" not in host:
        return asked == endpoint
    around = (re.escape(part) for part in _PLACEHOLDER.split(host))
    labels = "[a-z0-9-]+".join(around)
    return (asked[0], asked[2]) == (scheme, port) and re.fullmatch(labels, asked[1]) is not None


def authorization(
    provider: Provider, endpoint: str, url: str, token: str | None
) -> tuple[tuple[str, str], ...]:
    """The headers that prove who asks, for one request to `url`.

    Raises CredentialError if there is no token, if `url` is not on `endpoint`, or if the token would cross a
    network in the clear.
    """
    if provider.authentication.scheme == "none":
        return ()
    if not _is_at(origin(url), origin(endpoint)):
        raise CredentialError(
            f"refused to send the credential of {provider.name} to {url}",
            hints=(f"it goes to {endpoint} only",),
        )
    scheme, host, _ = origin(url)
    if scheme == "http" and not is_loopback(host):
        raise CredentialError(
            f"refused to send the credential of {provider.name} over plain http to {host}",
            hints=("use https; plain http is for this machine only (127.0.0.1, localhost)",),
        )
    if not token:
        names = provider.authentication.environment
        raise CredentialError(
            f"no credential for {provider.name}",
            hints=(f"set {' or '.join(names)}", "or try the simulated cloud: --sandbox"),
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise CredentialError(
            f"the credential of {provider.name} has characters that no header can carry",
            hints=("look for line breaks, spaces or quotes around it",),
        )
    return (("authorization", f"Bearer {token}"),)
