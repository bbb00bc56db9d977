"""What a session lends to its writer, and to the changes of own relations.

Law: they read, ask and wait as queries do, and have no way of their own; but what decides on a write is read whole, so
no account of a group may be left out of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import msgspec

from sqloud.engine.base import ResultColumn, Workspace
from sqloud.executor.exchange import Exchanges
from sqloud.executor.result import Result
from sqloud.executor.statistics import ScanStatistics, Statistics
from sqloud.plan.explain import ExplainedPlan, explain, request_lines
from sqloud.plan.steps import Plan, Scan
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.querying import Querying
from sqloud.registry.records import Provider
from sqloud.settings import Settings

__all__ = ["Lending"]

T = TypeVar("T")


class Lending:
    """What the session lends to its writer, and to the changes of own relations."""

    def __init__(self, querying: Querying, exchanges: Exchanges, analyzed: threading.local) -> None:
        self._querying = querying
        self._exchanges = exchanges
        self._analyzed = analyzed  # the statistics of a change that this thread analyzes

    @property
    def settings(self) -> Settings:
        """The session's settings, which SET may change."""
        return self._querying.settings

    def read(self, plan: Plan) -> Result:
        """The rows of a plan."""
        return self._querying.query(_whole(plan))

    def reads(self, plan: Plan) -> ExplainedPlan:
        """What EXPLAIN tells."""
        return explain(plan, self._querying.requests(plan))

    def read_requests(self, plan: Plan) -> list[str]:
        """Each request, a line."""
        return list(request_lines(plan, self._querying.requests(plan)))

    def authorize(self, provider: Provider, url: str) -> object:
        """Raises CredentialError."""
        self._querying.label()
        return self._exchanges.authorize(provider, url)

    async def answer(
        self, request: ApiRequest, provider: Provider, counted: ScanStatistics, statement: Statistics
    ) -> ApiResponse:
        """The answer of one request after its retries."""
        return await self._exchanges.answer(
            request, provider, counted, statement=statement, max_requests=self.settings.max_requests
        )

    def unspoken(self, provider: Provider, response: ApiResponse) -> ApiResponse:
        """An answer without the credential."""
        return self._exchanges.unspoken(provider, response)

    def wait(self, workspace: Workspace, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop and wait for it."""
        self._querying.waited(workspace, coroutine)

    def load(self, plan: Plan, workspace: Workspace) -> None:
        """Run a plan's scans into a workspace."""
        prepared = self._querying.authorized(_whole(plan), workspace)
        if prepared:
            statistics = getattr(self._analyzed, "statistics", None) or Statistics()
            self._querying.run_scans(workspace, prepared, statistics, lambda: None)

    def bind(self, plan: Plan, workspace: Workspace) -> tuple[ResultColumn, ...]:
        """The columns that a plan answers, over tables without rows."""
        self._querying.prepare(plan, workspace)
        return workspace.bind(plan.answer.sql)

    def run(self, function: Callable[[], T], workspace: Workspace) -> T:
        """What the engine makes of a workspace, where `cancel` reaches it."""
        return self._querying.run_scans(workspace, (), Statistics(), function)

    def stoppable(self, workspace: Workspace) -> AbstractContextManager[Callable[[], bool]]:
        """While it is open, `cancel` reaches a statement that waits; gives whether it did."""
        return self._querying.stoppable(workspace)

    def notice(self, text: str) -> None:
        """Tell something that is no error."""
        self._querying.notice(text)


def _whole(plan: Plan) -> Plan:
    """A plan that fails where one of its scans does."""
    steps = (
        msgspec.structs.replace(step, apart="") if isinstance(step, Scan) and step.apart else step
        for step in plan.steps
    )
    return msgspec.structs.replace(plan, steps=tuple(steps))
