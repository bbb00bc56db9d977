"""One request, as the parts of the simulated cloud see it.

Law: nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sqloud.sandbox.arguments import Arguments
from sqloud.sandbox.facts import Operation
from sqloud.sandbox.world import Path, World

__all__ = ["Asked"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one request asks of `world`.

    `path` is the request's own, decoded; `target` where the thing is kept. `query` is as sent, `url` absolute
    and without it, `body` decoded and checked ({} for none), `clamp` the most rows that a page may have.
    """

    world: World
    operation: Operation
    path: Path
    target: Path
    arguments: Arguments
    query: Sequence[tuple[str, str]]
    url: str
    body: Any
    clamp: int | None = None

    def field(self, name: str) -> Any:
        """A field of the body; None where it is not there."""
        return self.body.get(name) if isinstance(self.body, dict) else None
