"""Worlds and statements by chance.

Law: everything comes from the dice, so a seed is a case. (Hypothesis gives the seeds: its own strategies would try
five variations of each case, of which nearly all plan alike.) What is rare and telling is likely here: predicates
that bind, constants that some row has, small pages.
"""

from __future__ import annotations

from random import Random

from tests.laws.laboratory import Ask
from tests.laws.predicates import Compare, Fixed, Junction, Negation, Predicate, Rows
from tests.laws.simulated import FILTERS, SHELVES, TYPES, ZONES, Row, World

MOMENT = "timestamptz '2024-06-01T12:00:00Z'"
KINDS: dict[str, tuple[str, ...]] = {
    "integer": ("1", "2", "3", "0", "'2'", "' 3 '", "1 + 1", "NULLIF(1, 1)", "CAST('2' AS integer)", "2.0", "1.5", "7"),
    "string": ("'a'", "'A'", "'b'", "''", "'1'", "'01'", "'a' || 'b'", "upper('a')", "NULLIF('a', 'a')", "'zz'"),
    "zone": ("'x'", "'y'", "'z'", "'q'", "lower('X')", "'x' || ''"),
    "shelf": ("1", "2", "9", "'1'", "1 + 1"),
    "number": ("0.5", "1", "1.0", "'1'", "'1e0'", "2e0", "0.25 * 2", "3"),
    "boolean": ("true", "false", "'t'", "'true'", "(NOT true)"),
    "moment": ("'2024-01-01'", "'2024-01-01T00:00:00Z'", "'2024-06-01 14:00:00+02'", MOMENT),
    "tag": ("'a'", "'b'", "'c'", "'a' || ''"),
}  # fmt: skip
"""Constants by kind, several spellings of one value among them."""

UNFIT = ("0", "1.5", "2.0", "7", "9")
"""Constants that some parameter cannot take, or that nothing equals."""

BINDING = (
    *("{} = {v}", "{} = {v}", "{} = {v}", "{v} = {}", "({}) = {v}", "{} = NULL", "NOT {} <> {v}"),
    *("{} IN ({l})", "{} IN ({l})", "{} IN ({l}, NULL)", "{} = ANY(ARRAY[{e}])"),
)
"""Forms of comparisons with constants {v}, lists {l} of them and arrays {e}, that bind {}; likely ones more often."""

FORMS = (
    *BINDING,
    *("{} IS NOT DISTINCT FROM {v}", "{} IS NOT DISTINCT FROM NULL", "{} IS DISTINCT FROM {v}"),
    *("{} <> {v}", "{} NOT IN ({l})", "{} NOT IN ({l}, NULL)", "{} IS NULL", "{} IS NOT NULL"),
    *("{} >= {v}", "{} < {v}", "{} BETWEEN {v} AND {w}"),
    *("{} = ALL(ARRAY[{e}])", "{} <> ALL(ARRAY[{e}])"),
    *("({} = {v}) IS TRUE", "coalesce({}, {v}) = {w}"),
)
TEXT_FORMS = ("{} LIKE 'a%'", "lower({}) = {v}", *FORMS[:4])
TAG_FORMS = ("{} = {v}", "{} IN ({l})", "{} <> {v}", "({}) = {v}", "{} = ANY(ARRAY[{l}])")
ROW_VALUES: dict[str, tuple[object, ...]] = {
    "name": ("a", "a", "A", "b", "ab", "", "1", "01", None),
    "size": (0, 1, 2, 3, None),
    "price": (0.5, 1.0, 2.0, None),
    "flag": (True, True, False, None),
    "tags": ([], ["a"], ["b"], ["a", "b"], ["c", "a"], [None, "b"], None),
    "region": (None, {}, {"slug": "a"}, {"slug": "b"}, {"slug": None}),
    "made_at": ("2024-01-01T00:00:00Z", "2024-06-01T12:00:00Z", None),
}
FOCUSES = ("anything", "anything", "anything", "member", "limit", "lookup")
_ZONES = (
    "none",
    "none",
    "path",
    "query",
    "default",
    "default_computed",
    "open",
    "open_computed",
    "query_computed",
)
_TOLD_ZONES = ("default_computed", "default_computed", "open_computed", "query_computed", "default", "path")
_SENT = ("zone", "thing_id", "id")


def some(dice: Random, items: tuple[str, ...], least: int, most: int) -> list[str]:
    """Between `least` and `most` of the items, repeated as it comes."""
    return [dice.choice(items) for _ in range(dice.randint(least, most))]


def a_comparison(dice: Random, operand: str, kind: str) -> Predicate:
    """One comparison of an operand with constants of its kind."""
    forms: tuple[str, ...] = TAG_FORMS if kind == "tag" else FORMS
    if kind in {"string", "zone"} and dice.random() < 0.3:
        forms = TEXT_FORMS
    form = dice.choice(forms)
    # An array's elements have one type, so its texts are not read as the operand's.
    texts = kind in {"string", "zone", "tag"}
    elements = (MOMENT,) if kind == "moment" else tuple(v for v in KINDS[kind] if texts or v[0] != "'")
    template = (
        form.replace("{v}", dice.choice(KINDS[kind]))
        .replace("{w}", dice.choice(KINDS[kind]))
        .replace("{l}", ", ".join(some(dice, KINDS[kind], 1, 3)))
        .replace("{e}", ", ".join(some(dice, elements, 1, 2)))
    )
    return Compare(operand, template, form in BINDING)


def a_binding(dice: Random, operand: str, kind: str, likely: tuple[str, ...] = ()) -> Predicate:
    """A comparison that most often binds the operand, to constants that fit, a `likely` one most often among them."""
    fitting = tuple(constant for constant in KINDS[kind] if constant not in UNFIT)
    constants = some(dice, fitting, 0, 2) if likely else some(dice, fitting, 1, 3)
    if likely and (not constants or dice.random() < 0.9):
        constants.insert(dice.randint(0, len(constants)), dice.choice(likely))
    chance = dice.random()
    if chance < 0.1:
        return a_comparison(dice, operand, kind)
    if len(constants) == 1:
        return Compare(operand, f"{{}} = {constants[0]}", True)
    if chance < 0.2:
        return Junction("OR", tuple(Compare(operand, f"{{}} = {constant}", True) for constant in constants))
    return Compare(operand, f"{{}} IN ({', '.join(constants)})", True)


def a_predicate(dice: Random, operands: dict[str, str], depth: int = 2) -> Predicate:
    """A predicate over operands, each with its kind; junctions stand `depth` deep at most."""
    form = dice.randint(0, 11 if depth else 7)
    if form == 11:
        return Negation(a_predicate(dice, operands, depth - 1))
    if form >= 8:
        parts = [a_predicate(dice, operands, depth - 1) for _ in range(dice.randint(2, 3))]
        return Junction(dice.choice(("AND", "OR")), tuple(parts))
    if form == 7:
        return Fixed(dice.choice(("TRUE", "FALSE", "NULL")))
    paired = sorted(name for name, kind in operands.items() if kind != "tag" and " " not in name)
    if form == 6 and len(paired) > 1:
        names = dice.sample(paired, 2)
        rows = [
            tuple(dice.choice((*KINDS[operands[name]], "NULL")) for name in names)
            for _ in range(dice.randint(1, 2))
        ]
        return Rows(tuple(names), tuple(rows), dice.random() < 0.25)
    name = dice.choice(sorted(operands))
    return a_comparison(dice, name, operands[name])


def a_world(dice: Random, focus: str = "anything") -> World:
    """An API: any of the scopes, filters, lookups and pagings, and up to nine rows."""
    zone = dice.choice(_TOLD_ZONES if focus == "lookup" else _ZONES)
    shelf = dice.random() < 0.3
    filters = tuple(dice.sample(sorted(FILTERS), dice.randint(0, 4)))
    if focus == "member" and "tag" not in filters:
        filters = ("tag", *filters)
    optional = [*filters, *(["zone"] if zone.startswith(("default", "open")) else [])]
    excludes: tuple[tuple[str, str], ...] = ()
    if len(optional) > 1 and filters and dice.random() < 0.4:
        one = dice.choice(filters)
        others = [name for name in optional if name != one]
        excludes = ((one, "zone" if "zone" in others and dice.random() < 0.5 else dice.choice(others)),)
    required = (dice.choice(filters),) if filters and not excludes and dice.random() < 0.2 else ()
    lookups = tuple(dice.sample(("id", "id_zone", "name"), dice.randint(0, 2)))
    if focus == "lookup":
        lookups = (dice.choice(("id", "id", "id_zone")),)
    elif {"id", "id_zone"} <= set(lookups):
        lookups = ("id",)
    paging = dice.choice(("links", "total", "bare", "next_link", *(() if focus == "limit" else ("none",))))
    # A key is unique within the scopes that must be asked; with a lookup by key alone, in the whole API.
    within = zone in {"path", "query", "default"} and "id" not in lookups
    return World(
        rows=_placed(dice, zone, shelf, within),
        zone=zone,
        shelf=shelf,
        filters=filters,
        required=required,
        excludes=excludes,
        lookups=lookups,
        temperament=dice.choice(("exact", "ignores", "superset")),
        paging=paging,
        clamp=dice.randint(2 if paging == "bare" else 1, 4),
        shape="list" if within else dice.choice(("list", "list", "map")),
    )


def _placed(dice: Random, zone: str, shelf: bool, within: bool) -> tuple[tuple[Row, str, int], ...]:
    placed: list[tuple[Row, str, int]] = []
    seen: set[tuple[object, ...]] = set()
    for _ in range(dice.choice((0, 2, 4, 6, 9))):
        row = {name: dice.choice(values) for name, values in ROW_VALUES.items()}
        told = "y" if row["flag"] else "x"
        its_zone = told if zone.endswith("computed") else dice.choice((*ZONES, "x"))
        its_shelf = dice.choice(SHELVES)
        number = dice.randint(1, 4) if within else len(placed) + 1
        place = (number, its_zone, its_shelf if shelf else None)
        if place not in seen:
            seen.add(place)
            placed.append(({"id": number, **row}, its_zone, its_shelf))
    return tuple(placed)


def operands_of(world: World) -> dict[str, str]:
    """What a predicate over the world's table may speak of, each with its kind of constants."""
    found = {
        "id": "integer",
        "size": "integer",
        "name": "string",
        "price": "number",
        "flag": "boolean",
        "made_at": "moment",
        "region ->> 'slug'": "string",
    }
    for name in world.filters:
        kind = FILTERS[name].parameter.type
        found[name] = "tag" if name == "tag" else "moment" if kind.format else kind.type
    if world.zone != "none":
        found["zone"] = "zone"
    if world.shelf:
        found["shelf"] = "shelf"
    if any(lookup.startswith("id") for lookup in world.lookups):
        found["thing_id"] = "integer"
    return found


def an_ask(dice: Random, world: World, focus: str = "anything") -> Ask:
    """A statement over the world's table."""
    operands = operands_of(world)
    where = _where(dice, world, operands, focus)
    hidden = [name for name in operands if name not in TYPES and name != "tag" and " " not in name]
    shown = [*TYPES, *hidden]
    chosen = dice.sample(shown, dice.randint(1, 3))
    if hidden and dice.random() < 0.5:
        chosen = [*(name for name in chosen if name not in hidden), dice.choice(hidden)]
    columns = ", ".join(chosen)
    kind = (
        "rows"
        if focus == "limit"
        else dice.choice(("rows", "rows", "rows", "star", "count", "group", "distinct"))
    )
    if kind == "count":
        return Ask("count(*), max(size), count(name)", where, order="all")
    if kind == "group":
        one = dice.choice([name for name in shown if name not in {"tags", "region"}])
        return Ask(f"{one}, count(*)", where, f" GROUP BY {one}", f" GROUP BY {one}", order="none")
    if kind == "distinct":
        return Ask(f"DISTINCT {columns}", where, order="none")
    if kind == "star":
        columns = "*"
    limit = dice.choice((1, 2, 3) if focus == "limit" else (None, None, None, None, None, 0, 1, 2, 3))
    offset = dice.choice((0, 0, 1)) if limit is not None else 0
    cut = "" if limit is None else f" LIMIT {limit}" + (f" OFFSET {offset}" if offset else "")
    if focus == "limit" or dice.random() < 0.6:
        return Ask(columns, where, cut, cut, limit=limit, offset=offset)
    by = dice.choice(("size", "name DESC", "made_at", "price DESC NULLS LAST"))
    nulls = "" if "NULLS" in by else " NULLS FIRST" if "DESC" in by else " NULLS LAST"
    total = ", id" + (", zone" if world.zone != "none" else "") + (", shelf" if world.shelf else "")
    return Ask(
        columns, where, f" ORDER BY {by}{total}{cut}", f" ORDER BY {by}{nulls}{total}{cut}", order="all"
    )


def _where(dice: Random, world: World, operands: dict[str, str], focus: str) -> Predicate | None:
    conjuncts: list[Predicate] = []
    if focus == "limit" or dice.random() < 0.3:
        conjuncts.append(a_predicate(dice, operands, 0 if focus == "limit" else 2))
    if focus == "member":
        conjuncts += [a_comparison(dice, "tag", "tag") for _ in range(dice.randint(1, 2))]
    witness = dice.choice(world.rows) if world.rows else None
    for name, kind in operands.items():
        # Mostly bind what must be bound, or nearly every statement would be refused; and to what some row has,
        # or nearly every answer would be empty.
        must = name in world.required or (name == "zone" and world.zone_required) or name == "shelf"
        sent = must or name in _SENT or name in world.filters
        likely = _likely(name, witness) if sent else ()
        while dice.random() < _often(focus, name, must, sent, bool(likely)):
            conjuncts.append(a_binding(dice, name, kind, likely))
            if dice.random() < 0.85:
                break
    if len(conjuncts) < 2:
        return conjuncts[0] if conjuncts else None
    return Junction("AND", tuple(conjuncts))


def _often(focus: str, name: str, must: bool, sent: bool, likely: bool) -> float:
    """How often an operand is bound."""
    if must:
        return 0.95
    if focus == "lookup":
        return 0.7 if name in _SENT else 0.05
    if focus != "anything" or not sent:
        return 0.0
    return 0.3 if likely else 0.03


def _likely(name: str, witness: tuple[Row, str, int] | None) -> tuple[str, ...]:
    """Constants that a row has for an operand."""
    if witness is None:
        return ()
    row, zone, shelf = witness
    found = {"zone": zone, "shelf": shelf, "id": row["id"], "thing_id": row["id"]}
    told = found[name] if name in found else FILTERS[name].tells(row)
    values = told if isinstance(told, list) else [told]
    return tuple(
        f"'{value}'" if isinstance(value, str) else str(value).lower()
        for value in values
        if value is not None
    )
