"""Where the rows of an answer are, and their columns.

Law: an envelope is opened only where one key of the answer can hold the rows; where several could, names
decide that the document's owner gave, and else the whole answer is one row. Every column is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from sqloud.importer.forms import series_of, text_or_bytes
from sqloud.importer.operations import Operation, Report
from sqloud.importer.pagings import PAGE
from sqloud.importer.shapes import Shape, Specification
from sqloud.importer.types import type_of
from sqloud.importer.words import DOTTED, free, identifier, singular

__all__ = ["Answer", "read_answer", "unite_columns"]

Columns = dict[str, dict[str, Any]]

_FURNITURE = frozenset({
    "links", "_links", "meta", "metadata", "pagination", "paging", "page",
    "pages", "current_page", "per_page", "page_size", "total", "total_count", "total_items",
    "total_pages", "count", "limit", "offset", "next", "previous", "prev",
    "cursor", "next_cursor", "next_page", "next_page_token", "has_more", "has_next", "object",
    "request_id", "first_id", "last_id",
})  # fmt: skip
"""What stands beside the rows of a list and is none of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` is a path from the root, `shape` what is there, `columns` of one row.

    `media` is the kind of an answer that is no JSON; `otherwise` is the key of one row where there is no list.
    """

    rows: tuple[str, ...]
    shape: str
    columns: Columns
    media: str = ""
    otherwise: str | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """`rows` and `shape` as a document writes them."""
        entry: dict[str, Any] = {}
        if self.rows:
            entry["rows"] = list(self.rows) if any("." in step for step in self.rows) else ".".join(self.rows)
        if self.shape != "list" or not self.rows:
            entry["shape"] = self.shape
        if self.media:
            entry["media"] = self.media
        if self.otherwise is not None:
            entry["otherwise"] = {"rows": self.otherwise, "shape": "object"}
        return entry


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place where rows may be: what one row is there."""

    rows: tuple[str, ...]
    shape: str
    item: Shape
    name: str

    def names(self) -> set[str]:
        return {identifier(name) for name in self.item.properties}


def read_answer(
    specification: Specification, operation: Operation, wanted: Collection[str], report: Report
) -> Answer | None:
    """The rows of an operation's answer; None where it has nothing that could be a row.

    `wanted` names columns that the rows are known to have, () where that is not known.
    """
    if operation.answer is None:
        return unlike_json(operation)
    root = specification.shape(operation.answer)
    series = series_of(specification, root)
    if series is not None:
        return Answer(rows=series[0], shape="series", columns=series[1])
    place = _choose(specification, operation, root, frozenset(wanted), report)
    if place is None:
        return None
    columns = _columns(specification, place, operation, report)
    return Answer(
        rows=place.rows, shape=place.shape, columns=columns, otherwise=_otherwise(specification, root, place)
    )


def _otherwise(specification: Specification, root: Shape, place: _Place) -> str | None:
    """The key under which the answer has one row in the place of the list."""
    if place.shape != "list" or len(place.rows) != 1:
        return None
    name = singular(place.rows[0])
    other = specification.shape(root.properties.get(name)) if name != place.rows[0] else Shape()
    return name if other.properties and set(other.properties) <= set(place.item.properties) else None


def unlike_json(operation: Operation) -> Answer | None:
    """An answer that is no JSON: one row of one column, called after what the path ends in."""
    if not operation.media:
        return None
    media = operation.media[0].partition(";")[0].strip().lower()
    shape = text_or_bytes(media)
    name = next((part for part in reversed(operation.path.split("/")) if part and "{" not in part), "content")
    column: dict[str, Any] = {
        "type": "string",
        **({"format": "binary"} if shape == "binary" else {}),
        "path": "",
    }
    plain = "/" in media and "*" not in media
    return Answer(
        rows=(), shape=shape, columns={identifier(name, "content"): column}, media=media if plain else ""
    )


def _choose(
    specification: Specification, operation: Operation, root: Shape, wanted: frozenset[str], report: Report
) -> _Place | None:
    if root.kind == "array":
        return _Place(rows=(), shape="list", item=specification.shape(root.item), name="value")
    if not root.properties:
        if root.values is not None:
            return _map((), root, specification, "value")
        return _Place(rows=(), shape="object", item=root, name="value") if root.types else None
    whole = _Place(rows=(), shape="object", item=root, name="value")
    places = _places(specification, root)
    if wanted:
        # Of several that have all names, the one with the fewest others is the row itself.
        fitting = [place for place in [*places, whole] if wanted <= place.names()]
        if fitting:
            return min(fitting, key=lambda place: len(place.names()))
    others = [name for name in root.properties if name.lower() not in _FURNITURE] or list(root.properties)
    lists = [place for place in places if place.shape == "list"]
    if len(others) == 2 and len(lists) == 1 and _otherwise(specification, root, lists[0]) in others:
        return lists[0]
    if len(others) == 1 and places:
        only = [place for place in places if place.rows == (others[0],)]
        if only and (only[0].shape != "map" or operation.method == "GET"):
            return _inside(specification, operation, only[0]) or only[0]
    paged = any(sent.location == "query" and sent.name in PAGE for sent in operation.parameters)
    if operation.method == "GET" and (paged or not operation.ends_in_placeholder):
        last = operation.path.rstrip("/").rpartition("/")[2]
        named = [place for place in lists if place.rows == (last.replace("-", "_"),)]
        flat = [place for place in lists if len(place.rows) == 1 and place.item.kind == "object"]
        scalars = all(
            specification.shape(root.properties[name]).kind not in ("array", "object")
            for name in others
            if not flat or (name,) != flat[0].rows
        )
        if len(named) == 1 or (len(flat) == 1 and (scalars or paged)):
            chosen = named[0] if len(named) == 1 else flat[0]
            report(
                operation.at,
                f"the rows are taken from {chosen.name!r}, beside which {_beside(others, chosen)}",
            )
            return chosen
    return whole


def _inside(specification: Specification, operation: Operation, outer: _Place) -> _Place | None:
    """The list in the one object of an answer, where nothing but furniture stands beside it: `data.items`."""
    if operation.method != "GET" or outer.shape != "object":
        return None
    others = [name for name in outer.item.properties if name.lower() not in _FURNITURE]
    if len(others) != 1:
        return None
    shape = specification.shape(outer.item.properties[others[0]])
    item = specification.shape(shape.item) if shape.kind == "array" else Shape()
    if item.kind != "object":
        return None
    paged = any(sent.location == "query" and sent.name in PAGE for sent in operation.parameters)
    if operation.ends_in_placeholder and not paged:
        return None
    return _Place(rows=(*outer.rows, others[0]), shape="list", item=item, name=others[0])


def _beside(others: list[str], chosen: _Place) -> str:
    rest = [name for name in others if (name,) != chosen.rows]
    return f"the answer has {', '.join(rest)}" if rest else "there is nothing"


def _places(specification: Specification, root: Shape) -> list[_Place]:
    """Every key of the root that can hold rows."""
    places = []
    alone = len(root.properties) == 1
    for name, node in root.properties.items():
        if (name.lower() in _FURNITURE and not alone) or not name.strip() or " " in name:
            continue
        shape = specification.shape(node)
        if shape.kind == "array":
            item = specification.shape(shape.item)
            places.append(_Place(rows=(name,), shape="list", item=item, name=name))
        elif shape.kind == "object" and shape.properties:
            places.append(_Place(rows=(name,), shape="object", item=shape, name=name))
        elif shape.kind == "object" and shape.values is not None:
            places.append(_map((name,), shape, specification, name))
    return places


def _map(rows: tuple[str, ...], shape: Shape, specification: Specification, name: str) -> _Place:
    """An object with any keys: its values are rows where they are objects, else it is one row by itself."""
    values = specification.shape(shape.values)
    if values.kind == "object" and values.properties:
        return _Place(rows=rows, shape="map", item=values, name=name)
    return _Place(rows=rows, shape="object", item=shape, name=name)


def _columns(specification: Specification, place: _Place, operation: Operation, report: Report) -> Columns:
    """The columns of one row; a row that is no object, or has no fields, is one column by itself."""
    columns: Columns = {}
    for name, node in place.item.properties.items():
        if not name:
            report(f"{operation.at}/responses", "a field without a name cannot be a column: left out")
            continue
        shape = specification.shape(node)
        column = name if DOTTED.fullmatch(name) else identifier(name, "column")
        if column in columns:
            column = free(column, columns)
            report(f"{operation.at}/responses", f"the field {name!r} becomes the column {column!r}")
        columns[column] = type_of(specification, shape)
        if column != name:
            plain = not ("." in name or any(letter.isspace() for letter in name))
            columns[column]["path"] = name if plain else [name]
        if (
            shape.kind == "string"
            and 1 < len(shape.enum) <= 8
            and all(isinstance(v, str) for v in shape.enum)
        ):
            columns[column]["description"] = _one_of([str(value) for value in shape.enum])
    if columns:
        return columns
    name = identifier(place.name, "value")
    return {name: {**type_of(specification, place.item), "path": ""}}


def _one_of(values: list[str]) -> str:
    shown = [value or "the empty text" for value in values]
    return f"{', '.join(shown[:-1])} or {shown[-1]}."


def unite_columns(first: Columns, second: Mapping[str, dict[str, Any]], at: str, report: Report) -> Columns:
    """The columns of two answers; one that differs in type takes either."""
    united = {name: dict(entry) for name, entry in first.items()}
    for name, entry in second.items():
        known = united.get(name)
        if known is None:
            united[name] = dict(entry)
            continue
        if any(known.get(key) != entry.get(key) for key in ("type", "format", "items")):
            merged = _united_type(known, entry)
            report(at, f"the column {name!r} has another type here: it becomes {merged['type']}")
            for key in ("type", "format", "items"):
                known.pop(key, None)
            united[name] = {**merged, **known}
    return united


def _united_type(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [first["type"], second["type"]]
    if kinds[0] == kinds[1] == "array":
        return {"type": "array", "items": "any"}
    if kinds[0] == kinds[1]:
        return {"type": kinds[0]}
    flat = [kind for entry in kinds for kind in (entry if isinstance(entry, list) else [entry])]
    if set(flat) == {"integer", "number"}:
        return {"type": "number"}
    if "any" in flat or "array" in flat:
        return {"type": "any"}
    return {"type": list(dict.fromkeys(flat))}
