"""Commands among SQL, as data; and the screen's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqloud.engine.base import ResultColumn
from sqloud.frontends.shell_catalogue import condition
from sqloud.frontends.shell_pieces import pieces
from sqloud.frontends.shell_text import is_complete
from sqloud.output.screen import folded_width, gathered, grid_lines, record_lines
from sqloud.output.widths import width_of

TEXT = ResultColumn(name="t", type="VARCHAR")
NUMBER = ResultColumn(name="n", type="BIGINT")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1;", [(False, "SELECT 1;")]),
        ("SELECT 1 \\gx", [(False, "SELECT 1 "), (True, "\\gx")]),
        ("SELECT 1\\G", [(False, "SELECT 1"), (True, "\\G")]),
        ("SELECT 'a\\b', E'\\'\\n', $$\\c$$ -- \\d\n/* \\e */;", None),
        ('SELECT "a\\b" FROM t;', None),
        ("SELECT '{{ a }}' || {{ b }};", None),
        (".tables\nSELECT a\n.b FROM t;", [(True, ".tables"), (False, "\nSELECT a\n.b FROM t;")]),
        ("SELECT 1;\n.mode csv", [(False, "SELECT 1;\n"), (True, ".mode csv")]),
        ("SELECT .5;", None),
    ],
)
def test_pieces(text: str, found: list[tuple[bool, str]] | None) -> None:
    assert [(one.is_command, one.text) for one in pieces(text)] == (found or [(False, text)])


@pytest.mark.parametrize(
    ("text", "complete"),
    [("SELECT 1 \\gx", True), ("\\timing\nSELECT 1", False), (".tables", True), ("SELECT '\\gx", False)],
)
def test_a_command_at_the_end_submits(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


@given(st.text(alphabet="ab'\\\n;.$-/* \"{}", max_size=40))
def test_pieces_keep_their_offsets(text: str) -> None:
    for piece in pieces(text):
        assert text[piece.start :].startswith(piece.text)


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        ("", ""),
        ("*", ""),
        ("drop*", " WHERE resource ~ '^(drop.*)$'"),
        ("droplets.*", " WHERE service ~ '^(droplets)$'"),
        ("Digitalocean.a'?.*", " WHERE provider ~ '^(digitalocean)$' AND service ~ '^(a[''].)$'"),
    ],
)
def test_pattern(pattern: str, where: str) -> None:
    assert condition(pattern, ("provider", "service", "resource")) == where


def test_grid_is_folded_to_the_screen_and_loses_nothing() -> None:
    rows = [("word " * 40, 1), (None, None)]
    grid = gathered([TEXT, NUMBER], [rows], None)
    lines = grid_lines(grid, width=60)
    assert max(map(width_of, lines)) <= 60
    assert sum(line.count("word") for line in lines) == 40
    assert "| NULL " in "\n".join(lines)
    assert lines[-1] == "(2 rows)"


@pytest.mark.parametrize(("count", "fits"), [(3, True), (8, False)])
def test_grid_of_too_many_columns_is_known_before_it_is_laid_out(count: int, fits: bool) -> None:
    grid = gathered([TEXT] * count, [[("word " * 9,) * count]], None)
    assert folded_width(grid, 60) == width_of(grid_lines(grid, width=60)[0])
    assert (folded_width(grid, 60) <= 60) is fits


def test_grid_says_what_it_leaves_out() -> None:
    grid = gathered([NUMBER], [[(1,), (2,)], [(3,)]], 2)
    lines = grid_lines(grid)
    assert len(lines) == 3 + 2 + 2
    assert lines[-1].startswith("(3 rows, 2 of them shown; \\maxrows off")


def test_records_indent_what_is_nested() -> None:
    nested = ResultColumn(name="nested", type="JSON")
    grid = gathered(
        [TEXT, nested], [[("a", '{"slug":"nyc3","features":["backups","ipv6","metadata"]}')]], None
    )
    lines = record_lines(grid, width=40)
    assert lines[0].startswith("-[ RECORD 1 ]-")
    assert '       |   "slug": "nyc3",' in lines
    assert max(map(len, lines)) <= 46


@given(st.text(min_size=0, max_size=80), st.integers(8, 40))
def test_no_line_is_wider_than_the_screen(text: str, width: int) -> None:
    grid = gathered([TEXT], [[(text,)]], None)
    assert all(width_of(line) <= max(width + 4, 24) for line in grid_lines(grid, width=width + 4)[:-1])
