"""The step that writes, as pure data: which method, what each value of a row fills, where the rows come from.

Law: a mutation is whole before anything is sent. Its rows are written out in the statement (`cells`) or answered
by an ordinary plan that only reads (`source`); each row becomes one request, in their order.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sqloud.errors import Span
from sqloud.plan.steps import Plan
from sqloud.registry.records import BodyField, Method, Parameter, Provider, Resource

__all__ = ["Cell", "Input", "Mutation", "Returning"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The base of the records below."""


class Cell(Record, frozen=True, kw_only=True):
    """One value as the statement writes it.

    `value` is a constant; `sql`, where it is not None, is what the engine computes instead, without reading a row.
    `default` is the word DEFAULT: nothing is sent.
    """

    value: Any = None
    sql: str | None = None
    default: bool = False
    span: Span | None = None


class Input(Record, frozen=True, kw_only=True):
    """What one value of a row fills: parameters of the method, and the place `path` in its body.

    `whole` is the body itself, as `@@json` gives it. `kept` is a value of the row that was read, which an UPDATE sends
    along because the API requires it. `old` is a value of that row which is not sent: RETURNING of a DELETE reads it.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    path: tuple[str, ...] = ()
    field: BodyField | None = None
    whole: bool = False
    kept: bool = False
    old: bool = False
    span: Span | None = None


class Returning(Record, frozen=True, kw_only=True):
    """RETURNING: SQL over the table `done`, whose columns are the resource's and the method's parameters.

    `names` are its output columns; `roots` those among what it reads that are keys of the answer's root, as StackQL's
    documentation names them (`RETURNING domain_record`); `everything` says that the answer's own columns are shown, as
    EXEC does.
    """

    sql: str
    names: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    everything: bool = False


class Mutation(Record, frozen=True, kw_only=True):
    """Write rows by one method.

    `cells` are the rows where no `source` is; with a source they are one row of constants, in which None stands
    for the next column of each row of the source. With `spread` they are all the rows, and the one row that the
    source answers has a column for each None. `key` names the inputs that address a row which was read: such a row is
    written once. `covers` is a plan that reads the rows which one request reaches, where a parameter widens it.
    `watched` is the method that tells how far the work is which a request begins, where that is awaited.
    """

    verb: Literal["insert", "replace", "update", "delete", "exec"]
    resource: Resource
    provider: Provider
    method: Method
    inputs: tuple[Input, ...]
    cells: tuple[tuple[Cell | None, ...], ...] = ()
    source: Plan | None = None
    spread: bool = False
    key: tuple[str, ...] = ()
    covers: Plan | None = None
    covers_words: str = ""
    returning: Returning | None = None
    awaited: bool = False
    watched: Method | None = None
    target: Span | None = None

    @property
    def destructive(self) -> bool:
        """Whether it needs the consent that deleting needs."""
        return self.verb == "delete" or self.method.destructive or self.method.http_verb == "DELETE"

    @property
    def word(self) -> str:
        """The statement's verb, as it is written."""
        return self.verb.upper()
