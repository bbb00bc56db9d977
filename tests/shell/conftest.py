"""A person at a terminal: a real process on a real pty."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-Za-z]?|[@-Z\\-_])")
_PASTE_ON = "\x1b[?2004h"
EDITING = "\u25b6"
"""Stands on the screen where the line editor begins: it draws its prompt once more when a line is accepted."""
PATIENCE = 15.0
"""Seconds to wait for what must come."""


class Terminal:
    """A process on a pty; `screen` is all it wrote, without escape sequences."""

    def __init__(
        self, arguments: list[str], environment: dict[str, str], columns: int, rows: int, stdout: Path | None
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        answers = slave if stdout is None else os.open(stdout, os.O_WRONLY | os.O_CREAT)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sqloud", *arguments],
            stdin=slave,
            stdout=answers,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        for descriptor in {slave, answers}:
            os.close(descriptor)
        self.raw = ""
        self._seen = 0

    @property
    def screen(self) -> str:
        return _SEQUENCE.sub("", self.raw.replace(_PASTE_ON, EDITING)).replace("\r", "")

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def paste(self, text: str) -> None:
        self.type(f"\x1b[200~{text}\x1b[201~")

    def expect(self, text: str, within: float = PATIENCE) -> str:
        """Wait for a text after the last one that was expected; gives what stands before it."""
        end = time.monotonic() + within
        while (place := self.screen.find(text, self._seen)) < 0:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; the screen:\n{self.screen[self._seen :]}")
        before = self.screen[self._seen : place]
        self._seen = place + len(text)
        return before

    def prompt(self, within: float = PATIENCE) -> str:
        """Wait for the prompt and for the line editor behind it; gives what stands before."""
        before = self.expect(EDITING + "sqloud>", within)
        self._wait_until(lambda: not self._is_cooked())
        return before

    def question(self, name: str) -> str:
        """Wait for the prompt of a variable; gives what stands before."""
        return self.expect(f"{EDITING}{name}:")

    def wait_until_running(self) -> None:
        """Wait until a statement runs: then Ctrl-C is a signal again, no key."""
        self._wait_until(self._is_cooked)

    def end(self, within: float = PATIENCE) -> int:
        """Wait for the process and give its exit code."""
        end = time.monotonic() + within
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def _is_cooked(self) -> bool:
        return bool(termios.tcgetattr(self.master)[3] & termios.ISIG)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.screen[self._seen :]
            self._read(0.005)

    def _read(self, within: float) -> bool:
        if within <= 0 or not select.select([self.master], [], [], within)[0]:
            return False
        try:
            chunk = os.read(self.master, 65536)
        except OSError:  # Linux says so when the other side is closed
            return False
        self.raw += chunk.decode(errors="replace")
        return bool(chunk)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def terminal(state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Terminal]]:
    """Opens shells; keyword arguments are added to the environment."""
    opened: list[Terminal] = []
    cache = tmp_path_factory.getbasetemp() / "shell-cache"

    def open_terminal(
        *arguments: str, columns: int = 100, rows: int = 40, stdout: Path | None = None, **added: str
    ) -> Terminal:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "HOME": str(state.parent),
            "SQLOUD_STATE_DIR": str(state),
            "SQLOUD_CACHE_DIR": str(cache),
            **added,
        }
        opened.append(Terminal(list(arguments), environment, columns, rows, stdout))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


@pytest.fixture
def slow_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a simulated cloud that takes four seconds for each answer."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SQLOUD_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "shell-cache"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "sqloud", "sandbox", "--port", "0", "--latency", "4000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
    ) as server:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert found
        yield found[0]
        server.terminate()
