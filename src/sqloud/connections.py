"""The accounts of a user: which there are, and where the token of each is.

Law: a token never stands in the file. It is fetched when it is first needed, once, and kept by nobody else; a
command's or a file's trouble is told without what it printed on stdout.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sqloud.errors import CredentialError, InterfaceError, UnknownNameError

__all__ = ["Connection", "Connections", "config_file"]

_SOURCES = ("token_env", "token_command", "token_file", "token_keyring")
_KEYS = ("provider", *_SOURCES, "endpoint_url", "default")
_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATIENCE = 30.0
"""Seconds that a command may take to tell a token."""


def config_file(environment: Mapping[str, str]) -> Path:
    """`config.toml` of sqloud in the user's directory for such; SQLOUD_CONFIG goes first."""
    if named := environment.get("SQLOUD_CONFIG"):
        return Path(os.path.expanduser(named))
    home = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return (
        Path(os.path.expanduser(home)) / "sqloud" / "config.toml"
    )  # Path's own fails where there is no home


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `source` is where its token is: one of the keys of `_SOURCES`, and `place` what it says."""

    name: str
    provider: str
    source: str
    place: str | tuple[str, ...]
    endpoint_url: str | None = None
    default: bool = False

    @property
    def told(self) -> str:
        """Where the token is, for people."""
        # The arguments of a command may tell too much.
        place = self.place[0] if isinstance(self.place, tuple) else self.place
        return f"{self.source.removeprefix('token_')} {place}"


class Connections:
    """The connections of a file; none where there is no file. Raises InterfaceError for one that does not hold."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = environment
        self._tokens: dict[str, str] = {}
        found, self.groups = _read(path)
        self._known = {one.name: one for one in found}

    def __iter__(self) -> Any:
        return iter(self._known.values())

    def named(self, name: str) -> Connection:
        """A connection by its name. Raises UnknownNameError with the nearest ones."""
        found = self._known.get(name)
        if found is None:
            import difflib

            near = difflib.get_close_matches(name, self._known, n=2)
            known = f"there is {', '.join(self._known)}" if self._known else f"{self._path} names none"
            raise UnknownNameError(
                f"no connection {name}", hints=(f"did you mean {' or '.join(near)}?" if near else known,)
            )
        return found

    @property
    def fetched(self) -> tuple[str, ...]:
        """The tokens that were fetched so far."""
        return tuple(self._tokens.values())

    def default(self, provider: str) -> Connection | None:
        """The one of a provider that is marked as its default, or the only one."""
        own = [one for one in self._known.values() if one.provider == provider]
        marked = [one for one in own if one.default]
        return marked[0] if marked else own[0] if len(own) == 1 else None

    def token(self, connection: Connection) -> str:
        """The token of a connection. Raises CredentialError that says what was tried."""
        if connection.name not in self._tokens:
            token = _FETCH[connection.source](connection, self._environment).strip()
            if not token:
                raise CredentialError(
                    f"the connection {connection.name} has no token: {connection.told} is empty",
                    hints=(f"see [connections.{connection.name}] in {self._path}",),
                )
            self._tokens[connection.name] = token
        return self._tokens[connection.name]


def _read(path: Path) -> tuple[list[Connection], dict[str, tuple[str, ...]]]:
    """The connections of a file, and its groups of them."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return [], {}
    except (OSError, UnicodeDecodeError) as error:
        raise InterfaceError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    import tomllib

    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InterfaceError(f"{path} is no TOML: {error}") from error
    wrong = _Wrong(path, text)
    for key in root:
        if key not in ("connections", "groups"):
            raise wrong(key, f"no setting {key}", "the file holds   [connections.NAME]   and   [groups]")
    tables = root.get("connections", {})
    if not isinstance(tables, dict):
        raise wrong("connections", "connections is no table", "write   [connections.NAME]")
    found = [_connection(name, table, wrong) for name, table in tables.items()]
    for one in found:
        others = [
            each for each in found if each.provider == one.provider and each.default and each is not one
        ]
        if one.default and others:
            raise wrong(
                "default",
                f"{one.name} and {others[0].name} are both the default of {one.provider}",
                "mark one",
            )
    return found, _groups(root.get("groups", {}), {one.name: one for one in found}, wrong)


def _groups(table: object, known: Mapping[str, Connection], wrong: _Wrong) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise wrong("groups", "groups is no table", 'write   [groups]   and   all = ["prod", "staging"]')
    found = {}
    for name, members in table.items():
        if not re.fullmatch(_NAME, name) or name in known:
            why = "is a connection too" if name in known else "is no name of one word"
            raise wrong.of_group(name, f"the group {name} {why}", "give it another name")
        if not isinstance(members, list) or not members or len(set(map(str, members))) != len(members):
            raise wrong.of_group(
                name,
                f"the group {name} lists no connections, or one twice",
                f'write   {name} = ["prod", "staging"]',
            )
        for member in members:
            if member not in known:
                raise wrong.of_group(
                    name,
                    f"the group {name} names {member}, which is no connection",
                    f"there is {', '.join(known)}",
                )
        if len({known[member].provider for member in members}) > 1:
            raise wrong.of_group(name, f"the group {name} is of several providers", "make one for each")
        found[name] = tuple(members)
    return found


class _Wrong:
    """Makes the error for a key, with its line where it can be found."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def of_group(self, name: str, message: str, hint: str) -> InterfaceError:
        """The error for a group, which stands after a connection of its name."""
        return self(name, message, hint, last=True)

    def __call__(self, key: str, message: str, hint: str, *, last: bool = False) -> InterfaceError:
        said = re.compile(rf"\s*(\[[^\]]*\b)?[\"']?{re.escape(key)}\b")
        lines = [number for number, text in enumerate(self._lines, 1) if said.match(text)] or [1]
        line = lines[-1 if last else 0]
        return InterfaceError(f"{self._path}:{line}: {message}", hints=(hint,))


def _connection(name: str, table: object, wrong: _Wrong) -> Connection:
    if not isinstance(table, dict) or not re.fullmatch(_NAME, name):
        raise wrong(name, f"{name} is no connection", "write   [connections.NAME]   with a name of one word")
    for key in table:
        if key in ("token", "password", "secret"):
            raise wrong(
                key,
                f"the token of {name} stands in the file",
                'write   token_env = "VARIABLE"   or token_command, token_file, token_keyring',
            )
        if key not in _KEYS:
            raise wrong(key, f"a connection has no {key}", f"there is {', '.join(_KEYS)}")
    given = [key for key in _SOURCES if key in table]
    if len(given) != 1:
        raise wrong(
            name, f"{name} says {len(given)} places of its token", f"give one of {', '.join(_SOURCES)}"
        )
    source = given[0]
    place = table[source]
    if source == "token_command" and isinstance(place, str):
        import shlex

        place = shlex.split(place)
    is_command = isinstance(place, list) and place and all(isinstance(word, str) for word in place)
    if not (is_command if source == "token_command" else isinstance(place, str) and place):
        raise wrong(source, f"{source} of {name} is no text", f'write   {source} = "..."')
    for key, kind in (("provider", str), ("endpoint_url", str), ("default", bool)):
        if not isinstance(table.get(key, kind()), kind):
            raise wrong(key, f"{key} of {name} is of another type", f"it is {kind.__name__}")
    if not table.get("provider"):
        raise wrong(name, f"{name} has no provider", 'write   provider = "digitalocean"')
    return Connection(
        name=name,
        provider=table["provider"],
        source=source,
        place=tuple(place) if isinstance(place, list) else place,
        endpoint_url=table.get("endpoint_url"),
        default=table.get("default", False),
    )


def _from_environment(connection: Connection, environment: Mapping[str, str]) -> str:
    return environment.get(str(connection.place), "")


def _from_command(connection: Connection, environment: Mapping[str, str]) -> str:
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603  # the user's own
            list(connection.place), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE,
            env=dict(environment) or None, check=False, text=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"it took more than {_PATIENCE:g} s"
        raise CredentialError(
            f"the token of {connection.name} cannot be fetched: {connection.place[0]}: {reason}"
        ) from error
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CredentialError(
            f"the token of {connection.name} cannot be fetched: {connection.place[0]} ended with "
            f"{done.returncode}: {told[0]}"
        )
    return done.stdout


def _from_file(connection: Connection, _: Mapping[str, str]) -> str:
    path = Path(str(connection.place)).expanduser()
    try:
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            raise CredentialError(
                f"the token of {connection.name} can be read by others: {path}", hints=(f"chmod 600 {path}",)
            )
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise CredentialError(f"the token of {connection.name} cannot be read: {path}: {reason}") from error


def _from_keyring(connection: Connection, _: Mapping[str, str]) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise CredentialError(
            f"the token of {connection.name} is in the system's keyring, which needs keyring",
            hints=("pip install 'sqloud[keyring]'",),
        ) from error
    service, _slash, user = str(connection.place).partition("/")
    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise CredentialError(f"the keyring does not give the token of {connection.name}: {error}") from error


_FETCH = {
    "token_env": _from_environment,
    "token_command": _from_command,
    "token_file": _from_file,
    "token_keyring": _from_keyring,
}
