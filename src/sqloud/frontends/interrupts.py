"""A signal that meets an import comes again when the import is over.

Law: neither KeyboardInterrupt nor SystemExit is raised into Python's import machinery: it could leave the lock of all
imports taken, and whoever imports next would wait for ever.
"""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

__all__ = ["interrupt", "postponed"]

_MACHINERY = "<frozen importlib._bootstrap>"
_AGAIN = 0.01
"""Seconds after which the signal comes again."""


def postponed(number: int, frame: FrameType | None) -> bool:
    """Whether `frame`, which the signal met, is within an import; then the signal will come again."""
    while frame is not None:
        if frame.f_code.co_filename == _MACHINERY:
            import threading

            main = threading.main_thread().ident or 0
            threading.Timer(_AGAIN, signal.pthread_kill, (main, number)).start()
            return True
        frame = frame.f_back
    return False


def interrupt(number: int, frame: FrameType | None) -> None:
    """A handler of SIGINT: raises KeyboardInterrupt, as soon as nothing is imported."""
    if not postponed(number, frame):
        raise KeyboardInterrupt
