"""The steps of a plan, as pure data.

Law: a plan is whole before anything is sent, and prints the same every time: ids are `scan_0`, `scan_1`, ...
in the order of the statement.

Everything that binds a parameter is a relation of keys. `= 3` is a relation of one row, IN a relation of
several, an unbound listing the relation of no columns and one row (asked once), a contradiction the
relation without rows (asked never). A scan reads its method once for each key; whether the keys are known
while planning (`KeyValues`) or come from a query (`KeyQuery`) changes the relation and nothing else, and a
scan whose keys are a query over earlier scans is what the design calls a dependent scan.
"""

from __future__ import annotations

import msgspec

from sqloud.datatypes import DataType
from sqloud.errors import Span
from sqloud.registry.records import Column, Method, Parameter, Provider, TableName

__all__ = [
    "Called",
    "Check",
    "Echo",
    "KeyQuery",
    "KeyValues",
    "Limit",
    "LocalQuery",
    "LocalRows",
    "PassedOver",
    "Plan",
    "Scan",
    "Step",
    "Value",
]

Value = str | int | float | bool
"""What a parameter can be bound to, in its parameter's own Python type."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The base of the records below."""


class KeyValues(Record, frozen=True, kw_only=True):
    """Keys known while planning: distinct rows, each with a value for every parameter in order."""

    parameters: tuple[Parameter, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ((),)


class KeyQuery(Record, frozen=True, kw_only=True):
    """Keys that the engine computes: `sql` answers one column for each parameter.

    `reads` names the steps whose tables `sql` reads; () where it is an expression over constants, or where `stored`
    says that it reads relations that are there before any scan. `keys_per_row` is the most keys that each row of what
    it reads gives (of a combination of rows, where it reads several steps); None where that is not known.
    """

    parameters: tuple[Parameter, ...]
    sql: str
    reads: tuple[str, ...] = ()
    stored: bool = False
    keys_per_row: int | None = None


class Echo(Record, frozen=True, kw_only=True):
    """A column that carries, on each row, the value of the parameter it was asked with."""

    name: str
    parameter: str  # its name in the keys (`Parameter.sql_name`)
    type: DataType


class Limit(Record, frozen=True, kw_only=True):
    """Stop after `rows` rows of a scan.

    `passed` is SQL that counts those that have passed the statement's filter; None where nothing filters, and
    then every row that was read has. `order` is the order of the API that this relies on, and that `passed` checks.
    """

    rows: int
    passed: str | None = None
    order: str = ""


class PassedOver(Record, frozen=True, kw_only=True):
    """A method (or a parameter) that was not used, and the reason; EXPLAIN tells it."""

    method: str
    reason: str


class Scan(Record, frozen=True, kw_only=True):
    """Read the rows of one method, once for each key, into a table named by `id`.

    The table has `columns` (fields of the answer), then `echoes`. `limit` is set only where stopping there cannot
    change the answer. `single_page` says that the statement bound the page itself. `sort` are query parameters that
    make the API answer in order. `counted` says that only the number of rows matters, which the answer tells in its
    total. `apart` names the group of accounts that it is of: its failure is told, and leaves the others' rows.
    `passed_over` and `unsent` are there where EXPLAIN asked for them.
    """

    id: str
    table: TableName
    provider: Provider
    method: Method
    columns: tuple[Column, ...] = ()
    echoes: tuple[Echo, ...] = ()
    keys: KeyValues | KeyQuery = KeyValues()
    single_page: bool = False
    sort: tuple[tuple[str, str], ...] = ()
    identity: tuple[Column, ...] = ()
    limit: Limit | None = None
    counted: bool = False
    apart: str = ""
    passed_over: tuple[PassedOver, ...] = ()
    unsent: tuple[PassedOver, ...] = ()


class LocalQuery(Record, frozen=True, kw_only=True):
    """SQL text in the engine's dialect over the tables of earlier steps; `names` are its output columns."""

    id: str
    sql: str
    names: tuple[str, ...] = ()


class LocalRows(Record, frozen=True, kw_only=True):
    """Rows that are known without a request, loaded into a table named by `id`.

    `relation` is `schema.name`, `columns` are (name, the engine's type). `providers` and `services` are those that
    the statement can see rows of; None for all.
    """

    id: str
    relation: str
    columns: tuple[tuple[str, str], ...]
    providers: tuple[str, ...] | None = None
    services: tuple[str, ...] | None = None


Step = LocalRows | Scan | LocalQuery


class Check(Record, frozen=True, kw_only=True):
    """A constant to be tried by the engine before anything is sent: `sql` answers one true or false."""

    sql: str
    message: str
    span: Span | None = None


class Called(Record, frozen=True, kw_only=True):
    """A function that the statement calls by a name which only the engine can know."""

    name: str
    span: Span | None = None


class Plan(Record, frozen=True, kw_only=True):
    """Steps in an order in which each reads only earlier ones; the last is the answer."""

    steps: tuple[Step, ...]
    checks: tuple[Check, ...] = ()
    functions: tuple[Called, ...] = ()
    notes: tuple[str, ...] = ()
    stored: bool = False  # it reads relations of the user's own

    @property
    def scans(self) -> tuple[Scan, ...]:
        """The steps that make requests."""
        return tuple(step for step in self.steps if isinstance(step, Scan))

    @property
    def local(self) -> tuple[LocalRows, ...]:
        """The steps that read the catalogue; they come first."""
        return tuple(step for step in self.steps if isinstance(step, LocalRows))

    @property
    def answer(self) -> LocalQuery:
        """The last step."""
        last = self.steps[-1]
        assert isinstance(last, LocalQuery)
        return last
