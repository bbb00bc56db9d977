"""Which refusal tells most, of the tables of a statement that stay without keys.

Law: a table that nothing binds is named before one that waits for it; tables that wait for each other are named as
the ring that they are. Which tables stay unbound is decided before, and not changed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from sqloud.errors import MissingParameterError
from sqloud.planner.feeding import Feeding
from sqloud.planner.methods import Choice
from sqloud.planner.sources import TableUse

__all__ = ["Attempt", "telling_refusal"]

Attempt = Callable[[TableUse, Sequence[str]], Choice | None]
"""How a table would be asked if some more scans were read before it; None where that gives no keys either."""


def telling_refusal(
    waiting: Mapping[str, tuple[TableUse, MissingParameterError]], feeding: Feeding, attempt: Attempt
) -> MissingParameterError:
    """The error for tables without keys, by scan in the statement's order, each with what it lacks."""
    needs: dict[str, tuple[str, str]] = {}
    for scan, (use, error) in waiting.items():
        choice = attempt(use, [other for other in waiting if other != scan])
        found = None if choice is None else _need(choice, feeding, waiting)
        if found is None:
            return _of_itself(use, error)
        needs[scan] = found
    path: list[str] = []
    here = next(iter(waiting))
    while here not in path:
        path.append(here)
        here = needs[here][0]
    ring = path[path.index(here) :]
    told = ", ".join(f"{waiting[scan][0].alias} needs {needs[scan][1]}" for scan in ring)
    error = waiting[ring[0]][1]
    return MissingParameterError(
        f"{error.message}, which only a ring of tables would give: {told}",
        span=error.span,
        hints=(*error.hints, "bind one of them to what does not come out of the ring"),
    )


def _need(
    choice: Choice, feeding: Feeding, waiting: Mapping[str, tuple[TableUse, MissingParameterError]]
) -> tuple[str, str] | None:
    """A waiting scan that keys would come out of, and the columns of it that they would be."""
    for row in choice.rows:
        for node in row:
            for scan in feeding.feed(((node,),)).reads:
                if scan in waiting:
                    return scan, _spelled(node, waiting[scan][0])
    return None


def _spelled(node: exp.Expr, use: TableUse) -> str:
    columns = [column for column in node.find_all(exp.Column) if column.table.lower() == use.alias.lower()]
    names = dict.fromkeys(column.name for column in columns)
    return f"{use.alias}'s {' and '.join(names)}" if names else f"rows of {use.alias}"


def _of_itself(use: TableUse, error: MissingParameterError) -> MissingParameterError:
    """The refusal of a table that no other would bind; in a recursive CTE, why its rows do not."""
    here: exp.Expr | None = use.node.find_ancestor(exp.CTE)
    while isinstance(here, exp.CTE):
        name = here.alias.lower()
        around = here.parent
        recursive = around is not None and around.args.get("recursive")
        reads = any(table.name.lower() == name and not table.db for table in here.this.find_all(exp.Table))
        if recursive and reads:
            hint = f"{here.alias} feeds itself: its rows are made once every answer is there, so they give no keys"
            return MissingParameterError(error.message, span=error.span, hints=(hint, *error.hints))
        here = here.find_ancestor(exp.CTE)
    return error
