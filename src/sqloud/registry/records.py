"""The records of the registry: what a provider document says, resolved and frozen.

Law: after resolution there are no dicts and no defaults left to guess; each parameter of a SELECT method
has exactly one meaning.

The records are msgspec structs and not dataclasses: frozen, slotted and keyword-only like those, defined in
a thirtieth of the time (a cold start defines all of them), and read back from the compiled cache as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from sqloud.datatypes import DataType

__all__ = [
    "Authentication",
    "Body",
    "BodyField",
    "Column",
    "Equals",
    "ErrorShape",
    "Meaning",
    "MemberOf",
    "Method",
    "Option",
    "Paging",
    "Parameter",
    "Provider",
    "RateLimitHeaders",
    "Resource",
    "Rows",
    "Scope",
    "Service",
    "TableName",
]


class TableName(NamedTuple):
    """`provider.service.resource`."""

    provider: str
    service: str
    resource: str

    def __str__(self) -> str:
        return ".".join(self)


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of the records below."""


class Equals(Record, frozen=True, kw_only=True, tag="equals", tag_field="is"):
    """Asked with v, the API leaves out no row whose `expression` (SQL over the row) equals v.

    `superset` says that it may answer more rows than those.
    """

    expression: str
    superset: bool = False


class MemberOf(Record, frozen=True, kw_only=True, tag="member_of", tag_field="is"):
    """Asked with v, the API leaves out no row whose list column `column` contains v."""

    column: str


class Scope(Record, frozen=True, kw_only=True, tag="scope", tag_field="is"):
    """The rows belong to the value asked and do not carry it.

    `default` is the value of rows asked without the parameter (None: it must be bound, unless the parameter
    is not required, as `page` is not). `computed` is SQL over the row that tells the value, where one can.
    """

    default: str | int | float | bool | None = None
    computed: str | None = None


class Option(Record, frozen=True, kw_only=True, tag="option", tag_field="is"):
    """Changes the form of the answer, not its rows."""


Meaning = Equals | MemberOf | Scope | Option


class Column(Record, frozen=True, kw_only=True):
    """A field of the response. `path` leads from the row to the value; () is the row itself."""

    name: str
    type: DataType
    path: tuple[str, ...]
    description: str = ""


class Parameter(Record, frozen=True, kw_only=True):
    """An input of a method. `meaning` is None only for methods that are no SELECT."""

    name: str
    sql_name: str
    location: str  # "path", "query" or "header"
    type: DataType
    required: bool = False
    meaning: Meaning | None = None
    default: str | int | float | bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    enum: tuple[str | int, ...] = ()
    excludes: tuple[str, ...] = ()  # names of parameters that may not be sent beside this one
    refers_to: str | None = None  # service.resource.column
    description: str = ""


class BodyField(Record, frozen=True, kw_only=True):
    """A top-level field of a request body. A union of types has the type `any`; nested shapes stay JSON."""

    name: str
    type: DataType
    required: bool = False
    read_only: bool = False
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[str | int, ...] = ()
    default: Any = None
    description: str = ""


class Body(Record, frozen=True, kw_only=True):
    """A JSON request body."""

    required: bool = False
    fields: tuple[BodyField, ...] = ()


class Rows(Record, frozen=True, kw_only=True):
    """Where the rows of an answer are: `path` from its root, `shape` of what is there.

    `list`: an array of rows; `object`: one row; `map`: an object whose values are the rows.
    """

    path: tuple[str, ...] = ()
    shape: str = "list"


class Paging(Record, frozen=True, kw_only=True):
    """How a list goes on. `style` is a key of `sqloud.protocol.paging.PAGINGS`.

    `page` and `size` are query parameters; `next` and `total` are paths from the root of the answer.
    """

    style: str
    page: str | None = None
    size: str | None = None
    default_size: int | None = None
    maximum_size: int | None = None
    next: tuple[str, ...] = ()
    total: tuple[str, ...] = ()


class Method(Record, frozen=True, kw_only=True):
    """One API operation."""

    name: str
    verb: str  # "select", "insert", "update", "replace", "delete" or "exec"
    http_verb: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    rows: Rows | None = None  # None: the answer carries no rows
    paging: Paging | None = None
    listing: bool = False
    idempotent: bool = False
    destructive: bool = False
    fixed: tuple[
        tuple[str, Any], ...
    ] = ()  # fields of the body that this method always sends, none of body.fields
    description: str = ""

    @property
    def required(self) -> tuple[Parameter, ...]:
        """The parameters without which the method cannot be called."""
        return tuple(parameter for parameter in self.parameters if parameter.required)


class Resource(Record, frozen=True, kw_only=True):
    """A table: `columns` of the answers, `key` among them, methods of every verb in the document's order."""

    name: TableName
    description: str = ""
    key: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    methods: tuple[Method, ...] = ()

    def methods_for(self, verb: str) -> tuple[Method, ...]:
        """The methods of one SQL verb."""
        return tuple(method for method in self.methods if method.verb == verb)

    @property
    def listing(self) -> Method | None:
        """The SELECT method that defines the rows of the table; None where nothing can be selected."""
        return next((method for method in self.methods if method.listing), None)


class Service(Record, frozen=True, kw_only=True):
    """A group of resources, one document file."""

    name: str
    description: str = ""
    resources: tuple[Resource, ...] = ()


class Authentication(Record, frozen=True, kw_only=True):
    """How a request proves who asks. `scheme`: `bearer` or `none`.

    `environment` names the variables that may hold the token, first one first.
    """

    scheme: str = "none"
    environment: tuple[str, ...] = ()


class ErrorShape(Record, frozen=True, kw_only=True):
    """The provider's own error body: an object with text at these two keys."""

    code: str
    message: str


class RateLimitHeaders(Record, frozen=True, kw_only=True):
    """Response headers that tell the rate limit; `reset` in Unix seconds."""

    limit: str | None = None
    remaining: str | None = None
    reset: str | None = None


class Provider(Record, frozen=True, kw_only=True):
    """An API. `services` are (name, description) pairs; their documents are read only when named."""

    name: str
    base_url: str
    title: str = ""
    description: str = ""
    authentication: Authentication = Authentication()
    errors: ErrorShape | None = None
    rate_limit: RateLimitHeaders = RateLimitHeaders()
    services: tuple[tuple[str, str], ...] = ()
