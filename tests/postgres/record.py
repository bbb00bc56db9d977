"""Ask a real PostgreSQL for the answers that the tests compare with.

    python tests/postgres/record.py HOST [FILE.sql ...]

HOST is the host or the socket's directory of a server that lets the user `postgres` in (PGUSER and PGPORT say
otherwise). The frozen rows go into a database `digitalocean`, made anew, with one schema for each service, so that
`digitalocean.droplets.droplets` is the same name there. A hidden column that a statement reads is a real column
there. A JSON column is jsonb, and jsonb turns into json by itself, as sqloud's one type serves the functions of both.

Each statement's answer goes into `recorded/<file>.jsonl`, one line each: the statement, names, types, rows as JSON;
or PostgreSQL's error. Where the file says that sqloud differs on purpose, its own answer is recorded beside it: look at
it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.postgres.cases import HERE, Case, answered, cases, grammar_cases, open_session, rows_by_table

from sqloud.registry import Catalogue
from sqloud.registry.records import Resource
from sqloud.settings import shipped

_TYPES = {
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "VARCHAR": "text",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "JSON": "jsonb",
}
_SETUP = """
UPDATE pg_cast SET castcontext = 'i' WHERE castsource = 'jsonb'::regtype AND casttarget = 'json'::regtype;
"""


def psql(host: str, database: str, script: str) -> str:
    """What psql prints for a script. Raises RuntimeError with the server's message."""
    run = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", host, "-d", database],
        input=script,
        capture_output=True,
        text=True,
        env={**os.environ, "PGUSER": os.environ.get("PGUSER", "postgres"), "PGTZ": "UTC"},
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    return run.stdout


def load(host: str) -> None:
    """The frozen rows as tables."""
    psql(
        host,
        "postgres",
        "DROP DATABASE IF EXISTS digitalocean;\n"
        "CREATE DATABASE digitalocean TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';\n",
    )
    script = [_SETUP]
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue((shipped("providers"),), Path(folder))
        for name, scopes in rows_by_table().items():
            service, resource = name.split(".")
            found = next(
                one
                for one in catalogue.service("digitalocean", service).resources
                if one.name.resource == resource
            )
            script.append(_table(found, name, scopes))
    psql(host, "digitalocean", "\n".join(script))


def _table(resource: Resource, name: str, scopes: Any) -> str:
    service, table = name.split(".")
    columns = [(column.name, _type(column.type.sql)) for column in resource.columns]
    scoped = ["droplet_id"] if any(scopes) else []
    listed = ", ".join(
        f'"{column}" {type_}' for column, type_ in [*columns, *((s, "bigint") for s in scoped)]
    )
    rows = [
        {**{c.name: _at(row, c.path) for c in resource.columns}, **dict(zip(scoped, scope, strict=True))}
        for scope, held in scopes.items()
        for row in held
    ]
    return (
        f"CREATE SCHEMA IF NOT EXISTS {service};\nCREATE TABLE {service}.{table} ({listed});\n"
        f"INSERT INTO {service}.{table} SELECT * FROM jsonb_populate_recordset(NULL::{service}.{table}, "
        f"$rows${json.dumps(rows)}$rows$);\n"
    )


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _type(sql: str) -> str:
    return _type(sql.removesuffix("[]")) + "[]" if sql.endswith("[]") else _TYPES[sql]


def ask(host: str, sql: str) -> dict[str, Any]:
    """PostgreSQL's answer to a statement, or its error."""
    try:
        described = psql(host, "digitalocean", f"{sql}\n\\gdesc\n")
        columns = [line.rsplit("|", 1) for line in described.splitlines()]
        names = ", ".join(f"c{number}" for number in range(len(columns)))
        rows = psql(
            host, "digitalocean", f"SELECT json_build_array({names}) FROM (\n{sql}\n) AS q({names});\n"
        )
    except RuntimeError as error:
        return {"error": str(error).split("ERROR:")[-1].strip().splitlines()[0]}
    return {
        "columns": [name for name, _ in columns],
        "types": [type_ for _, type_ in columns],
        "rows": rows.splitlines(),
    }


def record(host: str, name: str, statements: list[Case]) -> None:
    """Write one file of answers."""
    lines = []
    with tempfile.TemporaryDirectory() as folder, open_session(Path(folder)) as session:
        for case in statements:
            line: dict[str, Any] = {"sql": case.sql, "postgres": ask(host, case.sql)}
            if case.differs is not None:
                ours = answered(session, case.sql)
                line["ours"] = {"error": ours.error} if ours.error else ours._asdict()
            lines.append(json.dumps(line, ensure_ascii=False, default=str))
    (HERE / "recorded").mkdir(exist_ok=True)
    (HERE / "recorded" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(
        f"{name}: {len(lines)} statements, {sum('error' in json.loads(one)['postgres'] for one in lines)} refused"
    )


def main() -> None:
    """Record the files named, or all of them and the grammar's."""
    host, *files = sys.argv[1:]
    load(host)
    for path in [Path(file) for file in files] or sorted(HERE.glob("*.sql")):
        record(host, path.stem, cases(path))
    if not files:
        record(host, "grammar", grammar_cases())


if __name__ == "__main__":
    main()
