"""What RETURNING and EXEC answer: the rows that were written, as the API answered them.

Law: a write that was done stays done: whatever is odd about its answer is told and fails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from sqloud.datatypes import DataType
from sqloud.engine.base import ResultColumn, Workspace
from sqloud.errors import DataError, Error, IncompleteAnswerError
from sqloud.executor.mutate import WRITTEN, Outcome
from sqloud.executor.result import Result
from sqloud.plan.mutations import Mutation
from sqloud.plan.steps import Echo
from sqloud.protocol.messages import ApiResponse
from sqloud.protocol.rows import RowDecoder, navigate
from sqloud.registry.records import Column, Rows

__all__ = ["returned"]

_TABLE = "done"
_JSON = DataType(type="object")


def returned(
    mutation: Mutation, outcomes: Sequence[Outcome], workspace: Workspace, notice: Callable[[str], None]
) -> Result | None:
    """The Result of RETURNING over the rows done, or an EXEC's answer; None where there is nothing to show.

    The workspace is closed with the result.
    """
    wanted = mutation.returning
    if wanted is None:
        return None
    done = [one for one in outcomes if one.outcome in WRITTEN]
    columns = mutation.resource.columns
    if mutation.method.columns is not None and mutation.verb != "delete":
        columns = mutation.method.columns
    if wanted.everything:
        present = _present(done)
        shown = tuple(column for column in columns if column.path and column.path[0] in present)
        if not shown:
            return _raw(done, workspace)
        columns = shown
    columns = (
        *columns,
        *(Column(name=name, type=_JSON, path=(name,), answer=True) for name in wanted.roots),
    )
    own = {column.name for column in columns}
    echoes = [
        Echo(name=one.sql_name, parameter=one.sql_name, type=one.type)
        for one in mutation.method.parameters
        if one.sql_name not in own and not wanted.everything
    ]
    types = [(one.name, one.type.sql) for one in columns] + [(one.name, one.type.sql) for one in echoes]
    workspace.create(_TABLE, types)
    if mutation.verb == "delete":
        lines = b"".join(
            msgspec.json.encode({name: _json(one.write.values.get(name)) for name, _ in types}) + b"\n"
            for one in done
        )
        workspace.load(_TABLE, lines)
    else:
        for one in done:
            workspace.load(_TABLE, _decoded(one, columns, echoes, notice))
    described = workspace.bind(wanted.sql)
    names = wanted.names if len(wanted.names) == len(described) else [column.name for column in described]
    shown_columns = tuple(
        ResultColumn(name=name, type=column.type) for name, column in zip(names, described, strict=True)
    )
    batches = workspace.query(wanted.sql)
    return Result(shown_columns, batches, kind=mutation.verb, on_close=workspace.close)


def _decoded(
    one: Outcome, columns: Sequence[Column], echoes: Sequence[Echo], notice: Callable[[str], None]
) -> bytes:
    if one.rows is None:
        return b""
    decoder = RowDecoder(one.rows, columns, echoes, on_mismatch=notice)
    asked = [one.write.values.get(echo.parameter) for echo in echoes]
    try:
        return b"".join(decoder.decode(answer.body, asked).lines for answer in one.answers)
    except (DataError, IncompleteAnswerError) as error:
        notice(f"row {one.write.row} was written, and its answer cannot be read: {error.message}")
        return b""


def _present(done: Sequence[Outcome]) -> set[str]:
    """The names that the answers' rows have."""
    found: set[str] = set()
    for one in done:
        for row in _items(one):
            if isinstance(row, dict):
                found |= set(row)
    return found


def _items(one: Outcome) -> list[Any]:
    """The rows of its answers, each at the first of its places that is there."""
    return [row for answer in one.answers for row in _items_of(answer, one.rows)]


def _items_of(answer: ApiResponse, place: Rows | None) -> list[Any]:
    while place is not None:
        try:
            raw = navigate(answer.body, place.path)
            found = msgspec.json.decode(raw) if raw is not None else None
        except (Error, msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if isinstance(found, list):
            return found
        if place.shape == "map" and isinstance(found, dict):
            return list(found.values())
        if found is not None:
            return [found]
        place = place.otherwise
    return []


def _raw(done: Sequence[Outcome], workspace: Workspace) -> Result | None:
    """Each row of the answers as JSON, where the table's columns name nothing of them."""
    rows: list[tuple[Any, ...]] = [
        (msgspec.json.encode(row).decode(),) for one in done for row in _items(one)
    ]
    if not rows:
        return None
    column = ResultColumn(name="answer", type="JSON")
    return Result((column,), iter([rows]), kind="exec", on_close=workspace.close)


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value
