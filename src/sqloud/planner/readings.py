"""Plan a query whose names may stand for several tables.

Law: a name means its first reading wherever the statement can be planned so. Only a statement that could not (it
names a column that this table lacks, binds what another one needs, or binds a text to a parameter that takes a number
or a text) is read by the name's other tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import msgspec
from sqlglot import exp

from sqloud.datatypes import DataType
from sqloud.errors import InvalidValueError, MissingParameterError, UnknownNameError
from sqloud.plan.steps import Plan
from sqloud.planner import select
from sqloud.planner.own import OwnRelations
from sqloud.planner.sources import Catalogue, folded
from sqloud.registry.records import Equals, Method, Parameter, Provider, Resource, TableName

__all__ = ["plan_query"]


def plan_query(
    tree: exp.Expr, catalogue: Catalogue, *, reasons: bool = False, own: OwnRelations | None = None
) -> Plan:
    """The plan of a SELECT, as `select.plan_query` makes it."""
    try:
        return select.plan_query(tree, catalogue, reasons=reasons, own=own)
    except (UnknownNameError, MissingParameterError, InvalidValueError):
        for other in _other_readings(tree, catalogue):
            try:
                plan = select.plan_query(tree, other, reasons=reasons, own=own)
            except (UnknownNameError, MissingParameterError, InvalidValueError):
                continue
            if other.is_asked_by(plan):
                return plan
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

    def is_asked_by(self, plan: Plan) -> bool:
        """Whether each table that is read with texts is asked by one: only then is no number compared with it."""
        with_texts = {table.name for table in self._chosen.values() if _takes_texts(table)}
        return all(
            any(parameter.text_equals is not None for parameter in scan.keys.parameters)
            for scan in plan.scans
            if scan.table in with_texts
        )

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a group."""
        return self._catalogue.members(name)

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        """The one table that a name stands for here."""
        return (self.resource(name),)


def _other_readings(tree: exp.Expr, catalogue: Catalogue) -> Iterator[_Reading]:
    """A catalogue for each other way to read the names of a statement, those of fewest changes first."""
    names = dict.fromkeys(
        TableName(*(folded(part) for part in table.parts))
        for table in tree.find_all(exp.Table)
        if len(table.parts) == 3 and not _is_group(table, catalogue)
    )
    found: dict[TableName, tuple[Resource, ...]] = {}
    for name in names:
        try:
            found[name] = tuple(
                one for table in catalogue.readings(name) for one in (table, *_with_texts(table))
            )
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


def _with_texts(table: Resource) -> tuple[Resource, ...]:
    """The table whose parameters take a text in the place of a number; () where none can."""

    def parameter(one: Parameter) -> Parameter:
        if one.text_equals is None:
            return one
        meaning = Equals(expression=one.text_equals)
        return msgspec.structs.replace(
            one, type=DataType(type="string"), meaning=meaning, minimum=None, maximum=None
        )

    def method(one: Method) -> Method:
        return msgspec.structs.replace(one, parameters=tuple(map(parameter, one.parameters)))

    changed = msgspec.structs.replace(table, methods=tuple(map(method, table.methods)))
    return (changed,) if changed != table else ()


def _takes_texts(table: Resource) -> bool:
    """Whether this is a table that `_with_texts` made."""
    return any(
        one.text_equals is not None and one.type.type == "string"
        for method in table.methods
        for one in method.parameters
    )


def _is_group(table: exp.Table, catalogue: Catalogue) -> bool:
    name = folded(table.parts[0])
    return "@" in name and bool(catalogue.members(name))
