"""An answer in columns, as a file: Parquet and Arrow IPC (which is Feather's second version).

Law: every column keeps its type as far as the format has it; JSON is text in both. Parquet is the engine's own; for
Arrow files pyarrow, an extra, is imported here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqloud.engine.columns import Stream, loaded, to_parquet
from sqloud.errors import InterfaceError

if TYPE_CHECKING:
    from sqloud.executor.result import Result

__all__ = ["arrow", "parquet"]

Note = Callable[[str], None]


def parquet(result: Result, path: str, note: Note) -> int:
    """Write all rows to a Parquet file; gives their number."""
    with _columns(result, note) as stream:
        return to_parquet(stream, path)


def arrow(result: Result, path: str, note: Note) -> int:
    """Write all rows to an Arrow IPC file; gives their number. Raises InterfaceError without pyarrow."""
    try:
        import pyarrow
    except ImportError as error:
        raise InterfaceError(
            "the format arrow needs pyarrow, which is not installed",
            hints=("pip install 'sqloud[dataframes]', or write   --out FILE.parquet",),
        ) from error
    count = 0
    with _columns(result, note) as stream:
        reader = pyarrow.RecordBatchReader.from_stream(stream)
        with pyarrow.ipc.new_file(path, reader.schema) as file:
            for batch in reader:
                file.write_batch(batch)
                count += batch.num_rows
    return count


@contextmanager
def _columns(result: Result, note: Note) -> Iterator[Stream]:
    """The whole answer by columns; one that the engine does not hold is given to an engine first."""
    names = _distinct([column.name for column in result.columns], note)
    held = result.answer
    if held is not None:
        yield Stream(held, names)
        result.read_whole()
        return
    with loaded(result.columns, result.batches()) as answer:
        yield Stream(answer, names)


def _distinct(names: Sequence[str], note: Note) -> list[str]:
    """The names of columns, each once, as a reader of such a file needs them.

    >>> _distinct(["id", "ID", "x"], print)
    the column ID is written as ID_2: names in such a file are distinct
    ['id', 'ID_2', 'x']
    """
    taken = {name.lower() for name in names}
    seen: set[str] = set()
    distinct = []
    for name in names:
        chosen, number = name, 1
        if name.lower() in seen:
            while chosen.lower() in taken:
                number += 1
                chosen = f"{name}_{number}"
            note(f"the column {name} is written as {chosen}: names in such a file are distinct")
        taken.add(chosen.lower())
        seen.add(chosen.lower())
        distinct.append(chosen)
    return distinct
