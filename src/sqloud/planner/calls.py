"""Functions of the dialect as the engine says them.

Law: a call keeps its value. What a template or a builder cannot say is refused with its place, never approximated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

import sqlglot
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.dialect.functions import AGGREGATES, SCALARS, TABLES
from sqloud.errors import NotSupportedError
from sqloud.planner.formats import moment_text, number_text, strftime_format
from sqloud.planner.moments import MOMENTS, moment_sql

__all__ = ["called_name", "path_steps", "pointer", "spell_call", "spell_tables"]

_ALL = re.compile(r"(\w+)\(\$\*\)")
_WHOLE = (exp.Literal, exp.Column, exp.Func, exp.Query, exp.Star, exp.Paren)


def called_name(node: exp.Expr) -> str:
    """The name by which the statement calls a function, in lower case; '' for what is no call."""
    said = node.meta_get("called")
    if said:
        return str(said)
    return node.name.lower() if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)) else ""


def spell_call(node: exp.Expr) -> None:
    """Replace, in place, a call that the engine lacks or means otherwise. Raises NotSupportedError."""
    if not isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        return
    name, arguments = node.name.lower(), list(node.expressions)
    if isinstance(node, exp.AnonymousAggFunc):
        _spell_aggregate(node, name, arguments)
    elif build := _BUILDERS.get(f"{name}/{len(arguments)}") or _BUILDERS.get(name):
        node.replace(build(node, arguments))
    elif template := SCALARS.get(f"{name}/{len(arguments)}") or SCALARS.get(name):
        node.replace(exp.paren(_filled(template, arguments), copy=False))


def _spell_aggregate(node: exp.Expr, name: str, arguments: list[exp.Expr]) -> None:
    inner, outer = AGGREGATES[name]
    first = arguments[0]
    order = first if isinstance(first, exp.Order) else None
    aggregate = _filled(inner, [first.this if order else first, *arguments[1:]])
    if order:
        aggregate.set("this", exp.Order(this=aggregate.this, expressions=order.expressions))
    node.replace(aggregate)
    around: exp.Expr = aggregate
    while isinstance(around.parent, (exp.Filter, exp.Window)) and around.arg_key == "this":
        around = around.parent
    if outer != "$0":
        mark = exp.Null()
        around.replace(mark)
        mark.replace(_filled(outer.replace("$0", "$1"), [around]))


def spell_tables(tree: exp.Expr) -> None:
    """Replace, in place, each function in a FROM that the engine lacks by a query with the columns that it has."""
    for node in list(tree.find_all(exp.Unnest, exp.Table, exp.Lateral)):
        if isinstance(node.parent, (exp.From, exp.Join)):
            _spell_lists_of(node)
    for node in list(tree.find_all(exp.Table, exp.Lateral)):
        call = node.this
        name = call.name.lower() if isinstance(call, exp.Anonymous) else ""
        if name != "regexp_matches" and name not in TABLES:
            continue
        columns, sql = TABLES.get(name, ((), ""))
        query = _filled(sql, call.expressions) if sql else _matches(call)
        alias = node.args.get("alias")
        named = alias.this.copy() if alias is not None and alias.this is not None else exp.to_identifier(name)
        given = [column.copy() for column in alias.columns] if alias is not None else []
        names = columns or (named.name,)
        if columns and len(columns) == 1 and not given and _is_read(node, named.name):
            names = (named.name,)
        if node.args.get("ordinality"):
            names = (*names, "ordinality")
            listed_values = query.find(exp.Explode, exp.Unnest)
            assert listed_values is not None
            values = listed_values.this or listed_values.expressions[0]
            query.append("expressions", _filled("unnest(range(1, len($1) + 1))", [values]))
        listed = given + [exp.to_identifier(one) for one in names[len(given) :]]
        replacement = exp.Lateral(
            this=exp.Subquery(this=query), alias=exp.TableAlias(this=named, columns=listed)
        )
        for argument in ("joins", "laterals"):
            if isinstance(node, exp.Table) and node.args.get(argument):
                replacement.set(argument, node.args[argument])
        node.replace(replacement)


def _spell_lists_of(node: exp.Expr) -> None:
    """Several lists beside each other, a numbered series, and the records of a JSON value, as rows."""
    alias = node.args.get("alias")
    call = node.this
    name = call.name.lower() if isinstance(call, exp.Anonymous) else ""
    numbered: exp.Expr | None = None
    if isinstance(node, exp.Unnest):
        if len(node.expressions) < 2:
            return
        lists, numbered = node.expressions, node.args.get("offset") or None
        columns = alias.columns if alias is not None else []
    elif isinstance(call, _SERIES) and node.args.get("ordinality"):
        bounds = [call.args[one] for one in ("start", "end", "step") if call.args.get(one) is not None]
        lists = [exp.Anonymous(this="generate_series", expressions=[bound.copy() for bound in bounds])]
        given = list(alias.columns) if alias is not None else []
        own = alias.name if alias is not None and alias.name else "generate_series"
        names = [*given, *(exp.to_identifier(one) for one in (own, "ordinality")[len(given) :])]
        columns, numbered = names[:1], names[1]
    elif name in _RECORDS:
        columns = alias.columns if alias is not None else []
        if not columns or not all(isinstance(column, exp.ColumnDef) for column in columns):
            raise NotSupportedError(
                f"{name} says no columns", span=span_of(node), hints=("write   AS t(name text, size int)",)
            )
        lists = [_field(call.expressions[0], column, name.endswith("set")) for column in columns]
        columns = [column.this for column in columns]
    else:
        return
    if name in _RECORDS and not name.endswith("set"):
        query = exp.select(*(one.copy() for one in lists))
    else:
        query = exp.select(*(_filled("unnest($1)", [one]) for one in lists))
    names = [column.copy() for column in columns]
    names += [
        exp.to_identifier("unnest" if not at else f"unnest_{at}") for at in range(len(names), len(lists))
    ]
    if numbered is not None:
        longest = ", ".join(f"len(${at})" for at in range(1, len(lists) + 1))
        query = query.select(_filled(f"unnest(range(1, greatest({longest}) + 1))", lists))
        names.append(
            numbered.copy() if isinstance(numbered, exp.Identifier) else exp.to_identifier("ordinality")
        )
    named = alias.this.copy() if alias is not None and alias.this is not None else None
    replacement = exp.Lateral(
        this=exp.Subquery(this=query),
        alias=exp.TableAlias(this=named or exp.to_identifier(name or "unnest"), columns=names),
    )
    for argument in ("joins", "laterals"):
        if node.args.get(argument):
            replacement.set(argument, node.args[argument])
    node.replace(replacement)


def _field(value: exp.Expr, column: exp.ColumnDef, many: bool) -> exp.Expr:
    """What each record of a JSON value has under a name, in its type."""
    path = exp.Literal.string(pointer([column.name]))
    kind = column.args["kind"]
    reading = "json_extract" if kind.this in (exp.DType.JSON, exp.DType.JSONB) else "json_extract_string"
    if not many:
        return exp.cast(_filled(f"{reading}(CAST($1 AS JSON), $2)", [value, path]), kind)
    each = _filled(f"list_transform(CAST($1 AS JSON[]), lambda one: {reading}(one, $2))", [value, path])
    return exp.cast(each, exp.DataType(this=exp.DType.ARRAY, expressions=[kind.copy()], nested=True))


def _is_read(node: exp.Expr, name: str) -> bool:
    """Whether the statement reads the relation's own name as a value: `elements e ... e ->> 'id'`."""
    select = node.find_ancestor(exp.Select)
    return select is not None and any(
        column.name.lower() == name.lower() and not column.args.get("table")
        for column in select.find_all(exp.Column)
    )


@cache
def _template(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="duckdb")


def _filled(sql: str, arguments: list[exp.Expr]) -> exp.Expr:
    """A template with arguments in the places of `$1`, `$2`, ... and `$*`."""
    if whole := _ALL.fullmatch(sql):
        return exp.Anonymous(this=whole[1], expressions=[argument.copy() for argument in arguments])
    if "$*" in sql:
        sql = sql.replace("$*", ", ".join(f"${number}" for number in range(1, len(arguments) + 1)))
    root = exp.Paren(this=_template(sql).copy())
    for mark in list(root.find_all(exp.Placeholder)):
        argument = arguments[int(mark.name) - 1].copy()
        mark.replace(argument if isinstance(argument, _WHOLE) else exp.paren(argument))
    filled: exp.Expr = root.this.pop()
    return filled


def _text(node: exp.Expr, what: str) -> str:
    """A literal's text. Raises NotSupportedError for what is none."""
    inner = node.unnest()
    if isinstance(inner, exp.Literal) and inner.is_string:
        return str(inner.this)
    raise NotSupportedError(f"{what} that is no string in quotes is not built", span=span_of(node))


def _matches(call: exp.Expr) -> exp.Expr:
    subject, pattern, *flags = call.expressions
    return _filled(
        f"SELECT unnest({'$1' if flags and 'g' in _text(flags[0], 'a flag') else '[$1]'})",
        [_groups(subject, pattern, flags)],
    )


def _groups(subject: exp.Expr, pattern: exp.Expr, flags: list[exp.Expr]) -> exp.Expr:
    """All matches as lists of their groups where `g` is among the flags, else the first's list, or NULL."""
    text = _text(pattern, "a pattern")
    said = _text(flags[0], "a flag") if flags else ""
    try:
        count = re.compile(text).groups
    except re.error as error:
        raise NotSupportedError(f"this pattern is not built: {error}", span=span_of(pattern)) from error
    if "i" in said:
        text = f"(?i){text}"
    pattern = exp.Literal.string(text)
    numbers = range(1, count + 1) if count else range(1)
    if "g" in said:
        groups = ", ".join(f"(regexp_extract_all($1, $2, {number}))[at]" for number in numbers)
        return _filled(
            f"list_transform(range(1, len(regexp_extract_all($1, $2)) + 1), lambda at: [{groups}])",
            [subject, pattern],
        )
    groups = ", ".join(f"regexp_extract($1, $2, {number})" for number in numbers)
    return _filled(f"CASE WHEN regexp_matches($1, $2) THEN [{groups}] END", [subject, pattern])


def _regexp_matches(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    """PostgreSQL's rows of lists where an output stands; a test, as in DuckDB, where a condition does."""
    subject, pattern, *flags = arguments
    item = node.parent if isinstance(node.parent, exp.Alias) else node
    if not isinstance(item.parent, exp.Select) or item.arg_key != "expressions":
        return exp.Anonymous(this="regexp_matches", expressions=[one.copy() for one in arguments])
    found = _groups(subject, pattern, flags)
    if flags and "g" in _text(flags[0], "a flag"):
        return _filled("unnest($1)", [found])
    return _filled("unnest(CASE WHEN $1 IS NULL THEN [] ELSE [$1] END)", [found])


def _regexp_match(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    return exp.paren(_groups(arguments[0], arguments[1], arguments[2:]))


def _jsonb_set(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    """A value in the place of another; where what would hold it is missing, nothing changes.

    An index beyond a list puts the value at its end, or before its beginning.
    """
    steps = path_steps(arguments[1])
    target, value = exp.cast(arguments[0].copy(), "JSON"), exp.cast(arguments[2].copy(), "JSON")
    creates = arguments[3].copy() if len(arguments) > 3 else exp.true()
    if not steps:
        return target
    *above, last = steps
    holder = exp.Literal.string(pointer(above)) if above else exp.Literal.string("$")
    here = exp.Literal.string(pointer(steps))
    filling = [target, here, value, holder, creates]
    whole = "json_set($1, $2, $3)"
    if last.lstrip("-").isdigit():
        listed = "CAST(json_extract($1, $4) AS JSON[])"
        joined = f"[$3], {listed}" if last.startswith("-") else f"{listed}, [$3]"
        grown = f"json_set($1, $4, to_json(list_concat({joined})))"
        if not above:
            grown = f"to_json(list_concat({joined}))"
        whole = (
            f"CASE WHEN json_type($1, $4) = 'ARRAY' AND NOT json_exists($1, $2) THEN {grown} ELSE {whole} END"
        )
    return exp.paren(
        _filled(
            "CASE WHEN $3 IS NULL OR $5 IS NULL THEN NULL WHEN json_exists($1, $2) THEN json_set($1, $2, $3)"
            f" WHEN $5 AND json_type($1, $4) IN ('OBJECT', 'ARRAY') THEN {whole} ELSE $1 END",
            filling,
        )
    )


def path_steps(node: exp.Expr) -> list[str]:
    """The steps of a path of PostgreSQL's: `'{a,b}'`, `ARRAY['a', 'b']`.

    Raises NotSupportedError for what is no literal.
    """
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        inner = inner.this.unnest()
    if isinstance(inner, exp.Array):
        return [_text(step, "a step of a path") for step in inner.expressions]
    text = _text(inner, "a path").strip()
    return [step.strip().strip('"') for step in text.strip("{}").split(",")] if text != "{}" else []


def pointer(steps: list[str]) -> str:
    """JSON's path of the engine for a path of PostgreSQL's; what may be an index or a key is a JSON pointer."""
    if any(step.startswith("-") and step[1:].isdigit() for step in steps):
        return "$" + "".join(
            f"[#{step}]" if step.startswith("-") else f"[{step}]" if step.isdigit() else '."' + step + '"'
            for step in steps
        )
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _extract_path(text: bool) -> Callable[[exp.Expr, list[exp.Expr]], exp.Expr]:
    function = "json_extract_string" if text else "json_extract"

    def build(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
        path = pointer([_text(step, "a step of a path") for step in arguments[1:]])
        return exp.Anonymous(this=function, expressions=[arguments[0].copy(), exp.Literal.string(path)])

    return build


def _json_extract(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    """SQLite's `json_extract` with several paths is an array of what stands at each."""
    found = [
        exp.Anonymous(this="json_extract", expressions=[arguments[0].copy(), path]) for path in arguments[1:]
    ]
    return exp.Anonymous(this="json_array", expressions=found)


def _to_char(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    pattern = _text(arguments[1], "a format")
    sql = number_text(pattern) or moment_text(pattern)
    return exp.paren(_filled(sql, [arguments[0]]))


def _to_moment(kind: str) -> Callable[[exp.Expr, list[exp.Expr]], exp.Expr]:
    def build(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
        read = exp.Anonymous(
            this="strptime",
            expressions=[
                arguments[0].copy(),
                exp.Literal.string(strftime_format(_text(arguments[1], "a format"))),
            ],
        )
        return exp.cast(read, kind)

    return build


def _to_number(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    decimals = len(re.sub(r"[^09]", "", _text(arguments[1], "a format").partition(".")[2]))
    return _filled(
        f"CAST(regexp_replace(CAST($1 AS VARCHAR), '[^-0-9.]', '', 'g') AS DECIMAL(38, {decimals}))",
        arguments[:1],
    )


def _format(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    """PostgreSQL's `%s`, `%I`, `%L`; a format with any other mark is SQLite's, which is printf's."""
    pattern = _text(arguments[0], "a format")
    pieces = re.split(r"(%%|%[sIL])", pattern)
    if "%" in "".join(pieces[::2]):
        return exp.Anonymous(this="printf", expressions=[item.copy() for item in arguments])
    values = iter(arguments[1:])
    said: list[exp.Expr] = []
    for number, piece in enumerate(pieces):
        if number % 2 == 0 or piece == "%%":
            said.append(exp.Literal.string(piece if number % 2 == 0 else "%"))
            continue
        value = next(values, None)
        if value is None:
            raise NotSupportedError("format has fewer values than marks", span=span_of(node))
        template = {"%I": SCALARS["quote_ident"], "%L": f"coalesce({SCALARS['quote_literal']}, 'NULL')"}.get(
            piece, "$1"
        )
        said.append(_filled(template, [value]))
    return exp.Anonymous(this="concat", expressions=said)


def _coded(names: Mapping[str, str]) -> Callable[[exp.Expr, list[exp.Expr]], exp.Expr]:
    def build(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
        form = _text(arguments[1], "an encoding").lower()
        if form not in names:
            raise NotSupportedError(
                f"the encoding {form} is not built",
                span=span_of(arguments[1]),
                hints=(f"there is {', '.join(names)}",),
            )
        return _filled(names[form], arguments[:1])

    return build


def _moment(node: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
    sql, filling = moment_sql(node.name.lower(), arguments)
    return exp.paren(_filled(sql, filling))


_SERIES = (exp.GenerateSeries, exp.ExplodingGenerateSeries)
_RECORDS = ("json_to_record", "jsonb_to_record", "json_to_recordset", "jsonb_to_recordset")
_BUILDERS: Mapping[str, Callable[[exp.Expr, list[exp.Expr]], exp.Expr]] = {
    "regexp_match": _regexp_match,
    "jsonb_set": _jsonb_set,
    "regexp_matches": _regexp_matches,
    "json_extract_path": _extract_path(False),
    "jsonb_extract_path": _extract_path(False),
    "json_extract_path_text": _extract_path(True),
    "jsonb_extract_path_text": _extract_path(True),
    "to_char": _to_char,
    **dict.fromkeys(MOMENTS, _moment),
    "to_date": _to_moment("DATE"),
    "to_timestamp/2": _to_moment("TIMESTAMPTZ"),
    "to_number": _to_number,
    "format": _format,
    "encode": _coded({"hex": "lower(hex($1))", "base64": "base64($1)"}),
    "decode": _coded({"hex": "unhex($1)", "base64": "from_base64($1)"}),
    **{f"json_extract/{count}": _json_extract for count in range(3, 9)},
}
