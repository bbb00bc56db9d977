"""Backslash commands, as data."""

from __future__ import annotations

import pytest

from sqloud.errors import ProgrammingError, Span
from sqloud.frontends.shell_commands import COMMANDS, ShellState, run_command


@pytest.mark.parametrize(
    ("line", "output_format", "leaving"),
    [
        ("\\q", "table", True),
        ("\\Q;", "table", True),
        ("\\format json", "json", False),
        ("\\format  CSV ;", "csv", False),
        ("\\format", "table", False),
        ("\\?", "table", False),
    ],
)
def test_command_changes_the_state(line: str, output_format: str, leaving: bool) -> None:
    state = ShellState("table")
    run_command(line, state)
    assert (state.output_format, state.leaving) == (output_format, leaving)


@pytest.mark.parametrize(
    ("line", "message", "span", "hint"),
    [
        ("\\formt json", "there is no command \\formt", Span(0, 6), "did you mean \\format?"),
        ("\\zzz", "there is no command \\zzz", Span(0, 4), "\\? lists the commands"),
        ("\\", "there is no command \\", Span(0, 1), "\\? lists the commands"),
        ("\\format jsno", "there is no output format jsno", Span(8, 12), "did you mean json?"),
        ("\\q now", "\\q takes no words", Span(3, 6), "usage   \\q"),
        ("\\format a b", "\\format takes one word", Span(10, 11), "usage   \\format [NAME]"),
    ],
)
def test_refused(line: str, message: str, span: Span, hint: str) -> None:
    state = ShellState("table")
    with pytest.raises(ProgrammingError) as caught:
        run_command(line, state)
    assert caught.value.message == message
    assert caught.value.span == span
    assert hint in caught.value.hints
    assert (state.output_format, state.leaving) == ("table", False)


def test_help_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    run_command("\\?", ShellState("table"))
    captured = capsys.readouterr()
    assert captured.out == ""
    for name, command in COMMANDS.items():
        assert command.usage.startswith(name)
        assert f"  {command.usage} " in captured.err
        assert command.summary in captured.err
    assert max(map(len, captured.err.splitlines())) <= 80
