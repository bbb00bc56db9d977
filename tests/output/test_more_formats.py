"""The formats beside table, json and csv: one result in each, and read back by what reads that format."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml as reader

from sqloud.engine.base import ResultColumn
from sqloud.executor.result import Result
from sqloud.frontends.cli import main
from sqloud.output import FORMAT_NAMES, SUFFIXES, write

COLUMNS = (
    ("id", "BIGINT"),
    ("name", "VARCHAR"),
    ("ok", "BOOLEAN"),
    ("tags", "VARCHAR[]"),
    ("at", "TIMESTAMP WITH TIME ZONE"),
    ("x", "DOUBLE"),
)
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    (1, "a|b\t'<i>'\n\\", True, ["x", None], AT, 0.5),
    (0, "", None, [], None, float("nan")),
    (None, None, False, None, None, None),
]

EXPECTED = {
    "tsv": (
        "id\tname\tok\ttags\tat\tx\n"
        "1\ta|b\\t'<i>'\\n\\\\\ttrue\t[\"x\",null]\t2026-01-31T12:00:00Z\t0.5\n"
        "0\t\t\\N\t[]\t\\N\tNaN\n"
        "\\N\t\\N\tfalse\t\\N\t\\N\t\\N\n"
    ),
    "markdown": (
        "| id | name | ok | tags | at | x |\n"
        "| ---: | :--- | :--- | :--- | :--- | ---: |\n"
        "| 1 | a\\|b\\t'\\<i\\>'<br>\\\\ | true | \\[\"x\",null\\] | 2026-01-31T12:00:00Z | 0.5 |\n"
        "| 0 |  |  | \\[\\] |  | NaN |\n"
        "|  |  | false |  |  |  |\n"
    ),
    "line": (
        "  id = 1\nname = a|b\\t'<i>'\\n\\\n  ok = true\ntags = [\"x\",null]\n"
        "  at = 2026-01-31T12:00:00Z\n   x = 0.5\n"
        "\n  id = 0\nname = \n  ok = NULL\ntags = []\n  at = NULL\n   x = NaN\n"
        "\n  id = NULL\nname = NULL\n  ok = false\ntags = NULL\n  at = NULL\n   x = NULL\n"
    ),
    "insert": (
        'INSERT INTO result ("id", "name", "ok", "tags", "at", "x") VALUES '
        "(1, 'a|b\t''<i>''\n\\', true, '[\"x\",null]', '2026-01-31T12:00:00Z', 0.5);\n"
        'INSERT INTO result ("id", "name", "ok", "tags", "at", "x") VALUES '
        "(0, '', NULL, '[]', NULL, 'NaN');\n"
        'INSERT INTO result ("id", "name", "ok", "tags", "at", "x") VALUES '
        "(NULL, NULL, false, NULL, NULL, NULL);\n"
    ),
}


def written(output_format: str, rows: list[tuple[Any, ...]]) -> str:
    stream = io.StringIO()
    columns = tuple(ResultColumn(name=name, type=kind) for name, kind in COLUMNS)
    write(Result(columns, iter([rows])), output_format, stream, terminal=False, note=lambda _: None)
    return stream.getvalue()


@pytest.mark.parametrize("output_format", EXPECTED)
def test_a_result_in_each_format(output_format: str) -> None:
    assert written(output_format, ROWS) == EXPECTED[output_format]


def test_yaml_is_read_back_as_it_was() -> None:
    first, second, third = reader.safe_load(written("yaml", ROWS))
    assert first == {
        "id": 1, "name": ROWS[0][1], "ok": True, "tags": ["x", None], "at": "2026-01-31T12:00:00Z", "x": 0.5,
    }  # fmt: skip
    assert (second["name"], second["ok"], second["tags"], second["x"]) == ("", None, [], "NaN")
    assert set(third.values()) == {None, False}
    assert reader.safe_load(written("yaml", [])) == []
    assert len(list(reader.safe_load_all(written("yaml", ROWS) * 2))) == 2


def test_html_holds_no_markup_of_a_value() -> None:
    page = written("html", ROWS)
    assert "<td>a|b\\t&#x27;&lt;i&gt;&#x27;<br>\\</td>" in page
    assert '<td class="null"></td>' in page
    assert page.count("<tr>") == 4


def test_expanded_numbers_its_records() -> None:
    lines = written("expanded", ROWS).splitlines()
    assert [line for line in lines if line.startswith("-[")] == [
        f"-[ RECORD {number} ]{'-' * 20}" for number in (1, 2, 3)
    ]
    assert lines[-1] == "(3 rows)"


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_file_says_its_format_by_its_suffix(suffix: str, tmp_path: Any) -> None:
    assert SUFFIXES[suffix] in FORMAT_NAMES
    by_suffix, by_name = tmp_path / f"a{suffix}", tmp_path / "b"
    assert main(["-c", "SELECT 1 AS a, 'x' AS b", "--out", str(by_suffix)]) == 0
    assert main(["-c", "SELECT 1 AS a, 'x' AS b", "--out", str(by_name), "-o", SUFFIXES[suffix]]) == 0
    assert by_suffix.read_bytes() == by_name.read_bytes() != b""
