"""Ask the person at the terminal before a batch writes.

Law: only where both the question can be read and an answer can be typed, on a terminal each, and stdin is no script;
whatever is no yes is a no, the end of the input among it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from sqloud.frontends.report import tell
from sqloud.output.escapes import visible_lines

if TYPE_CHECKING:
    from sqloud.executor.result import Confirm

__all__ = ["asker"]

_YES = {"y", "yes"}


def asker(scripts: Sequence[tuple[str, str]], stdin: TextIO | None, stderr: TextIO | None) -> Confirm | None:
    """What asks on the terminal, for scripts as the command line gives them; None where nobody can be asked."""
    if stdin is None or stderr is None or ("file", "-") in scripts:
        return None
    if stdin.closed or not stdin.isatty() or not stderr.isatty():
        return None
    answers, questions = stdin, stderr

    def confirmed(question: str, preview: Sequence[str]) -> bool:
        for line in preview:
            tell(visible_lines(line))
        questions.write(f"{question} (yes/no) ")
        questions.flush()
        return answers.readline().strip().lower() in _YES

    return confirmed
