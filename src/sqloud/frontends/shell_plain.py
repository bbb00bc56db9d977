"""Reading statements on a terminal that understands nothing.

Law: not one control sequence is written; the terminal's own line editing is all there is.
"""

from __future__ import annotations

import sys

from sqloud.frontends.report import tell
from sqloud.frontends.shell_text import PROMPT, continuations, is_complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from sqloud.frontends.shell_history import HistoryFile
    from sqloud.frontends.shell_opening import Opening
    from sqloud.frontends.shell_signals import Signals
    from sqloud.frontends.shell_status import About

__all__ = ["PlainLines"]


class PlainLines:
    """Lines from stdin, prompts on `stream`; Ctrl-C arrives as SIGINT."""

    def __init__(
        self, stream: TextIO, history: HistoryFile, opening: Opening, signals: Signals, about: About
    ) -> None:
        self._stream = stream
        self._history = history
        self._opening = opening
        self._signals = signals
        self._about = about

    def statement(self, begun: str = "", vi: bool = False) -> str:
        """Lines until they are complete. Raises KeyboardInterrupt to clear, EOFError to leave."""
        text = begun + "\n" if begun else ""
        if self._about.has_welcome() or not self._opening.has_dialect():
            self._opening.finish()  # a line that comes behind the prompt would be in the midst of what is typed
            told = self._about.welcome()
            if told is not None:
                tell(told)
        with self._signals.interruptible():
            while True:
                text += self._line(continuations(text)[-1] if text else PROMPT)
                if is_complete(text):
                    break
        self._history.append(text.removesuffix("\n"))
        return text

    def value(self, name: str, earlier: Sequence[str]) -> str:
        """One line for a variable; an empty one takes the latest of the earlier values."""
        offered = f" [{earlier[-1]}]" if earlier else ""
        return self._line(f"{name}{offered}: ").removesuffix("\n") or (earlier[-1] if earlier else "")

    def _line(self, prompt: str) -> str:
        self._stream.write(prompt)
        self._stream.flush()
        self._opening.begin()
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            self._stream.write("\n")
            raise
        if not line:
            self._stream.write("\n")
            raise EOFError
        return line
