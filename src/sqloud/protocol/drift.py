"""Whether a list changed while it was read.

Law: a list that moves under its reader is told, never passed over: a total that is another one on a later page, a
page shorter than promised before the last, an item that came twice by its key.

Keys are kept for the first twenty thousand items; beyond them a page is compared with the pages next to it, which
is where an item that was added or removed makes others come twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

__all__ = ["Drift"]

_KEPT = 20_000
_NEIGHBOURS = 3


class Drift:
    """Told each page in its order; `notices` says what was seen."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._total: int | None = None
        self._totals: tuple[int, int] | None = None
        self._size = 0
        self._short: tuple[int, int] | None = None  # the page before, where it was shorter than the first
        self._shorter: tuple[int, int] | None = None
        self._seen: set[object] = set()
        self._last: deque[frozenset[object]] = deque(maxlen=_NEIGHBOURS)
        self._twice: list[object] = []

    @property
    def moved(self) -> bool:
        """Whether the list is known to have changed."""
        return bool(self._totals or self._shorter or self._twice)

    def page(self, place: int, rows: int, total: int | None, keys: Sequence[object]) -> None:
        """One page: its place from 1, its rows, the total that it promises, the keys of its rows."""
        if total is not None:
            if self._total is not None and total != self._total:
                self._totals = (self._totals or (self._total, 0))[0], total
            self._total = total
            if rows and self._short is not None and self._shorter is None:
                self._shorter = self._short
            self._short = (place, rows) if self._size and rows < self._size else None
            self._size = self._size or rows
        if keys:
            self._keys(keys)

    def notices(self) -> list[str]:
        """What to tell, a sentence each."""
        told = []
        if self._totals is not None:
            told.append("its total moved from {:,} to {:,}".format(*self._totals))
        if self._shorter is not None:
            place, rows = self._shorter
            told.append(f"page {place} held {rows:,} rows where {self._size:,} were promised")
        if self._twice:
            shown = ", ".join(map(str, self._twice[:5]))
            more = f" and {len(self._twice) - 5:,} more" if len(self._twice) > 5 else ""
            told.append(f"{self._key} {shown}{more} came twice")
        return [f"the list changed while it was read: {text}" for text in told]

    def _keys(self, keys: Sequence[object]) -> None:
        own = frozenset(keys)
        if len(own) < len(keys):
            found: set[object] = set()
            self._twice += [key for key in keys if key in found or found.add(key)]  # type: ignore[func-returns-value]
        if len(self._seen) < _KEPT:
            if not self._seen.isdisjoint(own):
                self._twice += [key for key in keys if key in self._seen]
            self._seen |= own
        elif any(not before.isdisjoint(own) for before in self._last) or not self._seen.isdisjoint(own):
            self._twice += [key for key in keys if key in self._seen or any(key in b for b in self._last)]
        self._last.append(own)
