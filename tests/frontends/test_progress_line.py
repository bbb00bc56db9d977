"""The progress line: on a terminal after a second, gone in the end; nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLOW = """
import sys, time
from sqloud.executor.statistics import ScanStatistics, Statistics
from sqloud.frontends.progress import shown

class Session:
    def under_way(self):
        told = {"requests": 8, "pages": 7, "rows": 1400, "promised": 42}
        return [Statistics(scans=[ScanStatistics(id="scan_0", table="droplets", **told)])]
    def rate_limits(self):
        return [("api.example.com", 0, 12.0)]

with shown(Session()):
    time.sleep(float(sys.argv[1]))
"""


def told(seconds: str, *, terminal: bool, term: str = "xterm") -> str:
    """What a process of `seconds` writes to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": term}
    command = [sys.executable, "-c", SLOW, seconds]
    if not terminal:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
    import pty

    near, far = pty.openpty()
    with subprocess.Popen(command, env=environment, stderr=far) as child:
        os.close(far)
        child.wait(20)
    try:
        return os.read(near, 2**16).decode()
    except OSError:  # nothing was written, and nobody is at the other end any more
        return ""
    finally:
        os.close(near)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
def test_after_a_second_a_terminal_is_told_and_left_clean() -> None:
    found = told("1.5", terminal=True)
    assert "droplets: page 7/42, 1,400 rows, 1." in found
    assert found.endswith("\x1b[K")
    assert told("0.2", terminal=True) == ""
    assert told("1.3", terminal=True, term="dumb") == ""


def test_what_is_no_terminal_is_told_nothing() -> None:
    assert told("1.3", terminal=False) == ""
