"""The engine: workspaces apart, the world outside, errors in our tree, values without loss."""

from __future__ import annotations

import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sqloud.engine.base import Batch, ResultColumn
from sqloud.engine.duck import DuckEngine, DuckWorkspace
from sqloud.engine.faults import FAULTS
from sqloud.errors import (
    DataError,
    EngineError,
    Error,
    InterfaceError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    StatementCancelled,
    UnknownNameError,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    engine = DuckEngine()
    yield engine
    engine.close()


@pytest.fixture
def workspace(engine: DuckEngine) -> Iterator[DuckWorkspace]:
    workspace = engine.open()
    yield workspace
    workspace.close()


def rows(workspace: DuckWorkspace, sql: str) -> list[tuple[Any, ...]]:
    return [row for batch in workspace.query(sql) for row in batch]


def value(workspace: DuckWorkspace, expression: str) -> Any:
    ((found,),) = rows(workspace, f"SELECT {expression}")
    return found


def loaded(workspace: DuckWorkspace, sql_type: str, *cells: str) -> list[Any]:
    """What JSON texts come back as, through a column of a type."""
    workspace.create("t", [("v", sql_type)])
    workspace.load("t", b"".join(b'{"v":%s}\n' % cell.encode() for cell in cells))
    return [row[0] for row in rows(workspace, "SELECT v FROM t")]


# --- workspaces


def test_workspaces_do_not_see_each_other(engine: DuckEngine) -> None:
    first, second = engine.open(), engine.open()
    for number, workspace in enumerate((first, second)):
        workspace.create("scan_0", [("v", "BIGINT")])
        workspace.load("scan_0", b'{"v":%d}\n' % number)
    assert rows(first, "SELECT v FROM scan_0") == [(0,)]
    assert rows(second, "SELECT v FROM scan_0") == [(1,)]
    first.close()
    assert rows(second, "SELECT v FROM scan_0") == [(1,)]
    second.close()
    third = engine.open()
    with pytest.raises(UnknownNameError):
        third.bind("SELECT v FROM scan_0")
    third.close()


def test_a_closed_workspace_leaves_nothing(engine: DuckEngine, workspace: DuckWorkspace) -> None:
    other = engine.open()
    other.create("t", [("v", "BIGINT")])
    list(other.query("SELECT v FROM t"))
    other.close()
    other.close()
    schemas = rows(workspace, "SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE 'statement%'")
    assert len(schemas) == 1
    assert rows(workspace, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 't'") == [(0,)]


def test_workspaces_side_by_side(engine: DuckEngine) -> None:
    found: dict[int, list[tuple[Any, ...]]] = {}

    def one(number: int) -> None:
        workspace = engine.open()
        workspace.create("scan_0", [("v", "BIGINT")])
        for step in range(50):
            workspace.load("scan_0", b'{"v":%d}\n' % (number * 100 + step))
        found[number] = rows(workspace, "SELECT min(v), max(v), count(*) FROM scan_0")
        workspace.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [(number * 100, number * 100 + 49, 50)] for number in range(8)}


def test_the_private_directory_is_private_and_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = DuckEngine()
    assert not list(tmp_path.iterdir())
    workspace = engine.open()
    (private,) = tmp_path.iterdir()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    workspace.create("t", [("v", "VARCHAR")])
    workspace.load("t", b'{"v":"a password"}\n')
    assert rows(workspace, "SELECT v FROM t") == [("a password",)]
    assert not [path for path in private.rglob("*") if path.is_file()]
    workspace.close()
    engine.close()
    engine.close()
    assert not list(tmp_path.iterdir())
    with pytest.raises(InterfaceError, match="closed"):
        engine.open()
    assert not list(tmp_path.iterdir())


def test_a_forgotten_engine_takes_its_directory_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = DuckEngine()
    engine.open().close()
    del engine
    assert not list(tmp_path.iterdir())


# --- the world outside

OUTSIDE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/proc/self/status')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_csv('https://example.com/x.csv')",
    "SELECT * FROM read_csv('{private}/../../etc/passwd')",
]

NO_QUERIES = [
    "COPY (SELECT 1) TO '{outside}/x.csv'",
    "EXPORT DATABASE '{outside}/x'",
    "ATTACH '{outside}/x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "CREATE SECRET (TYPE s3)",
]


@pytest.mark.parametrize("sql", OUTSIDE)
def test_a_query_reads_no_file(workspace: DuckWorkspace, sql: str) -> None:
    sql = sql.format(private=workspace._spool.parent)
    for ask in (workspace.bind, workspace.query):
        with pytest.raises(NotSupportedError) as caught:
            ask(sql)
        assert "--allow-read" in "".join(caught.value.hints)


@pytest.mark.parametrize("sql", NO_QUERIES)
def test_nothing_opens_the_engine_again(workspace: DuckWorkspace, tmp_path: Path, sql: str) -> None:
    """Not even what no statement of ours could carry."""
    with pytest.raises(Error):
        workspace._execute(sql.format(outside=tmp_path))
    assert not list(tmp_path.iterdir())
    with pytest.raises(Error):
        workspace.bind(sql.format(outside=tmp_path))


def test_an_allowed_directory_opens_that_alone(tmp_path: Path) -> None:
    inside, beside = tmp_path / "in", tmp_path / "in-not"
    for folder in (inside, beside):
        folder.mkdir()
        (folder / "x.csv").write_text("a\n1\n")
    (inside / "out").symlink_to(beside)
    engine = DuckEngine((inside,))
    workspace = engine.open()
    assert rows(workspace, f"SELECT a FROM read_csv('{inside}/x.csv')") == [(1,)]
    for other in (f"{beside}/x.csv", f"{inside}/../in-not/x.csv", "/etc/passwd"):
        with pytest.raises(NotSupportedError):
            workspace.query(f"SELECT * FROM read_csv('{other}')")
    workspace.close()
    engine.close()


# --- errors

PROVOKED: list[tuple[str, type[Error]]] = [
    ("SELECT nosuch(1)", UnknownNameError),
    ("SELECT * FROM missing", UnknownNameError),
    ("SELECT nothing FROM (SELECT 1 AS a)", ProgrammingError),
    ("SELECT", ProgrammingError),
    ("SELECT sum('a')", ProgrammingError),
    ("SELECT 1 +", ProgrammingError),
    ("SELECT 1; SELECT 2", ProgrammingError),
    ("SELECT 'a'::INT", DataError),
    ("SELECT 300::TINYINT", DataError),
    ("SELECT 1 // 0", DataError),
    ("SELECT 9223372036854775807 + 1", DataError),
    ("SELECT error('told')", DataError),
    ("SELECT regexp_matches('a', '(')", DataError),
    ("SELECT * FROM read_text('/etc/passwd')", NotSupportedError),
]


@pytest.mark.parametrize(("sql", "kind"), PROVOKED)
def test_errors_are_ours(workspace: DuckWorkspace, sql: str, kind: type[Error]) -> None:
    with pytest.raises(Error) as caught:
        workspace.query(sql)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is not None
    assert caught.value.message
    assert "LINE 1" not in caught.value.message
    assert not caught.value.message.startswith(("Catalog", "Binder", "Parser", "Invalid"))
    assert rows(workspace, "SELECT 1") == [(1,)]


def test_memory_that_is_spent_is_the_engines_error() -> None:
    """A session's engine has its limits locked; one of its own is asked for less."""
    import duckdb

    from sqloud.engine.faults import translated

    with duckdb.connect(":memory:", config={"memory_limit": "10MB", "temp_directory": ""}) as connection:
        with pytest.raises(EngineError) as caught, translated():
            connection.execute("SELECT list(range) FROM range(10000000)").fetchall()
        assert "OutOfMemory" in type(caught.value.__cause__).__name__


def test_every_class_of_the_engines_errors_has_a_place() -> None:
    import duckdb

    for name in dir(duckdb):
        kind = getattr(duckdb, name)
        if isinstance(kind, type) and issubclass(kind, duckdb.Error):
            assert any(base.__name__ in FAULTS for base in kind.__mro__), name
    assert all(issubclass(error, Error) for error in FAULTS.values())
    assert all(hasattr(duckdb, name) for name in FAULTS)


# --- interruption


def test_interrupt_from_another_thread(engine: DuckEngine) -> None:
    workspace = engine.open()
    timer = threading.Timer(0.1, workspace.interrupt)
    timer.start()
    began = time.monotonic()
    with pytest.raises(StatementCancelled):
        workspace.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b")
    assert time.monotonic() - began < 5
    timer.join()
    with pytest.raises(StatementCancelled):
        workspace.query("SELECT 1")
    workspace.close()
    workspace.interrupt()
    after = engine.open()
    assert rows(after, "SELECT 1") == [(1,)]
    after.close()


def test_an_interrupt_before_the_query_counts(engine: DuckEngine) -> None:
    workspace = engine.open()
    workspace.create("t", [("v", "BIGINT")])
    workspace.load("t", b'{"v":1}\n')
    workspace.interrupt()
    for ask in (workspace.bind, workspace.query):
        with pytest.raises(StatementCancelled):
            ask("SELECT v FROM t")
    workspace.close()


def test_a_call_waits_for_the_one_before_it(workspace: DuckWorkspace) -> None:
    """The engine refuses a call on a cursor that is busy; a workspace makes it wait."""
    answers: list[Iterator[Batch]] = []
    counted = "SELECT count(*) FROM range(30000) a, range(10000) b WHERE a.range <> b.range"
    thread = threading.Thread(target=lambda: answers.append(workspace.query(counted)))
    thread.start()
    while not workspace._answers:
        time.sleep(0.001)
    workspace.create("t", [("v", "BIGINT")])
    thread.join()
    assert list(answers[0]) == [[(299_990_000,)]]


def test_an_answer_that_another_call_ended_is_not_read_on(workspace: DuckWorkspace) -> None:
    """Else it would look complete."""
    batches = workspace.query("SELECT range FROM range(10)", batch_size=5)
    next(batches)
    workspace.bind("SELECT 1")
    with pytest.raises(InternalError, match="given up"):
        next(batches)


def test_closing_the_engine_stops_what_runs_on_it() -> None:
    engine = DuckEngine()
    raised: list[Error] = []
    busy, reading = engine.open(), engine.open()
    batches = reading.query("SELECT range FROM range(10000)", batch_size=10)
    next(batches)

    def work() -> None:
        try:
            busy.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b")
        except Error as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.1)
    engine.close()
    thread.join(5)
    assert [type(error) for error in raised] == [StatementCancelled]
    with pytest.raises(StatementCancelled):
        next(batches)
    busy.close()
    reading.close()


def test_a_closed_workspace_gives_nothing(engine: DuckEngine) -> None:
    workspace = engine.open()
    batches = workspace.query("SELECT 1")
    workspace.close()
    with pytest.raises(InterfaceError, match="closed"):
        next(batches)
    with pytest.raises(InterfaceError, match="closed"):
        workspace.query("SELECT 1")


# --- loading and answering


def test_a_query_that_fails_late_gives_no_batch(workspace: DuckWorkspace) -> None:
    with pytest.raises(DataError):
        workspace.query("SELECT CASE WHEN range < 99999 THEN 1 ELSE error('late') END FROM range(100000)")


def test_batches_keep_order_and_size(workspace: DuckWorkspace) -> None:
    workspace.create("t", [("v", "BIGINT")])
    for number in range(10):
        lines = b"".join(b'{"v":%d}\n' % (number * 1_000 + place) for place in range(1_000))
        workspace.load("t", lines)
    batches = list(workspace.query("SELECT v FROM t", batch_size=3_000))
    assert [len(batch) for batch in batches] == [3_000, 3_000, 3_000, 1_000]
    assert [row[0] for batch in batches for row in batch] == list(range(10_000))


def test_loading_goes_on_after_a_query(workspace: DuckWorkspace) -> None:
    workspace.create("t", [("v", "BIGINT")])
    for count in range(1, 4):
        workspace.load("t", b'{"v":1}\n')
        assert rows(workspace, "SELECT count(*) FROM t") == [(count,)]
    workspace.load("t", b"")
    assert rows(workspace, "SELECT count(*) FROM t") == [(3,)]


def test_a_table_without_columns_counts_its_rows(workspace: DuckWorkspace) -> None:
    workspace.create("t", [])
    workspace.load("t", b"{}\n" * 7)
    assert rows(workspace, "SELECT count(*) FROM t") == [(7,)]


def test_names_are_quoted(workspace: DuckWorkspace) -> None:
    names = ['a"b', "a'b", "select", "é", "A", "x y"]
    workspace.create('t"t', [(name, "BIGINT") for name in names])
    workspace.load('t"t', '{"a\\"b":1,"a\'b":2,"select":3,"é":4,"A":5,"x y":6}\n'.encode())
    assert rows(workspace, 'SELECT * FROM "t""t"') == [(1, 2, 3, 4, 5, 6)]


def test_a_row_of_many_megabytes(workspace: DuckWorkspace) -> None:
    workspace.create("t", [("v", "VARCHAR")])
    workspace.load("t", b'{"v":"' + b"x" * (20 * 2**20) + b'"}\n')
    assert value(workspace, "length(v) FROM t") == 20 * 2**20


def test_bind_names_and_types_a_query_without_running_it(workspace: DuckWorkspace) -> None:
    workspace.create("t", [("id", "BIGINT"), ("o", "JSON"), ("l", "VARCHAR[]")])
    sql = "SELECT id, o, l, id AS id, count(*) OVER () AS n, error('unrun') AS e FROM t"
    assert workspace.bind(sql) == tuple(
        ResultColumn(name=name, type=kind)
        for name, kind in [
            ("id", "BIGINT"),
            ("o", "JSON"),
            ("l", "VARCHAR[]"),
            ("id_1", "BIGINT"),  # the planner has the names that the answer is given under
            ("n", "BIGINT"),
            ("e", '"NULL"'),
        ]
    )


def test_columns_of_one_name_keep_apart(workspace: DuckWorkspace) -> None:
    assert rows(workspace, "SELECT 1 AS a, 2 AS a, 3 AS b") == [(1, 2, 3)]


NOON = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)

LOADED: list[tuple[str, list[str], list[Any]]] = [
    ("BIGINT", ["0", "9223372036854775807", "-9223372036854775808", "9007199254740993", "null"],
     [0, 2**63 - 1, -(2**63), 9007199254740993, None]),
    ("DOUBLE", ["0.1", "1e300", "-0.0", "5e-324", "null"], [0.1, 1e300, -0.0, 5e-324, None]),
    ("BOOLEAN", ["true", "false", "null"], [True, False, None]),
    ("VARCHAR", ['""', '"null"', '"2024-01-01"', '" x "', r'"a\u0000b"', r'"\u2028\n\"\\"', '"😀"', "null"],
     ["", "null", "2024-01-01", " x ", "a\x00b", '\u2028\n"\\', "😀", None]),
    ("JSON", ['{"a":[1,2.50]}', "[]", "{}", '"x"', "5", "false", "null", '{"n":12345678901234567890123}'],
     ['{"a":[1,2.5]}', "[]", "{}", '"x"', "5", "false", None, '{"n":12345678901234567890123}']),
    ("BIGINT[]", ["[]", "[1,null]", "[9223372036854775807]", "null"], [[], [1, None], [2**63 - 1], None]),
    ("VARCHAR[]", ['["",null,"a"]', "[]"], [["", None, "a"], []]),
    ("TIMESTAMP WITH TIME ZONE",
     ['"2024-02-29T12:00:00.123456Z"', '"2024-02-29T17:30:00.123456+05:30"', '"0001-01-01T00:00:00Z"',
      '"9999-12-31T23:59:59.999999Z"', "null"],
     [NOON, NOON, datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None]),
]  # fmt: skip


@pytest.mark.parametrize(("sql_type", "cells", "expected"), LOADED, ids=[row[0] for row in LOADED])
def test_values_come_back_as_they_went_in(
    workspace: DuckWorkspace, sql_type: str, cells: list[str], expected: list[Any]
) -> None:
    found = loaded(workspace, sql_type, *cells)
    assert found == expected
    assert [type(cell) for cell in found] == [type(cell) for cell in expected]
    assert [str(cell) for cell in found] == [str(cell) for cell in expected]  # -0.0 is not 0.0
    assert all(cell.utcoffset() == timedelta(0) for cell in found if isinstance(cell, datetime))


STAMP = "TIMESTAMPTZ '2024-02-29T12:00:00.123456Z'"
VALUES: list[tuple[str, Any]] = [
    (STAMP, NOON),
    (f"[{STAMP}, NULL]", [NOON, None]),
    ("NULL::TIMESTAMPTZ[]", None),
    (f"{{'at': {STAMP}}}", '{"at":"2024-02-29 12:00:00.123456+00"}'),
    ("TIMESTAMP '2024-02-29 12:00:00'", datetime(2024, 2, 29, 12)),
    ("DATE '2024-02-29'", date(2024, 2, 29)),
    ("TIME '12:34:56.5'", clock(12, 34, 56, 500_000)),
    ("INTERVAL 90 MINUTE", timedelta(minutes=90)),
    ("1.50::DECIMAL(10, 2)", Decimal("1.50")),
    ("9223372036854775807::HUGEINT * 2", 2**64 - 2),
    ("'ab'::BLOB", b"ab"),
    ("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID", UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
    ("{'a': [1, NULL]}", {"a": [1, None]}),
    ("NULL", None),
    # What Postgres means by these.
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / 2.0", 3.5),
    ("'web' LIKE 'WEB'", False),
    ("'web' ILIKE 'WEB'", True),
    ("'a' = 'A'", False),
    ("NULL = NULL", None),
    ("NULL IN (1)", None),
    ("1 NOT IN (2, NULL)", None),
    ("current_setting('TimeZone')", "UTC"),
    ("sum(x) FROM (VALUES (9223372036854775807), (1)) AS t(x)", 2**63),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[row[0] for row in VALUES])
def test_values_of_every_type(workspace: DuckWorkspace, expression: str, expected: Any) -> None:
    found = value(workspace, expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "TIMESTAMPTZ '0001-01-01T00:00:00+14:00'",
        "TIMESTAMPTZ '10000-01-01T00:00:00Z'",
        "TIMESTAMPTZ 'infinity'",
        "[TIMESTAMPTZ '-infinity']",
    ],
)
def test_a_timestamp_that_python_cannot_hold_is_an_error(workspace: DuckWorkspace, expression: str) -> None:
    with pytest.raises(DataError, match="outside of the years 1 to 9999"):
        value(workspace, expression)


def test_timestamps_need_no_pytz(workspace: DuckWorkspace) -> None:
    import sys

    assert loaded(workspace, "TIMESTAMP WITH TIME ZONE", '"2024-02-29T12:00:00.123456Z"') == [NOON]
    assert "pytz" not in sys.modules
