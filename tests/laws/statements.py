"""Random statements over four small tables, three of which must be asked by keys, one of them by two.

Every kind of join, derived tables, CTEs, recursive ones, LATERAL, QUALIFY, ROLLUP and ordered limits, over predicates
that hold subqueries or do not.
"""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["SCOPES", "TABLES", "Grammar"]

TABLES: dict[str, tuple[tuple[str, ...], tuple[tuple[int | None, ...], ...]]] = {
    "items": (("id", "grp", "x"), ((1, 1, 5), (2, 1, None), (3, 2, 7), (4, None, 5), (5, 9, 0))),
    # item_id is asked, and not in the answer; 6 is no item's id.
    "parts": (
        ("item_id", "id", "y"),
        ((1, 10, 5), (1, 11, None), (2, 12, 7), (3, 13, 5), (6, 14, 5), (6, 15, 1), (9, 16, 2)),
    ),
    # part_id is asked; 99 is no part's id.
    "subs": (
        ("part_id", "id", "z"),
        ((10, 100, 1), (10, 101, None), (12, 102, 3), (14, 103, 3), (99, 104, 1)),
    ),
    # Both keys are asked together.
    "cells": (
        ("item_id", "part_id", "id", "w"),
        (
            (1, 10, 200, 5),
            (1, 12, 201, None),
            (2, 12, 202, 7),
            (2, 99, 203, 1),
            (9, 10, 204, 5),
            (6, 6, 205, 1),
        ),
    ),
}
SCOPES: dict[str, tuple[str, ...]] = {
    "items": (),
    "parts": ("item_id",),
    "subs": ("part_id",),
    "cells": ("item_id", "part_id"),
}
"""What each table must be asked by."""


JOINED: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("q", "parts"),),
    (("q", "parts"), ("u", "subs")),
    (("q", "parts"), ("u", "subs")),
    (("q", "parts"), ("c", "cells")),
)
JOINS = ("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ",", "SEMI JOIN", "ANTI JOIN")


class Grammar:
    """Random statements: with `nested`, predicates hold subqueries and aggregates of other tables."""

    def __init__(self, draw: st.DrawFn, *, nested: bool = True) -> None:
        self.draw = draw
        self.nested = nested
        self.count = 0

    def one_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def alias(self) -> str:
        self.count += 1
        return f"a{self.count}"

    def number(self) -> str:
        return str(self.draw(st.sampled_from((0, 1, 2, 3, 5, 6, 7, 10, 12, 99))))

    def column(self, aliases: dict[str, str]) -> str:
        alias = self.draw(st.sampled_from(sorted(aliases)))
        return f"{alias}.{self.draw(st.sampled_from(TABLES[aliases[alias]][0]))}"

    def link(self, name: str, table: str, before: dict[str, str]) -> str:
        """What binds a table out of those before it, and sometimes one of its keys only."""
        scopes = SCOPES[table]
        if len(scopes) > 1 and self.draw(st.integers(0, 7)) == 0:
            scopes = scopes[:1]
        sides = [self.column(before) if self.draw(st.integers(0, 5)) else self.number() for _ in scopes]
        return " AND ".join(f"{name}.{scope} = {side}" for scope, side in zip(scopes, sides, strict=True))

    def leaf(self, aliases: dict[str, str], depth: int) -> str:
        kind = self.draw(st.integers(0, 9 if depth > 0 and self.nested else 4))
        column = self.column(aliases)
        if kind == 0:
            return f"{column} IS {self.one_of('', 'NOT ')}NULL"
        if kind == 1:
            return f"{column} {self.one_of('=', '<>', '<', '>=')} {self.number()}"
        if kind == 2:
            return f"{column} IN ({self.number()}, {self.number()})"
        if kind in (3, 4):
            return f"{column} = {self.column(aliases)}{self.one_of('', '', ' + 1')}"
        return self.subquery(column, aliases, depth)

    def subquery(self, column: str, aliases: dict[str, str], depth: int) -> str:
        table = self.one_of("items", "parts", "subs", "parts", "subs", "cells")
        inner = self.alias()
        where = self.predicate({inner: table}, depth - 1)
        linked = self.draw(st.booleans())
        if linked and SCOPES[table]:
            where = f"{self.link(inner, table, aliases)} AND ({where})"
        chosen = self.draw(st.sampled_from(TABLES[table][0]))
        kind = self.draw(st.integers(0, 4))
        if kind == 0:
            return f"{self.one_of('', 'NOT ')}EXISTS (SELECT 1 FROM {table} {inner} WHERE {where})"
        if kind == 1:
            return f"{column} {self.one_of('', 'NOT ')}IN (SELECT {inner}.{chosen} FROM {table} {inner} WHERE {where})"
        if kind == 2:
            return f"(SELECT count(*) FROM {table} {inner} WHERE {where}) {self.one_of('=', '>')} {self.number()}"
        if kind == 3:
            return f"{column} = (SELECT max({inner}.{chosen}) FROM {table} {inner} WHERE {where})"
        return f"{column} IN (SELECT {inner}.{chosen} FROM {table} {inner})"

    def predicate(self, aliases: dict[str, str], depth: int) -> str:
        kind = self.draw(st.integers(0, 5))
        if depth <= 0 or kind <= 2:
            return self.leaf(aliases, depth)
        if kind == 3:
            return f"NOT ({self.predicate(aliases, depth - 1)})"
        word = "AND" if kind == 4 else "OR"
        return f"({self.predicate(aliases, depth - 1)} {word} {self.predicate(aliases, depth - 1)})"

    def relation(self, name: str, table: str) -> str:
        columns = ", ".join(TABLES[table][0])
        kind = self.draw(st.integers(0, 7))
        if kind > 3:
            return f"{table} {name}"
        if kind == 0:
            return f"(SELECT {columns} FROM {table} WHERE {self.predicate({table: table}, 1)}) {name}"
        if kind == 1:
            return f"(SELECT {columns} FROM {table} LIMIT 100) {name}"
        if kind == 2:
            return f"(SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {table}) {name}"
        first = TABLES[table][0][0]
        others = ", ".join(f"max({column}) AS {column}" for column in TABLES[table][0][1:])
        return f"(SELECT {first}, {others} FROM {table} GROUP BY {first}) {name}"

    def joined(self, name: str, table: str, before: dict[str, str]) -> tuple[str, str]:
        """A relation joined to those before it, and the word of its join."""
        aliases = {**before, name: table}
        condition = (
            self.link(name, table, before) if self.draw(st.integers(0, 3)) else self.predicate(aliases, 1)
        )
        if self.draw(st.booleans()):
            condition += f" AND {self.leaf(aliases, 0)}"
        kind = self.one_of(*JOINS)
        if kind == ",":
            return f" CROSS JOIN {self.relation(name, table)}", kind
        rare = self.draw(st.integers(0, 15))
        # A hidden column joins nothing by itself, but plain tables know none: only id is common to these.
        if rare == 0 and list(before) == ["i"] and kind not in {"SEMI JOIN", "ANTI JOIN"}:
            if self.draw(st.booleans()):
                return f" NATURAL {kind} {table} {name}", kind
            return f" {kind} {table} {name} USING (id)", kind
        if rare == 1:
            inner = self.alias()
            around = f"{self.link(inner, table, before)} AND {self.predicate({inner: table}, 1)}"
            columns = ", ".join(f"{inner}.{column}" for column in TABLES[table][0])
            every = ", ".join(f"{column} NULLS FIRST" for column in TABLES[table][0])
            limit = self.one_of("", f" ORDER BY {every} LIMIT 1")
            lateral = f"LATERAL (SELECT {columns} FROM {table} {inner} WHERE {around}{limit}) {name}"
            return self.one_of(f" CROSS JOIN {lateral}", f" LEFT JOIN {lateral} ON TRUE"), ","
        return f" {kind} {self.relation(name, table)} ON {condition}", kind

    def statement(self) -> str:
        aliases = {"i": "items"}
        text = self.relation("i", "items")
        ctes = ""
        first = self.draw(st.integers(0, 15))
        if first == 0:
            aliases = {"p": "parts"}
            text = self.relation("p", "parts")
        elif first == 1:
            last = self.draw(st.integers(1, 12))
            start = "SELECT 1 AS id, 1 AS grp, 5 AS x"
            ctes = f"WITH RECURSIVE i AS ({start} UNION ALL SELECT id + 1, id, x FROM i WHERE id < {last}) "
            text = "i"
        elif first == 2:
            ctes = f"WITH c AS (SELECT id, grp, x FROM items WHERE {self.predicate({'items': 'items'}, 1)}) "
            text = self.one_of("c i", "(SELECT id, grp, x FROM c UNION ALL SELECT grp, id, x FROM c) i")
        for name, table in self.draw(st.sampled_from(JOINED)):
            join, kind = self.joined(name, table, aliases)
            text += join
            if kind not in {"SEMI JOIN", "ANTI JOIN"}:  # else its columns are read in the ON alone
                aliases[name] = table
        columns = ", ".join(
            f"{name}.{column}" for name, table in aliases.items() for column in TABLES[table][0]
        )
        where = f" WHERE {self.predicate(aliases, 2)}" if self.draw(st.integers(0, 4)) else ""
        if self.draw(st.integers(0, 5)) == 0:
            counted, other = self.column(aliases), self.column(aliases)
            if counted != other and self.draw(st.integers(0, 3)) == 0:
                sets = self.one_of(
                    f"ROLLUP ({counted}, {other})", f"GROUPING SETS (({counted}), ({other}), ())"
                )
                return f"{ctes}SELECT {counted}, {other}, count(*) FROM {text}{where} GROUP BY {sets}"
            return f"{ctes}SELECT {counted}, count(*) FROM {text}{where} GROUP BY {counted}"
        tail = ""
        rare = self.draw(st.integers(0, 15))
        if rare == 0:
            part, by = self.column(aliases), self.column(aliases)
            tail = f" QUALIFY rank() OVER (PARTITION BY {part} ORDER BY {by} NULLS FIRST) = 1"
        elif rare == 1:
            every = ", ".join(f"{column} NULLS FIRST" for column in columns.split(", "))
            tail = f" ORDER BY {every} LIMIT {self.draw(st.integers(0, 3))}"
        elif rare < 4:
            scalar = self.alias()
            around = self.column(aliases)
            columns += f", (SELECT count(*) FROM parts {scalar} WHERE {scalar}.item_id = {around})"
        return f"{ctes}SELECT {columns} FROM {text}{where}{tail}"
