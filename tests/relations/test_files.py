"""Files: read where the user opened a directory, written where he opened one, and nowhere else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqloud
from sqloud.engine.duck import DuckEngine
from sqloud.errors import Error, NotSupportedError, OperationalError, ProgrammingError
from sqloud.frontends.dbapi import Connection
from sqloud.planner.files import is_closed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "open").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "secret.csv").write_text("a\n42\n")
    (tmp_path / "open" / "keys.csv").write_text("id,name\n7,seven\n8,eight\n")
    (tmp_path / "open" / "one.json").write_text('[{"a": 1}, {"a": 2}]')
    (tmp_path / "open" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "open" / "up").symlink_to(tmp_path)
    return tmp_path


@pytest.fixture
def connection(place: Path) -> Iterator[Connection]:
    with sqloud.connect(
        sandbox=True,
        allow_read=[place / "open"],
        allow_write=[place / "out"],
        on_notice=lambda text: None,
    ) as opened:
        yield opened


def rows(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    cursor = connection.cursor().execute(sql)
    return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT name FROM '{open}/keys.csv' WHERE id = 7", [("seven",)]),
        (
            "SELECT k.name FROM '{open}/keys.csv' AS k JOIN '{open}/one.json' j ON k.id = j.a + 6",
            [("seven",), ("eight",)],
        ),
        ("SELECT keys.id FROM '{open}/keys.csv' ORDER BY 1 LIMIT 1", [(7,)]),
        ("SELECT sum(a) FROM read_json('{open}/one.json')", [(3,)]),
        (
            "SELECT count(*) FROM read_csv(ARRAY['{open}/keys.csv', '{open}/../open/keys.csv'], header => true)",
            [(4,)],
        ),
        ("SELECT count(*) FROM '{open}/k*.csv'", [(2,)]),
    ],
)
def test_reading(connection: Connection, place: Path, sql: str, expected: list[tuple[object, ...]]) -> None:
    assert rows(connection, sql.replace("{open}", str(place / "open"))) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{root}/secret.csv'",
        "SELECT * FROM '{root}/open/../secret.csv'",
        "SELECT * FROM '{root}/open/link.csv'",
        "SELECT * FROM '{root}/open/l*.csv'",
        "SELECT * FROM '{root}/open/up/secret.csv'",
        "SELECT * FROM '{root}/*.csv'",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('{root}/secret.csv')",
        "SELECT * FROM read_csv(ARRAY['{root}/open/keys.csv', '{root}/secret.csv'])",
        "SELECT * FROM read_csv(concat('{root}', '/secret.csv'))",
        "SELECT * FROM read_text('{root}/open/keys.csv')",
        "SELECT * FROM read_blob('{root}/open/keys.csv')",
        "SELECT * FROM read_duckdb('{root}/x.duckdb')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM sniff_csv('{root}/secret.csv')",
        "SELECT * FROM parquet_metadata('{root}/x.parquet')",
        "SELECT 1 WHERE EXISTS (SELECT * FROM read_csv('{root}/secret.csv'))",
        "CREATE VIEW v AS SELECT * FROM '{root}/secret.csv'",
        "CREATE TABLE t AS SELECT * FROM '{root}/secret.csv'",
        "COPY (SELECT * FROM '{root}/secret.csv') TO '{root}/out/x.csv'",
        "COPY (SELECT 1) TO '{root}/open/x.csv'",
        "COPY (SELECT 1) TO '{root}/out/../x.csv'",
        "COPY (SELECT 1) TO '{root}/x.parquet'",
        "ATTACH '{root}/x.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '{root}/out'",
    ],
)
def test_nothing_else_is_reached(connection: Connection, place: Path, sql: str) -> None:
    before = sorted(place.rglob("*"))
    with pytest.raises(NotSupportedError):
        rows(connection, sql.replace("{root}", str(place)))
    assert sorted(place.rglob("*")) == before


def test_closed_until_opened(place: Path) -> None:
    with sqloud.connect(sandbox=True) as connection:
        with pytest.raises(NotSupportedError, match="files are closed to statements") as caught:
            rows(connection, f"SELECT * FROM '{place}/open/keys.csv'")
        assert caught.value.hints == ("--allow-read DIR opens a directory",)
        with pytest.raises(NotSupportedError, match="no file may be written"):
            rows(connection, f"COPY (SELECT 1) TO '{place}/out/x.csv'")


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.json", "x.jsonl", "x.tsv"])
def test_copy_there_and_back(connection: Connection, place: Path, name: str) -> None:
    cursor = connection.cursor()
    assert (
        cursor.execute(
            f"COPY (SELECT 1 AS a, 'b' AS c UNION ALL SELECT 2, NULL) TO '{place}/out/{name}'"
        ).rowcount
        == 2
    )
    assert [path.name for path in (place / "out").iterdir()] == [name]
    (place / "out" / name).rename(place / "open" / name)
    rows(connection, "CREATE TABLE t (a int, c text)")
    assert cursor.execute(f"COPY t FROM '{place}/open/{name}'").rowcount == 2
    assert rows(connection, "SELECT * FROM t ORDER BY a") == [(1, "b"), (2, None)]


def test_a_copy_that_fails_leaves_what_was_there(connection: Connection, place: Path) -> None:
    target = place / "out" / "x.csv"
    target.write_text("old")
    with pytest.raises(Error):
        rows(connection, f"COPY (SELECT CAST(name AS int) FROM '{place}/open/keys.csv') TO '{target}'")
    assert [path.name for path in target.parent.iterdir()] == ["x.csv"]
    assert target.read_text() == "old"


def test_a_link_is_replaced_and_not_followed(connection: Connection, place: Path) -> None:
    link = place / "out" / "x.csv"
    link.symlink_to(place / "secret.csv")
    rows(connection, f"COPY (SELECT 1 AS a) TO '{link}' (HEADER false)")
    assert (place / "secret.csv").read_text() == "a\n42\n"
    assert link.read_text() == "1\n"


@pytest.mark.parametrize(
    ("sql", "kind", "message"),
    [
        ("COPY (SELECT 1) TO '{root}/out/x.txt'", NotSupportedError, "does not say its format"),
        ("COPY (SELECT 1) TO '{root}/out/x.csv' (FORMAT xml)", NotSupportedError, "no format xml"),
        (
            "COPY (SELECT 1) TO '{root}/out/x.csv' (PARTITION_BY 'a')",
            ProgrammingError,
            "no option PARTITION_BY",
        ),
        ("SELECT * FROM '{root}/open/nothing.csv'", OperationalError, "there is no file"),
    ],
)
def test_refusals(connection: Connection, place: Path, sql: str, kind: type[Error], message: str) -> None:
    with pytest.raises(kind, match=message):
        rows(connection, sql.replace("{root}", str(place)))


_KNOWN = re.compile(
    r"read_(csv|json|ndjson|parquet)(_auto)?|parquet_scan|duckdb_\w+|pragma_\w+|pg_timezone_names|icu_calendar_names"
    r"|generate_series|range|unnest|repeat|repeat_row|json_each|json_tree|histogram(_values)?|summary"
    r"|test_all_types|test_vector_types"
)


def test_every_table_function_is_judged() -> None:
    """A new version of the engine may bring functions that reach further."""
    engine = DuckEngine()
    workspace = engine.open()
    listing = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE 'table%'"
    names = [str(name) for batch in workspace.query(listing) for (name,) in batch]
    engine.close()
    assert [name for name in names if not is_closed(name) and not _KNOWN.fullmatch(name)] == []
