"""Batches over a session of canned answers: order, failures, exit codes, where the text goes."""

import io
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from sqloud.dialect import StatementText
from sqloud.engine.base import ResultColumn
from sqloud.errors import (
    CredentialError,
    Error,
    OperationalError,
    Span,
    StatementCancelled,
    TimeLimitError,
    UnknownNameError,
)
from sqloud.executor.result import Result
from sqloud.executor.statistics import Statistics
from sqloud.frontends.batch import read_script, run

Run = Callable[..., int]


class Canned:
    """Answers a statement with its own text, or as its first word says."""

    @staticmethod
    def under_way() -> tuple[Statistics, ...]:
        return ()

    @staticmethod
    def rate_limits() -> tuple[tuple[str, int | None, float], ...]:
        return ()

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.variables: list[Mapping[str, str]] = []
        self.cancelled = 0

    def run(
        self,
        text: StatementText,
        *,
        variables: Mapping[str, str],
        parameters: Mapping[str, object] | None = None,
    ) -> Result:
        self.asked.append(text.text)
        self.variables.append(variables)
        failure = FAILURES.get(text.text.split()[0])
        if failure is not None:
            raise failure()
        result = Result((ResultColumn(name="a", type="VARCHAR"),), iter([[(text.text,)]]))
        if text.text.startswith("CUT"):
            result.cut_by = "a limit of 1 row"
        return result

    def cancel(self) -> None:
        self.cancelled += 1


def _at_a_name() -> Error:
    return UnknownNameError("no column x", span=Span(6, 7))


FAILURES: dict[str, Callable[[], BaseException]] = {
    "FAIL": lambda: OperationalError("it failed"),
    "NAME": _at_a_name,
    "LOGIN": lambda: CredentialError("no token"),
    "SLOW": lambda: TimeLimitError("30 s are spent"),
    "CANCEL": lambda: StatementCancelled("cancelled"),
    "INTERRUPT": KeyboardInterrupt,
    "PIPE": BrokenPipeError,
}


@pytest.fixture
def canned() -> Canned:
    return Canned()


@pytest.fixture
def run_batch(canned: Canned) -> Run:
    def run_batch(*commands: str, **more: Any) -> int:
        options = {"output_format": "jsonl", "variables": {}} | more
        return run([("command", sql) for sql in commands], lambda: nullcontext(canned), **options)

    return run_batch


@pytest.mark.parametrize(
    ("commands", "asked", "code"),
    [
        (["ONE; TWO", "THREE"], ["ONE", "TWO", "THREE"], 0),
        (["", " ; -- nothing\n"], [], 0),
        (["ONE; FAIL; TWO", "THREE"], ["ONE", "FAIL"], 1),
        (["LOGIN; ONE"], ["LOGIN"], 5),
        (["SLOW; ONE"], ["SLOW"], 6),
        (["CANCEL; ONE"], ["CANCEL"], 130),
        (["CUT; ONE"], ["CUT", "ONE"], 4),
        (["CUT; SLOW"], ["CUT", "SLOW"], 6),
        (["ONE", "'open"], [], 1),
    ],
)
def test_a_batch_stops_at_the_first_error(
    run_batch: Run, canned: Canned, commands: list[str], asked: list[str], code: int
) -> None:
    assert run_batch(*commands) == code
    assert canned.asked == asked


@pytest.mark.parametrize(
    ("commands", "asked", "code"),
    [
        (["LOGIN; ONE; FAIL", "TWO"], ["LOGIN", "ONE", "FAIL", "TWO"], 5),
        (["'open", "ONE; SLOW"], ["ONE", "SLOW"], 1),
        (["CUT; FAIL"], ["CUT", "FAIL"], 1),
        (["CANCEL; ONE"], ["CANCEL"], 130),
    ],
)
def test_it_can_run_on_and_keeps_the_first_code(
    run_batch: Run, canned: Canned, commands: list[str], asked: list[str], code: int
) -> None:
    assert run_batch(*commands, continue_on_error=True) == code
    assert canned.asked == asked


def test_answers_go_to_stdout_and_all_else_to_stderr(
    run_batch: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_batch("ONE; CUT;\nNAME x; FAIL", "FAIL", continue_on_error=True) == 1
    told = capsys.readouterr()
    assert told.out == '{"a":"ONE"}\n{"a":"CUT"}\n'
    assert (
        told.err
        == """\
note: the answer is cut short by a limit of 1 row
<command>:1:7: error: no column x
 1 | ONE; CUT;
   |       ^
<command>:2:9: error: it failed
<command>:1:1: error: it failed
"""
    )


def test_variables_reach_every_statement(run_batch: Run, canned: Canned) -> None:
    run_batch("ONE; TWO", variables={"a": "1"})
    assert canned.variables == [{"a": "1"}] * 2


def test_an_interrupt_cancels_and_passes(run_batch: Run, canned: Canned, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_batch("ONE; INTERRUPT; TWO", out=str(tmp_path / "out"), continue_on_error=True)
    assert canned.cancelled == 1
    assert list(tmp_path.iterdir()) == []


def test_a_broken_pipe_passes(run_batch: Run) -> None:
    with pytest.raises(BrokenPipeError):
        run_batch("PIPE; ONE", continue_on_error=True)


@pytest.mark.parametrize(
    ("commands", "continue_on_error", "content", "code"),
    [
        (["ONE", "TWO"], False, '{"a":"ONE"}\n{"a":"TWO"}\n', 0),
        (["CUT"], False, '{"a":"CUT"}\n', 4),
        (["ONE; FAIL; TWO"], False, "old", 1),
        (["ONE; FAIL; TWO"], True, "old", 1),
    ],
)
def test_the_file_is_replaced_only_if_all_went_well(
    run_batch: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    commands: list[str],
    continue_on_error: bool,
    content: str,
    code: int,
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    assert run_batch(*commands, out=str(out), continue_on_error=continue_on_error) == code
    assert out.read_text() == content
    assert list(tmp_path.iterdir()) == [out]
    told = capsys.readouterr()
    assert told.out == ""
    assert (f"note: {out} is left as it was" in told.err) is (content == "old")


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(
    run_batch: Run, canned: Canned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_batch("ONE", out=str(tmp_path)) == 1
    assert canned.asked == []
    assert capsys.readouterr().err.startswith(f"error: cannot write {tmp_path}: it is a directory\nhint: ")


def test_a_session_that_does_not_open_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> nullcontext[Canned]:
        raise CredentialError("no token")

    assert run([("command", "ONE")], refuse, output_format="json", variables={}) == 5
    assert capsys.readouterr().err == "error: no token\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"SELECT 1", "SELECT 1"),
        (b"\xef\xbb\xbfSELECT '\xc3\xa9'\r\n", "SELECT 'é'\r\n"),
        (b"", ""),
    ],
)
def test_a_script_is_read_as_it_stands(tmp_path: Path, content: bytes, text: str) -> None:
    script = tmp_path / "q.sql"
    script.write_bytes(content)
    assert read_script(("file", str(script))) == (str(script), text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"SELECT '\xff'", "is not UTF-8: byte 8 is 0xff"),
        (b"\xef\xbb\xbf\xe9", "is not UTF-8: byte 3 is 0xe9"),
        (b"\xff\xfeS\x00", "is not UTF-8: byte 0 is 0xff"),
    ],
)
def test_a_script_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    script = tmp_path / "q.sql"
    script.write_bytes(content)
    with pytest.raises(OperationalError) as refused:
        read_script(("file", str(script)))
    assert str(refused.value) == f"{script} {message}"


def test_a_missing_script_is_named_and_nothing_runs(
    canned: Canned, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts = [("command", "ONE"), ("file", "missing.sql")]
    assert run(scripts, lambda: nullcontext(canned), output_format="json", variables={}) == 1
    assert canned.asked == []
    assert capsys.readouterr().err == "error: cannot read missing.sql: No such file or directory\n"


def test_stdin_is_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ONE;\nTWO")))
    assert read_script(("file", "-")) == ("<stdin>", "ONE;\nTWO")
