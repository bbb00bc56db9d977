"""Validated records, kept as JSON so that a start need not read YAML or judge it again.

Law: the cache saves time and decides nothing. A file that was made by another version, from other bytes, by
another user, or that was changed since, is as good as none; one that cannot be written is no error.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from sqloud._version import __version__
from sqloud.registry.aliases import Aliases
from sqloud.registry.records import Provider, Service
from sqloud.registry.sources import read_regular

__all__ = ["FORMAT", "CompiledCache", "digest"]

FORMAT = 6
"""Counts the changes of the records or of their resolution within one version; a change makes files stale."""

R = TypeVar("R", Provider, Service, Aliases)


class Compiled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the cache: what it was made by and from, and the record as `document`."""

    sqloud: str
    format: int
    schema: str  # digest of the JSON Schema
    source: str  # digest of the documents that the record was made from
    content: str  # digest of `document`
    document: msgspec.Raw


def digest(*contents: bytes) -> str:
    """One digest of several byte strings; where one ends and the next begins counts."""
    total = blake2b(digest_size=20)
    for content in contents:
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()


class CompiledCache:
    """The folder `documents` of a cache folder; no cache where `folder` is None."""

    def __init__(self, folder: Path | None, schema: bytes) -> None:
        self._folder = None if folder is None else folder / "documents"
        self._schema = digest(schema)

    def path(self, name: str, source: Path) -> Path | None:
        """Where the record of a document is kept: one file for each place that a document can be in."""
        if self._folder is None:
            return None
        place = digest(os.fsencode(source.absolute()))
        return self._folder / f"{name}-{place[:16]}.json"

    def read(self, path: Path | None, source: str, kind: type[R]) -> R | None:
        """The record that was made from sources of this digest, or None."""
        content = _read_own(path) if path is not None else None
        if content is None:
            return None
        try:
            compiled = msgspec.json.decode(content, type=Compiled)
            document = bytes(compiled.document)
            made = (compiled.sqloud, compiled.format, compiled.schema, compiled.source, compiled.content)
            if made != (__version__, FORMAT, self._schema, source, digest(document)):
                return None
            return msgspec.json.decode(document, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def write(self, path: Path | None, source: str, record: Provider | Service | Aliases) -> None:
        """Keep a record: written beside and renamed, so that a reader sees the old file or the new one."""
        if path is None:
            return
        document = msgspec.json.encode(record)
        compiled = Compiled(
            sqloud=__version__,
            format=FORMAT,
            schema=self._schema,
            source=source,
            content=digest(document),
            document=msgspec.Raw(document),
        )
        beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            with open(descriptor, "wb") as stream:
                stream.write(msgspec.json.encode(compiled))
            os.replace(beside, path)
        except OSError:
            _remove(beside)


def _read_own(path: Path) -> bytes | None:
    """The bytes of a regular file that nobody but this user can have written."""
    try:
        content, status = read_regular(path)
    except OSError:
        return None
    foreign = status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return None if foreign else content


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
