"""An answer stays what it was, whatever becomes of the table that it was read from."""

from collections.abc import Callable
from typing import Any

import duckdb
import polars
import pyarrow
import pytest

import sqloud

ROWS = [(number, f"name-{number}", None if number % 3 else number / 2) for number in range(5000)]
MADE = (
    "CREATE TABLE t AS SELECT i::bigint AS id, 'name-' || i AS name, "
    "CASE WHEN i % 3 = 0 THEN i / 2.0 END AS half FROM range(5000) AS r(i)"
)
CHANGES = [
    "INSERT INTO t VALUES (-1, 'more', 0)",
    "UPDATE t SET name = 'other'",
    "DELETE FROM t WHERE id > 10",
    "TRUNCATE t",
    "DROP TABLE t",
    "ALTER TABLE t RENAME COLUMN name TO title",
    "ALTER TABLE t DROP COLUMN half",
    "CREATE OR REPLACE TABLE t AS SELECT 1 AS one",
]
READERS: dict[str, Callable[[Any], list[tuple[Any, ...]]]] = {
    "fetchall": lambda result: result.fetchall(),
    "polars": lambda result: result.pl().rows(),
    "arrow": lambda result: [tuple(row.values()) for row in pyarrow.table(result).to_pylist()],
    "pandas": lambda result: polars.from_pandas(result.df()).rows(),
    "other engine": lambda result: duckdb.connect().execute("SELECT * FROM result").fetchall(),
}


@pytest.fixture
def connection() -> Any:
    with sqloud.connect(sandbox=True, on_notice=lambda _: None) as opened:
        opened.execute(MADE)
        yield opened


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_reaches_no_answer_that_was_given_before(connection: sqloud.Connection, change: str) -> None:
    results = {name: connection.execute("SELECT * FROM t") for name in READERS}
    begun, looked_into = connection.execute("SELECT * FROM t"), connection.execute("SELECT * FROM t")
    assert [begun.fetchone(), begun.fetchone()] == ROWS[:2]
    assert looked_into.pl().rows() == ROWS
    stream = connection.execute("SELECT * FROM t").__arrow_c_stream__()
    connection.execute(change)
    for name, read in READERS.items():
        assert read(results[name]) == ROWS, name
    assert begun.fetchall() == ROWS[2:]
    assert begun.pl().rows() == looked_into.pl().rows() == ROWS

    class Held:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return stream

    assert polars.DataFrame(Held()).rows() == ROWS


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT id FROM t WHERE id < 3", [(0,), (1,), (2,)]),
        ("SELECT count(*) FROM t", [(5000,)]),
        ("SELECT id FROM t ORDER BY id DESC LIMIT 2", [(4999,), (4998,)]),
        ("SELECT a.id FROM t a JOIN t b ON a.id = b.id + 4998 ORDER BY 1", [(4998,), (4999,)]),
    ],
)
def test_any_query_over_it_stays(
    connection: sqloud.Connection, statement: str, expected: list[tuple[Any, ...]]
) -> None:
    result = connection.execute(statement)
    connection.execute("DELETE FROM t ALL ROWS")
    assert result.pl().rows() == result.fetchall() == expected


def test_what_is_made_up_is_made_up_once(connection: sqloud.Connection) -> None:
    result = connection.execute("SELECT id, random() AS dice FROM t WHERE id < 100")
    assert result.pl().rows() == result.pl().rows() == result.fetchall()


def test_a_closed_answer_is_copied_nowhere(connection: sqloud.Connection) -> None:
    result = connection.execute("SELECT * FROM t")
    result.close()
    connection.execute("DROP TABLE t")
    with pytest.raises(sqloud.Error):
        result.pl()
