"""What the history keeps, and how."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sqloud.frontends.shell_history import HistoryFile, is_kept, known_secrets

KEPT = [
    "SELECT 1;",
    "SELECT token_count FROM t;",
    "SELECT a\nFROM t\nWHERE b = 'c';",
    "SELECT * FROM t WHERE token = '{{ token }}';",
    "SELECT * FROM t WHERE token = {{ token }};",
    "SELECT * FROM t WHERE password = :password;",
    "SELECT password FROM digitalocean.databases.users;",
    "INSERT INTO t (name) SELECT 'a';",
    "DESCRIBE digitalocean.account.keys;",
]
LEFT_OUT = [
    "",
    " SELECT 1;",
    "\tSELECT 1;",
    "\nSELECT 1;",
    "SELECT 'dop_v1_0123';",
    "SELECT 'DOP_V1_0123';",
    "SELECT 'doo_v1_0123';",
    "-- Authorization: Bearer abc\nSELECT 1;",
    "SELECT * FROM t WHERE token = 'abc';",
    "SELECT * FROM t WHERE token='abc';",
    "SELECT * FROM t WHERE api_token = abc;",
    "EXEC t.m @password = 'abc';",
    'SELECT \'{"secret": "abc"}\';',
    "INSERT INTO users (name, password) VALUES ('a', 'b');",
    "SELECT 'ghp_0123456789abcdef';",
    "SELECT 'https://user:pass@host/';",
    "SELECT '-----BEGIN RSA PRIVATE KEY-----';",
    "SELECT '" + "x" * 70_000 + "';",
    "SELECT 'my very own one';",
]


@pytest.mark.parametrize("entry", KEPT)
def test_kept(entry: str) -> None:
    assert is_kept(entry, ("my very own",))


@pytest.mark.parametrize("entry", LEFT_OUT)
def test_left_out(entry: str) -> None:
    assert not is_kept(entry, ("my very own",))


def test_values_of_the_environment_that_are_secrets() -> None:
    environment = {
        "DIGITALOCEAN_TOKEN": "long-enough",
        "MY_API_KEY": "also-long-enough",
        "HOME": "/home/somebody",
    }
    assert known_secrets({**environment, "A_TOKEN": "1"}) == ("long-enough", "also-long-enough")


def test_file_is_made_private_and_gives_back_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history"
    entries = ["SELECT 1;", "SELECT 'ä\n\u2028\x1b';", "SELECT 1;"]
    history = HistoryFile(path)
    assert history.entries() == []
    for entry in [*entries[:2], " blank", entries[2]]:
        history.append(entry)
    assert HistoryFile(path).entries() == entries
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert history.notes == []


def test_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text('"SELECT 1;"\n')
    path.chmod(0o644)
    assert HistoryFile(path).entries() == ["SELECT 1;"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_that_are_no_entries_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b'"a"\n{torn\n\xff\n17\n"b"\n"half')
    history = HistoryFile(path)
    assert history.entries() == ["a", "b"]
    assert len(history.notes) == 1
    assert history.notes[0].startswith("4 lines")


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(json.dumps(f"SELECT {number};") + "\n" for number in range(100_000)))
    history = HistoryFile(path)
    entries = history.entries()
    assert entries[-1] == "SELECT 99999;"
    assert 10_000 < len(entries) < 100_000
    assert history.notes == []


def test_file_that_is_none_is_left_alone_and_told_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    for path in (pipe, Path(os.devnull), tmp_path):
        mode = path.stat().st_mode
        history = HistoryFile(path)
        assert history.entries() == []
        history.append("SELECT 1;")
        assert len(history.notes) == 1
        assert path.stat().st_mode == mode
