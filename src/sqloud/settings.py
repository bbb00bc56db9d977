"""Settings of a session: endpoints, where documents and credentials come from, limits.

Law: everything that a session may do differently is a field here, with its unit in its name or its docstring;
nothing below this module reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sqloud.errors import InterfaceError

__all__ = ["Settings", "cache_directory", "shipped", "state_directory"]

MAX_CONCURRENCY = 32
FIRST_CONCURRENCY = 16
"""Requests in flight at once to one host with one credential, unless told otherwise: at most, and at first. More are
let in while answers are quick, fewer after a 429 or a 503."""

CACHE_TTL = 300.0
"""Seconds that an answer may be old where the cache is asked for and nothing else is said."""

RESPONSE_LIMIT = 256 * 2**20
"""Bytes of one response body after decompression; more is an error."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is opened with.

    endpoints: provider name to `scheme://host[:port]`, in the place of the document's own.
    credentials: provider name to token; goes before the environment.
    environment: where credentials are looked up; a mapping of the caller's, never the process's by itself.
    providers: directories with provider documents beside the shipped ones.
    config: the file that names the user's connections; connection: the one of them that is used, None for the default
        one of a provider that has no other credential.
    sandbox: answer from the simulated cloud, without a token and without the network.
    max_concurrency: requests in flight at once to one host with one credential; None leaves it to the answers.
    cache_ttl: seconds that an answer given before may be old; None asks the API every time.
    cache_dir: directory that answers are kept in, for other sessions too; None keeps them in memory.
    log_requests: file that each request is noted in, a JSON line each.
    max_requests: requests that one statement may send, retries among them; None without limit.
    max_keys: values that one table may be asked for, where they come out of other tables.
    statement_timeout: seconds a statement may take, None without limit.
    connect_timeout, read_timeout: seconds for one connection, for one wait on a socket (the first attempts of a
        request wait for less).
    request_timeout: seconds one request may take with its attempts, pauses between them not counted; None without.
    memory_limit: bytes that the engine may hold before it spills to the disk; None leaves it to the engine.
    stream: give rows out while they come, where a statement judges each by itself.
    null_on_mismatch: a value that does not fit its column reads as NULL with a notice, not as an error.
    allow_read: directories that statements may read files from.
    allow_writes, allow_destructive: consent to writes, and to those that delete or destroy, given beforehand.
    read_only: refuse every write to an API, whatever else is allowed.
    preview: send the reads of a write, tell the exact requests that would write, and send none of those.
    journal: a file that every write is recorded in before and after it is sent.
    continue_on_error: go on with the next row where one could not be written.
    await_writes: follow what a write starts to its end; await_timeout: seconds for what each row starts.
    allow_write: directories that COPY may write files to.
    database: the file that keeps the user's own tables and views; None keeps them in memory.
    dry_run: answer each statement with the requests that it would make, and send none.
    """

    endpoints: dict[str, str] = {}
    credentials: dict[str, str] = {}
    environment: Mapping[str, str] = {}
    providers: tuple[Path, ...] = ()
    config: Path | None = None
    connection: str | None = None
    cache: Path | None = None
    sandbox: bool = False
    max_concurrency: int | None = None
    max_requests: int | None = None
    cache_ttl: float | None = None
    cache_dir: Path | None = None
    log_requests: Path | None = None
    max_keys: int = 5_000
    statement_timeout: float | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    request_timeout: float | None = None
    memory_limit: int | None = None
    stream: bool = False
    response_limit: int = RESPONSE_LIMIT
    null_on_mismatch: bool = False
    allow_read: tuple[Path, ...] = ()
    allow_writes: bool = False
    allow_destructive: bool = False
    read_only: bool = False
    preview: bool = False
    journal: Path | None = None
    continue_on_error: bool = False
    await_writes: bool = False
    await_timeout: float = 1_800.0
    allow_write: tuple[Path, ...] = ()
    database: Path | None = None
    dry_run: bool = False

    def __repr__(self) -> str:
        """Without the fields that hold credentials."""
        shown = (name for name in self.__struct_fields__ if name not in {"credentials", "environment"})
        return f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **fields: object) -> Settings:
        """Settings for this user: SQLOUD_PROVIDERS, SQLOUD_ENDPOINT_URL_<PROVIDER>, then `fields` on top.

        Raises InterfaceError for an endpoint that is no URL.
        """
        environment = os.environ if environment is None else environment
        endpoints = {
            name.removeprefix(_ENDPOINT).lower(): url
            for name, url in environment.items()
            if name.startswith(_ENDPOINT) and url
        }
        named = fields.pop("endpoints", None)
        if isinstance(named, Mapping):
            endpoints |= {str(name).lower(): str(url) for name, url in named.items()}
        listed = environment.get("SQLOUD_PROVIDERS", "")
        directories = [Path(part) for part in listed.split(os.pathsep) if part]
        added = fields.pop("providers", ())
        if isinstance(added, (tuple, list)):
            directories += [Path(part) for part in added]
        defaults: dict[str, object] = {
            "endpoints": {name: checked_endpoint(name, url) for name, url in endpoints.items()},
            "environment": environment,
            "providers": tuple(directories),
            "cache": cache_directory(environment),
        }
        return cls(**{**defaults, **fields})  # type: ignore[arg-type]  # the struct checks its names


_ENDPOINT = "SQLOUD_ENDPOINT_URL_"
_HOST = re.compile(r"[\w.:%-]+")


def checked_endpoint(provider: str, url: str) -> str:
    """`scheme://host[:port]` without a path, or an InterfaceError that says what is wrong."""
    from urllib.parse import urlsplit

    if "@" in url:
        raise InterfaceError(
            f"the endpoint of {provider} cannot hold a user's name or password",
            hints=("credentials come from the environment variables that the provider document names",),
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InterfaceError(f"the endpoint of {provider} is no URL: {url!r} ({error})") from error
    if not _HOST.fullmatch(parts.hostname or "-") or not url.isprintable():
        raise InterfaceError(f"the endpoint of {provider} names no host: {url!r}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InterfaceError(
            f"the endpoint of {provider} is no http or https URL: {url!r}",
            hints=(f"--endpoint-url {provider}=http://127.0.0.1:8080",),
        )
    if parts.query or parts.fragment or parts.path.strip("/"):
        raise InterfaceError(
            f"the endpoint of {provider} replaces scheme, host and port, and cannot hold more: {url!r}",
            hints=("the path sent stays the provider document's",),
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def shipped(folder: str) -> Path:
    """Where `providers` or `grammar` is: inside the installed package, or beside `src/` in a checkout."""
    package = Path(__file__).resolve().parent
    for place in (package / "_shipped" / folder, package.parent.parent / folder):
        if place.is_dir():
            return place
    raise InterfaceError(
        f"the folder {folder}/ is missing from this installation",
        hints=("install sqloud again: pip install --force-reinstall sqloud",),
    )


def cache_directory(environment: Mapping[str, str]) -> Path:
    """The user's cache directory for sqloud; SQLOUD_CACHE_DIR goes first."""
    if named := environment.get("SQLOUD_CACHE_DIR"):
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("sqloud")


def state_directory(environment: Mapping[str, str]) -> Path:
    """The user's state directory (the shell's history); SQLOUD_STATE_DIR goes first."""
    if named := environment.get("SQLOUD_STATE_DIR"):
        return Path(named)
    import platformdirs

    return platformdirs.user_state_path("sqloud")
