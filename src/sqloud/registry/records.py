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
    "Await",
    "Body",
    "BodyField",
    "Bucket",
    "Column",
    "Equals",
    "ErrorShape",
    "IdempotencyKey",
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
    "Sort",
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
    """A field of the response. `path` leads from the row to the value; () is the row itself.

    `answer` says that the path leads from the root of the answer instead. `hidden` columns are not in `*` and
    not in DESCRIBE.
    """

    name: str
    type: DataType
    path: tuple[str, ...]
    answer: bool = False
    hidden: bool = False
    description: str = ""


class Parameter(Record, frozen=True, kw_only=True):
    """An input of a method. `meaning` is None only for methods that are no SELECT.

    `location` is where the value goes: `path`, `query`, `header`, `body` (a top-level field of a SELECT's JSON
    body), `host` (a placeholder of the method's `base_url`) or `url` (the value is the whole URL).
    `listed` is the type of the elements where the text that binds it is sent as a JSON array. `text_equals` is what
    a number's parameter equals where it is asked with a text that is no number.
    """

    name: str
    sql_name: str
    location: str
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
    listed: str | None = None
    text_equals: str | None = None
    description: str = ""


class BodyField(Record, frozen=True, kw_only=True):
    """A top-level field of a request body. A union of types has the type `any`.

    What is inside an object or an array is told by `Body.schema`.
    """

    name: str
    type: DataType
    required: bool = False
    read_only: bool = False
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    enum: tuple[str | int, ...] = ()
    default: Any = None
    description: str = ""


class Body(Record, frozen=True, kw_only=True):
    """A request body: JSON, unless `media` names another kind (`multipart/form-data`, `application/octet-stream`).

    `schema` is the text of a JSON Schema (2020-12) of the whole body, complete in itself, "" where nothing more
    is known than the fields: types with null, bounds, enums, `required` and unions (`oneOf`, `anyOf`) at every
    depth. What the API sets itself is marked `readOnly` in it and required nowhere. It is text so that a read,
    which needs none of it, does not pay for it; `json.loads` it, and judge a value by jsonschema's
    `Draft202012Validator`.
    """

    required: bool = False
    fields: tuple[BodyField, ...] = ()
    schema: str = ""
    media: str = ""


class Rows(Record, frozen=True, kw_only=True):
    """Where the rows of an answer are: `path` from its root, `shape` of what is there.

    `list`: an array of rows; `object`: one row; `map`: an object whose values are the rows; `series`: an array of
    time series, each an object with `values`, an array of pairs (Unix seconds, number): a row is `metric`, `time`
    and `value`; `text` and `binary`: the answer is no JSON, and is one row by itself.
    `media` is the kind of answer to ask for, "" for JSON. `otherwise` is where the rows are in an answer that has
    nothing of the shape at `path`.
    """

    path: tuple[str, ...] = ()
    shape: str = "list"
    media: str = ""
    otherwise: Rows | None = None


class Await(Record, frozen=True, kw_only=True):
    """How the work that a write began is watched: `method` is asked until the value at `status` is final.

    `method` is `service.resource.method`; each of its required parameters is in `values` with the path in the
    write's own answer that tells it, or is a parameter of the same name that the write was called with. A path
    that leads through an array means each of its elements: there is one thing to watch for each. `status` is a
    path from the root of that method's answer; `done` and `failed` are its final values, every other one means
    that the work goes on. `absent` says that a 404 means done, as after a DELETE.
    """

    method: str
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    status: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    absent: bool = False


class Paging(Record, frozen=True, kw_only=True):
    """How a list goes on. `style` is a key of `sqloud.protocol.paging.PAGINGS`.

    `page`, `offset`, `token` and `size` are query parameters; `next`, `total` and `more` are paths from the root of
    the answer, to a link or a token, to the number of all rows and to whether there are more. `last` is a path
    from a row: the last row's value there is the next token.
    """

    style: str
    page: str | None = None
    offset: str | None = None
    token: str | None = None
    size: str | None = None
    default_size: int | None = None
    maximum_size: int | None = None
    next: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


class Sort(Record, frozen=True, kw_only=True):
    """How a list is sorted: `columns` are (column, what `parameter` takes to sort by it), none of them ever NULL.

    `direction` is the query parameter that takes `ascending` or `descending`; without it the list goes the one way
    that is not None. Numbers and moments go by their value, texts by their characters' numbers.
    """

    columns: tuple[tuple[str, str], ...]
    parameter: str | None = None
    direction: str | None = None
    ascending: str | None = None
    descending: str | None = None

    def sent(self, column: str, *, descending: bool) -> tuple[tuple[str, str], ...] | None:
        """The query parameters that sort by a column in one direction; None where it cannot be had."""
        way = self.descending if descending else self.ascending
        value = dict(self.columns).get(column)
        if way is None or value is None:
            return None
        by = ((self.parameter, value),) if self.parameter is not None else ()
        return (*by, (self.direction, way)) if self.direction is not None else by


class Authentication(Record, frozen=True, kw_only=True):
    """How a request proves who asks. `scheme`: `bearer` or `none`.

    `environment` names the variables that may hold the token, first one first.
    """

    scheme: str = "none"
    environment: tuple[str, ...] = ()


class IdempotencyKey(Record, frozen=True, kw_only=True):
    """Where a request tells that it is the same one again: a header, or else a field of the body."""

    header: str = ""
    field: str = ""


class Method(Record, frozen=True, kw_only=True):
    """One API operation.

    `base_url` and `authentication` are there where they are not the provider's (`Provider.serving`). `columns`
    are those of the answer's rows where they are not the resource's. `awaits` tells how to watch what a write
    began. `token_scopes` are what a token has to be allowed, as its provider calls it. `kept` gives fields of the body
    as SQL over the row, where an UPDATE that sends the whole row cannot take the column of that name.
    """

    name: str
    verb: str  # "select", "insert", "update", "replace", "delete" or "exec"
    http_verb: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    rows: Rows | None = None  # None: the answer carries no rows
    paging: Paging | None = None
    sort: Sort | None = None
    listing: bool = False
    idempotent: bool = False
    idempotency_key: IdempotencyKey | None = None
    kept: tuple[tuple[str, str], ...] = ()
    destructive: bool = False
    fixed: tuple[
        tuple[str, Any], ...
    ] = ()  # fields of the body that this method always sends, none of body.fields
    base_url: str | None = None
    authentication: Authentication | None = None
    columns: tuple[Column, ...] | None = None
    awaits: Await | None = None
    token_scopes: tuple[str, ...] = ()
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


class ErrorShape(Record, frozen=True, kw_only=True):
    """The provider's own error body: an object with text at these two keys."""

    code: str
    message: str


class Bucket(Record, frozen=True, kw_only=True):
    """A token bucket: `requests` in `seconds`, `burst` of them at once (None: as many as `requests`)."""

    requests: int
    seconds: int
    burst: int | None = None


class RateLimitHeaders(Record, frozen=True, kw_only=True):
    """Response headers that tell the rate limit, `reset` in Unix seconds; and the limits that are known before."""

    limit: str | None = None
    remaining: str | None = None
    reset: str | None = None
    buckets: tuple[Bucket, ...] = ()


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
    whoami: tuple[str, tuple[str, ...]] | None = (
        None  # service.resource, and its columns that tell whose a token is
    )

    def serving(self, method: Method) -> Provider:
        """The provider as one of its methods sees it: on the host and with the credential that the method names."""
        if method.base_url is None and method.authentication is None:
            return self
        return msgspec.structs.replace(
            self,
            base_url=method.base_url or self.base_url,
            authentication=method.authentication or self.authentication,
        )
