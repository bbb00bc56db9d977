"""Answers to what writes, as far as the specification alone tells what a write does.

Law: POST to a list adds a row, PUT and PATCH of a row change it, DELETE takes it away with all under it; any
other write answers as its schema says and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.facts import Schema
from sqloud.sandbox.making import beginning, ending
from sqloud.sandbox.reading import Filters, answered, enveloped, rows_asked
from sqloud.sandbox.refusal import Refusal, shortened
from sqloud.sandbox.routes import is_template
from sqloud.sandbox.shapes import Listing, noun_of, singular
from sqloud.sandbox.world import Row, World

__all__ = ["create", "laid_over", "write"]

_READY_AFTER = 3
"""Ticks until a new thing has left the state in which it begins."""

Expansions = Mapping[str, Any]


def write(asked: Asked, filters: Filters) -> Any:
    """The body of the answer to a write; None for none. Raises Refusal."""
    world, target, operation = asked.world, asked.target, asked.operation
    world.check_above(asked.path, operation.template)
    if world.listing(target) is not None:
        return _write_list(asked, filters)
    if is_template(operation.template[-1]) or is_template(_reader_end(world, target)):
        above = world.listing(target[:-1])
        if above is not None and above.field is not None:
            return _write_row(asked, above)
    if world.reader(target) is not None:
        return _write_thing(asked)
    return _answer_only(asked)


def _reader_end(world: World, target: tuple[str, ...]) -> str:
    reader = world.reader(target)
    return "" if reader is None else reader.template[-1]


def _write_list(asked: Asked, filters: Filters) -> Any:
    world, listing = asked.world, asked.world.listing(asked.target)
    if listing is None:
        raise Refusal(404, "The resource you requested could not be found.")
    rows = world.rows(asked.target)
    if asked.operation.verb == "POST":
        return _told(asked, create(asked, listing))
    if asked.operation.verb == "DELETE":
        for row in rows_asked(asked, filters):
            rows[:] = [other for other in rows if other is not row]
        return _answer_only(asked)
    given = asked.field(listing.key)
    if isinstance(given, list):
        rows[:] = [laid_over(world, listing.item, _made(world, listing), one) for one in given]
    return _answer_only(asked)


def create(asked: Asked, listing: Listing, body: Any = None) -> Row:
    """Add a row to a list, made of the body and of what the specification says of the rest."""
    world = asked.world
    body = asked.body if body is None else body
    main = world.shapes.main_key(asked.operation)
    if isinstance(body, dict) and main is not None and set(body) == {main} and isinstance(body[main], dict):
        body = body[main]
    rows = world.rows(asked.target)
    row = laid_over(world, listing.item, _made(world, listing), body)
    if not isinstance(row, dict):
        raise Refusal(422, f"a {singular(noun_of(asked.operation))} must be an object")
    asks = world.facts.properties(asked.operation.body)
    for name, schema in world.facts.properties(listing.item).items():
        if name in asks and name not in body:
            row[name] = _left_out(world, schema, row.get(name), asks[name])
        elif name.endswith(("created_at", "updated_at")):
            row[name] = world.moment()
        elif name in body:
            continue
        elif isinstance(row.get(name), list) and not world.facts.shape(schema).get("minItems"):
            row[name] = []
    for name, value in world.customs.initial.get(listing.operation.path, {}).items():
        if name not in body and name in row:
            row[name] = value
    world.fit(row, asked.target, listing.operation.template)
    _check_clash(listing, rows, row)
    _start(world, listing.item, row)
    rows.append(row)
    return row


def _made(world: World, listing: Listing) -> Any:
    dice = world.dice()
    made = world.maker.make(listing.item, singular(noun_of(listing.operation)), dice)
    if isinstance(made, dict):
        for field in {listing.field, "id"} & set(made):
            if isinstance(made[field], int):
                made[field] = world.number()
    return made


def _left_out(world: World, schema: Schema, made: Any, asked: Schema) -> Any:
    """The value of a field that the body could have had and has not."""
    shape, wanted = world.facts.shape(schema), world.facts.shape(asked)
    default = wanted.get("default", shape.get("default"))
    if default is not None and _fits(world, shape, default):
        return default
    if isinstance(made, list) and not shape.get("minItems"):
        return []
    return None if shape.get("nullable") else made


def _check_clash(listing: Listing, rows: list[Any], row: Row) -> None:
    """A key that is there already, or a name among things that are told apart by their names."""
    taken = {listing.field, "name"} if listing.operation.path not in _SAME_NAMES else {listing.field}
    for field in sorted(name for name in taken if name in row):
        if any(isinstance(other, dict) and other.get(field) == row[field] for other in rows):
            what = singular(noun_of(listing.operation)).replace("_", " ")
            raise Refusal(422, f"a {what} with the {field} {shortened(str(row[field]))} exists already")


_SAME_NAMES = frozenset(
    {
        "/v2/droplets",
        "/v2/images",
        "/v2/snapshots",
        "/v2/domains/{domain_name}/records",
        "/v2/volumes/{volume_id}/snapshots",
        "/v2/monitoring/alerts",
        "/v2/account/keys",
        "/v2/uptime/checks",
    }
)
"""Lists whose rows may have the same name."""


def _start(world: World, schema: Schema, row: Row) -> None:
    """Put a new row into the state in which it begins, to leave it later."""
    for name in ("status", "state", "phase"):
        inner = world.facts.shape(world.facts.properties(schema).get(name))
        if world.facts.kind(inner) == "object" and isinstance(row.get(name), dict):
            _start(world, inner, row[name])
            continue
        first, last = beginning(inner.get("enum", [])), ending(inner.get("enum", []))
        if first is None or last is None or name not in row:
            continue
        row[name] = first
        _settle(world, row, name, first, last)


def _settle(world: World, row: Row, name: str, first: Any, last: Any) -> None:
    def settle() -> None:
        if row.get(name) == first:
            row[name] = last

    world.later(_READY_AFTER, settle)


def _write_row(asked: Asked, above: Listing) -> Any:
    world, target = asked.world, asked.target
    if asked.operation.verb == "DELETE":
        world.remove(target[:-1], target[-1])
        return _answer_only(asked)
    row = world.find(target[:-1], target[-1])
    body = asked.body
    main = world.shapes.main_key(asked.operation)
    if isinstance(body, dict) and main is not None and set(body) == {main} and isinstance(body[main], dict):
        body = body[main]
    changed = laid_over(world, above.item, dict(row), body)
    for name in ("updated_at", "last_modified_at"):
        if name in row:
            changed[name] = world.moment()
    row.update(changed)
    return _told(asked, row)


def _write_thing(asked: Asked) -> Any:
    world, target = asked.world, asked.target
    if asked.operation.verb == "DELETE":
        world.put_thing(target, None)
        return _answer_only(asked)
    reader = world.reader(target)
    if reader is None:
        raise Refusal(404, "The resource you requested could not be found.")
    main = world.shapes.main_key(reader)
    body = asked.body
    if isinstance(body, dict) and main is not None and set(body) == {main}:
        body = body[main]
    thing = laid_over(world, world.shapes.row_schema(reader) or {}, world.thing(target, reader), body)
    world.put_thing(target, thing)
    return _told(asked, thing)


def _told(asked: Asked, row: Any) -> Any:
    return None if asked.operation.answer is None else answered(asked, row)


def _answer_only(asked: Asked) -> Any:
    """An answer that follows from its schema, with the thing that the path names where it shows that."""
    if asked.operation.answer is None:
        return None
    world = asked.world
    schema = world.shapes.row_schema(asked.operation)
    for place in range(len(asked.target), 1, -1):
        above = world.listing(asked.target[: place - 1])
        if above is None or above.field is None or asked.target[place - 1] in asked.operation.template:
            continue
        row = world.find(asked.target[: place - 1], asked.target[place - 1])
        if set(row) >= set(world.facts.properties(schema)) != set():
            return answered(asked, row)
        break
    known = world.maker.make(schema, noun_of(asked.operation), world.dice())
    body = asked.body if isinstance(asked.body, dict) else {}
    known = laid_over(world, schema or {}, known, body)
    main = world.shapes.main_key(asked.operation)
    return known if main is None else enveloped(world, asked, {main: known})


def laid_over(world: World, schema: Schema, made: Any, given: Any) -> Any:
    """What was made, with what was given in its place wherever the schema has room for it."""
    if not isinstance(given, dict) or not isinstance(made, dict):
        return given if _fits(world, world.facts.shape(schema), given) else made
    properties = world.facts.properties(schema)
    row = dict(made)
    for name, value in given.items():
        inner = properties.get(name)
        if inner is None:
            continue
        shape = world.facts.shape(inner)
        if shape.get("readOnly") and name not in ("name", "tags") and _fits(world, shape, value):
            continue
        if isinstance(value, list) and world.facts.kind(shape) == "array":
            row[name] = [_element(world, shape.get("items", {}), name, one) for one in value]
        elif isinstance(value, dict) and isinstance(row.get(name), dict):
            row[name] = laid_over(world, shape, _own(world, shape, row[name], value), value)
        elif _fits(world, shape, value):
            row[name] = value
        elif isinstance(value, str) and name in world.customs.references:
            row[name] = world.found(world.customs.references[name], value) or row.get(name)
    return row


def _own(world: World, shape: Schema, made: Row, given: Row) -> Row:
    """Of an object that was made, what the given one does not leave out on purpose."""
    kept = set(given) | set(shape.get("required", ()))
    return {name: value for name, value in made.items() if name in kept or name in ("id", "uuid")} | given


def _element(world: World, schema: Schema, name: str, given: Any) -> Any:
    made = world.maker.make(schema, singular(name), world.dice())
    return laid_over(world, schema, made, given)


def _fits(world: World, shape: Schema, value: Any) -> bool:
    kind = world.facts.kind(shape)
    if value is None:
        return bool(shape.get("nullable"))
    told = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    own = told.get(type(value), "any")
    return kind in (own, "any") or (kind == "number" and own == "integer")
