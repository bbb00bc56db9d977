"""Every error that sqloud raises, as one tree with PEP 249 at its root.

Law: an error says where, what, and what to do; it carries no secret; its class, never its text,
decides the SQLSTATE and the exit code.

    Error
    ├── InterfaceError                  the library was called wrongly
    └── DatabaseError
        ├── DataError
        │   └── ResponseDataError       a value does not fit its column's declared type
        ├── OperationalError
        │   ├── CredentialError         no credential, or one that the provider refused (401)
        │   ├── ApiError                the provider answered 4xx or 5xx
        │   │   └── RateLimitError      429 after all the patience that was allowed
        │   ├── ConnectionFault         the network failed
        │   ├── TimeLimitError          a time limit is spent
        │   ├── RequestLimitError       the statement may send no more requests
    │   ├── IncompleteAnswerError   the answer cannot be completed (law 2)
        │   ├── EngineError             the relational engine refused or failed while running
    │   ├── ConsentError            a write that nobody allowed; nothing was sent
    │   ├── WriteFailedError        a write that was not done for every row; it knows which
        │   └── StatementCancelled      Ctrl-C, a cancelled task, a closed cursor
        ├── IntegrityError
        ├── InternalError               a defect of sqloud
        ├── NotSupportedError           understood, and not built (or not allowed); it names the feature
        └── ProgrammingError
            ├── SqlSyntaxError
            ├── UnknownNameError        provider, service, resource, method, column, function
            ├── AmbiguousNameError
            ├── MissingParameterError   a required parameter that nothing binds
            ├── InvalidValueError       a value that its parameter or column cannot take
            └── ProviderDocumentError   a provider document that does not hold; carries its findings
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "AmbiguousNameError",
    "ApiError",
    "ConnectionFault",
    "ConsentError",
    "CredentialError",
    "DataError",
    "DatabaseError",
    "EngineError",
    "Error",
    "Finding",
    "IncompleteAnswerError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "InvalidValueError",
    "MissingParameterError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "ProviderDocumentError",
    "RateLimitError",
    "RequestLimitError",
    "ResponseDataError",
    "Source",
    "Span",
    "SqlSyntaxError",
    "StatementCancelled",
    "TimeLimitError",
    "UnknownNameError",
    "Warning",
    "WriteFailedError",
]


class Span(NamedTuple):
    """A half-open range of character offsets into a `Source.text`."""

    start: int
    end: int


class Source(NamedTuple):
    """A text that statements are read from, and the name under which errors quote it."""

    name: str
    text: str

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, as editors count them."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


class Finding(NamedTuple):
    """One thing wrong in a document: `file:line: pointer: message`; `line` is 0 where none is known."""

    file: str
    line: int
    pointer: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.pointer or '/'}: {self.message}"


class Warning(Exception):  # PEP 249 gives the name
    """PEP 249's Warning; sqloud tells its warnings as notices and does not raise them."""


class Error(Exception):
    """The root. `span` and `source` place it in a statement; `hints` say what to do, a line each."""

    sqlstate = "HV000"

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        source: Source | None = None,
        hints: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.source = source
        self.hints = hints

    def in_source(self, source: Source) -> Error:
        """Place the error in a source, unless it already stands in one; returns itself."""
        if self.source is None:
            self.source = source
        return self


class InterfaceError(Error):
    """The library was called wrongly: a closed connection, an unknown option."""

    sqlstate = "HV00L"


class DatabaseError(Error):
    """Anything that goes wrong with a statement or its answer."""


class DataError(DatabaseError):
    """A value is wrong."""

    sqlstate = "22000"


class ResponseDataError(DataError):
    """The provider answered a value that does not fit its column; names the column and the value."""

    sqlstate = "HV004"


class OperationalError(DatabaseError):
    """Something outside of the statement failed."""

    sqlstate = "58000"


class CredentialError(OperationalError):
    """No credential was found, it may not be sent there, or the provider refused it."""

    sqlstate = "28000"


class ApiError(OperationalError):
    """The provider answered 4xx or 5xx: `http_verb`, `url`, `status` and the API's own `detail`."""

    sqlstate = "HV00M"

    def __init__(
        self, *, http_verb: str, url: str, status: int, detail: str, hints: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"{http_verb} {url} answered {status}: {detail}", hints=hints)
        self.http_verb = http_verb
        self.url = url
        self.status = status
        self.detail = detail


class RateLimitError(ApiError):
    """The provider still answers 429 after every wait that the limits allow."""

    sqlstate = "53400"


class ConnectionFault(OperationalError):
    """The network failed: no connection, a reset, a broken answer.

    `sent` is False where it is sure that the request never reached the server.
    """

    sqlstate = "08006"

    def __init__(self, message: str, *, sent: bool = True, hints: tuple[str, ...] = ()) -> None:
        super().__init__(message, hints=hints)
        self.sent = sent


class TimeLimitError(OperationalError):
    """A time limit is spent."""

    sqlstate = "57014"


class RequestLimitError(OperationalError):
    """The statement needs more requests than it may send."""

    sqlstate = "54000"


class IncompleteAnswerError(OperationalError):
    """The rest of an answer cannot be had, so the part that was had is not given out as the whole."""

    sqlstate = "HV00R"


class EngineError(OperationalError):
    """The relational engine failed while it ran a statement."""

    sqlstate = "58030"


class ConsentError(OperationalError):
    """A write that nobody allowed; nothing was sent. `preview` is what it would send, a line each."""

    sqlstate = "42501"

    def __init__(
        self,
        message: str,
        *,
        preview: tuple[str, ...] = (),
        span: Span | None = None,
        hints: tuple[str, ...] = (),
    ) -> None:
        super().__init__("\n".join([message, *(f"  {line}" for line in preview)]), span=span, hints=hints)
        self.preview = preview


class WriteFailedError(OperationalError):
    """A write that was not done for every row.

    `report` has a (row, outcome, detail) for each row, from 1; the outcome is `done`, `failed`, `in doubt` or `not
    sent`. `returned` is the Result of RETURNING over the rows that were done, where the statement has one.
    """

    sqlstate = "58000"

    def __init__(
        self,
        message: str,
        *,
        report: tuple[tuple[int, str, str], ...] = (),
        returned: Any = None,
        hints: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hints=hints)
        self.report = report
        self.returned = returned


class StatementCancelled(OperationalError):
    """The statement was cancelled before its answer was complete."""

    sqlstate = "57014"


class IntegrityError(DatabaseError):
    """PEP 249's IntegrityError."""

    sqlstate = "23000"


class InternalError(DatabaseError):
    """A defect of sqloud itself."""

    sqlstate = "XX000"


class NotSupportedError(DatabaseError):
    """The statement was understood, and what it asks for is not built or not allowed."""

    sqlstate = "0A000"


class ProgrammingError(DatabaseError):
    """The statement cannot be parsed or planned."""

    sqlstate = "42000"


class SqlSyntaxError(ProgrammingError):
    """The text is no statement of the dialect; `incomplete` where more text could make it one."""

    sqlstate = "42601"

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        source: Source | None = None,
        hints: tuple[str, ...] = (),
        incomplete: bool = False,
    ) -> None:
        super().__init__(message, span=span, source=source, hints=hints)
        self.incomplete = incomplete


class UnknownNameError(ProgrammingError):
    """No provider, service, resource, method, column or function of that name."""

    sqlstate = "42704"


class AmbiguousNameError(ProgrammingError):
    """A name that two tables have, or a call that two methods fit."""

    sqlstate = "42702"


class MissingParameterError(ProgrammingError):
    """A required parameter that nothing in the statement binds."""

    sqlstate = "42P02"


class InvalidValueError(ProgrammingError):
    """A value that its parameter or column cannot take; refused before any request."""

    sqlstate = "22023"


class ProviderDocumentError(ProgrammingError):
    """A provider document that does not hold. All of its findings are told at once."""

    sqlstate = "HV021"

    def __init__(self, message: str, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join([message, *(f"  {finding}" for finding in findings)]))
        self.findings = findings
