"""DuckDB's errors in our own tree.

Law: every error of the engine's is mapped by its class, never by its text, and keeps its cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqloud.engine.driver import native
from sqloud.errors import (
    DataError,
    EngineError,
    Error,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    StatementCancelled,
    UnknownNameError,
)

__all__ = ["FAULTS", "translated"]

FAULTS: dict[str, type[Error]] = {
    "InterruptException": StatementCancelled,
    "CatalogException": UnknownNameError,
    "PermissionException": NotSupportedError,
    "NotImplementedException": NotSupportedError,
    "InternalException": InternalError,
    "FatalException": InternalError,
    "OutOfMemoryException": EngineError,
    "ConversionException": DataError,
    "OutOfRangeException": DataError,
    "TypeMismatchException": DataError,
    "DataError": DataError,
    "InvalidInputException": DataError,  # refused at run time: a division by zero, a bad pattern
    "ProgrammingError": ProgrammingError,
    "IntegrityError": IntegrityError,
    "OperationalError": EngineError,
    "InternalError": InternalError,
    "NotSupportedError": NotSupportedError,
    "DatabaseError": EngineError,
    "Error": EngineError,
}
"""Class names of the engine's errors, the nearest base first where a class has no row of its own."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the engine raises inside as an error of ours."""
    try:
        yield
    except _engine_error() as error:
        kind = next(
            (FAULTS[base.__name__] for base in type(error).__mro__ if base.__name__ in FAULTS), EngineError
        )
        hints: tuple[str, ...] = ()
        if kind is NotSupportedError and type(error).__name__ == "PermissionException":
            hints = ("files are closed to statements; --allow-read DIR opens a directory",)
        if type(error).__name__ == "OutOfMemoryException":
            hints = ("raise the limit: --memory-limit SIZE, SET memory_limit = '2 GB'",)
        raise kind(_said(str(error)), hints=hints) from error


@cache
def _engine_error() -> type[Exception]:
    error: type[Exception] = native().Error
    return error


def _said(text: str) -> str:
    """The engine's message without its class and without its quotation of the residual SQL."""
    first = text.split("\n\nLINE ")[0]
    first = first.split(" Use TRY(")[0].strip()  # its advice names settings that are closed
    first = first.split("Candidate functions:")[0].strip()  # some are forty
    _, colon, rest = first.partition(" Error: ")
    words = (rest if colon else first).split("\n")
    return " ".join(word.strip() for word in words if word.strip())
