"""Answers in columns, and data frames as tables."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pytest

import sqloud

DROPLETS = "SELECT id, name, created_at, tags, region FROM digitalocean.droplets.droplets ORDER BY id LIMIT 3"
FRAME = {"id": [3164444, 2], "owner": ["ann", None]}
KINDS = [pandas.DataFrame, polars.DataFrame, pyarrow.table]


@pytest.fixture
def connection() -> Any:
    with sqloud.connect(sandbox=True, on_notice=lambda _: None) as opened:
        yield opened


@pytest.mark.parametrize("statement", [DROPLETS, "SHOW PROVIDERS", "SELECT 1 AS a, 'x' AS b WHERE false"])
def test_every_reader_gives_the_rows_that_fetchall_gives(
    connection: sqloud.Connection, statement: str
) -> None:
    result = connection.execute(statement)
    rows = connection.execute(statement).fetchall()
    names = [column[0] for column in result.description or ()]
    first = [row[0] for row in rows]
    result.fetchone()
    for frame in (result.pl(), polars.DataFrame(result), polars.DataFrame(result.arrow())):
        assert (frame.columns, frame[names[0]].to_list()) == (names, first)
    for table in (result.df(), pandas.DataFrame.from_arrow(result)):
        assert (list(table.columns), table[names[0]].tolist()) == (names, first)
    assert pyarrow.table(result).column(names[0]).to_pylist() == first
    assert result.dicts() == [dict(zip(names, row, strict=True)) for row in rows[1:]]
    assert result.pl().height == len(rows)


def test_moments_are_aware_in_rows_and_columns(connection: sqloud.Connection) -> None:
    result = connection.execute("SELECT TIMESTAMPTZ '2024-02-03 04:05:06+02' AS t, [1, 2] AS l, 3 AS i")
    moment = datetime(2024, 2, 3, 2, 5, 6, tzinfo=UTC)
    assert result.fetchone() == (moment, [1, 2], 3)
    assert result.pl()["t"][0] == moment
    assert result.df()["t"][0] == moment
    assert result.arrow().schema.field("t").type == pyarrow.timestamp("us", tz="UTC")


def test_another_connection_of_the_engine_reads_a_result(connection: sqloud.Connection) -> None:
    result = connection.execute(DROPLETS)
    other = duckdb.connect()
    other.execute("CREATE TABLE t AS FROM result")
    assert other.execute("SELECT id FROM t").fetchall() == [row[:1] for row in result.fetchall()]
    counted = duckdb.sql("SELECT count(*) FROM result")
    assert counted is not None
    assert counted.fetchall() == [(3,)]
    other.close()


def test_a_stream_outlives_its_cursor(connection: sqloud.Connection) -> None:
    class Held:
        def __init__(self, capsule: object) -> None:
            self.capsule = capsule

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return self.capsule

    result = connection.execute("SELECT * FROM range(100000) AS t(i)")
    held = Held(result.__arrow_c_stream__())
    result.close()
    assert polars.DataFrame(held)["i"].sum() == sum(range(100000))
    with pytest.raises(sqloud.Error):
        result.pl()


def test_shown(connection: sqloud.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    result = connection.execute("SELECT '<b>' AS tag, NULL AS nothing")
    assert "&lt;b&gt;" in str(result._repr_html_())
    result.show()
    assert "| <b>   | NULL" in capsys.readouterr().out
    assert "1 request" in str(connection.execute(DROPLETS)._repr_html_())
    assert connection.cursor()._repr_html_() is None


def test_batches(connection: sqloud.Connection) -> None:
    sizes = [len(batch) for batch in connection.execute("SELECT * FROM range(5000) AS t(i)").batches()]
    assert sizes == [2048, 2048, 904]


@pytest.mark.parametrize("kind", KINDS)
def test_frames_join_the_tables_of_the_api(connection: sqloud.Connection, kind: Any) -> None:
    frame = kind(FRAME)
    sql = "SELECT d.name, {0}.owner FROM {0} JOIN digitalocean.droplets.droplets d ON d.id = {0}.id"
    assert connection.execute(sql.format("frame")).fetchall() == [("example.com", "ann")]
    connection.register("owners", frame)
    assert connection.execute(sql.format("owners")).fetchall() == [("example.com", "ann")]
    connection.register("owners", kind({"id": [7]}))
    assert connection.execute("SELECT * FROM owners").fetchall() == [(7,)]
    connection.unregister("owners")
    with pytest.raises(sqloud.ProgrammingError, match="no table owners"):
        connection.execute("SELECT * FROM owners")
    with pytest.raises(sqloud.ProgrammingError):
        connection.unregister("owners")


def test_what_is_no_frame_is_no_table(connection: sqloud.Connection) -> None:
    listed = [1, 2]
    assert listed
    with pytest.raises(sqloud.UnknownNameError, match="no table listed"):
        connection.execute("SELECT * FROM listed")
    with pytest.raises(sqloud.InterfaceError, match="no table can be made of a list"):
        connection.register("listed", listed)


def test_a_variable_takes_no_tables_place(connection: sqloud.Connection) -> None:
    connection.execute("CREATE TABLE frame AS SELECT 1 AS own")
    frame = polars.DataFrame({"own": [2]})
    assert connection.execute("SELECT own FROM frame").fetchall() == [(1,)]
    connection.execute("CREATE TEMP TABLE made AS SELECT 1 AS x")
    with pytest.raises(sqloud.ProgrammingError, match="already"):
        connection.register("made", frame)


def test_frames_out_of_scope() -> None:
    frame = polars.DataFrame(FRAME)
    with sqloud.connect(sandbox=True, frames_in_scope=False) as connection:
        with pytest.raises(sqloud.UnknownNameError):
            connection.execute("SELECT * FROM frame")
        assert frame.height == 2


def test_answers_leave_the_engine_with_their_cursors(connection: sqloud.Connection) -> None:
    for _ in range(5):
        connection.execute("SELECT * FROM range(10)").fetchall()
    gc.collect()
    assert len(connection._session._engine._workspaces) == 0  # type: ignore[attr-defined]


def test_a_coroutine_reads_frames_among_its_own_variables() -> None:
    async def told() -> list[Any]:
        owners = polars.DataFrame(FRAME)
        async with sqloud.aconnect(sandbox=True, on_notice=lambda _: None) as connection:
            cursor = await connection.execute("SELECT owner FROM owners WHERE id = 3164444")
            rows = await cursor.fetchall()
            del owners
            with pytest.raises(sqloud.ProgrammingError):
                await connection.execute("SELECT owner FROM owners")
            return rows

    assert asyncio.run(told()) == [("ann",)]
