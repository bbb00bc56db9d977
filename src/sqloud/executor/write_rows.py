"""The rows of a mutation as requests.

Law: every request of a statement is built, and judged, before the first of them is sent; what is constant is judged
before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from sqloud.engine.base import Workspace
from sqloud.errors import Error, InvalidValueError, MissingParameterError, ProgrammingError
from sqloud.executor.mutate import KEY_TO_BE, WriteRequest
from sqloud.plan.masking import masked
from sqloud.plan.mutations import Cell, Input, Mutation
from sqloud.planner import fit
from sqloud.protocol.bodies import Given, body_of, encoded, field_value
from sqloud.protocol.build import build
from sqloud.registry.records import Method

__all__ = ["Rows", "judge", "requests_of"]

Rows = tuple[Sequence[str], list[tuple[Any, ...]]]
"""The engine's types of a query's columns, and its rows."""

_AT_ONCE = 200
"""Expressions that the engine computes in one query."""


def judge(mutation: Mutation, workspace: Workspace) -> Mutation:
    """The mutation with the engine's answers for its constant expressions, each tried for its place.

    Raises InvalidValueError with the place of a value that does not fit.
    """
    cells = _computed(mutation.cells, workspace)
    for row in cells:
        for own, cell in zip(mutation.inputs, row, strict=True):
            if cell is not None and not cell.default:
                _try(own, cell, changing=mutation.verb in ("update", "replace"))
    return msgspec.structs.replace(mutation, cells=cells)


def _try(own: Input, cell: Cell, *, changing: bool) -> None:
    try:
        for parameter in own.parameters if cell.value is not None else ():
            fit(parameter, _parameter_value(cell.value))
        if own.field is not None and len(own.path) == 1:
            field_value(own.field, cell.value, changing=changing)
    except Error as error:
        error.span = error.span or cell.span or own.span
        raise


def _computed(
    cells: tuple[tuple[Cell | None, ...], ...], workspace: Workspace
) -> tuple[tuple[Cell | None, ...], ...]:
    """The cells with what the engine makes of their SQL in its place."""
    asked = [cell for row in cells for cell in row if cell is not None and cell.sql is not None]
    found: dict[int, Cell] = {}
    for first in range(0, len(asked), _AT_ONCE):
        part = asked[first : first + _AT_ONCE]
        sql = "SELECT " + ", ".join(f"{cell.sql} AS v{number}" for number, cell in enumerate(part))
        try:
            types = [column.type for column in workspace.bind(sql)]
            values = next(workspace.query(sql))[0]
        except Error as error:
            error.span = error.span or (part[0].span if len(part) == 1 else None)
            raise
        for cell, value, kind in zip(part, values, types, strict=True):
            found[id(cell)] = Cell(value=plain(value, kind), span=cell.span)
    if not found:
        return cells
    return tuple(tuple(cell if cell is None else found.get(id(cell), cell) for cell in row) for row in cells)


def plain(value: Any, kind: str) -> Any:
    """A value of the engine's as JSON would have it: a JSON column's text is read."""
    if value is None:
        return None
    if kind == "JSON" and isinstance(value, str):
        return msgspec.json.decode(value)
    return value


def requests_of(
    mutation: Mutation, base: str, read: Callable[[], Rows] | None = None
) -> Iterator[WriteRequest]:
    """The request of each row, in order; `read` answers the source's rows, where there is one."""
    seen: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    number = 0
    for row in _rows(mutation, read):
        given = [
            Given(input=own, value=cell.value, default=cell.default, span=cell.span or own.span)
            for own, cell in zip(mutation.inputs, row, strict=True)
        ]
        if mutation.key:
            key = tuple(_hashable(one.value) for one in given if one.input.name in mutation.key)
            values = tuple(_hashable(one.value) for one in given)
            if key in seen:
                if seen[key] != values:
                    named = ", ".join(
                        f"{name} = {part}" for name, part in zip(mutation.key, key, strict=False)
                    )
                    raise ProgrammingError(
                        f"the row with {named} would be written twice, with other values",
                        span=mutation.target,
                        hints=("the relations beside the target give it several rows; narrow them",),
                    )
                continue
            seen[key] = values
        number += 1
        yield _request(mutation, base, number, given)


def _rows(mutation: Mutation, read: Callable[[], Rows] | None) -> Iterator[tuple[Cell, ...]]:
    if mutation.source is None:
        for written in mutation.cells:
            yield tuple(cell for cell in written if cell is not None)
        return
    assert read is not None
    types, found = read()
    if mutation.spread:
        if len(found) != 1:
            raise ProgrammingError(
                f"one row was to be answered, and there are {len(found)}", span=mutation.target
            )
        values = iter([plain(value, kind) for value, kind in zip(found[0], types, strict=True)])
        for written in mutation.cells:
            yield tuple(Cell(value=next(values)) if cell is None else cell for cell in written)
        return
    for answered in found:
        values = iter([plain(value, kind) for value, kind in zip(answered, types, strict=True)])
        yield tuple(Cell(value=next(values)) if cell is None else cell for cell in mutation.cells[0])


def _request(mutation: Mutation, base: str, number: int, given: Sequence[Given]) -> WriteRequest:
    method = mutation.method
    try:
        values: dict[str, Any] = {}
        for one in given:
            if one.default or one.input.old:
                continue
            for parameter in one.input.parameters:
                if one.value is None:
                    if parameter.required:
                        raise InvalidValueError(f"{parameter.sql_name} cannot be NULL", span=one.span)
                    continue
                try:
                    values[parameter.name] = fit(parameter, _parameter_value(one.value))
                except InvalidValueError as error:
                    error.span = error.span or one.span
                    raise
        missing = [one.sql_name for one in method.required if one.name not in values]
        if missing:
            raise MissingParameterError(
                f"{method.name} needs {', '.join(missing)}",
                span=next((one.span for one in given if one.default), None),
            )
        request = build(mutation.provider, method, base, values)
        raw = _raw(given) if method.body is not None and method.body.media else None
        if raw is not None and method.body is not None:
            kind = ("content-type", method.body.media)
            request = msgspec.structs.replace(request, body=raw, headers=(*request.headers, kind))
        sent = (
            body_of(
                method.body,
                given,
                changing=mutation.verb in ("update", "replace"),
                fixed=(*method.fixed, *_key_to_be(method)),
            )
            if method.body is not None and not method.body.media
            else None
        )
        if sent is not None:
            request = msgspec.structs.replace(
                request,
                body=encoded(sent),
                headers=(*request.headers, ("content-type", "application/json")),
            )
    except Error as error:
        error.span = error.span or mutation.target
        if mutation.source is not None or len(mutation.cells) > 1:
            error.message = f"row {number}: {error.message}"
            error.args = (error.message,)
        raise
    if method.idempotency_key is not None:
        request = msgspec.structs.replace(request, idempotent=True)
    echoed = {one.sql_name: values.get(one.name) for one in method.parameters}
    old = {one.input.name: one.value for one in given if one.input.old}
    return WriteRequest(
        row=number,
        request=request,
        provider=mutation.provider,
        method=method,
        shown=masked(sent) if sent is not None else None,
        values={**echoed, **old},
    )


def _key_to_be(method: Method) -> tuple[tuple[str, Any], ...]:
    """The field of the idempotency key, where the body has it; a value that is given takes its place."""
    key = method.idempotency_key
    return () if key is None or not key.field else ((key.field, KEY_TO_BE),)


def _raw(given: Sequence[Given]) -> bytes | None:
    """The bytes of a body that is no JSON: text, or what the engine calls a BLOB."""
    for one in given:
        if one.input.whole:
            return one.value if isinstance(one.value, bytes) else str(one.value).encode()
    return None


def _parameter_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo is not None else value
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, (list, dict)):
        return msgspec.json.encode(value).decode()
    return value


def _hashable(value: Any) -> Any:
    return msgspec.json.encode(value, enc_hook=str) if isinstance(value, (list, dict)) else value
