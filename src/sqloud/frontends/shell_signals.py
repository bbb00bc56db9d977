"""Signals while the shell is open.

Law: SIGINT raises KeyboardInterrupt at most once, and only inside of `interruptible`. So what cleans up after a
cancelled statement is not interrupted itself, however often Ctrl-C is pressed. SIGTERM and SIGHUP end the
process by SystemExit, so that the terminal and the engine's files are restored.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Signals"]


class Signals:
    """The handlers of one shell, in the main thread."""

    def __init__(self) -> None:
        self.interrupted = False
        self._may_raise = False
        self._waiting = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle SIGINT, SIGTERM and SIGHUP in here, and put the former handlers back."""
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._interrupt),
            signal.SIGTERM: signal.signal(signal.SIGTERM, _end),
            signal.SIGHUP: signal.signal(signal.SIGHUP, _end),
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """In here the first SIGINT raises KeyboardInterrupt and sets `interrupted`; outside none does.

        One that came before, but after `forget`, raises at once: it was meant for what now begins.
        """
        self.interrupted = False
        self._may_raise = True
        try:
            if self._waiting:
                self._interrupt(signal.SIGINT, None)
            yield
        finally:
            self._may_raise = False

    def forget(self) -> None:
        """Forget a SIGINT that came outside of `interruptible`."""
        self._waiting = False

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._waiting = not self._may_raise
        if self._may_raise:
            self._may_raise = False
            self.interrupted = True
            raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
