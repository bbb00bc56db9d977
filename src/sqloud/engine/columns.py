"""Columns out of the engine and into a file of columns.

Law: the file is written by an engine of its own, which reads the answer as an Arrow stream: the session's engine is
closed to files and stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from sqloud.engine.answers import Answer
from sqloud.engine.base import Batch, ResultColumn, Workspace
from sqloud.engine.faults import translated

__all__ = ["Stream", "held", "loaded", "to_parquet"]


class Stream:
    """An answer under chosen names, for whoever reads Arrow streams; each asks for all rows anew."""

    def __init__(self, answer: Answer, names: Sequence[str]) -> None:
        self._answer = answer
        self._names = names

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._answer.arrow_stream(self._names)


def to_parquet(stream: Stream, path: str) -> int:
    """Write every row to a Parquet file; gives their number. Raises OperationalError where it cannot be written."""
    import duckdb  # the native module alone reads no Arrow stream

    quoted = "'" + path.replace("'", "''") + "'"
    with translated(), duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("answer", stream)
        written = connection.execute(f"COPY (FROM answer) TO {quoted} (FORMAT parquet)").fetchone()
        return int(written[0]) if written is not None else 0


def held(workspace: Workspace, columns: Sequence[ResultColumn], batches: Iterable[Batch]) -> Iterator[Batch]:
    """Rows that no engine holds, as an answer that this workspace holds. The text of a JSON column is JSON."""
    names = [f"c{position}" for position in range(len(columns))]
    texts = [column.type == "JSON" for column in columns]
    workspace.create("given", [(name, column.type) for name, column in zip(names, columns, strict=True)])
    for batch in batches:
        lines = bytearray()
        for row in batch:
            cells = (
                msgspec.Raw(msgspec.json.format(cell, indent=-1).encode())
                if is_text and isinstance(cell, str)
                else cell
                for is_text, cell in zip(texts, row, strict=True)
            )
            lines += msgspec.json.encode(dict(zip(names, cells, strict=True))) + b"\n"
        if lines:
            workspace.load("given", bytes(lines))
    return workspace.query("SELECT * FROM given")


@contextmanager
def loaded(columns: Sequence[ResultColumn], batches: Iterable[Batch]) -> Iterator[Answer]:
    """The same in an engine of its own, which lives as long as this is open."""
    from sqloud.engine.duck import DuckEngine

    engine = DuckEngine((), None, None)
    try:
        answer = held(engine.open(), columns, batches)
        assert isinstance(answer, Answer)
        yield answer
    finally:
        engine.close()
