"""Relations of the user's own: made, read, fed from, changed, kept."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqloud
from sqloud.errors import (
    DatabaseError,
    Error,
    MissingParameterError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    UnknownNameError,
)
from sqloud.frontends.dbapi import Connection

BACKUPS = "digitalocean.droplets.backups"
DROPLETS = "digitalocean.droplets.droplets"


@pytest.fixture
def connection() -> Iterator[Connection]:
    with sqloud.connect(sandbox=True, on_notice=lambda text: None) as opened:
        yield opened


def rows(connection: Connection, *statements: str) -> list[tuple[object, ...]]:
    """The answer of the last of some statements."""
    answer: list[tuple[object, ...]] = []
    for sql in statements:
        cursor = connection.cursor().execute(sql)
        answer = cursor.fetchall() if cursor.description else []
    return answer


def asked(connection: Connection, sql: str) -> list[str]:
    """The requests that a query would send."""
    lines = [str(line).split() for (line,) in rows(connection, f"EXPLAIN {sql}")]
    return [words[1] for words in lines if words[0] == "GET"]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            [
                "CREATE TABLE t (a int, b text DEFAULT 'x')",
                "INSERT INTO t (a) VALUES (1), (NULL)",
                "SELECT * FROM t",
            ],
            [(1, "x"), (None, "x")],
        ),
        (["CREATE TABLE t AS SELECT 1 AS a, 'b' AS c", "SELECT c, a FROM t"], [("b", 1)]),
        (["CREATE TABLE t (x, y) AS VALUES (1, 2), (3, 4)", "SELECT y FROM t WHERE x = 3"], [(4,)]),
        (["CREATE TABLE t AS SELECT 1 AS a WITH NO DATA", "SELECT count(*) FROM t"], [(0,)]),
        (
            [
                "CREATE TABLE t AS SELECT 1 AS a",
                "CREATE TABLE IF NOT EXISTS t AS SELECT 2 AS a",
                "SELECT a FROM t",
            ],
            [(1,)],
        ),
        (
            [
                "CREATE TABLE t AS SELECT 1 AS a",
                "CREATE OR REPLACE TABLE t AS SELECT a + 1 AS a FROM t",
                "SELECT a FROM t",
            ],
            [(2,)],
        ),
        (
            ["CREATE TABLE t AS SELECT 1 AS a", "CREATE TEMP TABLE t AS SELECT 9 AS a", "SELECT a FROM t"],
            [(9,)],
        ),
        (
            [
                "CREATE TABLE t AS SELECT 1 AS a",
                "CREATE TEMP TABLE t AS SELECT 9 AS a",
                "DROP TABLE t",
                "SELECT a FROM t",
            ],
            [(1,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1), (2), (3)",
                "UPDATE t SET column1 = 9 WHERE column1 > 2 RETURNING column1",
            ],
            [(9,)],
        ),
        (
            [
                "CREATE TABLE t (d date, j json, s text)",
                "INSERT INTO t VALUES ('2024-01-02', '{\"a\": 1}', NULL)",
                "UPDATE t SET d = NULL, s = DEFAULT RETURNING d, j ->> 'a' AS a",
            ],
            [(None, "1")],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1), (2)",
                "CREATE TABLE u AS VALUES (2, 'two'), (2, 'zwei')",
                "UPDATE t SET column1 = t.column1 * 10 FROM u WHERE u.column1 = t.column1 RETURNING t.column1",
            ],
            [(20,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1), (2)",
                "DELETE FROM t USING (VALUES (2)) AS u(x) WHERE t.column1 = u.x RETURNING *",
            ],
            [(2,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1)",
                "INSERT INTO t SELECT column1 + 1 FROM t RETURNING column1 * 2 AS twice",
            ],
            [(4,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1)",
                "ALTER TABLE t RENAME COLUMN column1 TO a",
                "ALTER TABLE t ADD COLUMN b int DEFAULT 7",
                "ALTER TABLE t ALTER COLUMN a TYPE text",
                "ALTER TABLE t RENAME TO u",
                "SELECT a, b FROM u",
            ],
            [("1", 7)],
        ),
        (["CREATE TABLE t AS VALUES (1)", "TRUNCATE t", "SELECT count(*) FROM t"], [(0,)]),
        (
            ['CREATE TABLE "My T" ("A b" int)', 'INSERT INTO "My T" VALUES (1)', 'SELECT "A b" FROM "My T"'],
            [(1,)],
        ),
        (
            ["CREATE TABLE t AS VALUES (1)", "WITH t AS (SELECT column1 + 1 AS x FROM t) SELECT x FROM t"],
            [(2,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1)",
                "CREATE VIEW v (a) AS SELECT * FROM t",
                "CREATE VIEW w AS SELECT a + 1 AS b FROM v",
                "INSERT INTO t VALUES (5)",
                "SELECT b FROM w AS q ORDER BY b",
            ],
            [(2,), (6,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1)",
                "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t",
                "INSERT INTO t VALUES (2)",
                "SELECT n FROM m",
            ],
            [(1,)],
        ),
        (
            [
                "CREATE TABLE t AS VALUES (1)",
                "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t",
                "INSERT INTO t VALUES (2)",
                "REFRESH MATERIALIZED VIEW m",
                "SELECT n FROM m",
            ],
            [(2,)],
        ),
        (
            ["CREATE TABLE t (a int)", "CREATE VIEW v AS SELECT a FROM t", "SHOW TABLES"],
            [("t", "table"), ("v", "view")],
        ),
        (
            ["CREATE TABLE t (a int, b text)", "DESCRIBE t"],
            [("a", "INTEGER", "column", ""), ("b", "VARCHAR", "column", "")],
        ),
        (["DROP TABLE IF EXISTS nothing", "SHOW TABLES"], []),
    ],
)
def test_own_relations(
    connection: Connection, statements: list[str], expected: list[tuple[object, ...]]
) -> None:
    assert rows(connection, *statements) == expected


@pytest.mark.parametrize(
    ("statements", "kind", "message"),
    [
        (
            ["CREATE TABLE t (a int)", "CREATE TABLE t (a int)"],
            ProgrammingError,
            "there is already a table t",
        ),
        (
            ["CREATE TABLE t (a int)", "CREATE OR REPLACE VIEW t AS SELECT 1"],
            ProgrammingError,
            "already a table t",
        ),
        (["CREATE TABLE digitalocean (a int)"], ProgrammingError, "name of a provider"),
        (["CREATE VIEW digitalocean AS SELECT 1"], ProgrammingError, "name of a provider"),
        (["CREATE VIEW v AS SELECT 1", "DROP TABLE v"], ProgrammingError, "v is a view"),
        (["CREATE VIEW v AS SELECT 1", "INSERT INTO v VALUES (1)"], ProgrammingError, "v is a view"),
        (["CREATE VIEW v AS SELECT nofunction(1)"], UnknownNameError, "nofunction"),
        (["CREATE VIEW v AS SELECT 1 AS a, 2 AS a"], ProgrammingError, "two columns of v are called a"),
        (
            [
                "CREATE VIEW a AS SELECT 1 AS x",
                "CREATE VIEW b AS SELECT * FROM a",
                "CREATE OR REPLACE VIEW a AS SELECT * FROM b",
            ],
            ProgrammingError,
            "the view a reads itself: a > b > a",
        ),
        (["CREATE TABLE t (a int)", "INSERT INTO t (b) VALUES (1)"], UnknownNameError, "no column b in t"),
        (
            ["CREATE TABLE t (a int)", "INSERT INTO t VALUES (1, 2)"],
            ProgrammingError,
            "2 values for 1 columns",
        ),
        (
            ["CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1), (1)"],
            DatabaseError,
            "uplicate key",
        ),
        (
            ["CREATE TABLE t (a int)", "REPLACE INTO t VALUES (1)"],
            NotSupportedError,
            "REPLACE on a table of your own",
        ),
        (["DROP TABLE nothing"], UnknownNameError, "no relation nothing"),
        (["SELECT * FROM nothing"], UnknownNameError, "no table nothing"),
        (
            [f"CREATE VIEW v AS SELECT max(size_gigabytes) FROM {BACKUPS}"],
            MissingParameterError,
            "no query over the view could",
        ),
        (
            [f"CREATE VIEW v AS SELECT name FROM {BACKUPS} LIMIT 3"],
            MissingParameterError,
            "no query over the view could",
        ),
        (
            [f"CREATE VIEW v AS SELECT name FROM {BACKUPS} UNION SELECT 'a'"],
            MissingParameterError,
            "a UNION hides it",
        ),
        (
            [f"CREATE VIEW v AS SELECT 1 AS a WHERE EXISTS (SELECT 1 FROM {BACKUPS})"],
            MissingParameterError,
            "in a subquery",
        ),
        (
            [f"CREATE VIEW v AS SELECT name FROM {BACKUPS}", "SELECT * FROM v"],
            MissingParameterError,
            "needs droplet_id",
        ),
        (
            [
                f"CREATE VIEW v AS SELECT name FROM {BACKUPS} WHERE droplet_id = 1",
                "SELECT * FROM v WHERE droplet_id = 2",
            ],
            UnknownNameError,
            "no column droplet_id",
        ),
        (
            [f"CREATE MATERIALIZED VIEW v AS SELECT name FROM {BACKUPS}"],
            MissingParameterError,
            "needs droplet_id",
        ),
    ],
)
def test_refusals(connection: Connection, statements: list[str], kind: type[Error], message: str) -> None:
    rows(connection, *statements[:-1])
    before = rows(connection, "SHOW EXTENDED TABLES")
    with pytest.raises(kind, match=message):
        rows(connection, statements[-1])
    assert rows(connection, "SHOW EXTENDED TABLES") == before


@pytest.mark.parametrize(
    ("made", "query", "paths"),
    [
        ([f"CREATE VIEW v AS SELECT name FROM {BACKUPS}"], "SELECT * FROM v WHERE droplet_id = 7", [7]),
        (
            [f"CREATE VIEW v AS SELECT name FROM {BACKUPS}"],
            "SELECT * FROM v AS w WHERE w.droplet_id IN (7, 8)",
            [7, 8],
        ),
        ([f"CREATE VIEW v AS SELECT droplet_id AS d FROM {BACKUPS}"], "SELECT * FROM v WHERE d = 7", [7]),
        (
            [f"CREATE VIEW v AS SELECT DISTINCT name FROM {BACKUPS}"],
            "SELECT name FROM v WHERE droplet_id = 7",
            [7],
        ),
        (
            [f"CREATE VIEW v AS SELECT count(*) AS n FROM {BACKUPS} GROUP BY droplet_id"],
            "SELECT n FROM v WHERE droplet_id = 7",
            [7],
        ),
        (
            [f"CREATE VIEW v AS SELECT name FROM {BACKUPS}", "CREATE VIEW w (n) AS SELECT * FROM v"],
            "SELECT n FROM w WHERE droplet_id = 7",
            [7],
        ),
        (
            [
                f"CREATE VIEW v AS SELECT name FROM {BACKUPS}",
                "CREATE TABLE t AS VALUES (7), (9), (NULL), (9)",
            ],
            "SELECT name FROM t JOIN v ON v.droplet_id = t.column1",
            [7, 9],
        ),
        (
            [f"CREATE VIEW v AS WITH b AS (SELECT name FROM {BACKUPS}) SELECT * FROM b"],
            "SELECT * FROM v WHERE droplet_id = 7",
            [7],
        ),
        (
            ["CREATE TABLE t AS VALUES ('7'), ('x')"],
            f"SELECT b.name FROM t, {BACKUPS} b WHERE b.droplet_id = t.column1",
            [7],
        ),
        (
            ["CREATE TABLE t AS VALUES (7), (8)"],
            f"SELECT * FROM {BACKUPS} WHERE droplet_id IN (SELECT column1 FROM t)",
            [7, 8],
        ),
        (
            ["CREATE TABLE t AS VALUES (7), (8)"],
            f"SELECT (SELECT count(*) FROM {BACKUPS} b WHERE b.droplet_id = t.column1) FROM t WHERE t.column1 = 8",
            [8],
        ),
    ],
)
def test_what_is_bound_reaches_the_api(
    connection: Connection, made: list[str], query: str, paths: list[int]
) -> None:
    rows(connection, *made)
    assert asked(connection, query) == [f"/v2/droplets/{key}/backups?per_page=200" for key in paths]


def test_two_hidden_columns_of_one_name_are_called_by_their_tables(connection: Connection) -> None:
    rows(
        connection,
        f"CREATE VIEW v AS SELECT b.name FROM {BACKUPS} b, digitalocean.droplets.snapshots s",
    )
    paths = [f"/v2/droplets/{path}?per_page=200" for path in ("1/backups", "2/snapshots")]
    assert asked(connection, "SELECT * FROM v WHERE b.droplet_id = 1 AND v.s.droplet_id = 2") == paths
    hidden = [name for name, _, kind, _ in rows(connection, "DESCRIBE v") if kind == "parameter, required"]
    assert hidden == ["b.droplet_id", "s.droplet_id"]


def test_counts(connection: Connection) -> None:
    cursor = connection.cursor()
    assert cursor.execute(f"CREATE TABLE t AS SELECT id FROM {DROPLETS}").rowcount == 60
    assert cursor.execute("DELETE FROM t WHERE id IN (SELECT min(id) FROM t)").rowcount == 1
    assert cursor.execute("UPDATE t SET id = id").rowcount == 59
    assert cursor.execute(f"INSERT INTO t SELECT id FROM {DROPLETS} LIMIT 5").rowcount == 5
    assert cursor.execute("SELECT 1").rowcount == -1


def test_a_kept_database(tmp_path: Path) -> None:
    file = tmp_path / "inventory.duckdb"
    with sqloud.connect(sandbox=True, database=file) as connection:
        rows(
            connection,
            "CREATE TABLE t AS SELECT 1 AS a",
            "CREATE VIEW v (b) AS SELECT a FROM t",
            "CREATE MATERIALIZED VIEW m AS SELECT b FROM v",
            "CREATE TEMP TABLE gone (a int)",
        )
        for written in tmp_path.iterdir():
            assert stat.S_IMODE(written.stat().st_mode) == 0o600
        with pytest.raises(OperationalError, match=r"cannot open the database .*inventory\.duckdb"):
            sqloud.connect(sandbox=True, database=file)
        other = subprocess.run(
            [sys.executable, "-m", "sqloud", "--sandbox", "--database", str(file), "-c", "SELECT 1"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        assert (other.returncode, other.stdout) == (1, "")
        assert "one process at a time can hold it" in other.stderr
    with sqloud.connect(sandbox=True, database=file) as connection:
        assert rows(connection, "SHOW TABLES") == [("m", "materialized view"), ("t", "table"), ("v", "view")]
        assert rows(connection, "SELECT b FROM v JOIN m USING (b)") == [(1,)]


def test_the_command_line_says_what_psql_says() -> None:
    sql = "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a > 1; SELECT a FROM t"
    ran = subprocess.run(
        [sys.executable, "-m", "sqloud", "--sandbox", "-o", "csv", "-c", sql],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["a", "1"]
    assert ran.stderr.splitlines() == ["CREATE TABLE", "INSERT 0 3", "DELETE 2"]


def test_statements_side_by_side(connection: Connection) -> None:
    """Every reader sees whole changes only, and none is lost."""
    rows(connection, "CREATE TABLE t AS SELECT 0 AS a, 0 AS b")
    failures: list[object] = []

    def write() -> None:
        for _ in range(15):
            connection.cursor().execute("UPDATE t SET a = a + 1, b = b + 1")

    def read() -> None:
        for _ in range(15):
            ((a, b),) = connection.cursor().execute("SELECT a, b FROM t").fetchall()
            if a != b:
                failures.append((a, b))

    threads = [threading.Thread(target=run) for run in (write, write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(connection, "SELECT a FROM t") == [(30,)]


READING = [
    (f"CREATE TABLE fresh AS SELECT id FROM {DROPLETS}", ["/v2/droplets?per_page=200"]),
    (f"CREATE MATERIALIZED VIEW fresh AS SELECT id FROM {DROPLETS} WHERE id = 5", ["/v2/droplets/5"]),
    (f"INSERT INTO t SELECT id FROM {DROPLETS} WHERE id = 5", ["/v2/droplets/5"]),
    (f"DELETE FROM t WHERE a IN (SELECT id FROM {DROPLETS} WHERE id = 5)", ["/v2/droplets/5"]),
    (f"UPDATE t SET a = 1 FROM {DROPLETS} d WHERE d.id = 5 AND d.id = a", ["/v2/droplets/5"]),
    ("REFRESH MATERIALIZED VIEW kept", ["/v2/droplets/3164444"]),
]


@pytest.mark.parametrize(("sql", "requests"), READING)
def test_a_change_explained_or_in_a_dry_run_tells_its_requests_and_is_not_made(
    sql: str, requests: list[str], tmp_path: Path
) -> None:
    database = tmp_path / "own.duckdb"
    with sqloud.connect(sandbox=True, database=str(database)) as connection:
        rows(
            connection,
            "CREATE TABLE t (a bigint)",
            "INSERT INTO t VALUES (7)",
            f"CREATE MATERIALIZED VIEW kept AS SELECT id FROM {DROPLETS} WHERE id = 3164444",
        )
        assert asked(connection, sql) == requests
        listed = rows(connection, "SHOW TABLES")
        assert rows(connection, "SELECT a FROM t") == [(7,)]
    with sqloud.connect(sandbox=True, database=str(database), dry_run=True) as connection:
        assert [str(line).split()[1] for (line,) in rows(connection, sql)] == requests
    with sqloud.connect(sandbox=True, database=str(database)) as connection:
        assert rows(connection, "SHOW TABLES") == listed
        assert rows(connection, "SELECT a FROM t") == [(7,)]


@pytest.mark.parametrize("sql", ["DROP TABLE t", "CREATE TABLE t (a int)", "TRUNCATE t"])
def test_a_dry_run_of_what_asks_nothing_tells_nothing(sql: str) -> None:
    with sqloud.connect(sandbox=True, dry_run=True) as connection:
        assert rows(connection, sql) == []
        with pytest.raises(NotSupportedError, match="asks nothing"):
            rows(connection, f"EXPLAIN {sql}")


def test_a_dry_run_reads_what_it_would_have_made_as_a_template() -> None:
    backups = "digitalocean.droplets.backups"
    with sqloud.connect(sandbox=True, dry_run=True) as connection:
        script = (
            f"CREATE TABLE d AS SELECT id FROM {DROPLETS} WHERE id = 5",
            f"SELECT b.name FROM d JOIN {backups} b ON b.droplet_id = d.id",
            "CREATE TABLE k (id bigint)",
            f"SELECT name FROM {backups} WHERE droplet_id IN (SELECT id FROM k)",
            "DROP TABLE d",
            f"CREATE TABLE d AS SELECT id FROM {DROPLETS} WHERE id = 6",
        )
        told = [[str(line).partition("   ")[::2] for (line,) in rows(connection, sql)] for sql in script]
    template = "GET /v2/droplets/{droplet_id}/backups?per_page=200"
    assert [[line for line, _ in lines] for lines in told] == [
        *(["GET /v2/droplets/5"], [template], [], [template], [], ["GET /v2/droplets/6"]),
    ]
    assert told[1][0][1].startswith("for each droplet_id out of d: SELECT")


def test_analyzing_a_change_makes_it_and_counts() -> None:
    with sqloud.connect(sandbox=True) as connection:
        told = rows(connection, f"EXPLAIN ANALYZE CREATE TABLE t AS SELECT id FROM {DROPLETS}")
        last = str(told[-1][0])
        assert last.startswith("actual    1 request, 1 page, 60 rows")
        assert "60 changed rows" in last
        assert rows(connection, "SELECT count(*) FROM t") == [(60,)]
        assert rows(connection, f"EXPLAIN CREATE TABLE u AS SELECT * FROM {DROPLETS} WITH NO DATA")[-1] == (
            "estimate  0 requests",
        )


def test_a_dry_run_still_refuses_a_file_that_is_not_open() -> None:
    refused = pytest.raises(NotSupportedError, match="no file may be written")
    with sqloud.connect(sandbox=True, dry_run=True) as connection, refused:
        rows(connection, f"COPY (SELECT id FROM {DROPLETS}) TO 'x.csv'")


def test_a_view_of_a_dry_run_can_be_asked_and_is_not_kept(tmp_path: Path) -> None:
    database = tmp_path / "own.duckdb"
    with sqloud.connect(sandbox=True, database=str(database), dry_run=True) as connection:
        rows(connection, "CREATE VIEW v AS SELECT name FROM digitalocean.droplets.backups")
        (line,) = rows(connection, "SELECT * FROM v WHERE droplet_id = 7")
        assert line == ("GET /v2/droplets/7/backups?per_page=200",)
    with sqloud.connect(sandbox=True, database=str(database)) as connection:
        assert rows(connection, "SHOW TABLES") == []


def test_own_relations_are_not_changed_inside_of_begin(connection: Connection) -> None:
    rows(connection, "BEGIN")
    with pytest.raises(NotSupportedError, match="inside of BEGIN"):
        rows(connection, "CREATE TABLE t (a int)")
    rows(connection, "ROLLBACK", "CREATE TABLE t (a int)")


def test_the_information_schema_lists_own_relations(connection: Connection) -> None:
    made = (
        "CREATE TABLE t (a int, b text)",
        "CREATE TEMP TABLE tt AS SELECT 1 AS q",
        f"CREATE VIEW v AS SELECT id FROM {DROPLETS}",
        f"CREATE VIEW u AS SELECT id FROM {BACKUPS}",
    )
    tables = (
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
    )
    assert rows(connection, *made, tables) == [
        ("t", "BASE TABLE"), ("tt", "LOCAL TEMPORARY"), ("u", "VIEW"), ("v", "VIEW"),
    ]  # fmt: skip
    columns = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name IN ('t', 'u', 'v')"
    )
    assert rows(connection, f"{columns} AND table_schema = 'main' ORDER BY ALL") == [
        ("a", "INTEGER"), ("b", "VARCHAR"), ("id", "BIGINT"), ("id", None),
    ]  # fmt: skip


SNAPSHOTS = "digitalocean.droplets.snapshots"
EVERY_BRANCH = [
    f"SELECT name FROM {BACKUPS} UNION ALL SELECT name FROM {SNAPSHOTS}",
    f"SELECT name, droplet_id FROM {BACKUPS} UNION ALL SELECT name, droplet_id FROM {SNAPSHOTS}",
    f"SELECT name FROM {BACKUPS} UNION (SELECT name FROM {SNAPSHOTS} EXCEPT SELECT name FROM {BACKUPS})",
    (
        f"SELECT name, row_number() OVER (PARTITION BY droplet_id ORDER BY id) AS n FROM {BACKUPS} "
        f"UNION ALL SELECT name, 0 FROM {SNAPSHOTS}"
    ),
    f"SELECT x.name FROM (SELECT name FROM {BACKUPS} UNION ALL SELECT name FROM {SNAPSHOTS}) x",
]


@pytest.mark.parametrize("body", EVERY_BRANCH)
def test_what_every_branch_of_a_view_leaves_unbound_is_bound_through_it(
    connection: Connection, body: str
) -> None:
    rows(connection, f"CREATE VIEW v AS {body}")
    requests = asked(connection, "SELECT name FROM v WHERE droplet_id = 3164444")
    assert {request.split("?")[0] for request in requests} == {
        "/v2/droplets/3164444/backups",
        "/v2/droplets/3164444/snapshots",
    }
    bound = body.replace(BACKUPS, f"{BACKUPS} WHERE droplet_id = 3164444").replace(
        SNAPSHOTS, f"{SNAPSHOTS} WHERE droplet_id = 3164444"
    )
    answered = rows(connection, "SELECT name FROM v WHERE droplet_id = 3164444 ORDER BY ALL")
    assert answered == rows(connection, f"SELECT name FROM ({bound}) AS b ORDER BY ALL")


@pytest.mark.parametrize(
    "body",
    [
        f"SELECT name FROM {BACKUPS} UNION ALL SELECT name FROM {SNAPSHOTS} WHERE droplet_id = 3164444",
        f"SELECT name FROM {BACKUPS} UNION ALL SELECT 'x'",
        f"SELECT name FROM {BACKUPS} UNION ALL SELECT name FROM {SNAPSHOTS} LIMIT 3",
        f"SELECT name, droplet_id FROM {BACKUPS} UNION ALL SELECT name, 5 FROM {SNAPSHOTS}",
    ],
)
def test_what_some_branch_of_a_view_does_not_leave_unbound_is_refused(
    connection: Connection, body: str
) -> None:
    with pytest.raises(MissingParameterError, match=r"UNION hides it|LIMIT"):
        rows(connection, f"CREATE VIEW v AS {body}")
