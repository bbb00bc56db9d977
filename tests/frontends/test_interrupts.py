"""SIGINT and imports."""

from __future__ import annotations

import importlib
import signal
import sys
import time
from pathlib import Path

import pytest

from sqloud.frontends.interrupts import interrupt

SLOW_MODULE = """
import signal, time
signal.raise_signal(signal.SIGINT)
end = time.monotonic() + 0.05
while time.monotonic() < end:
    pass
finished = True
"""


def _import_and_wait() -> None:
    importlib.import_module("a_slow_module_to_import")
    for _ in range(1000):  # not signal.pause(), which a signal that came just before it does not end
        time.sleep(0.01)


def test_an_import_is_finished_before_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_slow_module_to_import.py").write_text(SLOW_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            _import_and_wait()
        assert sys.modules["a_slow_module_to_import"].finished
    finally:
        signal.signal(signal.SIGINT, before)
        sys.modules.pop("a_slow_module_to_import", None)


def test_nothing_is_postponed_where_nothing_is_imported() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
