"""One SELECT method, made ready to be answered from an inventory.

Law: what a method answers follows from its record alone: scopes choose the rows, meanings filter them, the
record's path and shape say where they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sqloud.errors import InternalError
from sqloud.registry.records import Method, Parameter, Resource, Rows, Scope
from sqloud.sandbox.arguments import Arguments
from sqloud.sandbox.expressions import follow_path
from sqloud.sandbox.filters import Filter, compile_filter
from sqloud.sandbox.inventory import Inventory
from sqloud.sandbox.pages import Page, announce, paging_parameters, put, turn_to
from sqloud.sandbox.refusal import Refusal

__all__ = ["Asked", "Operation"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one request asks: arguments, the query as sent, and the absolute URL without its query."""

    arguments: Arguments
    query: Sequence[tuple[str, str]]
    url: str


class Operation:
    """A method with its resource; `parameters` are all that it takes, paging's included."""

    def __init__(self, resource: Resource, method: Method) -> None:
        self.resource = resource
        self.method = method
        self.table = f"{resource.name.service}.{resource.name.resource}"
        self.paging = paging_parameters(method)
        self.parameters = method.parameters
        for parameter in self.paging or ():
            if parameter not in self.parameters:
                self.parameters += (parameter,)
        self._scope: list[Parameter] = []
        self._filters: list[tuple[Parameter, Filter]] = []
        if method.verb == "select":
            self._sort_parameters()

    def _sort_parameters(self) -> None:
        for parameter in self.parameters:
            test = compile_filter(parameter, self.resource, f"{self.resource.name}.{self.method.name}")
            if test is not None:
                self._filters.append((parameter, test))
            elif isinstance(parameter.meaning, Scope) and parameter not in (self.paging or ()):
                self._scope.append(parameter)

    def answer(self, asked: Asked, inventory: Inventory, clamp: int | None) -> Any:
        """The body of the answer. Raises Refusal: 404 where a key of the path is not there."""
        rows = self._rows(asked.arguments, inventory)
        page = self._page(rows, asked, clamp)
        where = self.method.rows or Rows()
        found = self._shaped(rows if page is None else page.rows, where)
        if not where.path:
            return found
        answer: dict[str, Any] = {}
        put(answer, where.path, found)
        if page is not None and self.method.paging is not None:
            announce(page, self.method.paging, answer)
        return answer

    def _page(self, rows: Sequence[Any], asked: Asked, clamp: int | None) -> Page | None:
        if self.method.paging is None or self.paging is None:
            return None
        return turn_to(rows, self.method.paging, self.paging, asked.arguments, asked.query, asked.url, clamp)

    def _rows(self, arguments: Arguments, inventory: Inventory) -> Sequence[Any]:
        scope = tuple(_asked(parameter, arguments) for parameter in self._scope)
        rows = inventory.rows(self.table, scope)
        if rows is None:
            raise _not_found()
        for parameter, test in self._filters:
            asked = _asked(parameter, arguments)
            if asked is not None:
                rows = [row for row in rows if test(row, asked)]
                if not rows and parameter.location == "path":
                    raise _not_found()
        return rows

    def _shaped(self, rows: Sequence[Any], where: Rows) -> Any:
        if where.shape == "list":
            return rows
        if where.shape == "map":
            paths = {column.name: column.path for column in self.resource.columns}
            key = paths[self.resource.key[0]] if self.resource.key else ("id",)
            return {str(follow_path(row, key)): row for row in rows}
        if where.shape == "object":
            if not rows:
                raise _not_found()
            return rows[0]
        raise InternalError(f"{self.resource.name}.{self.method.name}: unknown shape of rows {where.shape!r}")


def _asked(parameter: Parameter, arguments: Arguments) -> Any:
    """The value asked for; that of the default scope where the parameter was not sent."""
    if parameter.sql_name in arguments:
        return arguments[parameter.sql_name]
    return parameter.meaning.default if isinstance(parameter.meaning, Scope) else None


def _not_found() -> Refusal:
    return Refusal(404, "The resource you requested could not be found.")
