"""Values made up from a schema: the same every time, fit for the schema, and readable.

Law: a value depends on its schema, its name, its place and the names around it alone; what refers to another
resource names one that is there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from random import Random
from typing import Any

from sqloud.sandbox.facts import Facts, Schema
from sqloud.sandbox.words import BEGINNINGS, ENDINGS, FORMS, MOMENT_WORDS, NUMBERS, TEXTS, moment_of

__all__ = ["Maker", "beginning", "ending", "slug", "uuid"]

_DEEPEST = 6

Refer = Callable[[str, str, Random], Any]
"""(field, JSON type, dice) to a key of a resource that such a field names; None where it names none."""


def uuid(dice: Random) -> str:
    """A UUID of version 4.

    >>> uuid(Random("a"))
    '9bd5f3dd-113c-493e-b193-d0d445a3ba4a'
    """
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-b{digits[17:20]}-{digits[20:]}"


def slug(noun: str, place: int) -> str:
    """A readable name, another one for each place.

    >>> slug("cluster", 0), slug("cluster", 7)
    ('web-cluster', 'db-cluster-2')
    """
    roles = ("web", "db", "cache", "worker", "build", "mail")
    turn = place // len(roles)
    return f"{roles[place % len(roles)]}-{noun}" + (f"-{turn + 1}" if turn else "")


def beginning(choices: list[Any]) -> Any:
    """The state in which a thing begins, among the states that it can have; None where none is known."""
    return next((one for word in BEGINNINGS for one in choices if _says(one, word)), None)


def ending(choices: list[Any]) -> Any:
    """The state in which a thing is ready; None where none is known."""
    return next((one for word in ENDINGS for one in choices if _says(one, word)), None)


def _says(choice: Any, word: str) -> bool:
    said = str(choice).lower().replace("-", "_")
    return said == word or said.endswith("_" + word)


class Maker:
    """Makes values; `refer` finds keys of what is there."""

    def __init__(self, facts: Facts, refer: Refer) -> None:
        self._facts = facts
        self._refer = refer

    def make(self, schema: Schema | None, name: str, dice: Random, place: int = 0, depth: int = 0) -> Any:
        """A value of a schema. `name` is the field's, `place` the row's among its like."""
        shape = self._facts.shape(schema)
        alternatives = shape.get("oneOf") or shape.get("anyOf")
        if alternatives and not shape.get("properties"):
            chosen = [one for one in alternatives if not self._facts.shape(one).get("nullable")]
            return self.make((chosen or alternatives)[0], name, dice, place, depth)
        match self._facts.kind(shape):
            case "object":
                return self._object(shape, name, dice, place, depth)
            case "array":
                return self._array(shape, name, dice, place, depth)
            case "integer" | "number" as kind:
                return self._number(shape, name, dice, kind)
            case "boolean":
                return bool(shape.get("default", dice.random() < 0.5))
            case "string":
                return self._text(shape, name, dice, place)
            case _:
                return {}

    def _object(self, shape: Schema, name: str, dice: Random, place: int, depth: int) -> Any:
        if depth > 2 * _DEEPEST:
            return {}
        properties = self._facts.properties(shape)
        if not properties:
            inner = shape.get("additionalProperties")
            return {"main": self.make(inner, name, dice, place, depth + 1)} if inner else {}
        whole = self._refer(name, "object", dice)
        if isinstance(whole, dict) and set(whole) == set(properties):
            return whole
        row = {
            field: self.make(inner, field, dice, place, depth + 1)
            for field, inner in properties.items()
            if depth <= _DEEPEST - 2 or field in shape.get("required", ())
        }
        for field in shape.get("required", ()):
            row.setdefault(field, slug(field.replace("_", "-"), place))
        for least, most in (("start", "end"), ("min", "max"), ("min_nodes", "max_nodes")):
            low, high = row.get(least), row.get(most)
            if isinstance(low, int | str) and isinstance(high, type(low)) and low > high:  # type: ignore[operator]
                row[least], row[most] = high, low
        return row

    def _array(self, shape: Schema, name: str, dice: Random, place: int, depth: int) -> list[Any]:
        if depth > _DEEPEST:
            return []
        inner = self._facts.shape(shape.get("items"))
        if self._facts.kind(inner) in ("object", "array", "any"):
            count = 1 + (dice.random() < 0.4)
        else:
            count = dice.randint(0, 2) if depth else 1
        count = min(max(count, shape.get("minItems", 0)), shape.get("maxItems", count + 1))
        single = name.removesuffix("s")
        made: list[Any] = []
        for number in range(count * 4):
            one = self.make(inner, single, dice, place + number, depth + 1)
            if one not in made:
                made.append(one)
            if len(made) == count:
                break
        return made

    def _number(self, shape: Schema, name: str, dice: Random, kind: str) -> int | float:
        if shape.get("enum"):
            return dice.choice(shape["enum"])  # type: ignore[no-any-return]
        found = self._refer(name, kind, dice)
        if found is not None:
            return found  # type: ignore[no-any-return]
        lowest, highest = next(
            (bounds for word, bounds in NUMBERS if word in name.lower()),
            (1, 64) if kind == "integer" else (0, 90),
        )
        highest = max(min(highest, shape.get("maximum", highest)), shape.get("minimum", 0))
        lowest = min(max(lowest, shape.get("minimum", lowest)), highest)
        if kind == "integer":
            return dice.randint(int(lowest), int(highest))
        return round(dice.uniform(lowest, highest), 2)

    def _text(self, shape: Schema, name: str, dice: Random, place: int) -> Any:
        choices = [one for one in shape.get("enum", ()) if one is not None]
        if choices:
            ready = ending(choices) if name in ("status", "state", "phase") else None
            return ready if ready is not None else dice.choice(choices)
        text = self._said(shape, name, dice, place)
        if "pattern" in shape and not re.search(shape["pattern"], text):
            tries = (
                text.upper().replace("-", "_"),
                *(one.format(u=uuid(dice), n=place + 1) for one in FORMS),
            )
            text = next((one for one in tries if re.search(shape["pattern"], one)), text)
        return text

    def _said(self, shape: Schema, name: str, dice: Random, place: int) -> str:
        if name == "tag":
            return dice.choice(("web", "db", "prod", "staging"))
        form = shape.get("format")
        if form == "date-time" or (form is None and name.endswith(MOMENT_WORDS)):
            return moment_of(name, dice)
        found = self._refer(name, "string", dice)
        if found is not None:
            return str(found)
        if form == "uuid" or name.lower() in ("uuid", "id") or name.lower().endswith(("_uuid", "_id")):
            return uuid(dice)
        if form in ("byte", "binary"):
            return base64.b64encode(f"{name} {place}".encode()).decode()
        for word, text in TEXTS:
            if word in name.lower() or word == form:
                return self._cut(shape, text.format(n=place + 1, k=dice.randint(2, 250), h=uuid(dice)[:8]))
        if isinstance(shape.get("default"), str) and shape["default"]:
            return str(shape["default"])
        return self._cut(shape, slug(name.lower().replace("_", "-").strip("-") or "value", place))

    @staticmethod
    def _cut(shape: Schema, text: str) -> str:
        return text.ljust(shape.get("minLength", 0), "0")[: shape.get("maxLength", len(text) + 64)]
