"""An answer that the engine holds: in rows once, and in columns as often as asked.

Law: whoever reads in columns reads on a connection of its own, with a snapshot of its own, so neither the rows of the
same answer, nor closing it, nor another engine that reads the stream gets in its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqloud.engine.base import Batch
from sqloud.engine.faults import translated
from sqloud.engine.held import Held
from sqloud.engine.values import readable
from sqloud.errors import InterfaceError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Answer"]


class Answer(Iterator[Batch]):
    """Batches of rows; `arrow_stream` and `data_frame` give all of them again, by columns.

    `held` is where the rows are, `types` the engine's types of their columns; `connection` gives a new connection of
    the engine.
    """

    def __init__(
        self,
        batches: Iterator[Batch],
        held: Held,
        types: Sequence[str],
        connection: Callable[[], duckdb.DuckDBPyConnection],
    ) -> None:
        self._batches = batches
        self._held = held
        self._types = types
        self._connection = connection

    def __next__(self) -> Batch:
        return next(self._batches)

    def again(self, size: int = 2048) -> Iterator[Batch]:
        """All rows from the first, in batches, whatever was read before."""
        connection = self._connection()
        with translated():
            with self._held.lock:
                reading, converted = readable(self._held.text, self._types)
                connection.execute(reading)
            while rows := connection.fetchmany(size):
                yield converted(rows)

    def arrow_stream(self, names: Sequence[str]) -> object:
        """A PyCapsule named `arrow_array_stream` over all rows, which are made as they are read.

        Raises InterfaceError where the answer was closed.
        """
        with self._held.lock:
            return self._relation(names).__arrow_c_stream__()

    def data_frame(self, names: Sequence[str]) -> Any:
        """A pandas DataFrame of all rows; raises ImportError without pandas, InterfaceError after `close`."""
        import warnings

        # The engine's own way to pandas is one that pandas will drop.
        with self._held.lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._relation(names).df()

    def _relation(self, names: Sequence[str]) -> duckdb.DuckDBPyRelation:
        import duckdb  # it adds relations to the native module's connections

        listed = ", ".join(f"c{position} AS {_name(name)}" for position, name in enumerate(names))
        with translated():
            try:
                return self._connection().sql(f"SELECT {listed} FROM {self._held.text}")
            except duckdb.CatalogException as error:
                raise InterfaceError("the answer is closed") from error


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
