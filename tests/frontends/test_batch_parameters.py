"""Values, checks and programs that read: real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sqloud.errors import InterfaceError
from sqloud.frontends.parameters import parameter, variables_of
from sqloud.frontends.shell_completion import SHELLS, script


def sqloud(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sqloud", *arguments], capture_output=True, text=True, timeout=25, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a", "5", 5),
        ("a", "-2.50", Decimal("-2.50")),
        ("a", "007", "007"),
        ("a", "true", True),
        ("a", "null", None),
        ("a", '"5"', "5"),
        ("a", "1; DROP TABLE x", "1; DROP TABLE x"),
        ("a:text", "5", "5"),
        ("a:int", "5", 5),
        ("a:BOOL", "off", False),
        ("a:date", "2026-01-31", date(2026, 1, 31)),
        ("a:json", '{"b":[1]}', {"b": [1]}),
    ],
)
def test_parameter_has_one_type(name: str, text: str, value: object) -> None:
    found = parameter(name, text)
    assert found == ("a", value)
    assert type(found[1]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a:int", "5.5"), ("a:date", "soon"), ("a:json", "{"), ("a:word", "x"), ("a:bool", "7")],
)
def test_parameter_that_is_none_of_its_type(name: str, text: str) -> None:
    with pytest.raises(InterfaceError):
        parameter(name, text)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".json", '{"a": "x y", "n": 7, "t": true, "z": "007"}'),
        (".yaml", "a: x y\nn: 7\nt: true\nz: 007\n"),
        (".env", "# of a deployment\nexport a='x y'\nn=7\n\nt = true\nz=007\n"),
    ],
)
def test_variables_of_a_file(tmp_path: Path, suffix: str, text: str) -> None:
    file = tmp_path / f"values{suffix}"
    file.write_text(text)
    assert variables_of(str(file)) == {"a": "x y", "n": "7", "t": "true", "z": "007"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", "[1]"), ("a.json", "{"), ("a.yaml", "a: ["), ("a.env", "no pair"), ("gone", None)],
)
def test_file_of_variables_that_is_none(tmp_path: Path, name: str, text: str | None) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(InterfaceError):
        variables_of(str(file))


def test_parameters_and_variables_reach_the_statement(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("v: of the file\nw: of the file\n")
    code, out, err = sqloud(
        *("--param", "n=7", "--param", "since:date=2026-01-31", "--vars", str(values), "-v", "w=said"),
        *("-o", "jsonl", "-c", "SELECT :n + 1 AS n, :since AS since, {{ v }} AS v, {{ w }} AS w"),
    )
    assert (code, err) == (0, "")
    assert json.loads(out) == {"n": 8, "since": "2026-01-31", "v": "of the file", "w": "said"}
    code, out, err = sqloud("-c", "SELECT :n")
    assert (code, out) == (1, "")
    assert "--param n=VALUE" in err
    assert sqloud("--param", "n", "-c", "SELECT 1")[0] == 2
    assert sqloud("--param", "n:int=x", "-c", "SELECT 1")[0] == 2


def test_agent_gets_json_on_both_streams() -> None:
    code, out, err = sqloud(
        *("--agent", "--on-error", "continue", "-c", "SELECT 1 AS a; SELECT nothing;\nSELECT 2 AS a")
    )
    assert code == 1
    assert [json.loads(line) for line in out.splitlines()] == [{"a": 1}, {"a": 2}]
    (told,) = [json.loads(line)["error"] for line in err.splitlines()]
    assert (told["source"], told["line"], told["column"]) == ("<command>", 1, 23)
    assert told["exit_code"] == 1
    assert told["sqlstate"]


def test_check_finds_every_fault_and_sends_nothing(tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text(
        "SELECT nme FROM digitalocean.droplets.backups WHERE droplet_id = 7;\n"
        "SELECT name FROM digitalocean.droplets.backups;\nSELECT {{ a }};\nSELECT :b;\nSELCT 1;\nSELECT 1;\n"
    )
    code, out, err = sqloud("check", str(file))
    assert (code, out) == (1, "")
    assert [f"{file}:{line}:" in err for line in range(1, 7)] == [True] * 5 + [False]
    file.write_text(
        "SELECT name FROM digitalocean.droplets.backups WHERE droplet_id = :b AND name = {{ a }};"
    )
    code, out, err = sqloud("check", str(file), "-v", "a=x", "--param", "b=7")
    assert (code, out, err) == (0, f"{file}: 1 statement, no fault found\n", "")
    assert sqloud("check", str(tmp_path / "gone.sql"))[0] == 1
    assert sqloud("check")[0] == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_option(shell: str) -> None:
    from sqloud.frontends.options import main_parser

    text = script(shell)
    options = [
        one for action in main_parser("")._actions for one in action.option_strings if one.startswith("--")
    ]
    assert [one for one in options if (f"-l {one[2:]} " if shell == "fish" else one) not in text] == []
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
