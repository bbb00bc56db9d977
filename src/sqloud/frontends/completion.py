"""What can follow at the cursor: names, keywords, values.

Law: a pure function of text, cursor and the names that there are; it asks nothing of the network, and of a table only
what its documents say. A candidate replaces the text from its `start` to the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from sqloud.frontends.completion_context import Context, TableRef, context_at, listed

__all__ = ["Candidate", "ColumnName", "Names", "complete"]

_MOST = 200


class Candidate(NamedTuple):
    """A way to go on: the text to write from `start`, and what it is."""

    text: str
    start: int
    kind: str
    about: str = ""


class ColumnName(NamedTuple):
    """A column of a table as completion sees it.

    `required` marks a parameter without which the table cannot be read; `values` are those it may have;
    `refers_to` is `service.resource.column` of the same provider.
    """

    name: str
    type: str
    required: bool = False
    hidden: bool = False
    values: tuple[str, ...] = ()
    refers_to: str | None = None
    about: str = ""


class Names(Protocol):
    """The names that there are, each list of (name, what it is); unknown places give nothing."""

    def providers(self) -> Sequence[tuple[str, str]]:
        """The providers."""

    def services(self, provider: str) -> Sequence[tuple[str, str]]:
        """The services of a provider."""

    def resources(self, provider: str, service: str) -> Sequence[tuple[str, str]]:
        """The resources of a service."""

    def methods(self, provider: str, service: str, resource: str) -> Sequence[tuple[str, str]]:
        """The methods of a resource."""

    def columns(self, table: tuple[str, ...]) -> Sequence[ColumnName]:
        """The columns of a table or of a relation of the user's own, the required ones first."""

    def relations(self) -> Sequence[tuple[str, str]]:
        """Tables and views of the user's own."""

    def functions(self) -> Sequence[str]:
        """The functions that the engine knows."""

    def variables(self) -> Sequence[str]:
        """Names of `{{ }}` that have had a value."""

    def settings(self) -> Sequence[str]:
        """What SET can set."""

    def files(self, beginning: str) -> Sequence[str]:
        """Files whose path begins so."""


_Found = Iterator[tuple[str, str, str]]  # text, kind, about

_STATEMENTS = listed(
    "SELECT FROM WITH SHOW DESCRIBE EXPLAIN INSERT UPDATE REPLACE DELETE EXEC CREATE DROP SET RESET BEGIN "
    "COMMIT ROLLBACK COPY REFRESH VALUES TABLE USE"
)
_AFTER_FROM = listed(
    "WHERE JOIN GROUP ORDER LIMIT LEFT RIGHT FULL INNER CROSS NATURAL ON USING UNION EXCEPT INTERSECT "
    "HAVING SELECT AS LATERAL QUALIFY OFFSET"
)
_IN_EXPRESSION = listed(
    "AND OR NOT IN IS NULL LIKE ILIKE BETWEEN EXISTS CASE WHEN THEN ELSE END TRUE FALSE ASC DESC NULLS "
    "FIRST LAST FROM WHERE GROUP BY ORDER LIMIT HAVING AS DISTINCT OVER PARTITION FILTER CAST INTERVAL "
    "UNION ANY ALL"
)
_SHOWN = ["PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "TABLES", "INSERT", "EXTENDED"]
_FOLLOWING = {
    "GROUP": ("BY",),
    "ORDER": ("BY",),
    "INSERT": ("INTO",),
    "DELETE": ("FROM",),
    "LEFT": ("JOIN",),
    "RIGHT": ("JOIN",),
    "FULL": ("JOIN",),
    "INNER": ("JOIN",),
    "CROSS": ("JOIN",),
    "NATURAL": ("JOIN",),
    "IS": ("NULL", "NOT"),
    "SHOW": tuple(_SHOWN),
    "SERVICES": ("IN",),
    "RESOURCES": ("IN",),
    "METHODS": ("IN",),
    "EXPLAIN": ("ANALYZE", "SELECT", "INSERT", "UPDATE", "DELETE"),
    "CREATE": ("TABLE", "VIEW", "MATERIALIZED", "OR", "TEMP"),
    "MATERIALIZED": ("VIEW",),
    "DROP": ("TABLE", "VIEW", "MATERIALIZED"),
    "REFRESH": ("MATERIALIZED",),
}
_BEFORE_TABLE = frozenset(
    {"FROM", "JOIN", "INTO", "UPDATE", "REPLACE", "DESCRIBE", "TABLE", "VIEW", "METHOD", "EXEC", "DESC"}
)
_FILE_FUNCTIONS = frozenset(
    {"read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_parquet", "parquet_scan"}
)


def complete(text: str, cursor: int, names: Names) -> list[Candidate]:
    """The candidates at an offset, the nearest first, 200 at most."""
    context = context_at(text, cursor)
    prefix = context.prefix
    found = _found(context, names)
    if context.within == "template":
        stripped = prefix.lstrip()
        context = context._replace(start=context.start + len(prefix) - len(stripped))
        prefix = stripped
    ranked: list[tuple[int, int, str, Candidate]] = []
    seen: set[str] = set()
    for place, (candidate, kind, about) in enumerate(found):
        rank = _rank(prefix, candidate, kind)
        if rank is None or candidate in seen or candidate == prefix:
            continue
        seen.add(candidate)
        written = candidate.lower() if kind == "keyword" and prefix.islower() else candidate
        ranked.append((rank, place, candidate, Candidate(written, context.start, kind, about)))
    return [one for *_, one in sorted(ranked)[:_MOST]]


def _found(context: Context, names: Names) -> _Found:
    if context.within == "template":
        return ((f"{name} }}}}", "variable", "") for name in names.variables())
    if context.within == "string":
        return _in_string(context, names)
    return iter(()) if context.within == "comment" else _in_text(context, names)


def _rank(prefix: str, text: str, kind: str) -> int | None:
    """How far a candidate is from what is typed: 0 it begins so, 3 its letters come in that order; None not at all."""
    typed, name = prefix.strip('"').lower(), text.lower().strip("\"'")
    if name.startswith(typed):
        return 0
    if kind in {"keyword", "function"}:  # too many to be found by letters of theirs
        return None
    if f"_{typed}" in name or f".{typed}" in name:
        return 1
    if typed in name:
        return 2
    letters = iter(name)
    return 3 if len(typed) > 1 and all(letter in letters for letter in typed) else None


def _in_text(context: Context, names: Names) -> _Found:
    """Candidates where a name, a keyword or a value may stand."""
    last = context.last()[-1] if context.before else ""
    if context.path:
        yield from _below(context, names, last)
        return
    if not context.before:
        yield from ((word, "keyword", "") for word in _STATEMENTS)
        return
    if last in _FOLLOWING and last not in _BEFORE_TABLE:
        yield from ((word, "keyword", "") for word in _FOLLOWING[last])
        return
    first = context.before[0].upper
    if first in {"SET", "RESET"} and len(context.before) == 1:
        yield from ((name, "setting", "") for name in names.settings())
        return
    if _is_table_place(context, last):
        yield from _tables(context, names)
        return
    yield from _expressions(context, names, last)


def _is_table_place(context: Context, last: str) -> bool:
    """Whether a relation is expected: after FROM and its kin, after IN of a SHOW, after a comma between tables."""
    first = context.before[0].upper
    if first == "SHOW":
        return last in {"IN", "FROM", "INTO"} or len(context.before) > 2
    if last in _BEFORE_TABLE:
        return True
    return last == "," and context.clause() == "FROM"


def _tables(context: Context, names: Names) -> _Found:
    yield from ((name, "CTE", "") for name in context.ctes)
    yield from ((name, kind, "") for name, kind in names.relations())
    yield from ((name, "provider", about) for name, about in names.providers())
    if context.last()[-1] in {"FROM", "JOIN", ","}:
        yield from ((word, "keyword", "") for word in ("LATERAL", "VALUES", "UNNEST"))


def _below(context: Context, names: Names, last: str) -> _Found:
    """What stands behind a dot: columns of an alias, services, resources, methods, columns of a full name."""
    path = context.path
    ref = next((ref for ref in context.tables if (ref.alias,) == path), None)
    if ref is not None and not _is_table_place(context, last):
        yield from _columns((ref,), names, qualified=False)
        return
    if len(path) == 1:
        yield from ((name, "service", about) for name, about in names.services(path[0]))
    elif len(path) == 2:
        yield from ((name, "resource", about) for name, about in names.resources(path[0], path[1]))
    elif len(path) == 3 and _is_table_place(context, last):
        yield from ((name, "method", about) for name, about in names.methods(*path))
    elif len(path) == 3:
        yield from _columns((TableRef(path, path[-1]),), names, qualified=False)


def _expressions(context: Context, names: Names, last: str) -> _Found:
    """Columns of what can be seen, required parameters first; functions; keywords."""
    if last == "ON":
        yield from _join_conditions(context, names)
    if last == "=" or context.last(2)[:1] == ("IN",):
        yield from ((f"'{value}'", "value", "") for value in _values(context, names))
    if last in {"DESCRIBE", "EXEC"}:
        return
    clause = context.clause()
    if clause == "EXEC":
        return
    bound = {word.text.lower() for word in context.before if word.kind == "word"}
    wanted = clause in {"WHERE", "ON"} or last in {"WHERE", "AND"}
    yield from _columns(
        context.tables, names, qualified=len(context.tables) > 1, bound=bound if wanted else None
    )
    yield from ((ref.alias, "alias", ".".join(ref.name)) for ref in context.tables if len(context.tables) > 1)
    if context.tables and last not in {"=", "(", ","} and clause in {"FROM", "JOIN", "USING"}:
        yield from ((word, "keyword", "") for word in _AFTER_FROM)
    if context.prefix:
        yield from ((f"{name}(", "function", "") for name in names.functions())
    yield from ((word, "keyword", "") for word in _IN_EXPRESSION)
    yield from ((word, "keyword", "") for word in _AFTER_FROM)


def _columns(
    refs: Iterable[TableRef], names: Names, *, qualified: bool, bound: set[str] | None = None
) -> _Found:
    """The columns of tables; those required come first in a WHERE that does not name them yet."""
    refs = tuple(refs)
    every = [(ref, column) for ref in refs for column in names.columns(ref.name)]
    count: dict[str, int] = {}
    for _, column in every:
        count[column.name] = count.get(column.name, 0) + 1

    def shown(ref: TableRef, column: ColumnName) -> tuple[str, str, str]:
        name = _written(column.name)
        kind = "required" if column.required else "parameter" if column.hidden else "column"
        text = f"{ref.alias}.{name}" if qualified and count[column.name] > 1 else name
        return text, kind, column.type + (f", {column.about}" if column.about else "")

    first = bound is not None
    if bound is not None:
        yield from (shown(*one) for one in every if one[1].required and one[1].name not in bound)
    yield from (shown(*one) for one in every if not (first and one[1].required) and not one[1].hidden)
    yield from (shown(*one) for one in every if one[1].hidden or one[1].required)


def _join_conditions(context: Context, names: Names) -> _Found:
    """`b.droplet_id = d.id` for every reference between the tables that can be seen, the newest table's first."""
    for ref in reversed(context.tables):
        for column in names.columns(ref.name):
            if column.refers_to is None or len(ref.name) != 3:
                continue
            service, resource, key = column.refers_to.rsplit(".", 2)
            for other in context.tables:
                if other.name == (ref.name[0], service, resource) and other.alias != ref.alias:
                    condition = f"{ref.alias}.{_written(column.name)} = {other.alias}.{_written(key)}"
                    yield condition, "join", column.refers_to


def _values(context: Context, names: Names) -> Iterator[str]:
    """The values that the column before `=` or `IN (` may have."""
    words = [word for word in context.before if word.text not in {"=", "(", ","} and word.upper != "IN"]
    column = next((word.text.lower() for word in reversed(words) if word.kind in {"word", "quoted"}), "")
    for ref in context.tables:
        for one in names.columns(ref.name):
            if one.name == column:
                yield from one.values


def _in_string(context: Context, names: Names) -> _Found:
    """In a string: a value of the column before it, or a file where one is read or written."""
    before = context.last(2)
    last = before[-1] if before else ""
    reading = len(before) > 1 and last == "(" and before[0].lower() in _FILE_FUNCTIONS
    if reading or last in {"FROM", "TO", "JOIN"}:
        yield from ((name, "file", "") for name in names.files(context.prefix))
        return
    yield from ((value, "value", "") for value in _values(context, names))


def _written(name: str) -> str:
    """A name as it is typed: quoted where it is no plain word."""
    plain = name.isidentifier() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'
