"""A query that reads rows as they come: whether it can, and the pipes that it reads.

Law: rows that are streamed can be read once. The engine's own plan says how often it reads them; one that reads
them twice, or again in each round of a recursion, is not streamed.

The engine keeps all that it has read of a pipe until the pipe ends. So the rows go through many, one after the other.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_pipes", "reads_once"]

_PIPES = 256

_READING = "READ_JSON"
_REPEATED = ("RECURSIVE", "Recursive", "CTE", "DELIM", "Delim")


def reads_once(plan: str) -> bool:
    """Whether the engine's plan, as EXPLAIN prints it, reads the stream exactly once.

    >>> reads_once("Aggregate / Read Json Function: READ_JSON")
    True
    >>> reads_once("Join / Function: READ_JSON / Function: READ_JSON")
    False
    """
    return plan.count(_READING) == 1 and not any(word in plan for word in _REPEATED)


def make_pipes(folder: Path) -> tuple[Path, ...]:
    """Pipes in a new folder, which are for this user alone."""
    folder.mkdir(mode=0o700)
    pipes = tuple(folder / f"{number}.ndjson" for number in range(_PIPES))
    for pipe in pipes:
        os.mkfifo(pipe, 0o600)
    return pipes
