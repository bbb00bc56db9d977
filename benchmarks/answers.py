"""What it costs to get an answer in columns, against the engine's own way to the same frame."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

PAIRS = 15
ROWS = 1_000_000
QUERY = (
    "SELECT i::bigint AS id, 'name-' || i AS name, i * 0.5 AS price, i % 7 AS region, "
    "TIMESTAMPTZ '2026-01-01' + i * INTERVAL '1 second' AS created_at FROM range({rows}) AS r(i)"
)


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    import duckdb

    import sqloud

    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"CREATE TABLE t AS {QUERY.format(rows=ROWS)}")
    with sqloud.connect(sandbox=True, on_notice=lambda _: None) as connection:
        connection.execute(f"CREATE TABLE t AS {QUERY.format(rows=ROWS)}")

        def ours() -> object:
            return connection.execute("SELECT * FROM t").pl()

        def theirs() -> object:
            relation = engine.sql("SELECT * FROM t")
            assert relation is not None
            return relation.pl()

        ours(), theirs()
        pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(PAIRS)]
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{f'{ROWS:,} rows of an own table to polars':<58} {ratio:5.2f}x  (bar 1.3x of the engine's own)")
