"""Plan a query: bind names, cover parameters, choose methods, leave the rest to the engine.

Law: the plan is whole before anything is sent. Whatever in the statement cannot be bound, covered or said to the
engine is an error here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.dialect.functions import NAMES
from sqloud.errors import MissingParameterError
from sqloud.plan.steps import Called, Limit, LocalQuery, Plan, Scan
from sqloud.planner.calls import spell_tables
from sqloud.planner.constants import checks_of
from sqloud.planner.cover import NOTHING, Alternatives, both, cover, either
from sqloud.planner.feeding import Feeding
from sqloud.planner.limits import is_only_counted, passed_count, row_limit
from sqloud.planner.local import replace_local
from sqloud.planner.members import MemberReads, replace_members
from sqloud.planner.methods import Choice, choose
from sqloud.planner.names import BoundColumn, Names, bind_names
from sqloud.planner.narrowing import narrowed
from sqloud.planner.outputs import name_outputs
from sqloud.planner.own import NoRelations, OwnRelations, place_own
from sqloud.planner.reach import Implied, Reach
from sqloud.planner.residual import Shape, expression_of, generate, shape
from sqloud.planner.row_values import spell_rows
from sqloud.planner.sharing import SharedScans, only_counted
from sqloud.planner.sorting import sort_sent, sorted_limit, sorted_stop
from sqloud.planner.sources import APART, Catalogue, TableUse
from sqloud.planner.spelling import mark_types, spell_lists
from sqloud.planner.subjects import FedSubjects, TableSubjects, parameter_subjects
from sqloud.planner.voids import Voids
from sqloud.registry.records import Parameter

__all__ = ["plan_query", "unbound"]

_NONE = NoRelations()
_SAMPLED = "{table}: a sample is drawn here, of every row; LIMIT n is what reads less"


def plan_query(
    tree: exp.Expr, catalogue: Catalogue, *, reasons: bool = False, own: OwnRelations | None = None
) -> Plan:
    """The plan of a SELECT. The tree is not changed; errors carry the place in the statement.

    With `reasons` each scan says why it uses its method and no other. `own` are the user's own relations.
    """
    tree = place_own(tree.copy(), own or _NONE, catalogue)
    stored = any("columns" in node.meta for node in tree.find_all(exp.Table))
    spell_rows(tree)
    spell_tables(tree)
    names = bind_names(tree, catalogue)
    mark_types(names.columns)
    spell_lists(tree)
    checks = checks_of(names)
    feeding = Feeding(names)
    covers, choices = _choices(names, feeding)
    feeds = {use.id: feeding.feed(choices[use.id].rows) for use in names.uses if choices[use.id].keys is None}
    functions = tuple(
        Called(name=call.name.lower(), span=span_of(call))
        for call in tree.find_all(exp.Anonymous)
        if call.name.lower() not in NAMES
    )
    outputs = name_outputs(tree)

    def single_value(use: TableUse, name: str) -> exp.Expr | None:
        subject = parameter_subjects(use)[name]
        values = {one[subject].sql(): one[subject] for one in covers[use.id] if subject in one}
        everywhere = all(subject in one for one in covers[use.id])
        return next(iter(values.values())) if len(values) == 1 and everywhere else None

    _drop_full_names(names)
    sampled = [_SAMPLED.format(table=use.resource.name) for use in names.uses if use.node.args.get("sample")]
    stops = {use.id: row_limit(use, names) for use in names.uses}
    ordered = {use.id: sorted_stop(use, names) for use in names.uses}
    members = replace_members(names.columns, single_value)
    shapes: dict[str, Shape] = {}
    replaced: dict[int, exp.Expr] = {}
    for use in names.uses:
        wanted = _wanted(use, names.columns)
        shapes[use.id] = shape(use, choices[use.id], wanted, members.get(use.id, MemberReads()))
        replaced[id(use.node)] = _replace(use, shapes[use.id].relation)
    scans = SharedScans()
    local = [narrowed(use, names) for use in names.local]
    for one in names.local:
        replaced[id(one.node)] = replace_local(one)
    # The choices were made in an order in which each reads only what comes before it.
    for use in sorted(names.uses, key=lambda use: list(choices).index(use.id)):
        choice, made = choices[use.id], shapes[use.id]
        scan = Scan(
            id=use.id,
            table=use.resource.name,
            provider=use.provider.serving(choice.method),
            method=choice.method,
            columns=made.columns,
            echoes=made.echoes,
            keys=choice.keys or feeding.query(choice.parameters, feeds[use.id], replaced),
            single_page=choice.single_page,
            apart=use.node.meta.get(APART, ""),
            identity=tuple(column for column in use.resource.columns if column.name in use.resource.key),
        )
        if reasons:
            from sqloud.planner.reasons import passed_over, unsent

            fed = choice.keys is None
            scan = msgspec.structs.replace(
                scan, passed_over=passed_over(use, choice, fed=fed), unsent=unsent(choice)
            )
        stop = stops[use.id]
        if stop is not None and not choice.asked_often:
            passed = passed_count(stop) if made.filtered or stop.filters else None
            scan = msgspec.structs.replace(scan, limit=Limit(rows=stop.rows, passed=passed))
        order = ordered[use.id]
        sort = sort_sent(order, choice) if order is not None else None
        if order is not None and sort is not None:
            scan = msgspec.structs.replace(scan, sort=sort, limit=sorted_limit(order, use.id))
        counted = only_counted(scan, filtered=made.filtered, unread=is_only_counted(use, names))
        scans.add(msgspec.structs.replace(scan, counted=counted) if counted else scan, replaced[id(use.node)])
    answer = LocalQuery(id="answer", sql=generate(tree), names=outputs)
    return Plan(
        steps=(*local, *scans, answer),
        checks=checks,
        functions=functions,
        notes=(*_notes(scans), *(sampled if reasons else ())),
        stored=stored,
    )


def _choices(names: Names, feeding: Feeding) -> tuple[dict[str, Alternatives], dict[str, Choice]]:
    """The cover and the method of every table, in an order in which each is fed only by those before it.

    Constants go first. What they do not bind is fed by the tables that are ready, until no table is left; one
    that stays unbound, or a ring of tables that would feed each other, is an error.
    """
    covers, choices, waiting = _settled(names, feeding)
    if waiting:
        from sqloud.planner.rings import telling_refusal

        reach = Reach(names, Voids(names))

        def attempt(use: TableUse, scans: Sequence[str]) -> Choice | None:
            ready = {scan: choice.most_rows for scan, choice in choices.items()} | dict.fromkeys(scans)
            own = FedSubjects(use, names, reach, feeding, ready)
            try:
                return choose(
                    use, _cover_of(use, reach, own, names.equalities), parameter_subjects(use), fed=True
                )
            except MissingParameterError:
                return None

        raise telling_refusal(waiting, feeding, attempt)
    return covers, choices


def unbound(names: Names) -> list[tuple[TableUse, list[Parameter]]]:
    """The tables of a statement that nothing in it binds, each with the parameters that it lacks."""
    covers, _, waiting = _settled(names, Feeding(names))
    found = []
    for use, error in waiting.values():
        listing, subjects = use.resource.listing, parameter_subjects(use)
        lacking = [
            parameter
            for parameter in (listing.required if listing is not None else ())
            if not all(subjects[parameter.sql_name] in one for one in covers[use.id])
        ]
        virtual = [use.virtual.get(parameter.sql_name) for parameter in lacking]
        if not lacking or any(one is None or one.kind == "member" for one in virtual):
            raise error
        found.append((use, lacking))
    return found


_Waiting = dict[str, tuple[TableUse, MissingParameterError]]


def _settled(names: Names, feeding: Feeding) -> tuple[dict[str, Alternatives], dict[str, Choice], _Waiting]:
    """As far as tables can be bound: covers, choices, and those tables that stay unbound."""
    reach = Reach(names, Voids(names))
    covers: dict[str, Alternatives] = {}
    choices: dict[str, Choice] = {}
    waiting: _Waiting = {}
    for use in names.uses:
        own = TableSubjects(use, names, reach)
        covers[use.id] = _cover_of(use, reach, own)
        try:
            choices[use.id] = choose(use, covers[use.id], parameter_subjects(use))
        except MissingParameterError as error:
            waiting[use.id] = (use, error)
            continue
        if not names.constants:
            continue
        # One value that another table's predicate implies costs no more than the list. It does not replace keys that
        # the other table gives: those are of rows that are there, so never more.
        wider = _cover_of(use, reach, own, names.constants)
        if wider != covers[use.id] and len(wider) <= 1:
            covers[use.id] = wider
            choices[use.id] = choose(use, wider, parameter_subjects(use))
    while waiting:
        ready = {scan: choice.most_rows for scan, choice in choices.items()}
        for use, _ in waiting.values():
            own = FedSubjects(use, names, reach, feeding, ready)
            fed = _cover_of(use, reach, own, names.equalities)
            try:
                choice = choose(use, fed, parameter_subjects(use), fed=True)
            except MissingParameterError as error:
                waiting[use.id] = (use, error)  # what no table gives either
                continue
            covers[use.id], choices[use.id] = (
                fed,
                msgspec.structs.replace(choice, dearer=tuple(own.dearer.items())),
            )
            break
        else:
            for use, _ in waiting.values():
                # What no table gives may follow from what is said of the table's other columns.
                covers[use.id] = _cover_of(
                    use, reach, TableSubjects(use, names, reach), names.constants, names.equalities
                )
                try:
                    choices[use.id] = choose(use, covers[use.id], parameter_subjects(use))
                except MissingParameterError:
                    continue
                break
            else:
                break
        del waiting[use.id]
    return covers, choices, waiting


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


def _replace(use: TableUse, relation: str) -> exp.Expr:
    """Put a scan's relation in the place of the table, under the table's alias; gives what stands there now."""
    alias = use.node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(use.alias, quoted=True))
    if relation.startswith("("):
        replacement: exp.Expr = exp.Subquery(this=expression_of(relation[1:-1]), alias=alias)
    else:
        replacement = exp.Table(this=exp.to_identifier(use.id, quoted=True), alias=alias)
    for argument in ("joins", "laterals", "pivots", "sample"):
        if use.node.args.get(argument):
            replacement.set(argument, use.node.args[argument])
    use.node.replace(replacement)
    return replacement


def _cover_of(use: TableUse, reach: Reach, subjects: TableSubjects, *implied: Implied) -> Alternatives:
    """The cover of one table by the predicates that reach it, on whichever way to the answer."""
    whole: Alternatives = ()
    for path, predicates in reach.ways(use, *implied):
        alternatives, own = NOTHING, subjects.along(path)
        for predicate in predicates:
            alternatives = both(alternatives, cover(predicate, own), own)
        whole = either(whole, alternatives)
    return whole


def _notes(scans: Iterable[Scan]) -> tuple[str, ...]:
    return tuple(
        f"{scan.table}: only the page that the statement binds is read, not the whole list"
        for scan in scans
        if scan.single_page
    )
