"""A file that is replaced whole or not at all.

Law: under the file's name stands the old content or the new one, never a part. What is no regular file (a
pipe, a device) cannot be replaced and is written straight.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqloud.errors import OperationalError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

__all__ = ["OutputFile"]


class OutputFile:
    """`with OutputFile(path) as stream`: renamed into place at the end, removed after a failure.

    Opening raises OperationalError at once where the file could not be written in the end. A link's target is
    what is replaced; the mode of an existing file stays, a new one has the process's usual mode. `discard()`
    leaves the old file although no exception passes.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._shown = os.fspath(path)
        self._target = os.path.realpath(path)
        self._beside: str | None = None
        self._stream: TextIO | None = None
        self._discarded = False

    def __enter__(self) -> TextIO:
        with self._told():
            self._stream = open(self._descriptor(), "w", encoding="utf-8", newline="")
        return self._stream

    def discard(self) -> None:
        """Leave the old file as it is; what was written is dropped when the context ends."""
        self._discarded = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._stream is not None
        beside, self._beside = self._beside, None
        try:
            with self._told():
                self._stream.close()
                if beside is not None and kind is None and not self._discarded:
                    os.replace(beside, self._target)
                    beside = None
        finally:
            if beside is not None:
                os.unlink(beside)

    def _descriptor(self) -> int:
        try:
            mode = os.stat(self._target).st_mode
        except FileNotFoundError:
            mode = None
        if mode is not None and stat.S_ISDIR(mode):
            raise OperationalError(
                f"cannot write {self._shown}: it is a directory", hints=("name a file inside of it",)
            )
        if mode is not None and not stat.S_ISREG(mode):
            return os.open(self._target, os.O_WRONLY)
        if mode is not None and not os.access(self._target, os.W_OK):
            raise PermissionError(13, "the file is read-only")
        folder = os.path.dirname(self._target)
        number = 0
        while True:
            beside = os.path.join(folder, f".sqloud-{os.getpid()}-{number}.partial")
            try:
                descriptor = os.open(
                    beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600
                )
            except FileExistsError:
                number += 1
                continue
            self._beside = beside
            if mode is not None:
                os.fchmod(descriptor, stat.S_IMODE(mode))
            return descriptor

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OperationalError(f"cannot write {self._shown}: {error.strerror or error}") from error
