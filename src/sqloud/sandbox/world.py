"""What a simulated cloud holds, by the path under which it is asked for, and how it changes with time.

Law: what was never written is the same every time; what is under a thing goes with it; time is the clock's
seconds and one more for each request, so that nothing has to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, Protocol

from sqloud.sandbox.facts import Facts, Operation, Schema
from sqloud.sandbox.making import Maker, slug, uuid
from sqloud.sandbox.refusal import Refusal
from sqloud.sandbox.routes import Routes, is_template
from sqloud.sandbox.shapes import Listing, Shapes, noun_of, singular

__all__ = ["Customs", "Path", "Row", "World", "not_found"]

Path = tuple[str, ...]
"""Decoded segments: `("v2", "droplets", "3164444")`."""

Row = dict[str, Any]

Seed = Callable[["World", Path], list[Any]]


class Customs(Protocol):
    """What a provider's specification does not tell.

    `seeds` are the first rows of a list, `views` rows that are found among others each time, `things` objects
    that are no rows, all by path template. `references` leads from a field's name to the list whose keys it
    holds. `defaults` are what a filter asks for that was not sent, by path template and parameter;
    `initial` is what a new row of a list has where the body says nothing, by path template and field.
    """

    seeds: Mapping[str, Seed]
    views: Mapping[str, Seed]
    things: Mapping[str, Callable[[World, Path], Any]]
    references: Mapping[str, str]
    defaults: Mapping[tuple[str, str], Any]
    initial: Mapping[str, Mapping[str, Any]]

    def canonical(self, path: Path) -> Path:
        """The path under which a thing is kept."""


def not_found() -> Refusal:
    """The refusal for what is not there."""
    return Refusal(404, "The resource you requested could not be found.")


class World:
    """Rows by path. Not safe from several threads: the cloud lets one in at a time."""

    def __init__(self, facts: Facts, customs: Customs, clock: Callable[[], float]) -> None:
        self.facts = facts
        self.shapes = Shapes(facts)
        self.maker = Maker(facts, self._refer)
        self.customs = customs
        self._clock = clock
        self._began = clock()
        self._requests = 0
        self._lists: dict[Path, list[Any]] = {}
        self._objects: dict[Path, Any] = {}
        self._gone: set[Path] = set()
        self._pending: list[tuple[float, Callable[[], None]]] = []
        self._made = 0
        self._notes: dict[str, Any] = {}
        self._readers: Routes[Operation] = Routes(
            (one.verb, one.path, one) for one in facts.operations if one.verb == "GET"
        )

    # Time

    def begin_request(self) -> None:
        """Let time go on by one request, and do what is due."""
        self._requests += 1
        now = self._now()
        due = [entry for entry in self._pending if entry[0] <= now]
        self._pending = [entry for entry in self._pending if entry[0] > now]
        for _, change in sorted(due, key=lambda entry: entry[0]):
            change()

    def later(self, ticks: float, change: Callable[[], None]) -> None:
        """Have a change happen `ticks` seconds or requests from now, whichever come together."""
        self._pending.append((self._now() + ticks, change))

    def _now(self) -> float:
        return self._clock() - self._began + self._requests

    def moment(self) -> str:
        """The time of the clock, as RFC 3339 with Z."""
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self) -> int:
        """A number that was not given before."""
        self._made += 1
        return 600_000_000 + 7 * self._made

    def dice(self) -> Random:
        """Dice for a new thing; the same for the same history."""
        self._made += 1
        return Random(f"new {self._made}")  # noqa: S311  # nothing here is secret

    def notes(self, name: str) -> Any:
        """A dict of its own for what no row can tell, by name."""
        return self._notes.setdefault(name, {})

    # Rows

    def reader(self, path: Path) -> Operation | None:
        """The operation that reads a path."""
        found = self._readers.match("GET", ["", *path])
        return None if found is None else found[0]

    def listing(self, path: Path) -> Listing | None:
        """The list that stands at a path."""
        reader = self.reader(path)
        return None if reader is None else self.shapes.listing(reader)

    def rows(self, path: Path) -> list[Any]:
        """The rows at a path, to be changed in place unless they are a view. Raises Refusal 404."""
        path = self.customs.canonical(path)
        if path in self._lists:
            return self._lists[path]
        listing = self.listing(path)
        if listing is None:
            raise not_found()
        self.check_above(path, listing.operation.template)
        view = self.customs.views.get(listing.operation.path)
        if view is not None:
            return view(self, path)
        seed = self.customs.seeds.get(listing.operation.path)
        rows = self._lists[path] = self.generated(path) if seed is None else seed(self, path)
        return rows

    def generated(self, path: Path) -> list[Any]:
        """Rows that are made up for the list at a path."""
        listing = self.listing(path)
        return [] if listing is None else list(self._generated(path, listing))

    def check_above(self, path: Path, template: Sequence[str]) -> None:
        """Raise Refusal 404 unless everything that a path names on its way is there."""
        path = self.customs.canonical(path)
        for place, segment in enumerate(template):
            if place < len(path) and is_template(segment):
                listing = self.listing(path[:place])
                if listing is not None and listing.field is not None:
                    self.find(path[:place], path[place])

    def find(self, path: Path, key: str) -> Row:
        """The row of a list with a key. Raises Refusal 404."""
        path = self.customs.canonical(path)
        listing = self.listing(path)
        if listing is None or listing.field is None:
            raise not_found()
        field = listing.field
        for row in self.rows(path):
            if isinstance(row, dict) and (str(row.get(field)) == key or row.get("fingerprint") == key):
                return row
        raise not_found()

    def found(self, path: str, key: Any) -> Row | None:
        """The row of a list with a key; None where there is none."""
        try:
            return self.find(tuple(path.split("/")[1:]), str(key))
        except Refusal:
            return None

    def held(self, path: str) -> list[Any]:
        """The rows of a list that stands under no other thing."""
        return self.rows(tuple(path.split("/")[1:]))

    def remove(self, path: Path, key: str) -> Row:
        """Take a row out of a list, with everything under it. Raises Refusal 404."""
        path = self.customs.canonical(path)
        row = self.find(path, key)
        rows = self.rows(path)
        rows[:] = [other for other in rows if other is not row]
        below = (*path, key)
        for kept in (self._lists, self._objects):
            for held in [one for one in kept if one[: len(below)] == below]:
                del kept[held]
        return row

    # Things that are no rows of a list

    def thing(self, path: Path, operation: Operation) -> Any:
        """The one object at a path, as its answer shows it. Raises Refusal 404."""
        path = self.customs.canonical(path)
        if path in self._gone:
            raise not_found()
        self.check_above(path, operation.template)
        if path not in self._objects:
            made = self.customs.things.get(operation.path)
            if made is not None:
                self._objects[path] = made(self, path)
                return self._objects[path]
            dice = Random("/".join(path))  # noqa: S311
            row = self.maker.make(self.shapes.row_schema(operation), noun_of(operation), dice)
            self.fit(row, path, operation.template)
            self._objects[path] = row
        return self._objects[path]

    def put_thing(self, path: Path, value: Any) -> None:
        """Set the object at a path; None takes it away."""
        path = self.customs.canonical(path)
        self._gone.discard(path)
        self._objects.pop(path, None)
        if value is None:
            self._gone.add(path)
        else:
            self._objects[path] = value

    # Making

    def _generated(self, path: Path, listing: Listing) -> Iterator[Any]:
        keys = self._keys(path, listing)
        noun = singular(noun_of(listing.operation)).replace("_", "-")
        for place, key in enumerate(keys):
            dice = Random(f"{'/'.join(path)}#{place}")  # noqa: S311
            row = self.maker.make(listing.item, noun, dice, place)
            if isinstance(row, dict):
                if isinstance(row.get("name"), str) and "enum" not in self._field(listing, "name"):
                    row["name"] = slug(noun, place)
                self.fit(row, path, listing.operation.template)
                if listing.field is not None and key is not None:
                    row[listing.field] = key
            yield row

    def _field(self, listing: Listing, name: str) -> Schema:
        return self.facts.shape(self.facts.properties(listing.item).get(name))

    def fit(self, row: Any, path: Path, template: Sequence[str]) -> None:
        """Have a row tell the things it is under, where it names them as the path does."""
        if not isinstance(row, dict):
            return
        for segment, value in zip(template, path, strict=False):
            name = segment[1:-1]
            if is_template(segment) and isinstance(row.get(name), str | int):
                row[name] = int(value) if isinstance(row[name], int) and value.isdigit() else value

    def _keys(self, path: Path, listing: Listing) -> list[Any]:
        """The keys of the rows that are made for a path, which nothing else decides."""
        dice = Random("/".join(path))  # noqa: S311
        deep = any(is_template(segment) for segment in listing.operation.template)
        count = dice.randint(1, 4) if deep else dice.choice((3, 4, 5, 6, 8, 27))
        if listing.field is None:
            return [None] * count
        shape = self._field(listing, listing.field)
        choices = [one for one in shape.get("enum", ()) if one is not None]
        if choices:
            return choices[:count]
        if self.facts.kind(shape) == "integer":
            first = dice.randint(1000, 9999) * 1000
            return [first + 13 * place for place in range(count)]
        if shape.get("format") == "uuid" or listing.field in ("id", "uuid") or listing.field.endswith("_id"):
            return [uuid(dice) for _ in range(count)]
        if listing.field == "ip":
            return [f"198.51.100.{20 + place}" for place in range(count)]
        if listing.field == "digest":
            return [f"sha256:{dice.getrandbits(256):064x}" for _ in range(count)]
        noun = singular(noun_of(listing.operation)).replace("_", "-")
        return [slug(noun, place) for place in range(count)]

    def _refer(self, name: str, kind: str, dice: Random) -> Any:
        target = self.customs.references.get(name.lower())
        if target is None:
            return None
        path = tuple(target.split("/")[1:])
        listing = self.listing(path)
        if listing is None or listing.field is None:
            return None
        if listing.operation.path in self.customs.seeds:
            keys = [row if kind == "object" else row[listing.field] for row in self.rows(path)]
        else:
            keys = self._keys(path, listing)
        key = dice.choice(keys) if keys else None
        if kind == "string":
            return None if key is None else str(key)
        if kind == "object":
            return key
        return key if isinstance(key, int) else None
