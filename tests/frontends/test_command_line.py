"""The command line as real processes."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MAIN = "import sys; from sqloud.frontends.cli import main; sys.exit(main())"

# A batch whose session says that it has begun, then waits, or answers without end.
CANNED = """
import sys, time
from contextlib import nullcontext
from sqloud.engine.base import ResultColumn
from sqloud.executor.result import Result
from sqloud.frontends import batch, cli

class Session:
    def run(self, text, *, variables, parameters=None):
        if text.text == "WAIT":
            print("waiting", file=sys.stderr, flush=True)
            time.sleep(20)
        rows = [[("x" * 80,)] * 1000] * 200
        return Result((ResultColumn(name="a", type="VARCHAR"),), iter(rows))
    def cancel(self):
        print("cancelled", file=sys.stderr)

cli._opening = lambda settings, scripts, agent=False: lambda: nullcontext(Session())
sys.exit(cli.main())
"""


def start(*arguments: str, code: str = MAIN, **more: object) -> subprocess.Popen[str]:
    streams: dict[str, object] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-c", code, *arguments], text=True, **(streams | more)
    )


def sqloud(*arguments: str, stdin: str = "", code: str = MAIN, **more: object) -> tuple[int, str, str]:
    with start(*arguments, code=code, **more) as process:
        out, err = process.communicate(stdin, timeout=20)
    return process.returncode, out, err


def test_version() -> None:
    from sqloud._version import __version__

    assert sqloud("--version") == (0, f"sqloud {__version__}\n", "")
    assert sqloud("-o", "json", "--version") == (0, f"sqloud {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--version"], ["argparse", "importlib.metadata", "msgspec", "sqloud.errors", "pathlib"]),
        (["--help"], ["msgspec", "pathlib", "sqlglot", "httpx", "duckdb", "tabulate", "json"]),
    ],
)
def test_what_is_asked_for_is_all_that_is_imported(arguments: list[str], unwanted: list[str]) -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from sqloud.frontends.cli import main; main()\n"
        "print(*set(sys.modules) - before, file=sys.stderr)"
    )
    status, _, err = sqloud(*arguments, code=code)
    assert status == 0
    assert set(err.split()) & set(unwanted) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["provider", "check", "--help"], ["sandbox", "--help"]])
def test_help_goes_to_stdout_without_escapes(arguments: list[str]) -> None:
    status, out, err = sqloud(*arguments)
    assert (status, err) == (0, "")
    assert out.startswith("usage: sqloud")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["nonsense"], "unrecognized arguments: nonsense"),
        (["-c"], "argument -c/--command: expected one argument"),
        (["-c", "x", "-o", "xml"], "argument -o/--output-format: invalid choice: 'xml'"),
        (["-c", "x", "-v", "a"], "argument -v/--variable: expected NAME=VALUE"),
        (["-c", "x", "-v", "1a=2"], "got the name '1a'"),
        (["-c", "x", "--endpoint-url", "http://localhost"], "argument --endpoint-url: expected PROVIDER=URL"),
        (["-c", "x", "--endpoint-url", "digitalocean=localhost"], "is no http or https URL: 'localhost'"),
        (["-c", "x", "--providers", "missing"], "argument --providers: there is no directory 'missing'"),
        (["-c", "x", "--allow-read", "missing"], "argument --allow-read: there is no directory 'missing'"),
        (["-c", "x", "--max-concurrency", "0"], "--max-concurrency: expected a whole number from 1, got '0'"),
        (["-c", "x", "--max-concurrency", "1.5"], "expected a whole number from 1, got '1.5'"),
        (["-c", "x", "--timeout", "0"], "--timeout: expected a number of seconds above 0, got '0'"),
        (["-c", "x", "--timeout", "nan"], "got 'nan'"),
        (["--alow-writes"], "did you mean --allow-writes?"),
        (["--timout", "3"], "did you mean --timeout?"),
        (["--token=hunter2"], "never from the command line"),
        (["--json"], "did you mean -o json?"),
        (["snadbox"], "did you mean sqloud sandbox?"),
        (["SELECT 1"], 'sqloud -c "SELECT ..."'),
        (["-c", "x", "-o", "jsn"], "did you mean json?"),
        (["--on-error", "stpo"], "did you mean stop?"),
        (["auth", "chek"], "did you mean check?"),
        (["fmt", "--dif"], "did you mean --diff?"),
        (["--help", "lmits"], "did you mean limits?"),
        (["provider"], "the following arguments are required: COMMAND"),
        (["provider", "check"], "the following arguments are required: PATH"),
        (["sandbox"], "the following arguments are required: --port"),
        (["sandbox", "--port", "65536"], "--port: expected a port from 0 to 65535, got '65536'"),
        (
            ["sandbox", "--port", "0", "--latency", "-1"],
            "--latency: expected a number of milliseconds from 0",
        ),
        (["sandbox", "--port", "0", "--fault", "7"], "argument --fault: the status of the fault '7' must be"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_option(arguments: list[str], message: str) -> None:
    status, out, err = sqloud(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [["-c", "x", "-v", "my-token=hunter2"], ["--token=hunter2"], ["--token", "hunter2"]],
)
def test_what_may_be_a_secret_is_not_repeated(arguments: list[str]) -> None:
    assert "hunter2" not in sqloud(*arguments)[2]


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    from sqloud.frontends.cli import main

    assert main(arguments) == 0
    return capsys.readouterr().out


def test_help_fits_a_screen_and_leads_to_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    from sqloud.frontends.options import COMMAND_NAMES, main_parser

    options = {one for action in main_parser("")._actions for one in action.option_strings}
    short = _printed(capsys, "--help")
    lines = short.split("\n")
    assert len(lines) <= 24  # with the prompt behind it
    assert max(map(len, lines)) <= 80
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", short))
    assert named <= options
    whole = _printed(capsys, "--help", "all")
    assert {one for one in options if one not in whole} == set()
    assert all(name in short and f"sqloud {name}" in whole for name in COMMAND_NAMES)
    topics = re.search(r"help all; or ([^;]*)", short)
    assert topics is not None
    for topic in topics[1].replace("\n", " ").split(","):
        assert len(_printed(capsys, "--help", topic.strip()).split("\n")) <= 24
    assert _printed(capsys, "help", "fmt") == _printed(capsys, "fmt", "--help")


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["-f", "missing.sql"], "", "error: cannot read missing.sql: No such file or directory\n"),
        (["-f", "."], "", "error: cannot read .: Is a directory\n"),
        (["-c", "SELECT 'open"], "", "<command>:1:8: error: "),
        (["-f", "-"], "SELECT 1;\n/* open", "<stdin>:2:1: error: "),
        ([], "SELECT 1;\n/* open", "<stdin>:2:1: error: "),
        (["-c", "SELECT \udcff"], "", "error: <command> is not UTF-8: byte 7 is 0xff\n"),
    ],
)
def test_a_script_that_cannot_be_read_ends_with_1(arguments: list[str], stdin: str, message: str) -> None:
    status, out, err = sqloud(*arguments, stdin=stdin)
    assert (status, out) == (1, "")
    assert err.startswith(message)
    assert "Traceback" not in err


def test_an_empty_script_is_no_error() -> None:
    assert sqloud(stdin="-- nothing\n;;") == (0, "", "")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_cleans_up_and_is_told_by_the_exit_code(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("ignored by whoever started the tests (nohup, a job in the background)")
    with start("-c", "WAIT", "--out", str(tmp_path / "out"), code=CANNED) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting\n"
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (status, "", "cancelled\n")
    assert time.monotonic() - began < 5
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    reading, writing = os.pipe()
    with start("-o", "csv", "-c", "MANY; MANY", code=CANNED, stdout=writing) as process:
        os.close(writing)
        assert os.read(reading, 2) == b"a\n"
        os.close(reading)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (141, "")


@pytest.mark.parametrize("arguments", [["--version"], ["-o", "csv", "-c", "MANY"]])
def test_a_full_disk_is_an_error(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        status, _, err = sqloud(*arguments, code=CANNED, stdout=full)
    assert status == 1
    assert err.startswith("error: cannot write ")
    assert err.endswith(": No space left on device\n")
    assert err.count("\n") == 1


def test_an_encoding_that_lacks_a_character_is_an_error() -> None:
    code = CANNED.replace('"x" * 80', '"\u6f22"')
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    status, out, err = sqloud("-o", "csv", "-c", "MANY", code=code, env=environment)
    assert (status, out) == (1, "")
    assert "the encoding latin-1 has no '\\u6f22'\nhint: set PYTHONIOENCODING=utf-8" in err


def test_provider_check(tmp_path: Path) -> None:
    status, out, err = sqloud("provider", "check", str(tmp_path / "missing.yaml"))
    assert (status, out) == (1, "")
    assert "missing.yaml" in err
    assert "Traceback" not in err
