"""What is told when a write fails half way, and what its journal holds."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import WriteFailedError
from sqloud.frontends.cli import main
from sqloud.session import Session

Open = Callable[..., Session]
D = "digitalocean.droplets.droplets"
R = "digitalocean.domains.records"
FIVE = f"INSERT INTO {R} (domain_name, type, name, data) VALUES " + ", ".join(
    f"('e.com', 'A', 'n{n}', '1.1.1.1')" for n in range(1, 6)
)


def names(api: Api) -> list[str]:
    return [one.body["name"] for one in api.writes]


@pytest.mark.parametrize(("fault", "outcome", "words"), [
    ("500", "failed", "the disk is on fire"),
    ("422", "failed", "the disk is on fire"),
    ("timeout", "in doubt", ""),
    ("reset", "in doubt", ""),
])  # fmt: skip
def test_a_failure_on_row_three_of_five(
    api: Api, opened: Open, tmp_path: Path, fault: str, outcome: str, words: str
) -> None:
    api.faults[3] = fault
    journal = tmp_path / "j"
    with pytest.raises(WriteFailedError) as caught:
        run(opened(allow_writes=True, journal=journal), FIVE + " RETURNING name")
    error = caught.value
    assert [row[:2] for row in error.report] == [
        (1, "done"), (2, "done"), (3, outcome), (4, "not sent"), (5, "not sent"),
    ]  # fmt: skip
    assert outcome in error.message
    assert words in error.message
    assert "rows 1 to 2: done" in error.message
    assert "rows 4 to 5: not sent" in error.message
    assert names(api) == ["n1", "n2", "n3"]  # nothing twice
    assert [row for batch in error.returned.batches() for row in batch] == [("n1",), ("n2",)]
    lines = [msgspec.json.decode(line) for line in journal.read_bytes().splitlines()]
    assert [line["event"] for line in lines] == ["begin", *["intent", "outcome"] * 3]
    assert lines[-1]["outcome"] == outcome
    assert lines[-2]["body"]["name"] == "n3"


def test_it_goes_on_where_it_is_told_to(api: Api, opened: Open) -> None:
    api.faults[3] = "500"
    with pytest.raises(WriteFailedError) as caught:
        run(opened(allow_writes=True, continue_on_error=True), FIVE)
    assert [row[1] for row in caught.value.report] == ["done", "done", "failed", "done", "done"]
    assert names(api) == ["n1", "n2", "n3", "n4", "n5"]


def test_a_429_is_asked_again(api: Api, opened: Open) -> None:
    api.faults[3] = "429"
    run(opened(allow_writes=True), FIVE)
    assert names(api) == ["n1", "n2", "n3", "n3", "n4", "n5"]
    assert len(api.records) == 10


def test_a_refused_connection_is_no_doubt(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True, endpoints={"digitalocean": "http://127.0.0.1:1"})
    with pytest.raises(WriteFailedError) as caught:
        run(session, FIVE)
    assert [row[1] for row in caught.value.report] == ["failed", *["not sent"] * 4]


def test_a_missing_row_is_an_error_for_a_write(api: Api, opened: Open) -> None:
    with pytest.raises(WriteFailedError, match="there is no such row"):
        run(opened(allow_destructive=True), f"DELETE FROM {D} WHERE id = 99")


def test_a_time_limit_leaves_the_row_in_doubt(api: Api, opened: Open) -> None:
    api.delay = 0.4
    with pytest.raises(WriteFailedError) as caught:
        run(opened(allow_writes=True, statement_timeout=0.6), FIVE)
    assert [row[1] for row in caught.value.report] == ["done", "in doubt", *["not sent"] * 3]


def test_secrets_are_masked_in_previews_and_journals(api: Api, opened: Open, tmp_path: Path) -> None:
    journal = tmp_path / "j"
    sql = (
        "INSERT INTO digitalocean.droplets.droplets (name, size, image, user_data) "
        "VALUES ('a', 's', 'i', 'hunter2')"
    )
    run(opened(allow_writes=True, journal=journal), sql)
    assert api.writes[0].body["user_data"] == "hunter2"
    assert b"hunter2" not in journal.read_bytes()
    assert b"dop_v1" not in journal.read_bytes()
    assert os.stat(journal).st_mode & 0o777 == 0o600
    assert "hunter2" not in str(run(opened(), f"EXPLAIN {sql}"))


def cli(api: Api, *arguments: str) -> list[str]:
    return ["--endpoint-url", f"digitalocean={api.url}", *arguments]


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch, compiled: Path) -> None:
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "dop_v1_test")
    monkeypatch.setenv("SQLOUD_CACHE_DIR", str(compiled))


@pytest.mark.usefixtures("token")
def test_a_batch_prints_the_rows_done_and_the_report(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    api.faults[3] = "reset"
    journal = str(tmp_path / "j")
    arguments = ["--allow-writes", "--journal", journal, "-o", "csv", "-c", FIVE + " RETURNING name"]
    assert main(cli(api, *arguments)) == 1
    out, err = capsys.readouterr()
    assert out == "name\nn1\nn2\n"
    assert "row 3: in doubt" in err
    assert main(["journal", journal]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(
        r'\S+ INSERT digitalocean\.domains\.records row 3: in doubt: POST \S+ \{.*"name":"n3".*\}\n', out
    )
    assert "5 rows: 2 done, 0 failed, 1 in doubt, 2 not sent" in err


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    "flags", [[], ["--allow-writes"], ["--read-only", "--allow-writes", "--allow-destructive"]]
)
def test_a_batch_without_consent(api: Api, capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    assert main(cli(api, *flags, "-c", f"DELETE FROM {D} WHERE id = 1")) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "read only" in err or "DELETE /v2/droplets/1" in err
    assert api.log == []


@pytest.mark.usefixtures("token")
def test_explain_and_dry_run_print_verb_and_path(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["-c", f"EXPLAIN DELETE FROM {D} WHERE id = 1"],
        ["--dry-run", "-c", f"DELETE FROM {D} WHERE id = 1"],
    ):
        assert main(cli(api, *arguments)) == 0
        assert "DELETE /v2/droplets/1" in capsys.readouterr().out
    assert api.log == []


def test_a_killed_process_leaves_every_row_accounted_for(api: Api, compiled: Path, tmp_path: Path) -> None:
    api.delay = 0.05
    journal = tmp_path / "j"
    fifty = f"INSERT INTO {D} (name, size, image) VALUES " + ", ".join(
        f"('n{n}', 's', 'i')" for n in range(50)
    )
    environment: dict[str, Any] = {
        **os.environ,
        "DIGITALOCEAN_TOKEN": "dop_v1_test",
        "SQLOUD_CACHE_DIR": str(compiled),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "sqloud", *cli(api, "--allow-writes", "--journal", str(journal), "-c", fifty)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while len(api.log) < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    told = subprocess.run(
        [sys.executable, "-m", "sqloud", "journal", str(journal)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    counted = re.search(r"50 rows: (\d+) done, 0 failed, (\d) in doubt, (\d+) not sent", told.stderr)
    assert counted is not None
    done, doubt, unsent = map(int, counted.groups())
    assert done + doubt + unsent == 50
    assert doubt <= 1
    assert len(told.stdout.splitlines()) == doubt
    time.sleep(0.2)
    assert done <= len(api.writes) <= done + doubt
    assert len(names(api)) == len(set(names(api)))
