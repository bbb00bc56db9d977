"""Follow what a write began to its end: its action, or the status of what it made.

Law: the work is at its end only where its status is one that the document calls final; a status that means failure is
an error with the API's own words, and a limit of time ends the watching and never the work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sqloud.errors import Error, OperationalError, TimeLimitError
from sqloud.executor.mutate import FAILED_AFTER, UNDER_WAY, Outcome, Sender
from sqloud.executor.statistics import Statistics
from sqloud.plan.mutations import Mutation
from sqloud.protocol.build import build
from sqloud.protocol.failure import failure
from sqloud.protocol.messages import ApiResponse
from sqloud.registry.records import Equals, Method, Provider

__all__ = ["Watcher"]

_FIRST, _MOST, _SLOWER = 0.5, 10.0, 1.5
"""Seconds between two looks: the first pause, the longest, and the factor from one to the next."""

_STILL = 15.0
"""Seconds without a change after which it is told that the work still goes on."""


class _WorkFailed(OperationalError):
    """What the API tells of work that came to a bad end, in an answer that is no failure itself."""


class Watcher:
    """Watches the work that one mutation's requests begin. `limit`: seconds for each."""

    def __init__(
        self,
        sender: Sender,
        mutation: Mutation,
        *,
        base: str,
        statistics: Statistics,
        notice: Callable[[str], None],
        limit: float,
    ) -> None:
        self._sender = sender
        self._mutation = mutation
        self._base = base
        self._statistics = statistics
        self._notice = notice
        self._limit = limit

    async def follow(self, one: Outcome) -> None:
        """Wait for the end of what a row's request began; the outcome tells a work that failed, or has no end yet."""
        watched, awaits = self._mutation.watched, self._mutation.method.awaits
        if watched is None or awaits is None or one.response is None:
            return
        answer = _decoded(one.response)
        ends: list[ApiResponse] = []
        try:
            for values in self._things(watched, answer, one.write.values):
                end = await self._ended(watched, values)
                if end is not None:
                    ends.append(end)
            if ends:
                await self._refresh(one, answer, ends)
        except _WorkFailed as error:
            one.outcome, one.error, one.detail = FAILED_AFTER, error, error.message
        except Error as error:
            one.outcome, one.error, one.detail = UNDER_WAY, error, error.message

    def _things(self, watched: Method, answer: Any, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The parameters of each thing to watch: several where the answer tells several."""
        assert self._mutation.method.awaits is not None
        told = dict(self._mutation.method.awaits.values)
        columns: dict[str, list[Any]] = {}
        for parameter in watched.required:
            if parameter.name in told:
                columns[parameter.name] = list(_at(answer, told[parameter.name]))
            else:
                columns[parameter.name] = [given.get(parameter.sql_name, given.get(parameter.name))]
        number = max((len(column) for column in columns.values()), default=0)
        if any(not column or column[0] is None for column in columns.values()):
            return  # the answer names nothing to watch
        for at in range(number):
            yield {name: column[min(at, len(column) - 1)] for name, column in columns.items()}

    async def _ended(self, watched: Method, values: Mapping[str, Any]) -> ApiResponse | None:
        """Ask until the status is final, and give the last answer; None where the thing is gone, as it should be."""
        awaits = self._mutation.method.awaits
        assert awaits is not None
        provider = self._provider(watched)
        request = build(provider, watched, self._base, values)
        name = f"{watched.name}({', '.join(str(value) for value in values.values())})"
        began, pause, told, last = time.monotonic(), _FIRST, "", time.monotonic()
        while True:
            counted = self._statistics.scan("await")
            response = await self._sender.answer(request, provider, counted, self._statistics)
            if response.status == 404 and awaits.absent:
                return None
            if not 200 <= response.status < 300:
                raise failure(provider, request, self._sender.unspoken(provider, response))
            # An array on the way has a status for each of its elements: the work is done when all of them are.
            found = list(dict.fromkeys(str(one) for one in _at(_decoded(response), awaits.status)))
            status = ", ".join(found) if awaits.status else ""
            now = time.monotonic()
            if status != told or now - last >= _STILL:
                since = f" after {now - began:.0f} s" if status == told else ""
                self._notice(f"{name}: {status or 'no status yet'}{since}")
                told, last = status, now
            if found and all(one in awaits.done for one in found):
                return response
            if any(one in awaits.failed for one in found):
                raise _WorkFailed(f"{name} is {status}: {self._words(provider, response)}")
            left = self._limit - (time.monotonic() - began)
            if left <= 0:
                raise TimeLimitError(
                    f"{name} was not at its end after {self._limit:g} s: {status or 'no status yet'}: "
                    f"{self._words(provider, response)}",
                    hints=("the work goes on; SET await_timeout = '30 min' waits longer",),
                )
            await asyncio.sleep(min(pause, left))
            pause = min(_MOST, pause * _SLOWER)

    async def _refresh(self, one: Outcome, answer: Any, ends: Sequence[ApiResponse]) -> None:
        """Put the rows as they are now in the place of the answer, for RETURNING."""
        watched = self._mutation.watched
        assert watched is not None
        if self._mutation.verb == "exec" or watched in self._mutation.resource.methods:
            one.later, one.rows = tuple(ends), watched.rows
            return
        found = [self._lookup(one, row) for row in _rows(answer, one)]
        lookup = found[0][0] if found else None
        if lookup is None or any(method is not lookup for method, _ in found):
            return
        provider = self._provider(lookup)
        answers: list[ApiResponse] = []
        for _, values in found:
            request = build(provider, lookup, self._base, values)
            counted = self._statistics.scan("await")
            response = await self._sender.answer(request, provider, counted, self._statistics)
            if not 200 <= response.status < 300:
                told = failure(provider, request, self._sender.unspoken(provider, response)).message
                self._notice(f"row {one.write.row} is shown as it was answered first: {told}")
                return
            answers.append(response)
        one.later, one.rows = tuple(answers), lookup.rows

    def _lookup(self, one: Outcome, row: Any) -> tuple[Method | None, dict[str, Any]]:
        """The method that reads a row which was written, and its parameters; None where there is none."""
        columns = {column.name: column for column in self._mutation.resource.columns}
        for method in self._mutation.resource.methods_for("select"):
            if method.listing or method.rows is None:
                continue
            values: dict[str, Any] = {}
            for parameter in method.required:
                meaning = parameter.meaning
                column = columns.get(meaning.expression) if isinstance(meaning, Equals) else None
                value = next(_at(row, column.path), None) if column is not None else None
                value = one.write.values.get(parameter.sql_name) if value is None else value
                if value is not None:
                    values[parameter.name] = value
            if method.required and len(values) == len(method.required):
                return method, values
        return None, {}

    def _words(self, provider: Provider, response: ApiResponse) -> str:
        """The API's own answer, on one line and without the credential."""
        body = self._sender.unspoken(provider, response).body
        return " ".join(body[:2000].decode("utf-8", "replace").split())[:500]

    def _provider(self, method: Method) -> Provider:
        return self._mutation.provider.serving(method)


def _decoded(response: ApiResponse) -> Any:
    try:
        return msgspec.json.decode(response.body) if response.body.strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The values at a path; an array on the way means each of its elements."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _rows(answer: Any, one: Outcome) -> list[Any]:
    place = one.rows
    while place is not None:
        found = list(_at(answer, place.path))
        if found:
            return found
        place = place.otherwise
    return []
