"""A text that is held back until it is whole.

Law: nothing is released before the last of it was written; what does not fit in memory waits in a private
file that has no name.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import TextIO

__all__ = ["Spool"]

IN_MEMORY = 8 * 2**20
"""Characters that wait in memory; what goes beyond waits in the file."""


class Spool:
    """Takes text with `write`, gives all of it to a stream with `release`. A context manager."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._room = in_memory
        self._chunks: list[str] = []
        self._file: IO[str] | None = None

    def write(self, text: str) -> None:
        """Append. Raises OSError where the temporary file cannot take it."""
        if self._file is None and len(text) <= self._room:
            self._room -= len(text)
            self._chunks.append(text)
            return
        if self._file is None:
            from tempfile import TemporaryFile

            self._file = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
            self._room = 0
        self._file.write(text)

    def release(self, stream: TextIO) -> None:
        """Write all of it to the stream, in order.

        Raises UnicodeEncodeError, with nothing written, where the stream's encoding lacks a character.
        """
        encoding = getattr(stream, "encoding", None)
        if encoding is not None and encoding.lower().replace("-", "") != "utf8":
            for piece in self._pieces():
                piece.encode(encoding, stream.errors or "strict")
        stream.writelines(self._pieces())

    def _pieces(self) -> Iterator[str]:
        yield from self._chunks
        if self._file is not None:
            self._file.seek(0)
            while piece := self._file.read(IN_MEMORY // 8):
                yield piece

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chunks.clear()
        if self._file is not None:
            self._file.close()
