"""The conventions of the terminal, by real processes: each exit code, where text goes, and what stdin is.

Signals, closed pipes and full disks are tested in tests/frontends/test_command_line.py, and a person at
the shell beside this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sqloud.registry import Catalogue
from sqloud.sandbox.cloud import open_sandbox
from sqloud.sandbox.server import running
from sqloud.settings import shipped

TOKEN = "dop_v1_test"
DROPLETS = "digitalocean.droplets.droplets"
NO_ROWS = f"SELECT id FROM {DROPLETS} WHERE id = 1"
BACKUPS = f"SELECT count(b.id) FROM {DROPLETS} d JOIN digitalocean.droplets.backups b ON b.droplet_id = d.id"
ENDLESS = "SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000) b"


class Case(NamedTuple):
    """A run: its arguments, what stdin holds, its exit code, all of stdout, and a part of stderr."""

    arguments: tuple[str, ...]
    code: int
    out: str = ""
    told: str = ""
    stdin: str = ""
    token: str | None = TOKEN
    url: str | None = None


CASES = {
    "all well, in the order given": Case(
        ("-o", "jsonl", "-c", "SELECT 1 AS a", "-f", "-", "-c", "SELECT 3 AS a"),
        0,
        '{"a":1}\n{"a":2}\n{"a":3}\n',
        stdin="SELECT 2 AS a",
    ),
    "stdin that is no terminal is a script": Case(
        ("-o", "csv"), 0, "b\n'a--b;c'\n", stdin="SELECT '''a--b;c''' AS b; -- ends\n"
    ),
    "no rows": Case(("-o", "json", "-c", NO_ROWS), 0, "[]\n"),
    "a statement failed, and none after it ran": Case(
        ("-o", "csv", "-c", "SELECT 1 AS a", "-c", "SELECT nme FROM " + DROPLETS, "-c", "SELECT 2 AS a"),
        1,
        "a\n1\n",
        "<command>:1:8: error: no column nme",
    ),
    "ran on, and still failed": Case(
        ("--continue-on-error", "-o", "csv", "-f", "-"),
        1,
        "a\n2\n",
        "<stdin>:2:8: error: no column nme",
        stdin=f"\nSELECT nme FROM {DROPLETS}; SELECT 2 AS a;",
    ),
    "wrong usage": Case(("--nonsense",), 2, told="hint: "),
    "cut short by a limit of the user's": Case(
        ("--max-requests", "1", "-c", BACKUPS),
        4,
        told="error: ",
    ),
    "no credential": Case(("-c", f"SELECT id FROM {DROPLETS}"), 5, told="DIGITALOCEAN_TOKEN", token=None),
    "refused credential": Case(("-c", f"SELECT id FROM {DROPLETS}"), 5, told="401", token="dop_v1_other"),
    "time budget spent": Case(
        ("--timeout", "0.2", "-c", ENDLESS),
        6,
        told="error: ",
    ),
    "a write without consent": Case(
        ("-c", f"DELETE FROM {DROPLETS} WHERE id = 3164444"), 1, told="--allow-destructive"
    ),
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with running(open_sandbox(Catalogue((shipped("providers"),), None), token=TOKEN)) as url:
        yield url


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_ends_as_documented(case: Case, cloud: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(tmp_path),
        "SQLOUD_ENDPOINT_URL_DIGITALOCEAN": cloud,
    }
    if case.token is not None:
        environment["DIGITALOCEAN_TOKEN"] = case.token
    done = subprocess.run(
        [sys.executable, "-m", "sqloud", *case.arguments],
        input=case.stdin, capture_output=True, text=True, timeout=30, env=environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (case.code, case.out), done.stderr
    assert case.told in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert case.token is None or case.token not in done.stderr


@pytest.mark.parametrize(
    ("added", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
def test_colours_of_a_batch_on_a_terminal(
    terminal: Callable[..., Any], added: dict[str, str], coloured: bool
) -> None:
    batch = terminal("--sandbox", "-c", "SELECT 1 AS a", "-c", "SELECT nothing", **added)
    assert batch.end() == 1
    assert "(1 row)" in batch.screen
    assert "error:" in batch.screen
    assert ("\x1b" in batch.raw) is coloured
