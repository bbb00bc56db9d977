"""Parquet, Arrow and pictures: read back by what reads them, one answer a file, never to a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import msgspec
import polars
import pytest
from pyarrow import feather

import sqloud
from sqloud.engine.base import ResultColumn
from sqloud.errors import InterfaceError
from sqloud.executor.result import Result
from sqloud.frontends.cli import main
from sqloud.frontends.shell_redirect import Redirect
from sqloud.output import BINARY, write

TYPED = """
    SELECT 1::bigint AS id, 'x' AS name, '{"a": 1}'::jsonb AS doc, timestamptz '2026-01-31 12:00:00Z' AS at,
           ARRAY['a', NULL] AS tags, sum(2::bigint) AS total, 1.50::numeric(5, 2) AS price, NULL::int AS none
"""


def told_rows(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            table = connection.sql(f"FROM '{path}'").pl()
    else:
        table = polars.DataFrame(feather.read_table(path))
    rows: list[dict[str, object]] = table.to_dicts()
    return rows


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_types_are_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    assert main(["-c", TYPED, "--out", str(path)]) == 0
    (row,) = told_rows(path)
    assert (row["id"], row["name"], row["doc"], row["tags"], row["none"]) == (
        1, "x", '{"a":1}', ["a", None], None,
    ) or row["doc"] == '{"a": 1}'  # fmt: skip
    assert str(row["at"]).startswith("2026-01-31 12:00:00")
    assert (int(str(row["total"])), str(row["price"])) == (2, "1.50")


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("statement", ["SHOW PROVIDERS", "EXPLAIN (FORMAT json) SELECT 1"])
def test_what_the_engine_does_not_hold_is_written_too(tmp_path: Path, suffix: str, statement: str) -> None:
    path = tmp_path / f"x{suffix}"
    assert main(["-c", statement, "--out", str(path)]) == 0
    assert len(told_rows(path)) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_no_rows_leave_the_columns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    assert main(["-c", "SELECT 1 AS a, 'x' AS b LIMIT 0", "--out", str(path)]) == 0
    table = (
        duckdb.read_parquet(str(path)).columns
        if suffix == ".parquet"
        else feather.read_table(path).schema.names
    )
    assert list(table) == ["a", "b"]


def test_names_are_distinct(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.parquet"
    assert main(["-c", "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--out", str(path)]) == 0
    assert told_rows(path) == [{"a": 1, "a_3": 2, "a_2": 3}]
    assert "the column a is written as a_3" in capsys.readouterr().err


def test_a_file_holds_one_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.parquet"
    path.write_text("old")
    assert main(["-c", "SELECT 1 AS a; SELECT 2 AS a", "--out", str(path)]) == 2
    assert path.read_text() == "old"
    assert "a file holds one answer" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["x.parquet"]


@pytest.mark.parametrize("output_format", BINARY)
@pytest.mark.parametrize("terminal", [True, False])
def test_bytes_are_not_for_text(output_format: str, terminal: bool) -> None:
    result = Result((ResultColumn(name="a", type="VARCHAR"),), iter([[("x",)]]))
    with pytest.raises(InterfaceError, match="is no text for a terminal"):
        write(result, output_format, io.StringIO(), terminal=terminal, note=lambda _: None)


@pytest.mark.parametrize("statement", [
    "SELECT * FROM (VALUES ('a$b', 1, 2), ('b', NULL, 3), (NULL, 4, 5)) AS t(name, one, two)",
    "SELECT i AS x, i * i AS y FROM generate_series(1, 20) AS t(i)",
    "SELECT timestamp '2026-01-01' + i * interval '1 day' AS at, i AS y FROM generate_series(1, 5) AS t(i)",
])  # fmt: skip
def test_pictures_are_the_same_each_time(tmp_path: Path, statement: str) -> None:
    for form, start in (("png", b"\x89PNG\r\n"), ("svg", b"<?xml")):
        once, twice = tmp_path / f"1.{form}", tmp_path / f"2.{form}"
        for path in (once, twice):
            assert main(["-c", statement, "--out", str(path)]) == 0
        assert once.read_bytes().startswith(start)
        assert once.read_bytes() == twice.read_bytes()
        assert len(once.read_bytes()) > 3000


def test_a_picture_needs_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", "SELECT 'a' AS name", "--out", str(tmp_path / "x.png")]) == 1
    assert "needs a column of numbers" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_name_of_a_foreign_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.xlsx"
    assert main(["-c", "SELECT 1 AS a", "--out", str(path)]) == 2
    assert "no format of ours is .xlsx" in capsys.readouterr().err
    assert main(["-c", "SELECT 1 AS a", "--out", str(path), "-o", "csv"]) == 0


def test_the_shell_refuses_such_a_name_too(tmp_path: Path) -> None:
    with pytest.raises(InterfaceError, match=r"no format of ours is \.xlsx"):
        Redirect(str(tmp_path / "x.xlsx"), whole=False)
    assert not list(tmp_path.iterdir())


def test_json_of_what_no_engine_holds_is_json_in_columns() -> None:
    with sqloud.connect(sandbox=True) as connection:
        (plan,) = connection.execute("EXPLAIN (FORMAT json) SELECT 1").pl()["plan"].to_list()
    assert isinstance(msgspec.json.decode(plan), dict)
