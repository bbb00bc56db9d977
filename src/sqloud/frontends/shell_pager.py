"""Text that is longer than the screen, in a pager.

Law: a pager is a convenience: without a terminal, without a program for it or with the paging off the text is
written as it is; and a pager that is left early is no error.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqloud.frontends.shell_signals import Signals

__all__ = ["page", "pager_command", "screen_size"]

_DEFAULT = ("less", "-SRXF")


def pager_command(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The words of SQLOUD_PAGER, else PAGER, else `less -SRXF`; None where it is empty, `cat` or not installed."""
    said = environment.get("SQLOUD_PAGER", environment.get("PAGER"))
    words = _DEFAULT if said is None else tuple(shlex.split(said))
    if not words or words == ("cat",) or shutil.which(words[0]) is None:
        return None
    return words


def screen_size() -> tuple[int, int]:
    """Columns and lines of the terminal; 80 by 24 where it does not say."""
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def page(lines: Sequence[str], environment: Mapping[str, str], signals: Signals) -> bool:
    """Show lines in the pager, and whether there is one; while it is open SIGINT is its own to handle."""
    words = pager_command(environment)
    if words is None or sys.stdout is None or environment.get("TERM") in {"dumb", "unknown"}:
        return False
    # less reads its options from here too, where only its name is said.
    surroundings = {"LESS": "-SRXF", **os.environ}
    with signals.ignored():
        sys.stdout.flush()
        text = "".join(line + "\n" for line in lines).encode(errors="replace")
        subprocess.run(words, input=text, env=surroundings, check=False)  # noqa: S603  # left early, it is no error
    return True
