"""Whether an answer depends on keys that nobody named: the only reason for which a table may be refused.

Law: a refusal is right where there are rows of the tables for which more keys change the answer. A plan is made
before any row is known, so many sets of rows are tried, the law's own first; then such as hold the statement's own
numbers, as what it compares is seldom met by chance. Rows under new keys come before or after the others, few or
many, because a LIMIT hides what comes last and a count misses what is too much.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from random import Random

import duckdb

__all__ = ["Domains"]

Row = tuple[int | None, ...]
Tables = Mapping[str, tuple[tuple[str, ...], Sequence[Row]]]

KEYS = (0, 1, 2, 3, 6, 9, 10, 12, 14, 99)
NEW_KEYS = (4, 5, 7, 11, 13)
IDS = (*range(15), 50, 98, 99, 100)
VALUES = (None, *range(15), 98, 99)
SETS = 12
TAILORED = 800


class Domains:
    """Pairs of databases of one connection: some rows, and the same with rows under keys that they lack."""

    def __init__(self, tables: Tables, scopes: Mapping[str, tuple[str, ...]]) -> None:
        self._tables, self._scopes = tables, scopes
        self._connection = duckdb.connect()
        self._connection.execute(
            "SET integer_division = true; SET threads = 1; SET preserve_insertion_order = true"
        )
        for number in range(SETS):
            dice = Random(number)
            rows = {name: self._rows(dice, name) if number else list(tables[name][1]) for name in tables}
            more = {name: _more(dice, number, len(scopes[name])) for name in tables}
            self._create(f"few_{number}")
            self._create(f"more_{number}")
            self._fill(f"few_{number}", rows)
            self._fill(f"more_{number}", _merged(dice, rows, more))

    def matter(self, statement: str, tailored: int = TAILORED) -> bool:
        """Whether more keys change what the statement answers over some rows."""
        return any(self._differs(f"_{number}", statement) for number in range(SETS)) or any(
            self._tailored(Random(number), statement) for number in range(tailored)
        )

    def close(self) -> None:
        """Close the databases."""
        self._connection.close()

    def _tailored(self, dice: Random, statement: str) -> bool:
        """Whether keys matter over rows that are made of the statement's own numbers."""
        numbers = sorted({int(text) for text in re.findall(r"\b\d+\b", statement)} - {100} | {1, 2})
        values = sorted({near for number in numbers for near in (number, number + dice.choice((-1, 0, 1)))})
        if dice.random() < 0.7:
            values = dice.sample(values, min(len(values), dice.randint(2, 4)))
        told = _told(statement)
        if dice.random() < 0.3:
            anchor = dice.choice(numbers)
            values, told = [anchor - 1, anchor, anchor + 1], {}
        sizes = (0, 1, 1, 2, 2, 3, 4, 8, *(number + dice.choice((0, 1)) for number in numbers))
        rows, more = {}, {}
        for name, (columns, _) in self._tables.items():
            scope = self._scopes[name]
            keys = sorted({*values, *(number for one in scope for number in told.get(one, ()))})
            new = dice.sample(keys, dice.randint(1, len(keys)))
            old = [value for value in keys if value not in new]
            rows[name] = self._few_values(dice, columns, scope, told, old, values, dice.choice(sizes))
            more[name] = (
                self._few_values(dice, columns, scope, told, new, values, dice.choice(sizes) or 1)
                if scope
                else []
            )
        return self._over(rows, statement) != self._over(_merged(dice, rows, more), statement)

    def _over(self, rows: Mapping[str, Sequence[Row]], statement: str) -> tuple[object, ...]:
        """What a statement answers over rows that are nowhere but in it."""
        tables = []
        for name, (columns, _) in self._tables.items():
            listed = ", ".join(str(row).replace("None", "NULL") for row in rows[name])
            nothing = ", ".join("NULL::BIGINT" for _ in columns)
            body = f"VALUES {listed}" if listed else f"SELECT {nothing} WHERE FALSE"
            tables.append(f"{name}({', '.join(columns)}) AS ({body})")
        return self._digest("main", statement, f"WITH {', '.join(tables)} ")

    def _few_values(
        self,
        dice: Random,
        columns: Sequence[str],
        scope: tuple[str, ...],
        told: Mapping[str, Sequence[int]],
        keys: Sequence[int],
        values: Sequence[int],
        size: int,
    ) -> list[Row]:
        """Rows whose columns each have few values of their own, so that what is rare by chance is met together."""
        if scope and not keys:
            return []
        choices: dict[str, Sequence[int | None]] = {}
        asked = dice.choice(scope) if scope else ""
        for column in columns:
            there: Sequence[int | None] = keys if column == asked else values
            if column not in (*scope, "id"):
                there = (*values, None, *((None,) * dice.choice((0, 0, len(values)))))
            if column not in scope and column in told and dice.random() < 0.6:
                there = told[column]
            unique = column == "id" and not scope
            most = len(there) if unique else dice.choice((1, 1, 2, 3))
            choices[column] = dice.sample(there, min(len(there), most))
        found = [tuple(dice.choice(choices[column]) for column in columns) for _ in range(size)]
        return found if scope else list({row[columns.index("id")]: row for row in found}.values())

    def _differs(self, suffix: str, statement: str) -> bool:
        return self._digest(f"few{suffix}", statement) != self._digest(f"more{suffix}", statement)

    def _create(self, schema: str) -> None:
        self._connection.execute(f"CREATE SCHEMA {schema}; USE {schema}")
        for name, (columns, _) in self._tables.items():
            self._connection.execute(
                f"CREATE TABLE {name} ({', '.join(f'{column} BIGINT' for column in columns)})"
            )

    def _fill(self, schema: str, rows: Mapping[str, Sequence[Row]]) -> None:
        for name in self._tables:
            listed = ", ".join(
                f"({', '.join('NULL' if value is None else str(value) for value in row)})"
                for row in rows[name]
            )
            put = f"INSERT INTO {schema}.{name} VALUES {listed}" if listed else ""
            self._connection.execute(f"DELETE FROM {schema}.{name}; {put}")

    def _digest(self, schema: str, statement: str, tables: str = "") -> tuple[object, ...]:
        if not tables:
            self._connection.execute(f"USE {schema}")
        try:
            answer = self._connection.execute(
                f"{tables}SELECT count(*), sum(hash(t)::HUGEINT) FROM ({statement}) t"
            )
            return tuple(answer.fetchall())
        except duckdb.Error as error:
            return (type(error).__name__,)  # a scalar subquery of several rows fails where there are more

    def _rows(self, dice: Random, name: str) -> list[Row]:
        narrow = dice.choice((VALUES, (None, 1, 2, 3), (1, 5, 10, 12)))
        size = dice.choice((0, 3, 12, 60))
        return _drawn(dice, self._tables[name][0], self._scopes[name], KEYS, IDS, narrow, size)


def _told(statement: str) -> dict[str, list[int]]:
    """The numbers that a statement compares the columns of each name with, and those near them."""
    found: dict[str, set[int]] = {}
    for column, first, second in re.findall(r"\.(\w+) (?:=|<>|<|>=|IN) \(?(\d+)(?:, (\d+))?", statement):
        numbers = {int(number) for number in (first, second) if number}
        found.setdefault(column, set()).update(numbers, *({number - 1, number + 1} for number in numbers))
    pairs = re.findall(r"\.(\w+) = \w+\.(\w+)( \+ 1)?", statement)
    for one, other, more in pairs * 2:
        step = 1 if more else 0
        found.setdefault(one, set()).update(number + step for number in tuple(found.get(other, ())))
        found.setdefault(other, set()).update(number - step for number in tuple(found[one]))
    return {column: sorted(numbers) for column, numbers in found.items() if numbers}


def _drawn(
    dice: Random,
    columns: Sequence[str],
    scope: tuple[str, ...],
    keys: Sequence[int],
    ids: Sequence[int],
    values: Sequence[int | None],
    size: int,
) -> list[Row]:
    """Rows of a table: what names a row is never NULL, nor is a key that is asked."""
    if scope and not keys:
        return []
    choices: dict[str, Sequence[int | None]] = {"id": ids, **dict.fromkeys(scope, keys)}
    found = [tuple(dice.choice(choices.get(column, values)) for column in columns) for _ in range(size)]
    if scope:
        return found
    return list({row[columns.index("id")]: row for row in found}.values())


def _more(dice: Random, number: int, keys: int) -> list[Row]:
    """Rows under new keys, of which the first is new: all there can be of one, or a few."""
    if not keys:
        return []
    if keys > 1:
        pairs: list[Row] = list(itertools.product(NEW_KEYS, (*KEYS, *NEW_KEYS), IDS[::3], VALUES[::3]))
        return dice.sample(pairs, dice.choice((1, 12, 200)))
    if number % 3 == 0:
        return list(itertools.product(dice.sample(NEW_KEYS, 1), IDS, VALUES))
    every = list(itertools.product(NEW_KEYS, IDS, VALUES))
    return dice.sample(every, dice.choice((1, 2, 12, 200)))


def _merged(
    dice: Random, rows: Mapping[str, Sequence[Row]], more: Mapping[str, Sequence[Row]]
) -> dict[str, list[Row]]:
    first = dice.random() < 0.5
    return {name: [*more[name], *rows[name]] if first else [*rows[name], *more[name]] for name in rows}
