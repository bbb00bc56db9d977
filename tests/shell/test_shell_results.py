"""Commands and results of the shell on a real terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Open = Callable[..., Any]


def test_catalogue_expanded_timing_and_requests(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("\\dn *data*\r")
    assert "databases" in shell.expect("(1 row)")
    shell.prompt()
    shell.type(".tables droplets.*backups\r")
    assert "droplets" in shell.expect("(1 row)")
    shell.prompt()
    shell.type("\\d droplets.backups\r")
    assert "parameter, required" in shell.expect("(10 rows)")
    shell.prompt()
    shell.type("\\timing\r")
    shell.expect("Timing is on.")
    shell.prompt()
    shell.type("SELECT id FROM digitalocean.droplets.droplets WHERE id = 3164444 \\gx\r")
    assert "id | 3164444" in shell.expect("(1 row)")
    shell.expect("(1 request)")
    shell.prompt()
    shell.type("\\requests\r")
    shown = shell.prompt()
    assert "curl -H" in shown
    assert "Bearer $TOKEN" in shown
    assert "dop_v1" not in shown
    shell.type("\\explain\r")
    assert "droplet_id" in shell.prompt()


def test_few_rows_of_many_columns_are_records(terminal: Open) -> None:
    shell = terminal("--sandbox", columns=60)
    shell.prompt()
    shell.type("SELECT " + ", ".join(f"'a long text' AS c{number}" for number in range(9)) + ";\r")
    assert "c8 | a long text" in shell.expect("(1 row)")
    shell.prompt()
    shell.type("SELECT 'a long text' AS a, 'another that is even longer than the first one' AS b;\r")
    assert "| a long text | another that is even longer than" in shell.expect("(1 row)")


def test_statement_goes_on_behind_a_command(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 40 +\\timing\r")
    shell.expect("Timing is on.")
    shell.prompt()
    shell.type(" 2 AS x;\r")
    assert "42" in shell.expect("(1 row)")
    shell.prompt()
    shell.type("\\p\r")
    assert "SELECT 40 + 2 AS x" in shell.prompt()


def test_answers_go_to_files_and_commands(terminal: Open, tmp_path: Path) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    one, two = tmp_path / "one.csv", tmp_path / "two.json"
    script = tmp_path / "script.sql"
    script.write_text("SELECT 'from a file' AS s;\n\\echo done\n")
    shell.type(f"SELECT 1 AS a \\g {one}\r")
    shell.prompt()
    assert one.read_text() == "a\n1\n"
    shell.type(f"\\o {two}\r")
    shell.prompt()
    shell.type("SELECT 2 AS b;\r")
    shell.prompt()
    shell.type("\\o\r")
    shell.prompt()
    assert two.read_text() == '[{"b":2}]\n'
    shell.type("SELECT 'x' AS c \\g |tr x y\r")
    assert "y" in shell.expect("(1 row)")
    shell.prompt()
    shell.type(f"\\i {script}\r")
    assert "from a file" in shell.expect("(1 row)")
    shell.expect("done")
    shell.prompt()


def test_editor_brings_the_statement_into_the_line(terminal: Open, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'SELECT 6 * 7 AS x;' > \"$1\"\n")
    editor.chmod(0o755)
    shell = terminal("--sandbox", EDITOR=str(editor))
    shell.prompt()
    shell.type("\\e\r")
    shell.expect("SELECT 6 * 7 AS x;")
    shell.type("\r")
    assert "42" in shell.expect("(1 row)")


def test_long_answer_is_paged_and_ctrl_c_leaves_the_shell_alive(terminal: Open) -> None:
    shell = terminal("--sandbox", PAGER="less")
    shell.prompt()
    shell.type("SELECT * FROM generate_series(1, 2000) AS t(n);\r")
    shell.expect("20 |")
    for _ in range(20):
        shell.type("\x03")
        time.sleep(0.02)
    shell.type("G")
    shell.expect("2000 rows, 1,000 of them shown")
    shell.type("q")
    shell.prompt()
    shell.type("\\pager off\r")
    shell.prompt()
    shell.type("\\maxrows off\r")
    shell.prompt()
    shell.type("SELECT * FROM generate_series(1, 1200) AS t(n);\r")
    shell.expect("(1200 rows)")


def test_watch_runs_until_ctrl_c(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 'tick' AS t \\watch 0.1\r")
    for _ in range(3):
        shell.expect("(1 row)")
    shell.type("\x03")
    shell.prompt(3.0)
    shell.type("SELECT 'tick' AS t \\watch 0.01 c=2\r")
    assert shell.prompt().count("(1 row)") == 2


def test_chart(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT * FROM (VALUES ('alpha', 3), ('beta', 5)) AS t(name, n) \\chart\r")
    drawn = shell.prompt()
    assert "alpha" in drawn
    assert "█" in drawn or "■" in drawn or "━" in drawn


def test_tab_offers_commands(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 1;\r")
    shell.prompt()
    shell.type("\\tim\t")
    shell.expect("\\timing")
    shell.expect("tell how long a statement takes")
