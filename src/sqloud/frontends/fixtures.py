"""Fixtures for the tests of projects that embed sqloud; pytest finds them by itself.

Law: what a test asks and writes stays in the sandbox; no token is read, nothing leaves the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqloud.frontends.dbapi import Connection

__all__ = ["sqloud_sandbox"]


@pytest.fixture
def sqloud_sandbox() -> Iterator[Connection]:
    """A connection to a simulated cloud of this test's own, which takes writes."""
    from sqloud.frontends.dbapi import connect

    with connect(
        sandbox=True, environment={}, allow_writes=True, allow_destructive=True, on_notice=lambda _: None
    ) as connection:
        yield connection
