"""Whether Enter submits, and which prompt a line has, as data."""

from __future__ import annotations

import time

import pytest

from sqloud.frontends.shell_text import continuations, is_complete, is_leaving, take_command

COMPLETE = [
    "",
    "  \n ",
    ";",
    "SELECT 1;",
    "SELECT 1;\n\n  ",
    "SELECT 1; -- done",
    "SELECT 1 /* ; */\n;",
    "SELECT 'a--b;c';",
    "SELECT 1; SELECT\n2;",
    "SELECT $$a;b$$;",
    "-- a note",
    "/* a note */",
    "exit",
    " Quit ;",
    "\\q",
    "\\format json\nSHOW PROVIDERS;",
    "\\nonsense",
    "SELECT x'zz';",  # no text after it could mend it, so its error is shown
]

INCOMPLETE = [
    "SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 'a;",
    "SELECT 'a--b;c'",
    "SELECT 1 -- ;",
    "SELECT 1 /* ;",
    "SELECT 1 /* /* */ ;",
    'SELECT "a;',
    "SELECT `a;",
    "SELECT $$;",
    "SELECT $t$ ; $$ ;",
    "/* a note",
    "exit from",
    "\\format json\nSHOW PROVIDERS",
    "SELECT x'zz'",
]


@pytest.mark.parametrize("text", COMPLETE)
def test_enter_submits(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize("text", INCOMPLETE)
def test_enter_breaks_the_line(text: str) -> None:
    assert not is_complete(text)


# A text of several lines, and for each line after the first what its prompt ends with.
PROMPTS = [
    ("SELECT\n1", "->"),
    ("SELECT 'a\nb\n' ,\n1", "'> '> ->"),
    ("SELECT 'it''s\n", "'>"),
    ("SELECT E'a\\'\n", "'>"),
    ('SELECT "a\n" ,\n', '"> ->'),
    ("SELECT `a\n`,\n", "`> ->"),
    ("SELECT $t$ '\n$t$,\n", "$> ->"),
    ("SELECT $$ '\n$$,\n$$\n", "$> -> $>"),
    ("SELECT /* '\n*/ 1\n", "/*> ->"),
    ("SELECT /* /* */\n*/ 1\n", "/*> ->"),
    ("SELECT 1 -- '(\n, 2", "->"),
    ("SELECT 1 -- /*\n, 2", "->"),
    ("SELECT (\n1,\n(2\n))\n", "(> (> (> ->"),
    ("SELECT ARRAY[\n1\n]", "(> (>"),
    ("SELECT ')', (\n", "(>"),
    ("SELECT (1;\nSELECT 2", "->"),
    ("SELECT 1)\n+ (\n", "-> (>"),
    ("SELECT (\n'a\n", "(> '>"),
    ("\n\nSELECT\n", "-> -> ->"),
    ("/* a\nb */\nSELECT", "/*> ->"),
    ("\\format csv\nSELECT '\n", "-> '>"),
    ("SELECT x'zz'\n(\n", "-> ->"),
    ("SELECT 1", ""),
]


@pytest.mark.parametrize(("text", "expected"), PROMPTS)
def test_prompt_says_what_is_open(text: str, expected: str) -> None:
    prompts = continuations(text)
    assert len(prompts) == text.count("\n")
    assert " ".join(prompt.strip() for prompt in prompts) == expected
    assert all(len(prompt) == len("sqloud> ") for prompt in prompts)


def test_long_pastes_do_not_slow_the_prompt() -> None:
    lines = "SELECT (\n" + "'a' || -- b\n" * 10_000
    begun = time.process_time()
    assert continuations(lines)[-1].strip() == "(>"
    assert time.process_time() - begun < 10.0  # what grows with the square of the lines takes minutes
    assert len(continuations("x\n" * 10**6)) == 10**6


def test_command_is_taken_and_offsets_are_kept() -> None:
    text = " \\format csv \nSELECT 1;"
    command, rest = take_command(text) or ("", "")
    assert command == "\\format csv"
    assert rest.index("SELECT") == text.index("SELECT")
    assert take_command("SELECT 1;\n\\q") is None


@pytest.mark.parametrize("text", ["exit the shell", "SELECT exit", "exits", ""])
def test_words_within_a_statement_do_not_leave(text: str) -> None:
    assert not is_leaving(text)
