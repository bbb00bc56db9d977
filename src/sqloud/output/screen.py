"""Tables and records as a person's screen shows them.

Law: nothing of a row is left out: a grid that is wider than the screen is folded, and where the rows are more than
were asked for the last line says so. Control characters are escaped always; NULL is dim, numbers stand to the right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import visible
from sqloud.output.forms import NUMERIC, rows_of, text_column
from sqloud.output.shapes import shape_of
from sqloud.output.widths import folded, padded, width_of

__all__ = ["Grid", "folded_width", "gathered", "grid_lines", "record_lines"]

_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_NULL = "\x00"
"""Stands for NULL among cells, where no text can hold it."""
_NARROWEST = 8
"""Columns that a folded column keeps at least."""


class Grid(NamedTuple):
    """An answer as cells: headers, rows of texts, which columns are numbers, which are nested, and rows in all."""

    headers: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numeric: tuple[bool, ...]
    nested: tuple[bool, ...]
    total: int

    @property
    def widths(self) -> list[int]:
        """The columns that each column takes."""
        every = zip(self.headers, *self.rows, strict=True)
        return [max(4 if cell == _NULL else width_of(cell) for cell in column) for column in every]

    @property
    def width(self) -> int:
        """The columns of a line of the grid."""
        return sum(self.widths) + 3 * len(self.headers) + 1


def gathered(columns: Sequence[ResultColumn], batches: Iterable[Batch], most: int | None) -> Grid:
    """The first `most` rows of an answer as cells, and how many there are."""
    writers = [text_column(column.type, _NULL, visible) for column in columns]
    rows: list[tuple[str, ...]] = []
    count = 0
    for batch in batches:
        count += len(batch)
        room = len(batch) if most is None else max(0, most - len(rows))
        rows += rows_of(writers, batch[:room])
    shapes = [shape_of(column.type) for column in columns]
    return Grid(
        tuple(visible(column.name) for column in columns),
        rows,
        tuple(shape.kind in NUMERIC for shape in shapes),
        tuple(bool(shape.parts) or shape.kind == "JSON" for shape in shapes),
        count,
    )


def grid_lines(grid: Grid, *, width: int | None = None, colour: bool = False) -> list[str]:
    """The lines of a table, no wider than `width` where one is given and the columns are not too many for it."""
    widths = grid.widths
    if width is not None:
        widths = _fitted(widths, width - 3 * len(widths) - 1)
    rule = "-+-".join("-" * one for one in widths)
    lines = [f"+-{rule}-+"]
    bold = _BOLD if colour else ""
    lines += _row_lines(grid.headers, widths, grid.numeric, bold, _PLAIN if colour else "")
    lines.append(f"|-{rule}-|")
    dim = (_DIM, _PLAIN) if colour else ("", "")
    for row in grid.rows:
        lines += _row_lines(row, widths, grid.numeric, "", "", dim)
    return [*lines, f"+-{rule}-+", _footer(grid)]


def folded_width(grid: Grid, width: int) -> int:
    """The columns of a line of a grid that is folded to `width`: more where it has too many columns for it."""
    frame = 3 * len(grid.headers) + 1
    return sum(_fitted(grid.widths, width - frame)) + frame


def record_lines(grid: Grid, *, width: int, colour: bool = False) -> list[str]:
    """The lines of an expanded answer: a record's columns below each other, nested values indented."""
    name_width = max(map(width_of, grid.headers), default=0)
    room = max(20, width - name_width - 3)
    lines = []
    for number, row in enumerate(grid.rows, 1):
        head = f"-[ RECORD {number} ]"
        lines.append(head + "-" * max(3, min(width, name_width + 40) - len(head)))
        for name, cell, nested in zip(grid.headers, row, grid.nested, strict=True):
            shown = [_null(colour)] if cell == _NULL else _value_lines(cell, room, nested)
            lines.append(f"{padded(name, name_width)} | {shown[0]}")
            lines += [f"{' ' * name_width} | {line}" for line in shown[1:]]
    return [*lines, _footer(grid)]


def _row_lines(
    cells: Sequence[str],
    widths: Sequence[int],
    numeric: Sequence[bool],
    before: str,
    after: str,
    dim: tuple[str, str] = ("", ""),
) -> list[str]:
    """A row, which takes several lines where a cell is folded."""
    if all(cell == _NULL or width_of(cell) <= width for cell, width in zip(cells, widths, strict=True)):
        blocks = [[cell] for cell in cells]
    else:
        blocks = [folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for place in range(max(map(len, blocks), default=1)):
        shown = []
        for block, width, right in zip(blocks, widths, numeric, strict=True):
            text = block[place] if place < len(block) else ""
            if text == _NULL:
                blanks = " " * (width - 4)
                null = f"{dim[0]}NULL{dim[1]}"
                shown.append(blanks + null if right else null + blanks)
            else:
                shown.append(before + padded(text, width, right=right) + after)
        lines.append(f"| {' | '.join(shown)} |")
    return lines


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths, the widest made narrower until they fit; none below the narrowest that can be read."""
    fitted = list(widths)
    surplus = sum(fitted) - room
    while surplus > 0:
        widest = max(fitted)
        if widest <= _NARROWEST:
            break
        among = [place for place, one in enumerate(fitted) if one == widest]
        next_ = max((one for one in fitted if one < widest), default=0)
        step = max(1, min(widest - max(next_, _NARROWEST), surplus // len(among)))
        for place in among:
            if surplus <= 0:
                break
            taken = min(step, surplus)
            fitted[place] -= taken
            surplus -= taken
    return fitted


def _value_lines(cell: str, room: int, nested: bool) -> list[str]:
    if nested and width_of(cell) > room:
        try:
            decoded: Any = msgspec.json.decode(cell)
        except msgspec.DecodeError:  # the engine let through what is no JSON
            return folded(cell, room)
        indented = msgspec.json.format(msgspec.json.encode(decoded), indent=2).decode()
        return [piece for line in indented.split("\n") for piece in _deep(visible(line), room)]
    return folded(cell, room)


def _deep(line: str, room: int) -> list[str]:
    """The lines of an indented line; what goes on keeps the indent."""
    indent = len(line) - len(line.lstrip())
    first, *more = folded(line[indent:], max(10, room - indent))
    return [" " * indent + first, *(" " * (indent + 2) + piece for piece in more)]


def _null(colour: bool) -> str:
    return f"{_DIM}NULL{_PLAIN}" if colour else "NULL"


def _footer(grid: Grid) -> str:
    counted = (
        f"{grid.total:,} rows" if grid.total > 9999 else f"{grid.total} row{'s' if grid.total != 1 else ''}"
    )
    if len(grid.rows) < grid.total:
        return f"({counted}, {len(grid.rows):,} of them shown; \\maxrows off shows all, \\g FILE writes them)"
    return f"({counted})"
