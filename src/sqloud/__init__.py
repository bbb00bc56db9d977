"""Ask, change and embed cloud infrastructure with SQL.

    import sqloud

    with sqloud.connect(sandbox=True) as connection:
        for row in connection.execute("SELECT id, name FROM digitalocean.droplets.droplets LIMIT 3"):
            print(row)

Law: `__all__` is the public surface. Names are loaded when they are first used, so that `import sqloud` and
`sqloud --version` cost nothing.
"""

from __future__ import annotations

from sqloud._version import __version__

TYPE_CHECKING = False  # typing's own costs its import
if TYPE_CHECKING:
    from sqloud.errors import (
        ApiError,
        ConnectionFault,
        ConsentError,
        CredentialError,
        DatabaseError,
        DataError,
        Error,
        IncompleteAnswerError,
        IntegrityError,
        InterfaceError,
        InternalError,
        InvalidValueError,
        MissingParameterError,
        NotSupportedError,
        OperationalError,
        ProgrammingError,
        RateLimitError,
        RequestLimitError,
        SqlSyntaxError,
        StatementCancelled,
        TimeLimitError,
        UnknownNameError,
        Warning,
        WriteFailedError,
    )
    from sqloud.executor.recording import RecordingTransport, ReplayTransport
    from sqloud.executor.transport import Transport
    from sqloud.frontends.aio import AsyncConnection, AsyncCursor, aconnect
    from sqloud.frontends.dbapi import (
        BINARY,
        DATETIME,
        NUMBER,
        ROWID,
        STRING,
        Binary,
        Connection,
        Cursor,
        Date,
        DateFromTicks,
        Time,
        TimeFromTicks,
        Timestamp,
        TimestampFromTicks,
        apilevel,
        connect,
        paramstyle,
        threadsafety,
    )
    from sqloud.frontends.jupyter import load_ipython_extension, unload_ipython_extension
    from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "ApiError",
    "ApiRequest",
    "ApiResponse",
    "AsyncConnection",
    "AsyncCursor",
    "Binary",
    "Connection",
    "ConnectionFault",
    "ConsentError",
    "CredentialError",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IncompleteAnswerError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "InvalidValueError",
    "MissingParameterError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "RateLimitError",
    "RecordingTransport",
    "ReplayTransport",
    "RequestLimitError",
    "SqlSyntaxError",
    "StatementCancelled",
    "Time",
    "TimeFromTicks",
    "TimeLimitError",
    "Timestamp",
    "TimestampFromTicks",
    "Transport",
    "UnknownNameError",
    "Warning",
    "WriteFailedError",
    "__version__",
    "aconnect",
    "apilevel",
    "connect",
    "load_ipython_extension",
    "paramstyle",
    "threadsafety",
    "unload_ipython_extension",
]

_ELSEWHERE = {
    "ApiRequest": "protocol.messages",
    "ApiResponse": "protocol.messages",
    "AsyncConnection": "frontends.aio",
    "AsyncCursor": "frontends.aio",
    "RecordingTransport": "executor.recording",
    "ReplayTransport": "executor.recording",
    "Transport": "executor.transport",
    "aconnect": "frontends.aio",
    "load_ipython_extension": "frontends.jupyter",
    "unload_ipython_extension": "frontends.jupyter",
}
_FROM_DBAPI = frozenset(
    (
        "BINARY", "DATETIME", "NUMBER", "ROWID", "STRING", "Binary", "Connection", "Cursor", "Date",
        "DateFromTicks", "Time", "TimeFromTicks", "Timestamp", "TimestampFromTicks", "apilevel", "connect",
        "paramstyle", "threadsafety",
    )
)  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'sqloud' has no attribute {name!r}")
    from importlib import import_module

    module = "frontends.dbapi" if name in _FROM_DBAPI else _ELSEWHERE.get(name, "errors")
    value = getattr(import_module(f"sqloud.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
