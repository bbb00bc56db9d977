"""Data frames as tables: copied into the engine, under a name of their own.

Law: a statement reads a copy that was made before it, so what happens to the frame meanwhile changes no row; and a
frame that is seen by one statement is seen by the thread of that statement alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqloud.engine.base import TEMPORARY, Engine
from sqloud.errors import InterfaceError, ProgrammingError
from sqloud.planner.own import OwnRelation
from sqloud.storage import Storage

__all__ = ["Frames", "is_frame"]


def is_frame(value: object) -> bool:
    """Whether a value is a table: a pandas DataFrame, or what gives an Arrow stream (polars, pyarrow, a cursor).

    >>> is_frame([1, 2])
    False
    """
    if isinstance(value, type):
        return False
    return _is_pandas(value) or hasattr(value, "__arrow_c_stream__")


def _is_pandas(value: object) -> bool:
    kind = type(value)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


class _Stream:
    """A frame's Arrow stream and nothing else, so that the engine asks for nothing that needs pyarrow."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class Frames:
    """The frames of a session."""

    def __init__(self, storage: Storage, engine: Engine) -> None:
        self._storage = storage
        self._engine = engine
        self._counter = itertools.count(1)
        self._registered: set[str] = set()

    def register(self, name: str, frame: object) -> None:
        """A temporary relation of this name."""
        if self._storage.held(name, TEMPORARY) is not None and name.lower() not in self._registered:
            raise ProgrammingError(
                f"there is a temporary relation {name} already",
                hints=(f"DROP TABLE {name}, or take another name",),
            )
        with self._storage.changing(_never):
            self._take(name, frame)
        self._registered.add(name.lower())
        self._storage.load()

    def unregister(self, name: str) -> None:
        """Drop it."""
        if name.lower() not in self._registered:
            raise ProgrammingError(f"no frame {name} was registered")
        self._registered.discard(name.lower())
        with self._storage.changing(_never):
            self._drop(name)
        self._storage.load()

    @contextmanager
    def seen(self, frames: Mapping[str, object]) -> Iterator[None]:
        """Frames that the statements of this thread see."""
        made: dict[str, OwnRelation] = {}
        try:
            for name, frame in frames.items():
                copy = f"frame {next(self._counter)}"
                with self._storage.changing(_never):
                    columns = self._take(copy, frame)
                made[name.lower()] = OwnRelation(name=copy, home=TEMPORARY, temporary=True, columns=columns)
            with self._storage.lent(made):
                yield
        finally:
            for relation in made.values():
                self._drop(relation.name)

    def _take(self, name: str, frame: object) -> tuple[tuple[str, str], ...]:
        if not is_frame(frame):
            raise InterfaceError(
                f"no table can be made of a {type(frame).__name__}",
                hints=("give a pandas or polars DataFrame, or an object that has __arrow_c_stream__",),
            )
        workspace = self._engine.open()
        try:
            return workspace.take(name, frame if _is_pandas(frame) else _Stream(frame))
        finally:
            workspace.close()

    def _drop(self, name: str) -> None:
        workspace = self._engine.open()
        try:
            workspace.drop(name)
        finally:
            workspace.close()


def _never() -> bool:
    return False
