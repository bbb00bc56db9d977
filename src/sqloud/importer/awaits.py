"""Which answers tell of work that goes on, and where its end can be asked for.

Law: only what the specification shows is taken: an answer that carries an action with an identifier, one operation
that reads an action by it, and a status whose values are listed. Whatever else is watched is said by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from sqloud.importer.names import Place
from sqloud.importer.operations import Operation
from sqloud.importer.shapes import Specification

__all__ = ["ActionReader", "action_reader"]

_DONE = frozenset({"completed", "complete", "succeeded", "success", "done", "finished"})
_FAILED = frozenset({"errored", "error", "failed", "failure", "cancelled", "canceled"})
_PLACES = (("action",), ("actions",), ("links", "actions"))
"""Where an answer carries the action that it began."""


class ActionReader(msgspec.Struct, frozen=True, kw_only=True):
    """The method that reads one action: `entry` is its `await` but for the place of the identifier."""

    parameter: str
    entry: Mapping[str, Any]

    def awaiting(self, specification: Specification, operation: Operation) -> dict[str, Any] | None:
        """The `await` of an operation that begins an action; None where its answer carries none."""
        if operation.method in ("GET", "HEAD") or operation.answer is None:
            return None
        for place in _PLACES:
            shape = specification.shape(operation.answer)
            for step in place:
                shape = specification.shape(shape.properties.get(step))
                shape = specification.shape(shape.item) if shape.kind == "array" else shape
            if "id" in shape.properties:
                return {
                    "method": self.entry["method"],
                    "values": {self.parameter: ".".join((*place, "id"))},
                    **{key: value for key, value in self.entry.items() if key != "method"},
                }
        return None


def action_reader(
    specification: Specification, placed: Iterable[tuple[Operation, Place]]
) -> ActionReader | None:
    """The one operation that reads any action by its identifier: `GET .../actions/{id}` right under the root."""
    found = []
    for operation, place in placed:
        steps = [step for step in operation.path.split("/") if step]
        if (
            operation.method == "GET"
            and steps[-2:-1] == ["actions"]
            and operation.ends_in_placeholder
            and len(operation.placeholders) == 1
        ):
            found.append((len(steps), operation, place))
    if not found or sum(length == min(one[0] for one in found) for length, _, _ in found) > 1:
        return None
    _, operation, place = min(found, key=lambda one: one[0])
    action = specification.shape(specification.shape(operation.answer).properties.get("action"))
    values = [str(value) for value in specification.shape(action.properties.get("status")).enum]
    done = [value for value in values if value.lower() in _DONE]
    failed = [value for value in values if value.lower() in _FAILED]
    if not done:
        return None
    entry = {
        "method": f"{place.service}.{place.resource}.{place.method}",
        "status": "action.status",
        "done": done,
    }
    if failed:
        entry["failed"] = failed
    return ActionReader(parameter=operation.placeholders[0], entry=entry)
