"""Backslash commands, as data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sqloud.errors import ProgrammingError, Span
from sqloud.frontends.report import tell
from sqloud.frontends.shell_commands import COMMANDS, DOTTED, run_command, sends
from sqloud.frontends.shell_console import Console
from sqloud.frontends.shell_guide import STATEMENTS, TOUR
from sqloud.frontends.shell_state import ShellState


def console() -> Any:
    told = SimpleNamespace(state=ShellState("table"), tell_lines=lambda lines: tell("\n".join(lines)))
    return cast(Console, told)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("\\q", "leaving", True),
        ("\\Q;", "leaving", True),
        (".quit", "leaving", True),
        ("\\format json", "output_format", "json"),
        ("\\format  CSV ;", "output_format", "csv"),
        (".mode markdown", "output_format", "markdown"),
        ("\\format", "output_format", "table"),
        ("\\?", "leaving", False),
        ("\\x", "expanded", "on"),
        ("\\x off", "expanded", "off"),
        ("\\x AUTO", "expanded", "auto"),
        ("\\timing", "timing", True),
        (".timer off", "timing", False),
        ("\\pager off", "paging", False),
        ("\\maxrows 5", "most_rows", 5),
        (".maxrows off", "most_rows", None),
        ("\\set EDITING_MODE vi", "vi", True),
        ("\\set a 'b  c' d", "variables", {"a": "b  c d"}),
    ],
)
def test_command_changes_the_state(line: str, field: str, value: object) -> None:
    one = console()
    run_command(line, one)
    assert getattr(one.state, field) == value


@pytest.mark.parametrize(
    ("line", "message", "span", "hint"),
    [
        ("\\formt json", "there is no command \\formt", Span(0, 6), "did you mean \\format?"),
        (".tabels", "there is no command .tabels", Span(0, 7), "\\? lists the commands"),
        ("\\nonsense", "there is no command \\nonsense", Span(0, 9), "\\? lists the commands"),
        ("\\q now", "\\q takes no words", Span(3, 6), "usage   \\q"),
        ("\\format a b", "\\format takes one word", Span(10, 11), "usage   \\format [NAME]"),
        ("\\format jsn", "there is no output format jsn", Span(8, 11), "did you mean json?"),
        ("\\x maybe", "maybe is neither on, off nor auto", Span(3, 8), "one of on, off or auto"),
        ("\\timing 7", "7 is neither on nor off", Span(8, 9), "one of on or off"),
        ("\\set EDITING_MODE ed", "there is no editing mode ed", Span(5, 17), "one of emacs, vi"),
        ("\\unset nothing", "no variable nothing is set", Span(7, 14), "\\set lists them"),
        ("\\watch soon", "soon is no number of seconds", Span(7, 11), "usage   \\watch 5 c=3"),
        ("\\g", "there is no statement to run", None, "type one before the command"),
        ("\\h SELCT", "there is no help on SELCT", Span(3, 8), "did you mean SELECT?"),
    ],
)
def test_command_that_cannot_be(line: str, message: str, span: Span | None, hint: str) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run_command(line, console())
    assert (caught.value.message, caught.value.span) == (message, span)
    assert hint in caught.value.hints


def test_help_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(".help", console())
    said = capsys.readouterr()
    assert said.out == ""
    assert all(f"  {command.usage} " in said.err for command in COMMANDS.values())
    assert all(command.usage.split(" ")[0] == name for name, command in COMMANDS.items())
    assert set(DOTTED.values()) <= set(COMMANDS)


def test_commands_that_take_the_statement() -> None:
    assert [name for name in COMMANDS if sends(name)] == [
        "\\g",
        "\\gx",
        "\\G",
        "\\watch",
        "\\explain",
        "\\chart",
    ]


def test_statements_of_the_tour_and_of_the_help_begin_statements() -> None:
    from sqloud.dialect import parse, split
    from sqloud.errors import Source

    shown = [line.strip() for line in TOUR.split("\n") if line.startswith("  ")]
    text = "\n".join(
        line for line in shown if line.isascii() and (line[:2].isupper() or line.startswith("JOIN"))
    )
    statements = split(Source("<tour>", text))
    assert len(statements) == 5
    for statement in statements:
        parse(statement)
    assert all(text.startswith(name) for name, text in STATEMENTS.items())
