"""The four formats, each as the whole text that it writes."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sqloud.engine.base import Batch, ResultColumn
from sqloud.errors import EngineError, InterfaceError
from sqloud.executor.result import Completeness, Result
from sqloud.output import FORMAT_NAMES, FORMATS, write
from sqloud.output.jsontext import unique_names
from sqloud.output.spool import Spool

HARMFUL = "a\x1b[31m\x9b\u202eb\nc\td\x7f"

GOLDEN: list[tuple[str, list[tuple[str, str]], list[Batch], bool, str]] = [
    (
        "table",
        [("id", "BIGINT"), ("name", "VARCHAR"), ("tags", "VARCHAR[]")],
        [[(1, "漢字", ["web"])], [(20, None, []), (3, "  NULL", None)]],
        False,
        """\
+------+--------+---------+
|   id | name   | tags    |
|------+--------+---------|
|    1 | 漢字   | ["web"] |
|   20 | NULL   | []      |
|    3 |   NULL | NULL    |
+------+--------+---------+
(3 rows)
""",
    ),
    (
        "table",
        [("id", "BIGINT")],
        [],
        False,
        "+------+\n| id   |\n|------|\n+------+\n(0 rows)\n",
    ),
    (
        "table",
        [("a\nb", "VARCHAR"), ("x", "VARCHAR")],
        [[(HARMFUL, "\x01")]],
        False,
        r"""+--------------------------------+------+
| a\nb                           | x    |
|--------------------------------+------|
| a\x1b[31m\x9b\u202eb\nc\td\x7f | \x01 |
+--------------------------------+------+
(1 row)
""",
    ),
    (
        "json",
        [("id", "BIGINT"), ("id", "BIGINT"), ("at", "TIMESTAMP WITH TIME ZONE"), ("region", "JSON")],
        [[(1, 2, datetime(2026, 1, 1, tzinfo=UTC), '{"a": null}')], [], [(3, None, None, None)]],
        False,
        """\
[{"id":1,"id_1":2,"at":"2026-01-01T00:00:00Z","region":{"a":null}},
{"id":3,"id_1":null,"at":null,"region":null}]
""",
    ),
    ("json", [("id", "BIGINT")], [[], []], False, "[]\n"),
    (
        "json",
        [("100%\n", "VARCHAR")],
        [[(HARMFUL,)]],
        False,
        '[{"100%\\n":"a\\u001b[31m\x9b\u202eb\\nc\\td\x7f"}]\n',
    ),
    (
        "json",
        [("k\u202e", "VARCHAR")],
        [[(HARMFUL,), ("%s",)]],
        True,
        '[{"k\\u202e":"a\\u001b[31m\\u009b\\u202eb\\nc\\td\\u007f"},\n{"k\\u202e":"%s"}]\n',
    ),
    (
        "jsonl",
        [("a", "BOOLEAN"), ("b", "VARCHAR")],
        [[(False, "")], [(None, None)]],
        False,
        '{"a":false,"b":""}\n{"a":null,"b":null}\n',
    ),
    ("jsonl", [("a", "BOOLEAN")], [], False, ""),
    (
        "csv",
        [("id", "BIGINT"), ("id", "VARCHAR"), ('a"b,', "VARCHAR"), ("on", "BOOLEAN"), ("tags", "VARCHAR[]")],
        [[(0, None, "", False, ["a", "b"])], [(None, 'x,"y"\r\nz', " ", None, None)]],
        False,
        'id,id,"a""b,",on,tags\n0,,"",false,"[""a"",""b""]"\n,"x,""y""\r\nz", ,,\n',
    ),
    ("csv", [("id", "BIGINT")], [], False, "id\n"),
    ("csv", [("a\x1b", "VARCHAR")], [[(HARMFUL,)]], False, f'a\x1b\n"{HARMFUL}"\n'),
    ("csv", [("a\x1b", "VARCHAR")], [[(HARMFUL,)]], True, "a\\x1b\na\\x1b[31m\\x9b\\u202eb\\nc\\td\\x7f\n"),
]


def result_of(columns: list[tuple[str, str]], batches: list[Batch], **more: Any) -> Result:
    return Result(tuple(ResultColumn(name=name, type=kind) for name, kind in columns), iter(batches), **more)


def written(result: Result, output_format: str, terminal: bool = False) -> tuple[str, list[str]]:
    stream, notes = io.StringIO(), list[str]()
    write(result, output_format, stream, terminal=terminal, note=notes.append)
    return stream.getvalue(), notes


@pytest.mark.parametrize(("output_format", "columns", "batches", "terminal", "text"), GOLDEN)
def test_whole_text(
    output_format: str, columns: list[tuple[str, str]], batches: list[Batch], terminal: bool, text: str
) -> None:
    result = result_of(columns, batches)
    stream = io.StringIO()
    count = write(result, output_format, stream, terminal=terminal, note=lambda _: None)
    assert stream.getvalue() == text
    assert count == sum(map(len, batches))
    assert result.completeness is Completeness.COMPLETE


def test_other_readers_read_the_same() -> None:
    rows: Batch = [(HARMFUL, 1), ('"', 2), (",", 3), ("\r", 4), ("", 5)]
    columns = [("a", "VARCHAR"), ("b", "BIGINT")]
    text, _ = written(result_of(columns, [rows]), "csv")
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:] == [[a, str(b)] for a, b in rows]
    for terminal in (False, True):
        text, _ = written(result_of(columns, [rows]), "json", terminal)
        assert [tuple(row.values()) for row in json.loads(text)] == rows
        text, _ = written(result_of(columns, [rows]), "jsonl", terminal)
        assert [tuple(json.loads(line).values()) for line in text.split("\n")[:-1]] == rows


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["id", "name"], ["id", "name"]),
        (["id", "id"], ["id", "id_1"]),
        (["id", "id", "id"], ["id", "id_1", "id_2"]),
        (["id", "id", "id_1"], ["id", "id_2", "id_1"]),
        (["id_1", "id", "id", "id_1"], ["id_1", "id", "id_2", "id_1_1"]),
        (["?column?", "?column?"], ["?column?", "?column?_1"]),
        (["id", "ID"], ["id", "ID"]),
    ],
)
def test_keys_are_unique(names: list[str], keys: list[str]) -> None:
    assert list(unique_names(names)) == keys


def test_a_renamed_key_is_noted_where_there_are_keys() -> None:
    columns = [("id", "BIGINT"), ("id", "BIGINT")]
    noted = {name: written(result_of(columns, [[(1, 2)]]), name)[1] for name in FORMATS}
    expected = ['column 2 is written as "id_1", because another one is named "id"']
    keyed = {"json", "jsonl", "yaml", "insert"}
    assert noted == {name: expected if name in keyed else [] for name in FORMATS}


def test_text_answers_are_bare_lines_in_a_table_and_rows_elsewhere() -> None:
    def explained() -> Result:
        return result_of([("plan", "VARCHAR")], [[("scan_0\x1b",), ("  GET /a\n  GET /b",)]], text_only=True)

    assert written(explained(), "table")[0] == "scan_0\x1b\n  GET /a\n  GET /b\n"
    assert written(explained(), "table", terminal=True)[0] == "scan_0\\x1b\n  GET /a\n  GET /b\n"
    assert len(json.loads(written(explained(), "json")[0])) == 2


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_statement_without_columns_writes_nothing(output_format: str) -> None:
    result = result_of([], [])
    assert written(result, output_format)[0] == ""
    assert result.completeness is Completeness.COMPLETE


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_failure_half_way_leaves_nothing(output_format: str) -> None:
    closed: list[bool] = []

    def failing() -> Iterator[Batch]:
        yield [(1,)] * 2048
        raise EngineError("the second batch does not come")

    columns = (ResultColumn(name="id", type="BIGINT"),)
    result = Result(columns, failing(), on_close=lambda: closed.append(True))
    stream = io.StringIO()
    with pytest.raises(EngineError):
        write(result, output_format, stream, terminal=False, note=lambda _: None)
    assert stream.getvalue() == ""
    assert closed == [True]


def test_a_stream_that_takes_no_more_closes_the_result() -> None:
    closed: list[bool] = []
    result = result_of([("id", "BIGINT")], [[(1,)]], on_close=lambda: closed.append(True))
    stream = io.StringIO()
    stream.close()
    with pytest.raises(ValueError, match="closed file"):
        write(result, "csv", stream, terminal=False, note=lambda _: None)
    assert closed == [True]


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InterfaceError) as refused:
        written(result_of([("id", "BIGINT")], []), "xml")
    assert "'xml'" in str(refused.value)
    assert refused.value.hints == (f"one of {', '.join(FORMAT_NAMES)}",)


@pytest.mark.parametrize("room", [0, 3, 7, 100])
def test_a_spool_gives_back_what_it_took(room: int) -> None:
    texts = ["ab", "漢\r\n", "", "c" * 10, "d"]
    stream = io.StringIO(newline="")
    with Spool(room) as spool:
        for text in texts:
            spool.write(text)
        assert stream.getvalue() == ""
        spool.release(stream)
    assert stream.getvalue() == "".join(texts)


def test_the_names_of_the_formats_cost_no_import() -> None:
    code = (
        "import sys; from sqloud.output import FORMATS; "
        "assert not {'tabulate', 'json', 'msgspec', 'sqloud.engine'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr


def test_wide_characters_are_measured_after_a_table_without_them() -> None:
    """In a process of its own: the first table decides what is imported."""
    script = "SELECT 'abc' AS a; SELECT '東京' AS a; SELECT 'abc' AS a;"
    command = [sys.executable, "-m", "sqloud", "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, encoding="utf-8")
    plain = "+-----+\n| a   |\n|-----|\n| abc |\n+-----+\n(1 row)\n"
    wide = "+------+\n| a    |\n|------|\n| 東京 |\n+------+\n(1 row)\n"
    assert ran.stdout == plain + wide + plain
