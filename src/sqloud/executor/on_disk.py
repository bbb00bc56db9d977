"""Answers kept in a file, for the next run and for other processes.

Law: the file tells nothing to whoever has no credential for it: an answer is found by a digest and unreadable without
the credential that it was given to, since APIs answer with passwords too. What cannot be read is absent, never an
error; what a write must drop and cannot stops the write.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from hashlib import blake2b, shake_256
from hmac import compare_digest
from pathlib import Path
from typing import TypeVar

import msgspec

from sqloud.errors import OperationalError
from sqloud.executor.cache import MOST_BYTES, Kept, Key
from sqloud.protocol.messages import ApiResponse

__all__ = ["OnDisk"]

Found = TypeVar("Found")

_FILE = "answers.sqlite"
_OLDEST = 7 * 86_400.0
"""Seconds; what is older is removed when the file is opened."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS answers (
        key BLOB PRIMARY KEY, provider TEXT NOT NULL, moment REAL NOT NULL, sealed BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS by_moment ON answers (moment);
    CREATE TABLE IF NOT EXISTS changes (provider TEXT PRIMARY KEY, count INTEGER NOT NULL);
    PRAGMA user_version = 1;
"""
_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""
_NONCE = _TAG = 16
_UNKEPT = frozenset(
    {"cookie", "set-cookie", "set-cookie2", "authorization", "proxy-authorization", "www-authenticate"}
)


class OnDisk:
    """A store in a directory of the user's own, shared by every session that is opened on it.

    The directory is made with mode 0700 where it is absent, the file with 0600. `notice` is told once where the
    file cannot be used; the session then keeps nothing. Raises OperationalError where no file can be made.
    """

    def __init__(
        self,
        directory: Path,
        notice: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.time,
        most: int = MOST_BYTES,
    ) -> None:
        self._path = directory / _FILE
        self._notice = notice
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = self._opened()
        except sqlite3.DatabaseError:
            self._notice(f"{self._path} was no cache of answers, or a broken one: it is begun anew")
            try:
                self._path.unlink()
                self._connection = self._opened()
            except (OSError, sqlite3.Error) as error:
                raise OperationalError(f"cannot keep answers in {directory}: {error}") from error
        except OSError as error:
            raise OperationalError(
                f"cannot keep answers in {directory}: {error.strerror or error}",
                hints=("--cache-dir wants a directory that you may write in",),
            ) from error

    async def kept(self, key: Key) -> Kept | None:
        """What is kept, however old; None for what the clock says is of the future."""
        return await asyncio.to_thread(self._found, key)

    def _found(self, key: Key) -> Kept | None:
        row = self._row(_digest(key))
        if row is None:
            return None
        moment, sealed = row
        age = self._clock() - moment
        content = _unsealed(sealed, key) if age >= 0 else None
        if content is None:
            return None
        try:
            return Kept(msgspec.msgpack.decode(content, type=ApiResponse), age)
        except msgspec.MsgspecError:
            return None

    async def keep(self, key: Key, response: ApiResponse, changes: int) -> None:
        """Keep an answer, without the headers that could hold a secret; the oldest give way."""
        if len(response.body) > self._most // 4:
            return
        headers = {name: value for name, value in response.headers.items() if name not in _UNKEPT}
        content = msgspec.msgpack.encode(msgspec.structs.replace(response, headers=headers))
        await asyncio.to_thread(self._put, key, content, changes)

    async def changes(self, provider: str) -> int:
        """How often a provider was dropped, by anybody."""
        return await asyncio.to_thread(self._count, provider)

    def drop(self, provider: str, *, after: bool = False) -> None:
        """Forget a provider's answers, in every process. Where they would stay: raises OperationalError, or tells it
        `after` a write, which is done.
        """
        with self._lock:
            if self._connection is None:
                return
            try:
                with self._connection as transaction:
                    transaction.execute(
                        "INSERT INTO changes VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                        (provider,),
                    )
                    transaction.execute("DELETE FROM answers WHERE provider = ?", (provider,))
            except sqlite3.Error as error:
                told = f"the answers kept in {self._path} cannot be dropped: {error}"
                if not after:
                    raise OperationalError(
                        told, hints=("remove the file, or leave --cache-dir out; nothing was sent",)
                    ) from error
                self._notice(f"{told}; remove the file: they may be from before the write")

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        os.close(os.open(self._path, flags, 0o600))  # what is made beside it takes its mode
        os.chmod(self._path, 0o600)
        connection = sqlite3.connect(self._path, timeout=_PATIENCE, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.executescript(_SCHEMA)
            with connection:
                connection.execute("DELETE FROM answers WHERE moment < ?", (self._clock() - _OLDEST,))
        except BaseException:
            connection.close()
            raise
        return connection

    def _row(self, digest: bytes) -> tuple[float, bytes] | None:
        def read(connection: sqlite3.Connection) -> tuple[float, bytes] | None:
            found = connection.execute("SELECT moment, sealed FROM answers WHERE key = ?", (digest,))
            row: tuple[float, bytes] | None = found.fetchone()
            return row

        return self._used(read)

    def _count(self, provider: str) -> int:
        def read(connection: sqlite3.Connection) -> int:
            found = connection.execute("SELECT count FROM changes WHERE provider = ?", (provider,)).fetchone()
            return 0 if found is None else int(found[0])

        counted = self._used(read)
        return -1 if counted is None else counted

    def _put(self, key: Key, content: bytes, changes: int) -> None:
        sealed = _sealed(content, key)
        provider = str(key[0])

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                found = connection.execute("SELECT count FROM changes WHERE provider = ?", (provider,))
                if (found.fetchone() or (0,))[0] != changes:
                    return
                connection.execute(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                    (_digest(key), provider, self._clock(), sealed),
                )
                (size,) = connection.execute("SELECT sum(length(sealed)) FROM answers").fetchone()
                oldest = connection.execute("SELECT key, length(sealed) FROM answers ORDER BY moment")
                while size > self._most:
                    old, length = oldest.fetchone()
                    connection.execute("DELETE FROM answers WHERE key = ?", (old,))
                    size -= length

        self._used(write)

    def _used(self, work: Callable[[sqlite3.Connection], Found]) -> Found | None:
        """What `work` gives; None, told once, where the file can no longer be used."""
        with self._lock:
            if self._connection is None:
                return None
            try:
                return work(self._connection)
            except sqlite3.Error as error:
                failed, self._connection = self._connection, None
                reason = str(error)
        failed.close()
        self._notice(f"answers are no longer kept: {self._path}: {reason}")
        return None


def _digest(key: Key) -> bytes:
    return blake2b(repr(key).encode(), digest_size=32, person=b"sqloud key").digest()


def _sealed(content: bytes, key: Key) -> bytes:
    """Content under a key made of the credential's digest, of which nothing is in the file: nonce, tag, cipher."""
    nonce = secrets.token_bytes(_NONCE)
    stream, tag_key = _keys(nonce, key, len(content))
    hidden = _mixed(content, stream)
    return nonce + blake2b(hidden, digest_size=_TAG, key=tag_key).digest() + hidden


def _unsealed(sealed: bytes, key: Key) -> bytes | None:
    """None for what another key sealed, and for what is broken."""
    nonce, tag, hidden = sealed[:_NONCE], sealed[_NONCE : _NONCE + _TAG], sealed[_NONCE + _TAG :]
    stream, tag_key = _keys(nonce, key, len(hidden))
    if not compare_digest(blake2b(hidden, digest_size=_TAG, key=tag_key).digest(), tag):
        return None
    return _mixed(hidden, stream)


def _keys(nonce: bytes, key: Key, length: int) -> tuple[bytes, bytes]:
    """A key stream of `length` bytes and a key for the tag, out of the whole key, the credential's digest in it."""
    material = blake2b(repr(key).encode(), salt=nonce, person=b"sqloud seal").digest()
    stream = shake_256(material).digest(length + 32)
    return stream[32:], stream[:32]


def _mixed(content: bytes, stream: bytes) -> bytes:
    mixed = int.from_bytes(content, "little") ^ int.from_bytes(stream, "little")
    return mixed.to_bytes(len(content), "little")
