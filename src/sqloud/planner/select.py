"""Plan a query: bind names, cover parameters, choose methods, leave the rest to the engine.

Law: the plan is whole before anything is sent. Whatever in the statement cannot be bound, covered or said to the
engine is an error here.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError
from sqloud.plan.steps import Called, Limit, LocalQuery, Plan, Scan
from sqloud.planner.constants import checks_of
from sqloud.planner.cover import NOTHING, Alternatives, both, cover
from sqloud.planner.limits import passed_count, row_limit
from sqloud.planner.members import MemberReads, replace_members
from sqloud.planner.methods import choose
from sqloud.planner.names import BoundColumn, Names, bind_names
from sqloud.planner.outputs import name_outputs
from sqloud.planner.residual import expression_of, generate, shape
from sqloud.planner.row_values import spell_rows
from sqloud.planner.sources import Catalogue, TableUse
from sqloud.planner.subjects import TableSubjects, parameter_subjects

__all__ = ["plan_query"]


def plan_query(tree: exp.Expr, catalogue: Catalogue) -> Plan:
    """The plan of a SELECT. The tree is not changed; errors carry the place in the statement."""
    tree = tree.copy()
    spell_rows(tree)
    names = bind_names(tree, catalogue)
    checks = checks_of(names)
    covers = {use.id: _cover_of(use, names) for use in names.uses}
    choices = {use.id: choose(use, covers[use.id], parameter_subjects(use)) for use in names.uses}
    functions = tuple(
        Called(name=call.name.lower(), span=span_of(call)) for call in tree.find_all(exp.Anonymous)
    )
    outputs = name_outputs(tree)

    def single_value(use: TableUse, name: str) -> exp.Expr | None:
        subject = parameter_subjects(use)[name]
        values = {one[subject].sql(): one[subject] for one in covers[use.id] if subject in one}
        everywhere = all(subject in one for one in covers[use.id])
        return next(iter(values.values())) if len(values) == 1 and everywhere else None

    _drop_full_names(names)
    members = replace_members(names.columns, single_value)
    limit = row_limit(tree, names)
    scans: list[Scan] = []
    for use in names.uses:
        choice = choices[use.id]
        made = shape(use, choice, _wanted(use, names.columns), members.get(use.id, MemberReads()))
        scans.append(
            Scan(
                id=use.id,
                table=use.resource.name,
                provider=use.provider,
                method=choice.method,
                columns=made.columns,
                echoes=made.echoes,
                keys=choice.keys,
                single_page=choice.single_page,
            )
        )
        _replace(use, made.relation)
        filtered = made.filtered or tree.args.get("where") is not None
        if limit is not None and not choice.asked_often:
            passed = passed_count(tree) if filtered else None
            scans[-1] = msgspec.structs.replace(scans[-1], limit=Limit(rows=limit, passed=passed))
    answer = LocalQuery(id="answer", sql=generate(tree), names=outputs)
    return Plan(steps=(*scans, answer), checks=checks, functions=functions, notes=_notes(scans))


def _drop_full_names(names: Names) -> None:
    """`provider.service.resource.column` becomes `alias.column`; other names stay as they were written."""
    for column in names.columns:
        if column.node.args.get("db"):
            column.node.set("table", exp.to_identifier(column.use.alias, quoted=True))
            column.node.set("db", None)
            column.node.set("catalog", None)


def _wanted(use: TableUse, columns: Iterable[BoundColumn]) -> list[str]:
    """The columns of one table that the statement reads, in order of first mention."""
    return [
        column.name
        for column in columns
        if column.use is use and (column.name in use.columns or use.virtual[column.name].kind != "member")
    ]


def _replace(use: TableUse, relation: str) -> None:
    """Put a scan's relation in the place of the table, under the table's alias."""
    alias = use.node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(use.alias, quoted=True))
    if relation.startswith("("):
        replacement: exp.Expr = exp.Subquery(this=expression_of(relation[1:-1]), alias=alias)
    else:
        replacement = exp.Table(this=exp.to_identifier(use.id, quoted=True), alias=alias)
    for argument in ("joins", "laterals", "pivots", "sample"):
        if use.node.args.get(argument):
            if argument in {"pivots", "sample"}:
                raise NotSupportedError(f"{argument} on a table is not built yet", span=span_of(use.node))
            replacement.set(argument, use.node.args[argument])
    use.node.replace(replacement)


def _cover_of(use: TableUse, names: Names) -> Alternatives:
    """The cover of one table: of the WHERE and of the inner ONs of the SELECT whose FROM it stands in."""
    subjects = TableSubjects(use, names.columns)
    alternatives = NOTHING
    for predicate in _predicates(use, names):
        alternatives = both(alternatives, cover(predicate, subjects), subjects)
    return alternatives


def _predicates(use: TableUse, names: Names) -> list[exp.Expr]:
    """What every row of the table that can reach the answer of its SELECT satisfies."""
    for select, tables in names.selects:
        if use not in tables or not isinstance(select, exp.Select):
            continue
        found = [select.args["where"].this] if select.args.get("where") else []
        joins = select.args.get("joins") or []
        for join in joins:
            on = join.args.get("on")
            side = str(join.args.get("side") or "").upper()
            if on is None:
                continue
            own = join.this is use.node
            if not side or (side == "LEFT" and own) or (side == "RIGHT" and not own and len(joins) == 1):
                found.append(on)
        return found
    return []


def _notes(scans: Iterable[Scan]) -> tuple[str, ...]:
    return tuple(
        f"{scan.table}: only the page that the statement binds is read, not the whole list"
        for scan in scans
        if scan.single_page
    )
