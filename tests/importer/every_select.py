"""A SELECT through every SELECT method of a provider against a server, with a report of what came and what did not.

    DIGITALOCEAN_TOKEN=... python tests/importer/every_select.py digitalocean http://127.0.0.1:4010 [directories]

For each method: the error, or the columns that no row had a value for, and the fields of the rows that the document
does not declare. It ends with 1 where a method failed or a field is not declared. No test runs it: the server is
another's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

import sqloud
from sqloud.protocol.build import build
from sqloud.protocol.rows import navigate
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import Method, Parameter, Provider, Resource
from sqloud.settings import shipped

_FORMATS = {"ipv6": "2001:db8::1", "_ip": "192.0.2.1", "_date": "2025-01-31"}
"""Formats that a document does not say."""
_KINDS = {"integer": "7", "number": "7", "boolean": "true"}


def value_of(parameter: Parameter) -> str:
    """Some value that the type, the format, the bounds and the enum of a parameter allow."""
    if parameter.enum:
        return str(parameter.enum[0])
    if parameter.type.format == "date-time":
        return "2025-01-31T12:00:00Z"
    if parameter.minimum is not None:
        return str(int(parameter.minimum))
    if parameter.name.endswith(("uuid", "_id")) and parameter.type.type == "string":
        return "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
    for word, text in _FORMATS.items():
        if word in parameter.name:
            return text
    return _KINDS.get(parameter.type.type, "a")


def selects(catalogue: Catalogue, provider: Provider) -> Iterator[tuple[Resource, Method]]:
    """Every SELECT method of a provider, with its resource."""
    for service, _ in provider.services:
        for resource in catalogue.service(provider.name, service).resources:
            for method in resource.methods_for("select"):
                yield resource, method


def undeclared(resource: Resource, method: Method, provider: Provider, endpoint: str, token: str) -> set[str]:
    """The fields of the method's rows, as the server answers them, that no column reads."""
    import httpx

    if method.rows is None or method.rows.shape in ("series", "text", "binary"):
        return set()
    values = {parameter.name: value_of(parameter) for parameter in method.required}
    request = build(provider.serving(method), method, endpoint, values)
    headers = {**dict(request.headers), "authorization": f"Bearer {token}"}
    answer = httpx.request(request.http_verb, request.url, headers=headers, content=request.body)
    raw = navigate(answer.content, method.rows.path) if answer.is_success else None
    if raw is None:
        return set()
    rows = msgspec.json.decode(raw)
    rows = list(rows.values()) if method.rows.shape == "map" else rows if isinstance(rows, list) else [rows]
    if any(column.path == () and not column.hidden for column in resource.columns):
        return set()
    known = {column.path[0] for column in resource.columns if column.path}
    return {name for row in rows if isinstance(row, dict) for name in row} - known


def main() -> int:
    """Ask every method and tell."""
    name, endpoint = sys.argv[1:3]
    directories = [Path(directory) for directory in sys.argv[3:]]
    catalogue = Catalogue([shipped("providers"), *directories], None)
    provider = catalogue.provider(name)
    import os

    token = next((os.environ[one] for one in provider.authentication.environment if one in os.environ), "")
    connection = sqloud.connect(endpoints={name: endpoint}, providers=tuple(directories))
    failed = answered = extra = 0
    for resource, method in selects(catalogue, provider):
        shown = [column for column in resource.columns if not column.hidden]
        columns = ", ".join(f'"{column.name}"' for column in shown) or "*"
        where = " AND ".join(f"\"{one.sql_name}\" = '{value_of(one)}'" for one in method.required)
        sql = f"SELECT {columns} FROM {resource.name}" + (f" WHERE {where}" if where else "")
        place = f"{resource.name.service}.{resource.name.resource}.{method.name}"
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = cursor.fetchall()
        except sqloud.Error as error:
            failed += 1
            print(f"{place}: FAILED {' '.join(str(error).split())[:300]}")
            continue
        answered += 1
        never = [
            column.name
            for index, column in enumerate(shown)
            if not any(row[index] is not None for row in rows)
        ]
        if never:
            print(f"{place}: {len(rows)} rows, never seen: {', '.join(never)}")
        if more := undeclared(resource, method, provider, endpoint, token):
            extra += 1
            print(f"{place}: NOT DECLARED {', '.join(sorted(more))}")
    print(f"{answered} answered, {failed} failed, {extra} with fields that are not declared")
    return 1 if failed or extra else 0


if __name__ == "__main__":
    sys.exit(main())
