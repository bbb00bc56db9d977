"""Where the user's own relations live: in memory, or in a file that only the user can read.

Law: a file that holds them, and the log beside it, are made private before anything is written into them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqloud.engine.base import KEPT
from sqloud.engine.driver import native
from sqloud.engine.values import quoted
from sqloud.errors import OperationalError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Home"]

_PRIVATE = 0o600


class Home:
    """The database of the user's own relations; `path` is None for one in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path.absolute() if path is not None else None

    def opened(self, connection: duckdb.DuckDBPyConnection, private: Path) -> tuple[str, ...]:
        """What opens the file, if there is one. A file that is not there yet is made, readable by the user alone.

        `private` is a directory of ours to make it in. Raises OperationalError for a place that cannot hold it.
        """
        path = self._path
        if path is None:
            return ()
        try:
            if not path.exists():
                empty = private / "empty.duckdb"
                connection.execute(f"ATTACH {quoted(str(empty))} AS empty")
                connection.execute("DETACH empty")
                os.chmod(empty, _PRIVATE)
                beside = path.with_name(f".{path.name}.{os.getpid()}")
                beside.touch(_PRIVATE, exist_ok=True)
                shutil.copyfile(empty, beside)
                empty.unlink()
                with suppress(FileExistsError):  # another process was faster: its file is as good
                    os.link(beside, path)
                beside.unlink()
        except OSError as error:
            raise OperationalError(
                f"cannot make the database {path}: {error.strerror or error}",
                hints=("--database FILE is made in a directory that is there",),
            ) from error
        return (f"ATTACH {quoted(str(path))} AS {KEPT}",)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Say which database it is that the engine cannot open."""
        try:
            yield
        except (native().IOException, native().ResourceInUseException) as error:
            if self._path is None:
                raise
            said = str(error).partition(": ")[2].partition(" See also ")[0].strip()
            raise OperationalError(
                f"cannot open the database {self._path}: {said}",
                hints=("one process at a time can hold it: close the other, or name another file",),
            ) from error

    def guard(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Before a change: the database is there, and the log that will be written beside its file is private."""
        if self._path is None:
            cursor.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {KEPT}")
        else:
            with suppress(FileExistsError):
                os.close(os.open(f"{self._path}.wal", os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
