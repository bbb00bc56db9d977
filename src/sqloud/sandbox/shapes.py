"""What an answer is made of: the rows of a list, one object, or whatever its schema says.

Law: where the rows stand follows from the answer's schema and the path's last word alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sqloud.sandbox.facts import Facts, Operation, Schema
from sqloud.sandbox.routes import is_template

__all__ = ["Listing", "Shapes", "noun_of", "singular"]

_AROUND = ("links", "meta")
_COUNTS = ("object", "total", "count", "total_items", "total_pages", "current_page")

# Keys that the specification gives another name than the path does, by the path's parameter.
_KEYS = {
    "tag_id": "name",
    "namespace_id": "namespace",
    "username": "name",
    "logsink_id": "sink_id",
    "floating_ip": "ip",
    "reserved_ip": "ip",
    "reserved_ipv6": "ip",
    "repository_tag": "tag",
    "manifest_digest": "digest",
    "ssh_key_identifier": "id",
}


class Listing(msgspec.Struct, frozen=True):
    """A list: the envelope's `key`, the schema of an `item`, and the item's `field` that the path names."""

    operation: Operation
    key: str
    item: Schema
    field: str | None


def singular(word: str) -> str:
    """One of many.

    >>> singular("policies"), singular("databases"), singular("droplet")
    ('policy', 'database', 'droplet')
    """
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def noun_of(operation: Operation) -> str:
    """What an operation is about: the last word of its path, with underscores."""
    words = [part for part in operation.template if not is_template(part)]
    return words[-1].replace("-", "_")


class Shapes:
    """The shapes of a specification's answers, found once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._listings: dict[str, Listing | None] = {}
        self._items: dict[str, Operation] = {}
        self._fields: dict[str, str] = {}
        for operation in facts.operations:
            above, _, last = operation.path.rpartition("/")
            if is_template(last):
                self._fields.setdefault(above, last[1:-1])
                if operation.verb == "GET":
                    self._items[above] = operation

    def listing(self, operation: Operation) -> Listing | None:
        """The list that an operation answers; None where it answers none."""
        if operation.path not in self._listings:
            self._listings[operation.path] = self._listing(operation)
        return self._listings[operation.path]

    def _listing(self, operation: Operation) -> Listing | None:
        key = self._list_key(operation)
        if operation.verb != "GET" or key is None:
            return None
        properties = self._facts.properties(operation.answer)
        item = self._facts.shape(self._facts.shape(properties[key]).get("items"))
        one = self._items.get(operation.path)
        if one is not None and self._facts.kind(item) == "object":
            row = self.row_schema(one)
            more = {} if row is None else self._facts.properties(row)
            item = {
                "type": "object",
                "properties": more | self._facts.properties(item),
                "required": item.get("required", []),
            }
        return Listing(operation, key, item, self._field(operation.path, item))

    def _list_key(self, operation: Operation) -> str | None:
        properties = self._facts.properties(operation.answer)
        arrays = [name for name, inner in properties.items() if self._facts.kind(inner) == "array"]
        noun = noun_of(operation)
        if is_template(operation.template[-1]):
            alone = len(arrays) == 1 and set(properties) <= {arrays[0], *_AROUND, *_COUNTS}
            return arrays[0] if alone and arrays[0] != noun else None
        named = [name for name in arrays if noun.endswith(name) or name.endswith(noun)]
        if named:
            return named[0]
        others = [name for name in properties if name not in (*arrays, *_AROUND, *_COUNTS)]
        listed = not others or "meta" in properties or "has_more" in properties
        return arrays[0] if len(arrays) == 1 and listed else None

    def _field(self, path: str, item: Schema) -> str | None:
        properties = self._facts.properties(item)
        told = self._fields.get(path, "id")
        ending = told.rpartition("_")[2]
        wanted = [_KEYS.get(told), told, ending, *(("id", "uuid") if ending in ("id", "uuid") else ())]
        wanted += [name for name in properties if name.endswith(f"_{ending}")]
        return next((name for name in (*wanted, "id", "uuid", "slug", "name") if name in properties), None)

    def main_key(self, operation: Operation) -> str | None:
        """The key of an answer under which its one object stands; None for an answer without an envelope."""
        properties = self._facts.properties(operation.answer)
        told = [name for name in properties if name not in _AROUND]
        objects = [name for name in told if self._facts.kind(properties[name]) in ("object", "any")]
        if len(told) == 1 and objects:
            return objects[0]
        single = singular(noun_of(operation))
        for name in objects:
            if single == name or single.endswith(f"_{name}") or name.endswith(f"_{single}"):
                return name
        return None

    def row_schema(self, operation: Operation) -> Schema | None:
        """The schema of the one object that an operation answers."""
        key = self.main_key(operation)
        return operation.answer if key is None else self._facts.properties(operation.answer)[key]

    def envelope(self, operation: Operation) -> dict[str, Any]:
        """The properties of an operation's answer, by name."""
        return self._facts.properties(operation.answer)
