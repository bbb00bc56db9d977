"""What it costs until a person can type: the shell beside a process that only opens a prompt of prompt_toolkit.

Law: both run on a pseudo-terminal of the same size, and are ready when a key that was typed behind the prompt shows.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable

PAIRS = 15
BAR = 1.2
PLAIN = "from prompt_toolkit import PromptSession; PromptSession('sqloud> ').prompt()"
_PROMPT, _KEY = b"sqloud>", b"zq"
_PATIENCE = 20.0


def seconds_until_usable(command: list[str], environment: dict[str, str]) -> float:
    """From the start of a process until it shows what is typed. Raises TimeoutError where it never does."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    shown, typed = b"", False
    try:
        while True:
            if not select.select([ours], [], [], _PATIENCE)[0]:
                raise TimeoutError(f"no prompt came: {shown!r}")
            shown += os.read(ours, 65536)
            if not typed and _PROMPT in shown:
                os.write(ours, _KEY)
                typed = True
            if typed and _KEY in shown.rpartition(_PROMPT)[2]:
                return time.perf_counter() - started
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def run(tell: Callable[[str], object], environment: dict[str, str]) -> None:
    """Measure neighbouring pairs, and tell the median of their ratios."""
    environment = environment | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    shell, plain = [sys.executable, "-m", "sqloud", "--sandbox"], [sys.executable, "-c", PLAIN]
    seconds_until_usable(shell, environment)
    seconds_until_usable(plain, environment)
    pairs = [
        (seconds_until_usable(shell, environment), seconds_until_usable(plain, environment))
        for _ in range(PAIRS)
    ]
    ratio = statistics.median(one / other for one, other in pairs)
    tell(
        f"{'the shell, until a key shows / prompt_toolkit alone':<58} {ratio:5.2f}x  (bar {BAR:.1f}x; "
        f"{statistics.median(one for one, _ in pairs) * 1000:.0f} ms against "
        f"{statistics.median(other for _, other in pairs) * 1000:.0f} ms)"
    )
