"""Joins that name no condition, or match otherwise than row by row.

Law: a NATURAL join becomes the USING that it stands for, over the columns that `*` shows: a hidden column joins
nothing. What a join does to names is said here once: a SEMI or ANTI join shows only its left side.
"""

from __future__ import annotations

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import AmbiguousNameError, NotSupportedError
from sqloud.planner.relations import Relations

__all__ = ["is_nearest", "refuse_unknown", "shown_aliases", "spell_natural"]

_HIDING = {"SEMI", "ANTI"}


def _words(join: exp.Join) -> tuple[str, str, str]:
    method, side, kind = (str(join.args.get(word) or "").upper() for word in ("method", "side", "kind"))
    return method, side, kind


def is_nearest(join: exp.Join) -> bool:
    """Whether a join keeps the nearest match alone (ASOF): what else is asked of it must wait until then."""
    return _words(join)[0] == "ASOF"


def refuse_unknown(tree: exp.Expr) -> None:
    """Refuse, with what to write, the joins, pivots and samples that are not built; spell LEFT SEMI as SEMI."""
    for join in tree.find_all(exp.Join):
        method, side, kind = _words(join)
        if kind in _HIDING and side == "LEFT":
            join.set("side", None)
        if method == "POSITIONAL" or kind == "POSITIONAL":
            raise _not_built("POSITIONAL JOIN", join.this, "rows have no position; write JOIN ... ON")
        if kind in _HIDING and side == "RIGHT":
            raise _not_built(
                f"RIGHT {kind} JOIN", join.this, f"put the tables the other way round: {kind} JOIN"
            )
        if method == "ASOF" and (join.args.get("using") or side in {"RIGHT", "FULL"}):
            raise _not_built("this ASOF JOIN", join.this, "write ASOF [LEFT] JOIN ... ON a = b AND t >= u")
    for pivot in tree.find_all(exp.Pivot):
        word = "UNPIVOT" if pivot.args.get("unpivot") else "PIVOT"
        hint = "write a LATERAL (VALUES ...)" if word == "UNPIVOT" else "write count(*) FILTER (WHERE ...)"
        raise _not_built(word, pivot, hint)
    for select in tree.find_all(exp.Select):
        if select.args.get("sample"):
            raise _not_built("USING SAMPLE", select, "write FROM table TABLESAMPLE (5 ROWS)")


def spell_natural(relations: Relations) -> None:
    """Turn, in place, each NATURAL join of a FROM into the USING that it stands for."""
    before = relations.order[:1]
    for join in relations.scope.expression.args.get("joins") or []:
        alias = next((name for name, node in relations.nodes.items() if node is join.this), None)
        if alias is None:
            continue
        if _words(join)[0] == "NATURAL":
            _spell(join, relations, before, alias)
        if _words(join)[2] not in _HIDING:
            before = [*before, alias]


def _spell(join: exp.Join, relations: Relations, before: list[str], alias: str) -> None:
    merged = {
        column.name.lower()
        for other in relations.scope.expression.args.get("joins") or []
        for column in other.args.get("using") or []
    }
    left = [(name, one) for one in before for name in _shown(join, relations, one)]
    right = set(_shown(join, relations, alias))
    common = dict.fromkeys(name for name, _ in left if name in right)
    for name in common:
        owners = [one for other, one in left if other == name]
        if len(owners) > 1 and name not in merged:
            raise AmbiguousNameError(
                f"NATURAL JOIN: {name} is a column of {' and of '.join(owners)}",
                span=span_of(join.this),
                hints=("write JOIN ... USING or ON",),
            )
    join.set("method", None)
    if common:
        join.set("using", [exp.to_identifier(name) for name in common])
    elif join.args.get("side") or join.args.get("kind"):
        join.set("on", exp.true())
    else:
        join.set("kind", "CROSS")


def _shown(join: exp.Join, relations: Relations, alias: str) -> list[str]:
    table = relations.tables.get(alias)
    names = table.visible if table is not None else relations.shown(alias)
    if names is None:
        raise NotSupportedError(
            f"NATURAL JOIN with {alias}, whose columns only the engine knows, is not built",
            span=span_of(join.this),
            hints=("write JOIN ... USING (column)",),
        )
    return list(names)


def shown_aliases(relations: Relations) -> list[str]:
    """The relations of a FROM that `*` and a bare name see: not the right side of a SEMI or ANTI join."""
    hidden = {
        id(join.this)
        for join in relations.scope.expression.args.get("joins") or []
        if _words(join)[2] in _HIDING
    }
    return [alias for alias, node in relations.nodes.items() if id(node) not in hidden]


def _not_built(what: str, node: exp.Expr, hint: str) -> NotSupportedError:
    return NotSupportedError(
        f"{what} is not built", span=span_of(node) or span_of(node.parent or node), hints=(hint,)
    )
