r"""The commands that list and describe: `\l`, `\dn`, `\dt`, `\dm`, `\d`.

Law: each is a statement over the catalogue, run like any other; none sends a request. A pattern is a name whose `*`
stands for any text and `?` for one character; dots part it into provider, service and table, the last parts first.
"""

from __future__ import annotations

from sqloud.errors import UnknownNameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqloud.frontends.shell_console import Console

__all__ = ["condition", "describe", "methods", "providers", "services", "tables"]

_TABLE = ("table_catalog", "table_schema", "table_name")
_TABLES = "SELECT table_catalog AS provider, table_schema AS service, table_name AS name, table_type AS type"


def providers(console: Console, _: list[str]) -> None:
    """List the providers."""
    console.run("SHOW PROVIDERS", "<\\l>")


def services(console: Console, words: list[str]) -> None:
    """List services."""
    where = condition(words[0] if words else "", ("provider", "service"))
    console.run(f"SELECT provider, service, description FROM sqloud.services{where} ORDER BY 1, 2", "<\\dn>")


def tables(console: Console, words: list[str]) -> None:
    """List tables."""
    where = condition(words[0] if words else "", _TABLE)
    console.run(
        f"{_TABLES}, table_comment AS description FROM information_schema.tables{where} ORDER BY 1, 2, 3",
        "<\\dt>",
    )


def methods(console: Console, words: list[str]) -> None:
    """List methods of the tables that a pattern names."""
    where = condition(words[0] if words else "", ("provider", "service", "resource"))
    console.run(
        "SELECT provider || '.' || service || '.' || resource AS table, method, sql_verb, required, description "
        f"FROM sqloud.methods{where} ORDER BY 1, 3, 2",
        "<\\dm>",
    )


def describe(console: Console, words: list[str]) -> None:
    """Describe the table of a name, wherever it is, or list those that a pattern names; `+` says more of it."""
    extended = "EXTENDED " if words[:1] == ["+"] else ""
    names = words[1:] if extended else words
    if not names:
        tables(console, [])
        return
    found = _found(console, names[0])
    if not found:
        raise UnknownNameError(
            f"no table is named {names[0]}", hints=("\\dt lists the tables", "\\dt *part* finds one")
        )
    if len(found) == 1:
        path = ".".join(_written(part) for part in found[0] if part)
        console.run(f"DESCRIBE {extended}{path}", "<\\d>")
    else:
        tables(console, names)


def condition(pattern: str, columns: Sequence[str]) -> str:
    r"""The WHERE of a pattern over columns, the widest first; empty where it lets all through.

    >>> condition("droplets.*back*", ("provider", "service", "resource"))
    " WHERE service ~ '^(droplets)$' AND resource ~ '^(.*back.*)$'"
    """
    parts = pattern.rstrip(";").lower().split(".")[-len(columns) :]
    tests = [
        f"{column} ~ '^({_regex(part)})$'"
        for column, part in zip(columns[-len(parts) :], parts, strict=True)
        if part not in {"", "*"}
    ]
    return f" WHERE {' AND '.join(tests)}" if tests else ""


def _regex(part: str) -> str:
    special = {"*": ".*", "?": "."}
    written = "".join(
        special.get(one) or (one if one.isalnum() or one in "_-" else f"[{one}]") for one in part.strip('"')
    )
    return written.replace("'", "''")


def _found(console: Console, name: str) -> list[tuple[str, ...]]:
    """The tables that a name or a pattern stands for; one that has the name whole goes before the others."""
    from sqloud.dialect import split
    from sqloud.errors import Source

    if set(name) & {"'", "^", "\\"}:
        return []
    sql = f"SELECT table_catalog, table_schema, table_name FROM information_schema.tables{condition(name, _TABLE)}"
    answer = console.session().run(split(Source("<\\d>", sql))[0])
    return [tuple(str(part or "") for part in row) for batch in answer.batches() for row in batch]


def _written(name: str) -> str:
    return name if name.isidentifier() and name == name.lower() else '"' + name.replace('"', '""') + '"'
