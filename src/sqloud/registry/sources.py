"""The bytes of a provider document.

Law: a file is read once. What is validated, what is digested and what is compiled are the same bytes.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import msgspec

from sqloud.errors import Finding, ProviderDocumentError

__all__ = ["MAXIMUM_SIZE", "PROVIDER_FILE", "SourceFile", "read_regular", "read_source", "refuse"]

PROVIDER_FILE = "provider.yaml"
"""The file that makes a folder a provider; the other .yaml files beside it are its services."""

MAXIMUM_SIZE = 2 * 1024 * 1024
"""The most bytes that a document may have."""


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A document's path, as it was asked for, and what it held."""

    path: Path
    content: bytes

    @property
    def file(self) -> str:
        """The name under which findings quote it."""
        return str(self.path)


def refuse(findings: list[Finding] | tuple[Finding, ...], subject: str) -> ProviderDocumentError:
    """The error that tells every finding about a subject (a file, a provider)."""
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return ProviderDocumentError(f"{subject} does not hold: {count}", tuple(findings))


def read_regular(path: Path, limit: int = -1) -> tuple[bytes, os.stat_result]:
    """The bytes of a regular file, `limit` of them at most, and its status. Raises OSError."""
    # O_NONBLOCK: a pipe under the name of a file is told, not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit), status
    finally:
        os.close(descriptor)


def read_source(path: Path) -> SourceFile:
    """Read a document. Raises ProviderDocumentError where there is none, or where it is too long."""
    try:
        content, _ = read_regular(path, MAXIMUM_SIZE + 1)
    except OSError as cause:
        message = f"cannot be read: {cause.strerror}"
        raise refuse([Finding(str(path), 0, "", message)], str(path)) from cause
    if len(content) > MAXIMUM_SIZE:
        message = f"is longer than {MAXIMUM_SIZE} bytes; split it into several services"
        raise refuse([Finding(str(path), 0, "", message)], str(path))
    return SourceFile(path=path, content=content)
