"""What a simulated cloud holds: the rows of its resources.

Law: an inventory is the same every time it is made, and nothing that serves it changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqloud.errors import InterfaceError

__all__ = ["Inventory", "Tables", "inventory_of"]

Tables = Mapping[str, Mapping[tuple[Any, ...], Sequence[Any]]]
"""By `service.resource`, then by its scope's values (() where there is none), rows in the API's order."""


class Inventory:
    """Rows by resource and scope. A row is what JSON makes of it: mostly an object."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def holds(self, resource: str) -> bool:
        """Whether there are rows, or could be, of `service.resource`."""
        return resource in self._tables

    def rows(self, resource: str, scope: tuple[Any, ...] = ()) -> Sequence[Any] | None:
        """The rows of a resource under a scope; None where there is no such scope."""
        return self._tables[resource].get(scope)

    def scopes(self, resource: str) -> tuple[tuple[Any, ...], ...]:
        """Every scope under which a resource can be asked for."""
        return tuple(self._tables[resource])


def _digitalocean() -> Tables:
    from sqloud.sandbox.digitalocean.account import tables

    return tables()


_MAKERS: Mapping[str, Callable[[], Tables]] = {"digitalocean": _digitalocean}


def inventory_of(provider: str) -> Inventory:
    """The inventory that ships for a provider. Raises InterfaceError where none does."""
    make = _MAKERS.get(provider)
    if make is None:
        raise InterfaceError(
            f"the sandbox has no inventory for the provider {provider}",
            hints=(f"it simulates {', '.join(_MAKERS)}",),
        )
    return Inventory(make())
