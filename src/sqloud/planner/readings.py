"""Plan a query whose names may stand for several tables.

Law: a name means its first reading wherever the statement can be planned so. Only a statement that could not (it
names a column that this table lacks, or binds what another one needs) is read by the name's other tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from sqlglot import exp

from sqloud.errors import MissingParameterError, UnknownNameError
from sqloud.plan.steps import Plan
from sqloud.planner import select
from sqloud.planner.own import OwnRelations
from sqloud.planner.sources import Catalogue, folded
from sqloud.registry.records import Provider, Resource, TableName

__all__ = ["plan_query"]


def plan_query(
    tree: exp.Expr, catalogue: Catalogue, *, reasons: bool = False, own: OwnRelations | None = None
) -> Plan:
    """The plan of a SELECT, as `select.plan_query` makes it."""
    try:
        return select.plan_query(tree, catalogue, reasons=reasons, own=own)
    except (UnknownNameError, MissingParameterError):
        for other in _other_readings(tree, catalogue):
            try:
                return select.plan_query(tree, other, reasons=reasons, own=own)
            except (UnknownNameError, MissingParameterError):
                continue
        raise


class _Reading:
    """A catalogue in which some names stand for one certain table."""

    def __init__(self, catalogue: Catalogue, chosen: Mapping[TableName, Resource]) -> None:
        self._catalogue = catalogue
        self._chosen = chosen

    def provider(self, name: str) -> Provider:
        """A provider by its name."""
        return self._catalogue.provider(name)

    def resource(self, name: TableName) -> Resource:
        """A resource by its full name, in this reading."""
        return self._chosen[name] if name in self._chosen else self._catalogue.resource(name)

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        """The one table that a name stands for here."""
        return (self.resource(name),)


def _other_readings(tree: exp.Expr, catalogue: Catalogue) -> Iterator[_Reading]:
    """A catalogue for each other way to read the names of a statement, those of fewest changes first."""
    names = dict.fromkeys(
        TableName(*(folded(part) for part in table.parts))
        for table in tree.find_all(exp.Table)
        if len(table.parts) == 3
    )
    found: dict[TableName, tuple[Resource, ...]] = {}
    for name in names:
        try:
            found[name] = catalogue.readings(name)
        except UnknownNameError:
            continue
    several = {name: tables for name, tables in found.items() if len(tables) > 1 or tables[0].name != name}
    ways = product(*(range(len(tables)) for tables in several.values()))
    for way in sorted(ways, key=sum):
        if any(way):
            yield _Reading(
                catalogue,
                {name: several[name][number] for name, number in zip(several, way, strict=True)},
            )
