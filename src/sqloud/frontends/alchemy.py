"""sqloud under SQLAlchemy 2: `create_engine("sqloud://")`.

Law: SQLAlchemy says what it would say to PostgreSQL, and what it asks of the catalogue is answered from the documents,
without a request. A schema is `provider.service`; the tables of one's own are in the schema `main`.

`sqloud:///file.db` opens the database FILE; the query of the URL has keywords of `connect`: `sqloud://?sandbox=true`,
`sqloud://?endpoint.digitalocean=http://127.0.0.1:8080`. Credentials come by `connect_args` or the environment, never in
the URL. SQLAlchemy's transactions are not BEGIN here: statements act as they are executed.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import types
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGIdentifierPreparer
from sqlalchemy.engine import default, reflection
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import ArgumentError, NoSuchTableError

__all__ = ["SqloudDialect"]

OWN_SCHEMA = "main"
_FLAGS = frozenset(
    ("sandbox", "dry_run", "allow_writes", "allow_destructive", "read_only", "null_on_mismatch", "continue_on_error",
     "await_writes", "frames_in_scope")
)  # fmt: skip
_NUMBERS = {"max_concurrency": int, "max_keys": int, "timeout": float}
_TYPES: dict[str, type[types.TypeEngine[Any]]] = {
    "BIGINT": types.BigInteger,
    "INTEGER": types.Integer,
    "SMALLINT": types.SmallInteger,
    "TINYINT": types.SmallInteger,
    "HUGEINT": types.Numeric,
    "DOUBLE": types.Double,
    "FLOAT": types.Float,
    "DECIMAL": types.Numeric,
    "BOOLEAN": types.Boolean,
    "VARCHAR": types.String,
    "UUID": types.Uuid,
    "BLOB": types.LargeBinary,
    "DATE": types.Date,
    "TIME": types.Time,
    "TIMESTAMP": types.DateTime,
    "INTERVAL": types.Interval,
    "JSON": types.JSON,
}


class _Preparer(PGIdentifierPreparer):
    """Schemas have a point in them, between provider and service."""

    def quote_schema(self, schema: str, force: Any = None) -> str:
        """Each part on its own; own tables stand without one."""
        return ".".join(self.quote(part) for part in schema.split("."))

    def format_table(self, table: Any, use_schema: bool = True, name: str | None = None) -> str:
        """A table of one's own by its name alone."""
        own = table.schema == OWN_SCHEMA
        return super().format_table(table, use_schema=use_schema and not own, name=name)


class _Json(types.JSON):
    """JSON columns arrive decoded."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        """As they are."""


class SqloudDialect(PGDialect):
    """The dialect; see the module."""

    name = "sqloud"
    driver = "sqloud"
    default_paramstyle = "named"
    statement_compiler = PGCompiler
    preparer = _Preparer
    supports_statement_cache = True
    supports_native_boolean = True
    supports_sequences = False
    supports_alter = False
    insert_returning = False
    update_returning = False
    delete_returning = False
    implicit_returning = False
    use_insertmanyvalues = False
    postfetch_lastrowid = False
    supports_default_values = False
    supports_sane_multi_rowcount = False
    supports_comments = False
    default_schema_name = OWN_SCHEMA
    colspecs = {types.JSON: _Json}  # noqa: RUF012
    ischema_names = _TYPES

    @classmethod
    def import_dbapi(cls) -> Any:
        """The library itself."""
        import sqloud

        return sqloud

    def create_connect_args(self, url: URL) -> Any:
        """Keywords of `connect` out of a URL. Raises ArgumentError for what is none."""
        if url.password or url.username or url.host:
            raise ArgumentError(
                "a sqloud URL has no host, user or password: give credentials by connect_args"
            )
        keywords: dict[str, Any] = {"database": url.database} if url.database else {}
        endpoints: dict[str, str] = {}
        for name, given in url.query.items():
            value = given if isinstance(given, str) else given[-1]
            if name in _FLAGS:
                keywords[name] = _truth(name, value)
            elif name in _NUMBERS:
                keywords[name] = _NUMBERS[name](value)
            elif name == "providers":
                keywords[name] = [given] if isinstance(given, str) else list(given)
            elif name.startswith("endpoint."):
                endpoints[name.removeprefix("endpoint.")] = value
            else:
                raise ArgumentError(f"sqloud:// knows no {name!r}: it takes keywords of sqloud.connect")
        if endpoints:
            keywords["endpoints"] = endpoints
        return [], keywords

    @classmethod
    def get_pool_class(cls, url: URL) -> Any:
        """One connection, which threads share, so that own tables in memory and caches are one."""
        return sqlalchemy.pool.StaticPool

    def initialize(self, connection: Any) -> None:
        """Nothing is asked at the start."""
        default.DefaultDialect.initialize(self, connection)

    def on_connect(self) -> None:
        """Nothing is set."""

    def _get_server_version_info(self, connection: Any) -> tuple[int, int]:
        return (16, 0)

    def _get_default_schema_name(self, connection: Any) -> str:
        return OWN_SCHEMA

    def get_default_isolation_level(self, dbapi_connection: Any) -> Any:
        """Statements act as they are executed."""
        return "AUTOCOMMIT"

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """Statements act as they are executed."""
        return "AUTOCOMMIT"

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        """There is one."""
        if level != "AUTOCOMMIT":
            raise ArgumentError(f"sqloud has no isolation level {level}: statements act as they are executed")

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        """There is one."""
        return ["AUTOCOMMIT"]

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Whether the connection is open; no request."""
        dbapi_connection.cursor()
        return True

    def _rows(self, connection: Any, sql: str, **values: Any) -> list[Any]:
        return list(connection.execute(sqlalchemy.text(sql), values))

    @reflection.cache
    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        """`provider.service` of every service, and that of one's own tables."""
        found = self._rows(connection, "SELECT provider, service FROM sqloud.services ORDER BY 1, 2")
        return [OWN_SCHEMA, *(f"{provider}.{service}" for provider, service in found)]

    @reflection.cache
    def get_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """The tables of a schema."""
        return self._named(connection, schema, ("BASE TABLE", "LOCAL TEMPORARY"))

    @reflection.cache
    def get_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """One's own views."""
        return self._named(connection, schema, ("VIEW", "MATERIALIZED VIEW"))

    def get_temp_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """They are among the tables."""
        return []

    def get_materialized_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """They are among the views."""
        return []

    def _named(self, connection: Any, schema: str | None, kinds: tuple[str, ...]) -> list[str]:
        catalog, service = _split(schema)
        sql = (
            "SELECT table_name, table_type FROM information_schema.tables "
            "WHERE table_catalog = coalesce(CAST(:c AS VARCHAR), table_catalog) AND table_schema = :s ORDER BY 1"
        )
        found = self._rows(connection, sql, c=catalog, s=service)
        return [name for name, kind in found if kind in kinds]

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Whether a table or view is there."""
        return bool(self._columns(connection, table_name, schema))

    def _columns(self, connection: Any, table_name: str, schema: str | None) -> list[Any]:
        """(name, type) of each column; what a listing cannot go without is a column too, to be bound in WHERE."""
        catalog, service = _split(schema)
        if catalog is not None and service not in {"information_schema", "sqloud"}:
            sql = (
                "SELECT name, type FROM sqloud.columns WHERE provider = :c AND service = :s AND resource = :t "
                "AND kind IN ('key', 'column', 'parameter, required')"
            )
            return self._rows(connection, sql, c=catalog, s=service, t=table_name)
        sql = (
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = :s AND table_name = :t ORDER BY ordinal_position"
        )
        return self._rows(connection, sql, s=service, t=table_name)

    @reflection.cache
    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """The columns of a table. Raises NoSuchTableError."""
        found = self._columns(connection, table_name, schema)
        if not found:
            raise NoSuchTableError(f"{schema}.{table_name}" if schema else table_name)
        return [
            {"name": name, "type": column_type(said), "nullable": True, "default": None}
            for name, said in found
        ]

    # PostgreSQL's ask its own catalogue for many tables at once; here it goes table by table.
    get_multi_columns = default.DefaultDialect.get_multi_columns  # type: ignore[assignment]
    get_multi_pk_constraint = default.DefaultDialect.get_multi_pk_constraint  # type: ignore[assignment]
    get_multi_foreign_keys = default.DefaultDialect.get_multi_foreign_keys  # type: ignore[assignment]
    get_multi_indexes = default.DefaultDialect.get_multi_indexes  # type: ignore[assignment]
    get_multi_unique_constraints = default.DefaultDialect.get_multi_unique_constraints  # type: ignore[assignment]
    get_multi_check_constraints = default.DefaultDialect.get_multi_check_constraints  # type: ignore[assignment]
    get_multi_table_comment = default.DefaultDialect.get_multi_table_comment  # type: ignore[assignment]
    get_multi_table_options = default.DefaultDialect.get_multi_table_options  # type: ignore[assignment]

    @reflection.cache
    def get_pk_constraint(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """The key of a resource."""
        catalog, service = _split(schema)
        sql = "SELECT name FROM sqloud.columns WHERE provider = :c AND service = :s AND resource = :t AND kind = 'key'"
        found = self._rows(connection, sql, c=catalog, s=service, t=table_name) if catalog is not None else []
        return {"constrained_columns": [name for (name,) in found], "name": None}

    @reflection.cache
    def get_foreign_keys(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """What the columns that a listing cannot go without refer to, as the documents say."""
        catalog, service = _split(schema)
        if catalog is None:
            return []
        sql = (
            "SELECT DISTINCT p.sql_name, p.refers_to FROM sqloud.parameters p JOIN sqloud.columns c "
            "ON c.provider = p.provider AND c.service = p.service AND c.resource = p.resource AND c.name = p.sql_name "
            "WHERE p.provider = :c AND p.service = :s AND p.resource = :t AND p.refers_to IS NOT NULL "
            "AND c.kind IN ('key', 'column', 'parameter, required') ORDER BY 1"
        )
        keys = []
        for column, refers_to in self._rows(connection, sql, c=catalog, s=service, t=table_name):
            to_service, to_table, to_column = refers_to.split(".")
            keys.append(
                {
                    "name": None,
                    "constrained_columns": [column],
                    "referred_schema": f"{catalog}.{to_service}",
                    "referred_table": to_table,
                    "referred_columns": [to_column],
                    "options": {},
                }
            )
        return keys

    @reflection.cache
    def get_indexes(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """None."""
        return []

    @reflection.cache
    def get_unique_constraints(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """None."""
        return []

    @reflection.cache
    def get_check_constraints(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """None."""
        return []

    def get_table_options(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """None."""
        return {}

    def get_sequence_names(self, connection: Any, schema: str | None = None, **kw: Any) -> Any:
        """None."""
        return []

    def get_table_comment(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """None."""
        return {"text": None}


def _split(schema: str | None) -> tuple[str | None, str]:
    """(provider, service) of a schema; no provider for the schemas of one part."""
    provider, point, service = (schema or OWN_SCHEMA).partition(".")
    return (provider, service) if point else (None, provider)


def _truth(name: str, text: str) -> bool:
    if text.lower() not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ArgumentError(f"{name} is true or false, not {text!r}")
    return text.lower() in {"1", "true", "yes", "on"}


def column_type(said: str) -> types.TypeEngine[Any]:
    """SQLAlchemy's type of one of the documents' or the engine's.

    >>> column_type("array of string"), column_type("BIGINT"), column_type("object")
    (ARRAY(String()), BigInteger(), JSON())
    """
    if said.startswith("array of ") and said != "array of object":
        return types.ARRAY(column_type(said.removeprefix("array of ")))
    if said.endswith("[]"):
        return types.ARRAY(column_type(said.removesuffix("[]")))
    if said in {"string (date-time)", "TIMESTAMP WITH TIME ZONE"}:
        return types.DateTime(timezone=True)
    documents: dict[str, type[types.TypeEngine[Any]]] = {
        "string": types.String,
        "integer": types.BigInteger,
        "number": types.Double,
        "boolean": types.Boolean,
    }
    found: type[types.TypeEngine[Any]] = documents.get(said, _TYPES.get(said.partition("(")[0], types.JSON))
    return found()
