"""Statements with the answers that a real PostgreSQL gave: how the files are read, and when two answers are one.

Law: an answer is names, and rows in JSON's terms. Values agree in value and in kind: a number is no text, a truth
is no number, a moment with a zone is none without. Rows agree in order where the statement orders them.

A `.sql` file holds statements, each ended by a semicolon at the end of a line. The line `-- differs: why` above one
says that sqloud answers something else on purpose; then its own answer is recorded beside PostgreSQL's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from sqloud.dialect import Query, parse, split
from sqloud.errors import Error, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

HERE = Path(__file__).parent
GRAMMAR = HERE.parent.parent / "grammar" / "accepted.sql"
_DIFFERS = "-- differs: "
_GRAMMAR_DIFFERS = {
    "SELECT -id, +memory": "a plus before a column leaves the column its name",
    "SELECT E'a\\tb'": "N'x' is a text like any other",
    "SELECT '{{{{ name": "{{{{ stands for {{",
    "SELECT lower(name), upper(name)": "the capital of a sharp s is not the locale's",
    "SELECT 1 FROM digitalocean.droplets.droplets d RIGHT": "the preserved side's droplet_id is bound by nothing",
    "SELECT 1 FROM digitalocean.droplets.droplets d FULL": "the preserved side's droplet_id is bound by nothing",
    "SELECT id FROM digitalocean.droplets.droplets JOIN": "droplet_id is bound by nothing",
    "SELECT id FROM digitalocean.droplets.droplets NATURAL": "droplet_id is bound by nothing",
    "SELECT * FROM digitalocean.droplets.backups WHERE droplet_id IN": "a hidden column is not in the star",
    "SELECT id FROM digitalocean.droplets.droplets UNION": "droplet_id is bound by nothing",
    "SELECT id FROM digitalocean.droplets.droplets INTERSECT": "droplet_id is bound by nothing",
    "SELECT id FROM digitalocean.droplets.droplets EXCEPT": "droplet_id is bound by nothing",
}
_INTERVAL = re.compile(r"(-?\d+) (year|mon|day)s?")
_CLOCK = re.compile(r"(-?)(\d+):(\d+):(\d+(?:\.\d+)?)$")


class Case(NamedTuple):
    """A statement; `differs` says why its answer is not PostgreSQL's, where it is not."""

    sql: str
    differs: str | None


class Answer(NamedTuple):
    """Names, types and rows; or the message that took their place."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    error: str | None = None


def cases(path: Path) -> list[Case]:
    """The statements of a file in their order."""
    found: list[Case] = []
    differs: str | None = None
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not lines and line.startswith("--"):
            differs = line.removeprefix(_DIFFERS) if line.startswith(_DIFFERS) else differs
        elif line.strip():
            lines.append(line)
            if line.rstrip().endswith(";"):
                found.append(Case("\n".join(lines).rstrip().removesuffix(";"), differs))
                lines, differs = [], None
    assert not lines, f"{path.name} ends within a statement"
    return found


_FILE = re.compile(r"'[^']*\.(?:csv|parquet|json)'|'s3:|'https?:")


def grammar_cases() -> list[Case]:
    """Every query of the grammar's accepted statements."""
    texts = split(Source("accepted", GRAMMAR.read_text(encoding="utf-8")))
    found: list[Case] = []
    for text in texts:
        tokens = text.tokens
        start, end = tokens[0].start, tokens[-1].end + 1
        sql = text.source.text[start:end]
        if _FILE.search(sql):  # files are read by the engine alone, and PostgreSQL has no such statement
            continue
        if sql.split(None, 1)[0].upper() in {"SELECT", "WITH", "VALUES", "TABLE", "FROM"} or sql[0] == "(":
            differs = next((why for begin, why in _GRAMMAR_DIFFERS.items() if sql.startswith(begin)), None)
            found.append(Case(sql, differs))
    return found


def rows_by_table() -> Mapping[str, Mapping[tuple[Any, ...], list[Any]]]:
    """The frozen rows, by `service.resource` and scope."""
    held = json.loads((HERE / "rows.json").read_text(encoding="utf-8"))
    return {
        name: {tuple(scoped["scope"]): scoped["rows"] for scoped in scopes} for name, scopes in held.items()
    }


_PATH = re.compile(r"/v2/(?:droplets/(?P<id>\d+)(?:/(?P<below>\w+))?|(?P<all>\w+))$")


class FrozenCloud:
    """A transport that answers from the frozen rows, one page of everything, and filters nothing."""

    def __init__(self) -> None:
        self._rows = rows_by_table()

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer to a listing or to the lookup of a droplet or tag; 404 in the provider's shape for the rest."""
        path = urlsplit(request.url).path
        if path.startswith("/v2/tags/"):
            tags = [row for row in self._rows["tags.tags"][()] if path.endswith(f"/{row['name']}")]
            if tags:
                return self._respond(200, {"tag": tags[0]})
        found = _PATH.match(path)
        if found is None:
            return self._respond(404, {"id": "not_found", "message": "nothing is there"})
        droplet, below, name = found["id"], found["below"], found["all"]
        if droplet and below:
            rows = self._rows.get(f"droplets.{below}", {}).get((int(droplet),))
        else:
            rows = self._rows.get(f"{name or 'droplets'}.{name or 'droplets'}", {}).get(())
        if droplet and not below:
            one = [row for row in rows or () if row["id"] == int(droplet)]
            rows = one or None
        if rows is None:
            return self._respond(404, {"id": "not_found", "message": "nothing is there"})
        if droplet and not below:
            return self._respond(200, {"droplet": rows[0]})
        if "type=gpus" in request.url:
            rows = []
        return self._respond(200, {below or name: rows, "links": {}, "meta": {"total": len(rows)}})

    async def close(self) -> None:
        """Nothing is held open."""

    def _respond(self, status: int, body: Any) -> ApiResponse:
        encoded = json.dumps(body).encode()
        return ApiResponse(status=status, headers={"content-type": "application/json"}, body=encoded)


def open_session(cache_folder: Path) -> Session:
    """A session over a cloud that holds the frozen rows and nothing else."""
    settings = Settings(environment={"DIGITALOCEAN_TOKEN": "dop_v1_test_postgres"}, cache=cache_folder)
    return Session(settings, transport=FrozenCloud())


def answered(session: Session, sql: str) -> Answer:
    """What sqloud answers."""
    try:
        (text,) = split(Source("case", sql))
        result = session.run(text)
        types = [column.type for column in result.columns]
        rows = [
            [_told(value, type_) for value, type_ in zip(row, types, strict=True)]
            for batch in result.batches()
            for row in batch
        ]
    except Error as error:
        return Answer([], [], [], f"{type(error).__name__}: {error.message}")
    return Answer([column.name for column in result.columns], types, rows)


def expected(recorded: Mapping[str, Any]) -> Answer:
    """A recorded answer."""
    if recorded.get("error"):
        return Answer([], [], [], recorded["error"])
    rows = [
        json.loads(row, parse_float=_decimal) if isinstance(row, str) else row for row in recorded["rows"]
    ]
    types = recorded["types"]
    return Answer(
        recorded["columns"],
        types,
        [[_meant(value, type_) for value, type_ in zip(row, types, strict=True)] for row in rows],
    )


def difference(sql: str, wanted: Answer, given: Answer) -> str | None:
    """In words, how two answers to a statement are not one; None where they are."""
    if wanted.error or given.error:
        return (
            None
            if wanted.error == given.error
            else f"{given.error or given.rows} for {wanted.error or wanted.rows}"
        )
    if wanted.columns != given.columns:
        return f"columns {given.columns} for {wanted.columns}"
    if len(wanted.rows) != len(given.rows):
        return f"{len(given.rows)} rows for {len(wanted.rows)}: {given.rows[:3]} for {wanted.rows[:3]}"
    left, right = wanted.rows, given.rows
    if not _ordered(sql):
        left, right = sorted(left, key=_key), sorted(right, key=_key)
    for one, other in zip(left, right, strict=True):
        if not same(one, other):
            return f"{other!r} for {one!r} ({', '.join(given.types)} for {', '.join(wanted.types)})"
    return None


def same(one: Any, other: Any) -> bool:
    """Whether two values of JSON's kinds, or moments, are one."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)):
        if isinstance(one, int) and isinstance(other, int):
            return one == other
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (one != one and other != other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def _ordered(sql: str) -> bool:
    statement = parse(split(Source("case", sql))[0])
    return isinstance(statement, Query) and statement.tree.args.get("order") is not None


def _key(row: Iterable[Any]) -> str:
    """Something to sort rows by that does not tell a float from the decimal beside it."""
    return repr(
        [
            round(float(v), 6) if isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) else v
            for v in row
        ]
    )


def _decimal(text: str) -> Decimal:
    return Decimal(text)


def _told(value: Any, type_: str) -> Any:
    """A value of the engine's as `_meant` gives PostgreSQL's."""
    if isinstance(value, str) and type_ == "JSON":
        return json.loads(value, parse_float=_decimal)
    if isinstance(value, (list, tuple)):
        inner = type_.removesuffix("[]")
        return [_told(item, inner) for item in value]
    if isinstance(value, dict):
        return [_told(item, "") for item in value.values()]
    if isinstance(value, (bytes, UUID)):
        return "\\x" + value.hex() if isinstance(value, bytes) else str(value)
    return value


@cache
def _kind(type_: str) -> str:
    return re.sub(r"\(.*?\)", "", type_)


def _meant(value: Any, type_: str) -> Any:
    kind = _kind(type_).lower()
    if value is None:
        return None
    if kind.endswith("[]"):
        return [_meant(item, kind.removesuffix("[]")) for item in value] if isinstance(value, list) else value
    if kind == "record":
        return list(value.values())
    if isinstance(value, str):
        if kind in {"double precision", "real", "numeric"}:
            return float(value)
        if kind.startswith("timestamp"):
            return datetime.fromisoformat(value)
        if kind == "date":
            return date.fromisoformat(value)
        if kind == "time without time zone":
            return time.fromisoformat(value)
        if kind.startswith("interval"):
            return interval(value)
    return value


def interval(text: str) -> timedelta:
    """PostgreSQL's spelling of an interval, with months of thirty days.

    >>> interval("1 mon 2 days 03:00:00")
    datetime.timedelta(days=32, seconds=10800)
    """
    days = {"year": 360, "mon": 30, "day": 1}
    length = timedelta(days=sum(int(count) * days[unit] for count, unit in _INTERVAL.findall(text)))
    if clock := _CLOCK.search(text):
        part = timedelta(hours=int(clock[2]), minutes=int(clock[3]), seconds=float(clock[4]))
        length += -part if clock[1] else part
    return length
