"""Reading statements on a terminal that understands nothing.

Law: not one control sequence is written; the terminal's own line editing is all there is.
"""

from __future__ import annotations

import sys

from sqloud.frontends.shell_text import PROMPT, continuations, is_complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from sqloud.frontends.shell_history import HistoryFile
    from sqloud.frontends.shell_opening import Opening
    from sqloud.frontends.shell_signals import Signals

__all__ = ["PlainLines"]


class PlainLines:
    """Lines from stdin, prompts on `stream`; Ctrl-C arrives as SIGINT."""

    def __init__(self, stream: TextIO, history: HistoryFile, opening: Opening, signals: Signals) -> None:
        self._stream = stream
        self._history = history
        self._opening = opening
        self._signals = signals

    def statement(self, begun: str = "", vi: bool = False) -> str:
        """Lines until they are complete. Raises KeyboardInterrupt to clear, EOFError to leave."""
        text = begun + "\n" if begun else ""
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
