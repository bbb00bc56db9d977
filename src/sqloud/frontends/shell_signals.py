"""Signals while the shell is open.

Law: this is the only place that SIGINT reaches, from the shell's start to its end. It raises KeyboardInterrupt at
most once, only inside of `interruptible`, and never into an import; while a statement runs it is told to who waits
for it (`heard`), and while a line is edited it clears the line. So what cleans up after a cancelled statement is not
interrupted itself, however often Ctrl-C is pressed. SIGTERM and SIGHUP end the process by SystemExit, so that the
terminal and the engine's files are restored; while a line is edited the editor is asked to end by it, as an exception
in one of its callbacks would be drawn on the screen.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sqloud.frontends.interrupts import postponed

__all__ = ["Signals"]


class Signals:
    """The handlers of one shell, in the main thread."""

    def __init__(self) -> None:
        self.interrupted = False
        self._may_raise = False
        self._waiting = False
        self._hear: Callable[[], None] | None = None
        self._ask_editor: Callable[[BaseException], bool] | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle SIGINT, SIGTERM and SIGHUP in here, and put the former handlers back."""
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._interrupt),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._end),
            signal.SIGHUP: signal.signal(signal.SIGHUP, self._end),
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

    @contextmanager
    def heard(self, hear: Callable[[], None]) -> Iterator[None]:
        """In here SIGINT raises nothing: it sets `interrupted` and calls `hear`, in the midst of whatever runs."""
        before, self._hear = self._hear, hear
        try:
            yield
        finally:
            self._hear = before

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """In here, inside of `heard`, SIGINT is the line editor's, or forgotten."""
        hear, self._hear = self._hear, None
        may_raise, self._may_raise = self._may_raise, False
        try:
            yield
        finally:
            self._waiting = False
            self._may_raise, self._hear = may_raise, hear

    @contextmanager
    def editing(self, ask: Callable[[BaseException], bool]) -> Iterator[None]:
        """In here a signal hands its exception to `ask`, which tells whether the editor takes it."""
        self._ask_editor = ask
        try:
            yield
        finally:
            self._ask_editor = None

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """In here a SIGINT is another program's to handle, and forgotten at the end."""
        may_raise, self._may_raise = self._may_raise, False
        try:
            yield
        finally:
            self._waiting = False
            self._may_raise = may_raise

    def forget(self) -> None:
        """Forget a SIGINT that came outside of `interruptible`."""
        self._waiting = False

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._hear is not None:
            self.interrupted = True
            self._hear()
            return
        if self._ask_editor is not None and self._ask_editor(KeyboardInterrupt()):
            return
        if self._may_raise and postponed(number, frame):
            return
        self._waiting = not self._may_raise
        if self._may_raise:
            self._may_raise = False
            self.interrupted = True
            raise KeyboardInterrupt

    def _end(self, number: int, frame: FrameType | None) -> None:
        ending = SystemExit(128 + number)
        if self._ask_editor is not None and self._ask_editor(ending):
            return
        if not postponed(number, frame):
            raise ending
