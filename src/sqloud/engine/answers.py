"""An answer that the engine holds: in rows once, and in columns as often as asked.

Law: whoever reads in columns reads on a connection of its own, with a snapshot of its own, so neither the rows of the
same answer, nor closing it, nor another engine that reads the stream gets in its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqloud.engine.base import Batch
from sqloud.engine.faults import translated
from sqloud.errors import InterfaceError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Answer"]


class Answer(Iterator[Batch]):
    """Batches of rows; `arrow_stream` and `data_frame` give all of them again, by columns.

    `table` is the engine's whole name of the rows, whose columns are c0, c1, ...; `reading` the SQL that reads them
    and what makes values of them; `connection` gives a new connection
    of the engine.
    """

    def __init__(
        self,
        batches: Iterator[Batch],
        table: str,
        reading: tuple[str, Callable[[Batch], Batch]],
        connection: Callable[[], duckdb.DuckDBPyConnection],
    ) -> None:
        self._batches = batches
        self._table = table
        self._reading = reading
        self._connection = connection

    def __next__(self) -> Batch:
        return next(self._batches)

    def again(self, size: int = 2048) -> Iterator[Batch]:
        """All rows from the first, in batches, whatever was read before."""
        relation = self._connection()
        with translated():
            relation.execute(self._reading[0])
            while rows := relation.fetchmany(size):
                yield self._reading[1](rows)

    def arrow_stream(self, names: Sequence[str]) -> object:
        """A PyCapsule named `arrow_array_stream` over all rows, which are made as they are read.

        Raises InterfaceError where the answer was closed.
        """
        return self._relation(names).__arrow_c_stream__()

    def data_frame(self, names: Sequence[str]) -> Any:
        """A pandas DataFrame of all rows; raises ImportError without pandas, InterfaceError after `close`."""
        import warnings

        relation = self._relation(names)
        with warnings.catch_warnings():  # the engine's own way to pandas is one that pandas will drop
            warnings.simplefilter("ignore", DeprecationWarning)
            return relation.df()

    def _relation(self, names: Sequence[str]) -> duckdb.DuckDBPyRelation:
        import duckdb  # it adds relations to the native module's connections

        listed = ", ".join(f"c{position} AS {_name(name)}" for position, name in enumerate(names))
        with translated():
            try:
                return self._connection().sql(f"SELECT {listed} FROM {self._table}")
            except duckdb.CatalogException as error:
                raise InterfaceError("the answer is closed") from error


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
