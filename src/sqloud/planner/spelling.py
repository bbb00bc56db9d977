"""PostgreSQL's operators and casts as the engine says them.

Law: the value stays PostgreSQL's. Whether an operand is JSON is told by the column's type and by what makes it; where
that does not tell, the engine decides by its own types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError
from sqloud.planner.calls import called_name, path_steps, pointer, spell_call
from sqloud.planner.names import BoundColumn

__all__ = ["mark_types", "spell_lists", "spelled"]

_TYPE = "sql_type"
_JSON_CALLS = re.compile(r"(json|jsonb|to_json|to_jsonb|row_to_json|json_.*|jsonb_.*)$")
_TEXT_CALLS = re.compile(r".*(_text|typeof|_length|_valid|_equal|_type|_pretty|json_extract)$")


def mark_types(columns: Iterable[BoundColumn]) -> None:
    """Write on each column's node the SQL type that it has."""
    for column in columns:
        found = column.use.columns.get(column.name)
        if found is not None:
            column.node.meta[_TYPE] = found.type.sql


def spelled(tree: exp.Expr) -> exp.Expr:
    """The tree in the engine's functions and operators; `tree` itself may be replaced."""
    root = exp.Paren(this=tree) if tree.parent is None else None
    for node in reversed(list(tree.walk(bfs=True))):
        for kind in type(node).__mro__:
            if rule := _RULES.get(kind):
                rule(node)
                break
    return root.this.pop() if root is not None else tree


def _is_json(node: exp.Expr) -> bool:
    inner = node.unnest()
    if isinstance(inner, exp.Column):
        return bool(inner.meta_get(_TYPE) == "JSON")
    if isinstance(inner, exp.Cast):
        return bool(inner.to.this in (exp.DType.JSON, exp.DType.JSONB))
    if isinstance(inner, (exp.JSONExtract, exp.JSONBExtract)) and not isinstance(
        inner, exp.JSONExtractScalar
    ):
        return True
    name = called_name(inner)
    return bool(_JSON_CALLS.match(name) and not _TEXT_CALLS.match(name))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _json(node: exp.Expr) -> exp.Expr:
    return exp.cast(node.copy(), "JSON")


def _literal(node: exp.Expr, what: str) -> str:
    inner = node.unnest()
    if isinstance(inner, exp.Literal) and inner.is_string:
        return str(inner.this)
    raise NotSupportedError(f"{what} that is no string in quotes is not built", span=span_of(node))


def _path(function: str) -> Callable[[exp.Expr], None]:
    def rule(node: exp.Expr) -> None:
        found = path_steps(node.expression)
        node.replace(_call(function, node.this, exp.Literal.string(pointer(found) if found else "$")))

    return rule


def _without(node: exp.Expr) -> None:
    found = path_steps(node.expression)
    if found:
        node.replace(_call("json_remove", _json(node.this), exp.Literal.string(pointer(found))))
    else:
        node.replace(_json(node.this))


def _refused(what: str, hint: str) -> Callable[[exp.Expr], None]:
    def rule(node: exp.Expr) -> None:
        raise NotSupportedError(f"{what} is not built", span=span_of(node), hints=(hint,))

    return rule


def _contains(node: exp.Expr) -> None:
    left, right = node.this, node.expression
    if isinstance(node, exp.ArrayContainedBy):
        left, right = right, left
    if _is_json(left) or _is_json(right):
        node.replace(_call("json_contains", _json(left), _json(right)))


def _has_key(value: exp.Expr, key: exp.Expr) -> exp.Expr:
    json = _json(value)
    return exp.paren(
        exp.Or(
            this=_call("list_contains", _call("json_keys", json), key),
            expression=exp.And(
                this=exp.NEQ(this=_call("json_type", json), expression=exp.Literal.string("OBJECT")),
                expression=_call("json_contains", json, _call("to_json", key)),
            ),
        )
    )


def _top_key(node: exp.Expr) -> None:
    node.replace(_has_key(node.this, node.expression))


def _top_keys(joined: type[exp.Connector]) -> Callable[[exp.Expr], None]:
    def rule(node: exp.Expr) -> None:
        keys = node.expression.unnest()
        if not isinstance(keys, exp.Array) or not keys.expressions:
            raise NotSupportedError("?| and ?& take ARRAY[...] of keys", span=span_of(node))
        whole = _has_key(node.this, keys.expressions[0])
        for key in keys.expressions[1:]:
            whole = joined(this=whole, expression=_has_key(node.this, key))
        node.replace(exp.paren(whole))

    return rule


def _joined(node: exp.Expr) -> None:
    """`||`: JSON objects are merged, arrays and what stands beside them put one after another."""
    left, right = node.this, node.expression
    for side in (left, right):
        if _is_double(side):
            side.replace(_double_text(side))
    if _is_list(left) != _is_list(right) and (_is_single(left) or _is_single(right)):
        node.replace(
            _call("list_append", left, right) if _is_list(left) else _call("list_prepend", left, right)
        )
        return
    if not (_is_json(left) or _is_json(right)):
        return
    if isinstance(left.unnest(), exp.JSONExtractScalar) or isinstance(right.unnest(), exp.JSONExtractScalar):
        return
    sides = [_json(left), _json(right)]
    objects = [exp.cast(side.copy(), "MAP(VARCHAR, JSON)", dialect="duckdb") for side in sides]
    is_array = [
        exp.EQ(this=_call("json_type", side), expression=exp.Literal.string("ARRAY")) for side in sides
    ]
    lists = [
        exp.Case(
            ifs=[exp.If(this=test, true=exp.cast(side.copy(), "JSON[]", dialect="duckdb"))],
            default=exp.Array(expressions=[side.copy()]),
        )
        for test, side in zip(is_array, sides, strict=True)
    ]
    both = exp.And(
        this=exp.EQ(this=_call("json_type", sides[0]), expression=exp.Literal.string("OBJECT")),
        expression=exp.EQ(this=_call("json_type", sides[1]), expression=exp.Literal.string("OBJECT")),
    )
    merged = exp.If(this=both, true=_call("to_json", _call("map_concat", *objects)))
    node.replace(exp.Case(ifs=[merged], default=_call("to_json", _call("list_concat", *lists))))


def _is_list(node: exp.Expr) -> bool:
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        return bool(inner.to.this == exp.DType.ARRAY)
    return isinstance(inner, (exp.Array, exp.ArrayAgg)) or str(inner.meta_get(_TYPE) or "").endswith("[]")


def _is_single(node: exp.Expr) -> bool:
    """Whether a value is surely no list; a string may spell one."""
    inner = node.unnest()
    if isinstance(inner, exp.Column):
        type_ = str(inner.meta_get(_TYPE) or "[]")
        return not type_.endswith("[]")
    return isinstance(inner, (exp.Add, exp.Sub, exp.Mul)) or (
        isinstance(inner, exp.Literal) and not inner.is_string
    )


def spell_lists(tree: exp.Expr) -> None:
    """Read, in place, `'{a,b}'` where it is a list: under a cast to one, and beside what is one."""
    for node in list(
        tree.find_all(
            exp.Cast, exp.EQ, exp.NEQ, exp.ArrayContainsAll, exp.ArrayContainedBy, exp.ArrayOverlaps
        )
    ):
        sides = [node.this] if isinstance(node, exp.Cast) else [node.this, node.expression]
        if not (node.to.this == exp.DType.ARRAY if isinstance(node, exp.Cast) else any(map(_is_list, sides))):
            continue
        for side in sides:
            if (
                isinstance(side, exp.Literal)
                and side.is_string
                and re.fullmatch(r"\{.*\}", side.this.strip())
            ):
                side.replace(_list_of(side))


def _list_of(literal: exp.Expr) -> exp.Expr:
    text = literal.name.strip()[1:-1]
    if "{" in text:
        raise NotSupportedError(
            "a list of lists in quotes is not built", span=span_of(literal), hints=("write ARRAY[[...]]",)
        )
    items: list[exp.Expr] = []
    for quoted, bare in re.findall(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]+))\s*(?:,|$)', text):
        if bare.strip().upper() == "NULL":
            items.append(exp.Null())
        else:
            items.append(exp.Literal.string(bare.strip() if bare else re.sub(r"\\(.)", r"\1", quoted)))
    made = exp.Array(expressions=items)
    made.meta["spelled"] = True  # the user wrote a string, which has no name
    return (
        made
        if items or isinstance(literal.parent, exp.Cast)
        else exp.cast(made, "VARCHAR[]", dialect="duckdb")
    )


def _minus(node: exp.Expr) -> None:
    """`JSON - 'key'` is the object without the key."""
    if not _is_json(node.this):
        return
    key = exp.Literal.string(_literal(node.expression, "a key to take away"))
    pairs = _call("map_entries", exp.cast(node.this.copy(), "MAP(VARCHAR, JSON)", dialect="duckdb"))
    kept = exp.Lambda(
        this=exp.NEQ(
            this=exp.Dot(this=exp.to_identifier("pair"), expression=exp.to_identifier("key")), expression=key
        ),
        expressions=[exp.to_identifier("pair")],
    )
    filtered = exp.Anonymous(this="list_filter", expressions=[pairs, kept])
    node.replace(_call("to_json", _call("map_from_entries", filtered)))


def _like(node: exp.Expr) -> None:
    """A backslash escapes in PostgreSQL's patterns even where ESCAPE is not said."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape):
        return
    if isinstance(pattern, (exp.Any, exp.All)) or (
        isinstance(pattern, exp.Literal) and "\\" not in pattern.this
    ):
        return
    around = exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))
    node.replace(around)


def _similar(node: exp.Expr) -> None:
    escape = "\\"
    around = node
    if isinstance(node.parent, exp.Escape):
        around = node.parent
        escape = _literal(around.expression, "an escape")
    pattern = _regex_of_similar(_literal(node.expression, "a pattern of SIMILAR TO"), escape)
    around.replace(_call("regexp_full_match", node.this, exp.Literal.string(pattern)))


def _regex_of_similar(pattern: str, escape: str) -> str:
    said, index, bracket = "", 0, False
    while index < len(pattern):
        char = pattern[index]
        if escape and char == escape and index + 1 < len(pattern):
            index += 1
            said += re.escape(pattern[index])
        elif bracket:
            said += "\\\\" if char == "\\" else char
            bracket = char != "]"
        elif char == "[":
            bracket = True
            said += char
        else:
            said += {"%": ".*", "_": "."}.get(char) or (
                char if char in "|*+?{}()," or char.isalnum() else re.escape(char)
            )
        index += 1
    return f"(?s:{said})"


def _pattern(node: exp.Expr) -> None:
    """The edges of words, which PostgreSQL writes in its own way."""
    pattern = node.args.get("expression")
    if isinstance(pattern, exp.Literal) and "\\" in pattern.this:
        said = re.sub(
            r"\\(.)",
            lambda found: {"m": r"\b", "M": r"\b", "y": r"\b", "Y": r"\B"}.get(found[1], found[0]),
            pattern.this,
        )
        pattern.replace(exp.Literal.string(said))


def _overlaps(node: exp.Expr) -> None:
    sides = []
    for side in (node.this.unnest(), node.expression.unnest()):
        if not isinstance(side, exp.Tuple) or len(side.expressions) != 2:
            raise NotSupportedError("OVERLAPS takes two pairs: (start, end)", span=span_of(node))
        sides.append((_call("least", *side.expressions), _call("greatest", *side.expressions)))
    (start, end), (other_start, other_end) = sides
    crossing = exp.And(
        this=exp.LT(this=start, expression=other_end), expression=exp.LT(this=other_start, expression=end)
    )
    node.replace(
        exp.paren(
            exp.Or(
                this=exp.paren(crossing), expression=exp.EQ(this=start.copy(), expression=other_start.copy())
            )
        )
    )


def _divided(node: exp.Expr) -> None:
    """An interval is divided by multiplying it: the engine knows no other way."""
    inner = node.this.unnest()
    if isinstance(inner, exp.Interval) or (
        isinstance(inner, exp.Cast) and inner.to.this == exp.DType.INTERVAL
    ):
        part = exp.Div(this=exp.cast(exp.Literal.number(1), "DOUBLE"), expression=node.expression.copy())
        node.replace(exp.Mul(this=node.this.copy(), expression=exp.paren(part)))


def _extract(node: exp.Expr) -> None:
    """Seconds have a fraction."""
    unit = node.name.upper()
    divisor = {"SECOND": 1_000_000, "SECONDS": 1_000_000, "MILLISECOND": 1000, "MILLISECONDS": 1000}.get(unit)
    if divisor:
        micros = exp.Anonymous(
            this="date_part", expressions=[exp.Literal.string("microseconds"), node.expression.copy()]
        )
        node.replace(
            exp.paren(exp.Div(this=micros, expression=exp.cast(exp.Literal.number(divisor), "DOUBLE")))
        )


def _cast(node: exp.Expr) -> None:
    assert isinstance(node, exp.Cast)
    kind, inner = node.to.this, node.this.unnest()
    if kind == exp.DType.DECIMAL and not node.to.expressions:
        node.set("to", exp.DataType.build(_numeric(inner, node.parent), dialect="duckdb"))
    elif (
        kind == exp.DType.TIME
        and isinstance(inner, exp.Column)
        and inner.meta_get(_TYPE) == "TIMESTAMP WITH TIME ZONE"
    ):
        node.set("this", exp.cast(node.this.copy(), "TIMESTAMP"))
    elif kind in exp.DataType.TEXT_TYPES and _is_double(inner):
        node.replace(_double_text(inner))
    elif kind == exp.DType.BOOLEAN and isinstance(inner, exp.Literal) and inner.is_string:
        word = {"on": "true", "off": "false"}.get(inner.this.strip().lower())
        if word:
            node.set("this", exp.Literal.string(word))


def _is_double(node: exp.Expr) -> bool:
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        return inner.to.this in (exp.DType.DOUBLE, exp.DType.FLOAT)
    return isinstance(inner, exp.Column) and inner.meta_get(_TYPE) == "DOUBLE"


def _double_text(node: exp.Expr) -> exp.Expr:
    """A DOUBLE as text: a whole one without a point."""
    said = [exp.cast(node.copy(), "VARCHAR"), exp.Literal.string(r"\.0$"), exp.Literal.string("")]
    return exp.Anonymous(this="regexp_replace", expressions=said)


def _numeric(inner: exp.Expr, parent: exp.Expr | None) -> str:
    """A NUMERIC without digits of its own holds any in PostgreSQL; the engine's has a fixed number of them."""
    if isinstance(inner, exp.Literal) and re.fullmatch(r"\s*[-+]?\d*\.?\d*\s*", inner.this):
        return f"DECIMAL(38, {len(inner.this.strip().partition('.')[2])})"
    if isinstance(inner, exp.Column) and inner.meta_get(_TYPE) == "BIGINT":
        return "DECIMAL(38, 0)"
    return "DECIMAL(38, 12)" if isinstance(parent, exp.Round) else "DOUBLE"


def _rounded(node: exp.Expr) -> None:
    """Half of a DOUBLE is rounded to the even side."""
    inner = node.this.unnest()
    if node.args.get("decimals") is None and _is_double(inner):
        node.replace(_call("round_even", node.this, exp.Literal.number(0)))


def _substring(node: exp.Expr) -> None:
    """`substring(text FROM pattern)`: the first group of the pattern, or what matches.

    A start before the first character takes from the length; the engine would count from the end.
    """
    pattern = node.args.get("start")
    if pattern is not None and not isinstance(pattern, exp.Literal):
        one, length = exp.Literal.number(1), node.args.get("length")
        node.set("start", _call("greatest", pattern, one))
        if length is not None:
            before = exp.Sub(this=_call("least", pattern, one), expression=one.copy())
            kept = exp.Add(this=exp.paren(length.copy()), expression=exp.paren(before))
            node.set("length", _call("greatest", kept, exp.Literal.number(0)))
        return
    if isinstance(pattern, exp.Literal) and not pattern.is_string and pattern.this == "0":
        node.set("start", exp.paren(exp.Literal.number(0)))
        _substring(node)
        return
    if isinstance(pattern, exp.Literal) and pattern.is_string:
        test = _call("regexp_matches", node.this, pattern)
        group = exp.Literal.number(1 if re.search(r"(?<!\\)\((?!\?)", pattern.this) else 0)
        node.replace(
            exp.Case(ifs=[exp.If(this=test, true=_call("regexp_extract", node.this, pattern, group))])
        )


def _selected(node: exp.Expr) -> None:
    if not node.expressions:
        node.set("expressions", [exp.Literal.number(1)])


_RULES: Mapping[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Anonymous: spell_call,
    exp.AnonymousAggFunc: spell_call,
    exp.JSONBExtract: _path("json_extract"),
    exp.JSONBExtractScalar: _path("json_extract_string"),
    exp.JSONBDeleteAtPath: _without,
    exp.JSONBPathExists: _refused("@?", "write   x #> '{a,b}' IS NOT NULL"),
    exp.MatchAgainst: _refused("@@", "write what is compared:   x #>> '{a,b}' = 'c'"),
    exp.JSONTable: _refused("json_table", "write   jsonb_to_recordset(x) AS t(a int)"),
    exp.ArrayContainsAll: _contains,
    exp.ArrayContainedBy: _contains,
    exp.JSONBContainsTopKey: _top_key,
    exp.JSONBContainsAnyTopKeys: _top_keys(exp.Or),
    exp.JSONBContainsAllTopKeys: _top_keys(exp.And),
    exp.DPipe: _joined,
    exp.Sub: _minus,
    exp.Like: _like,
    exp.ILike: _like,
    exp.SimilarTo: _similar,
    exp.RegexpLike: _pattern,
    exp.RegexpILike: _pattern,
    exp.RegexpReplace: _pattern,
    exp.Overlaps: _overlaps,
    exp.Div: _divided,
    exp.Extract: _extract,
    exp.Cast: _cast,
    exp.Round: _rounded,
    exp.Substring: _substring,
    exp.Select: _selected,
}
"""What is done with a node of each kind, the leaves first."""
