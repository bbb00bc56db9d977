"""Data frames among the variables of whoever executes a statement.

Law: a variable is looked at only where a statement asks for a table of one name that nothing else has, and only what
is a data frame is read; so no variable can take the place of a table, and no request was made before.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TypeVar

from sqloud.errors import UnknownNameError
from sqloud.frames import is_frame
from sqloud.session import Session

__all__ = ["callers_variables", "run_in_scope"]

T = TypeVar("T")


def run_in_scope(session: Session, run: Callable[[], T], variables: Mapping[str, object] | None = None) -> T:
    """What `run` gives, with the frames that it asks for out of `variables`.

    Without them, they are those of the nearest caller outside of this package.
    """
    frames: dict[str, object] = {}
    while True:
        try:
            with session.seeing(frames):
                return run()
        except UnknownNameError as error:
            name = _asked(error)
            if name is None or name in frames:
                raise
            frame = _variable(name) if variables is None else variables.get(name)
            if not is_frame(frame):
                raise
            frames[name] = frame


def _asked(error: UnknownNameError) -> str | None:
    if error.source is None or error.span is None or not error.message.startswith("no table "):
        return None
    name = error.source.text[error.span.start : error.span.end].strip('"')
    return name if name.isidentifier() else None


def callers_variables() -> Mapping[str, object]:
    """The variables of the nearest caller outside of this package, locals before globals.

    None where that is the event loop: a task of its own has no caller.
    """
    frame = _caller()
    if frame.f_globals.get("__name__", "").partition(".")[0] == "asyncio":
        return {}
    return ChainMap(frame.f_locals, frame.f_globals)


def _variable(name: str) -> object:
    """A local or global variable of the caller, None where it has none."""
    frame = _caller()
    return frame.f_locals.get(name, frame.f_globals.get(name))


def _caller() -> FrameType:
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").partition(".")[0] == "sqloud" and frame.f_back is not None:
        frame = frame.f_back
    return frame
