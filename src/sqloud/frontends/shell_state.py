"""What the shell remembers between statements.

Law: a plain record of settings; whoever changes one has checked it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_ROWS", "ShellState"]

MOST_ROWS = 1000
"""Rows that a table shows on the screen, unless told otherwise."""


class ShellState:
    """What commands may change.

    output_format: a name of `FORMATS`. expanded: `off`, `on` or `auto`. timing: tell how long statements take.
    paging: show long answers in a pager. most_rows: rows of a table on the screen, None for all. vi: vi keys.
    variables: values of `{{ name }}` and `:name`. last: the text of the last statement that ran. pending: of the one
    that is typed in part. leaving: the shell is left.
    """

    def __init__(self, output_format: str, variables: Mapping[str, str] | None = None) -> None:
        self.output_format = output_format
        self.expanded = "off"
        self.timing = False
        self.paging = True
        self.most_rows: int | None = MOST_ROWS
        self.vi = False
        self.variables = dict(variables or {})
        self.last = ""
        self.pending = ""
        self.leaving = False
