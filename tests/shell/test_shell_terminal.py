"""The shell on a real terminal."""

from __future__ import annotations

import json
import re
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Open = Callable[..., Any]

DOCUMENTED = """SELECT
id,
name,
created_at,
min_disk_size,
regions,
size_gigabytes,
type
FROM digitalocean.droplets.backups
WHERE droplet_id = '{{ droplet_id }}';"""
SLOW = "SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = 3164444;"


def test_documented_statement_is_pasted_and_its_variable_asked_for(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.paste(DOCUMENTED + "\n")
    shell.expect("{{ droplet_id }}';")
    shell.type("\r")
    shell.question("droplet_id")
    shell.type("3164444\r")
    before = shell.expect("(6 rows)")
    assert before.count("simulated") == 1
    assert "67539208" in before
    shell.prompt()
    shell.type("\x1b[A\r")  # the statement comes back whole, and its value is offered
    shell.question("droplet_id")
    shell.expect("(3164444)")
    shell.type("\r")
    before = shell.expect("(6 rows)")
    assert "simulated" not in before
    shell.prompt()
    shell.type("\x04")
    assert shell.end() == 0


def test_lines_that_are_typed_or_pasted_by_an_old_terminal_run_too(terminal: Open) -> None:
    shell = terminal("--sandbox", "-v", "droplet_id=3164444")
    shell.prompt()
    shell.type(DOCUMENTED.replace("\n", "\r") + "\r")
    shell.expect("(6 rows)")
    shell.prompt()
    shell.type("\tSELECT 'a--b;c' AS\tx;\r")
    shell.expect("a--b;c", 15)
    shell.expect("(1 row)")


def test_variable_given_up_abandons_the_statement_and_those_after_it(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    for key in ("\x03", "\x04"):
        shell.type("SELECT '{{ a }}' AS x; SELECT 'second' AS y;\r")
        shell.question("a")
        shell.type(key)
        shell.expect("cancelled")
        assert "(1 row)" not in shell.prompt()
    shell.type("SELECT '{{ a }}' || {{ b }} AS x;\r")
    shell.question("a")
    shell.type("'; DROP\r")
    shell.question("b")
    shell.type("2\r")
    shell.expect("'; DROP2")
    shell.expect("(1 row)")


def test_statements_run_in_order_and_stop_at_the_first_error(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.paste(
        "SELECT 'one' AS a;\nSELECT nothing FROM digitalocean.droplets.droplets; SELECT 'three' AS c;"
    )
    shell.type("\r")
    shell.expect("(1 row)")
    report = shell.prompt()
    assert "<shell>:2:8: error:" in report
    assert " 2 | SELECT nothing FROM" in report
    assert "   |        ^^^^^^^\n" in report
    assert "row)" not in report
    shell.type("SHOW PROVIDERS;\r")
    shell.expect("digitalocean")
    shell.expect("(1 row)")


def test_prompt_says_why_it_goes_on_and_alt_enter_breaks_the_line(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 1;\x1b\r")  # complete, and still a line break
    shell.expect("->")
    shell.type("SELECT (\r")
    shell.expect("(>")
    shell.type("'\r")
    shell.expect("'>")
    shell.type("') /* ; \r")
    shell.expect("/*>")
    shell.type("*/;\r")
    shell.expect("(1 row)")
    shell.expect("(1 row)")


def test_first_minutes_without_a_token(terminal: Open) -> None:
    shell = terminal()
    assert "There is no token for digitalocean" in shell.expect("sqloud --sandbox")
    shell.prompt()
    shell.expect("digitalocean: no token | writes asked for")
    shell.type("\\tim")
    shell.expect("tell how long")  # the menu holds one name
    shell.type("\t")
    shell.expect("ing")
    shell.type("\r")  # and there is nothing to choose in it
    shell.expect("Timing is on.")
    shell.prompt()
    shell.type("\x04")
    assert shell.end() == 0


def test_a_screen_of_few_lines_still_has_a_prompt(terminal: Open) -> None:
    shell = terminal("--sandbox", rows=4, SQLOUD_PAGER="")
    shell.prompt()
    shell.type("SELECT 41 + 1 AS x;\r")
    shell.expect("(1 row)")
    assert "too small" not in shell.screen


def test_commands_help_formats_and_words_to_leave(terminal: Open) -> None:
    shell = terminal("--sandbox", "-o", "jsonl")
    shell.prompt()
    shell.type("\\pager off\r")
    shell.prompt()
    shell.type("\\?\r")
    help_ = shell.prompt()
    assert all(word in help_ for word in ("\\format [NAME]", "\\q", "Alt-Enter", "Ctrl-R"))
    shell.type("SELECT 1 AS a;\r")
    shell.expect('{"a":1}')
    shell.prompt()
    shell.type("\\fromat csv\r")
    report = shell.prompt()
    assert "<shell>:1:1: error: there is no command \\fromat" in report
    assert "did you mean \\format?" in report
    shell.paste("\\format csv\nSELECT 1 AS a, NULL AS b;")
    shell.type("\r")
    shell.expect("a,b\n1,\n")
    shell.prompt()
    shell.type("quit\r")
    assert shell.end() == 0


@pytest.mark.parametrize("typed", ["\\q\r", "exit\r", "QUIT;\r", "\x04"])
def test_shell_is_left(terminal: Open, typed: str) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type(typed)
    assert shell.end() == 0


def test_ctrl_c_twenty_times_on_lines(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    for number in range(20):
        shell.type(["", "SELECT 'half", "SELECT (\r1"][number % 3])
        shell.type("\x03")
        shell.prompt()
    shell.type("SELECT 41 + 1 AS answer;\r")
    shell.expect("42")
    shell.expect("(1 row)")


@pytest.mark.timeout(60)
def test_ctrl_c_twenty_times_on_a_running_statement(terminal: Open, slow_cloud: str) -> None:
    shell = terminal("--endpoint-url", f"digitalocean={slow_cloud}", DIGITALOCEAN_TOKEN="dop_v1_any")
    shell.prompt()
    for number in range(20):
        shell.type(SLOW + "\r")
        shell.wait_until_running()
        time.sleep(0.02 * number)  # at another point each time, in the middle of imports as in a request
        begun = time.monotonic()
        shell.type("\x03\x03\x03" if number % 2 else "\x03")
        report = shell.prompt(3.0)
        assert "cancelled" in report
        assert "error" not in report
        assert time.monotonic() - begun < 3.0
    shell.type("SELECT 41 + 1 AS answer;\r")
    shell.expect("42")
    shell.prompt()
    shell.type(SLOW + "\r")
    shell.expect("(6 rows)")
    shell.prompt()
    shell.type("\x04")
    assert shell.end() == 0


def test_ctrl_c_stops_the_engine(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000) b;\r")
    shell.wait_until_running()
    time.sleep(1.0)
    shell.type("\x03")
    report = shell.prompt(3.0)
    assert "cancelled" in report
    shell.type("SELECT 41 + 1 AS answer;\r")
    shell.expect("42")


def test_sigterm_ends_the_shell_and_gives_the_terminal_back(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 1;\r")
    shell.prompt()
    shell.process.send_signal(signal.SIGTERM)
    assert shell.end() == 143
    assert "Traceback" not in shell.screen


def test_history_is_private_and_leaves_out_secrets(terminal: Open, state: Path) -> None:
    shell = terminal("--sandbox", DIGITALOCEAN_TOKEN="a-token-of-mine")
    shell.prompt()
    for typed in (
        "SELECT 'kept' AS a;",
        " SELECT 'blank' AS a;",
        "SELECT 'dop_v1_0123456789abcdef' AS a;",
        "SELECT 'a-token-of-mine' AS a;",
        "SELECT 1 AS n\n, 2 AS m;",
    ):
        shell.paste(typed)
        shell.type("\r")
        shell.expect("(1 row)")
        shell.prompt()
    shell.type("\x1b[A\x1b[A\x1b[A\r")  # over the two lines of the last to the one before
    assert "kept" in shell.expect("(1 row)")
    shell.prompt()
    shell.type("\x04")
    assert shell.end() == 0
    file = state / "history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert entries == ["SELECT 'kept' AS a;", "SELECT 1 AS n\n, 2 AS m;", "SELECT 'kept' AS a;"]

    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("\x12AS m\r\r")  # Ctrl-R finds it in the next shell
    shell.expect("(1 row)")


def test_history_that_cannot_be_kept_is_a_note(terminal: Open, state: Path) -> None:
    state.write_text("no folder")
    shell = terminal("--sandbox")
    shell.prompt()
    shell.type("SELECT 7 AS a;\r")
    before = shell.expect("(1 row)")
    assert before.count("note: cannot") == 1
    shell.prompt()
    shell.type("\x1b[A\r")
    assert "note:" not in shell.expect("(1 row)")


def test_dumb_terminal_gets_no_escape_sequences(terminal: Open) -> None:
    shell = terminal("--sandbox", TERM="dumb")
    shell.expect("sqloud> ")
    shell.type("SELECT '\n")
    shell.expect("     '> ")
    shell.type("{{ a }}' AS x;\n")
    shell.expect("a: ")
    shell.type("1\n")
    shell.expect("(1 row)")
    shell.expect("sqloud> ")
    shell.type("SELECT\n")
    shell.expect("     -> ")
    for _ in range(20):
        shell.type("\x03")
        shell.expect("sqloud> ")
    shell.type("\\q\n")
    assert shell.end() == 0
    assert "\x1b" not in shell.raw


def test_no_color_means_no_colours(terminal: Open) -> None:
    shell = terminal("--sandbox", NO_COLOR="1")
    shell.prompt()
    shell.type("SELECT {{ a }} AS x;\r")
    shell.question("a")
    shell.type("1\r")
    shell.prompt()
    shell.type("SELECT {{ a }} AS x;\r")
    shell.expect("(1)")
    shell.type("\r")
    shell.prompt()
    shell.type("SELECT nothing;\r")
    shell.expect("error:")
    shell.prompt()
    assert not re.search(r"\x1b\[(?:[0-9;]*;)?(?:[349][0-7]|38|48|10[0-7])(?:;[0-9;]*)?m", shell.raw)


def test_answers_alone_go_to_stdout(terminal: Open, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    shell = terminal("--sandbox", "-o", "csv", stdout=answers)
    shell.prompt()
    shell.type("\\?\r")
    shell.expect("Ctrl-R")
    shell.prompt()
    shell.type("SELECT id FROM digitalocean.droplets.droplets WHERE id = {{ a }};\r")
    shell.question("a")
    shell.type("3164444\r")
    shell.expect("simulated")
    shell.prompt()
    shell.type("\x04")
    assert shell.end() == 0
    assert answers.read_text() == "id\n3164444\n"


def test_ctrl_c_twenty_times_at_the_question_of_a_write(terminal: Open) -> None:
    shell = terminal("--sandbox")
    shell.prompt()
    delete = "DELETE FROM digitalocean.droplets.droplets WHERE id = 3164444;\r"
    for key in ["\x03"] * 20 + ["\x04", "no\r"]:
        shell.type(delete)
        shell.expect("(yes/no):")
        shell.type(key)
        report = shell.prompt()
        assert ("cancelled" if key == "\x03" else "not confirmed: nothing was written") in report
    shell.type("SELECT 40 + count(*) AS answer FROM digitalocean.droplets.droplets WHERE id = 3164444;\r")
    shell.expect("41")
    shell.prompt()
    shell.type(delete)
    shell.expect("(yes/no):")
    shell.type("yes\r")
    shell.expect("DELETE: 1 row done")
