"""Where the rows of an answer are held: in a table of its own, or for as long as it can be, where they come from.

Law: an answer never changes. One that only looks into a table of the user's own is copied when that table is about
to change, and not before; so whoever reads it at once pays for no copy.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["Held", "Unsettled", "looks_into_a_table"]


class Held:
    """What FROM reads to give an answer's rows, whose columns are c0, c1, ...

    Hold `lock` from asking for `text` until the engine has begun to read it. `copy` gives the text of a copy, None
    where the rows stay as they are.
    """

    def __init__(self, text: str, copy: Callable[[], str] | None = None) -> None:
        self.text = text
        self.lock = threading.RLock()
        self._copy = copy

    def settle(self) -> None:
        """Copy the rows, if they could change otherwise."""
        with self.lock:
            if self._copy is not None:
                self.text = self._copy()
                self._copy = None


class Unsettled:
    """The answers of an engine that are not copied yet. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: weakref.WeakSet[Held] = weakref.WeakSet()

    def add(self, held: Held) -> None:
        """Have an answer copied before the next change."""
        with self._lock:
            self._answers.add(held)

    def settle(self) -> None:
        """Copy all of them: something is about to change. Raises what the engine raises at a copy."""
        with self._lock:
            answers = tuple(self._answers)
        for held in answers:
            held.settle()
            with self._lock:
                self._answers.discard(held)


def looks_into_a_table(plan: str) -> bool:
    """Whether the engine's plan, in JSON, is a look into one table, and nothing else.

    Such a query gives the same rows in the same order as often as it runs, and cannot fail half way.

    >>> looks_into_a_table('[{"name": "SEQ_SCAN ", "children": [], "extra_info": {}}]')
    True
    >>> looks_into_a_table('[{"name": "PROJECTION", "children": [{"name": "SEQ_SCAN ", "children": []}]}]')
    False
    """
    steps: list[dict[str, Any]] = msgspec.json.decode(plan)
    return len(steps) == 1 and steps[0]["name"].strip() == "SEQ_SCAN" and not steps[0]["children"]
