"""Choose the method that answers a scan, and the keys it is asked with.

Law: the choice depends on the bound parameters alone, never on their order in the document; whatever is chosen,
the rows that the statement can see are the same (law 1).

A lookup is chosen where all of its parameters are bound and where it can tell every scope of the listing; else
the listing. Of the listing's optional parameters those are sent that every alternative binds, scopes first, and
no two that exclude each other.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import InvalidValueError, MissingParameterError
from sqloud.plan.steps import KeyQuery, KeyValues, Value
from sqloud.planner.cover import Alternatives
from sqloud.planner.implied import IMPLIED
from sqloud.planner.literals import fit, is_constant, is_text, literal_value
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Equals, MemberOf, Method, Option, Parameter, Resource, Scope

__all__ = ["Choice", "choose", "tried", "untold_scope"]

_FILTERED_MOST = 8
"""Values of an optional filter that are asked one by one; beyond, reading the list once is no dearer."""


_MOMENT = "TIMESTAMP WITH TIME ZONE"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""A moment as HTTP APIs write it; any other spelling goes through the engine."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The method of a scan, the parameters that are sent, and its keys.

    `bound` names what the statement binds, sent or not: a lookup need not take a scope that its row tells. `rows`
    are what binds the parameters in each alternative, and `keys` None where that reads other relations. `dearer` are
    scans that could have given the keys, each with what costs less.
    """

    method: Method
    parameters: tuple[Parameter, ...]
    bound: frozenset[str]
    keys: KeyValues | KeyQuery | None
    rows: tuple[tuple[exp.Expr, ...], ...]
    single_page: bool
    dearer: tuple[tuple[str, str], ...] = ()

    def binds(self, sql_name: str) -> bool:
        """Whether a parameter is bound."""
        return any(parameter.sql_name == sql_name for parameter in self.parameters)

    @property
    def most_rows(self) -> int | None:
        """The most rows that can come, None where only answers tell."""
        one_row = self.method.rows is not None and self.method.rows.shape == "object"
        return len(self.keys.rows) if one_row and isinstance(self.keys, KeyValues) else None

    @property
    def asked_often(self) -> bool:
        """Whether more than one key may be asked."""
        return not isinstance(self.keys, KeyValues) or len(self.keys.rows) > 1


def choose(
    use: TableUse, alternatives: Alternatives, subjects: Mapping[str, str], *, fed: bool = False
) -> Choice:
    """The method and keys for one table under the alternatives that its predicates leave.

    `fed` says that keys may come out of other relations; how many there are is not known then, so they go to what
    the listing requires and to nothing that is optional.

    `subjects` gives the canonical subject of each parameter by SQL name. Raises MissingParameterError with what
    to write, InvalidValueError for values that do not fit.
    """
    listing = use.resource.listing
    assert listing is not None
    if not alternatives:  # no row can satisfy the predicate: nothing is asked, and every parameter is "bound"
        return Choice(
            method=listing,
            parameters=listing.parameters,
            bound=frozenset(parameter.sql_name for parameter in listing.parameters),
            keys=KeyValues(parameters=listing.parameters, rows=()),
            rows=(),
            single_page=False,
        )
    bound = _bound(use, alternatives, subjects)
    lookups = [
        method
        for method in use.resource.methods_for("select")
        if not method.listing and not fed and _lookup_fits(method, listing, use, bound)
    ]
    method = min(lookups, key=lambda lookup: _rank(lookup, use.resource)) if lookups else listing
    missing = [parameter for parameter in method.required if parameter.sql_name not in bound]
    if missing and not fed:
        method = next(_of_another_scope(use, listing, bound), method)
        missing = [parameter for parameter in method.required if parameter.sql_name not in bound]
    if missing:
        raise _missing(use, missing, bound)
    return _keyed(use, method, alternatives, bound, subjects)


def _bound(use: TableUse, alternatives: Alternatives, subjects: Mapping[str, str]) -> dict[str, bool]:
    """The parameters by SQL name that every alternative binds to a value they can carry."""
    names: dict[str, bool] = {}
    for method in use.resource.methods_for("select"):
        for parameter in method.parameters:
            subject = subjects[parameter.sql_name]
            if all(subject in one for one in alternatives) and _carries(
                use, parameter, alternatives, subject
            ):
                names[parameter.sql_name] = True
    return names


def _carries(use: TableUse, parameter: Parameter, alternatives: Alternatives, subject: str) -> bool:
    """Whether a parameter can carry all values.

    One that is asked for by its own name refuses a value that does not fit; a predicate on the row's own columns
    that happens to have the parameter's meaning is then simply not pushed.
    """
    for one in alternatives:
        node = one[subject]
        if (
            _is_plain_text(parameter)
            and not isinstance(parameter.meaning, (Scope, Option))
            and not is_text(node)
        ):
            return False  # compared with a text, a number is no text: '05' = 5
        value = literal_value(node)
        if value is None:
            continue
        try:
            fit(parameter, value, node)
        except InvalidValueError:
            if IMPLIED in node.meta:
                return False
            if parameter.sql_name in use.virtual and _names_it(node, parameter):
                raise
            if parameter.type.type in {"integer", "number", "boolean"} and isinstance(value, str):
                raise
            return False
    return True


def _names_it(node: exp.Expr, parameter: Parameter) -> bool:
    """Whether the comparison that holds a constant was written with the parameter's own name."""
    comparison = node.parent
    while comparison is not None and not isinstance(comparison, exp.Predicate):
        comparison = comparison.parent
    return comparison is not None and any(
        column.name.lower() == parameter.sql_name for column in comparison.find_all(exp.Column)
    )


def _lookup_fits(method: Method, listing: Method, use: TableUse, bound: Mapping[str, bool]) -> bool:
    if any(parameter.sql_name not in bound for parameter in method.required):
        return False
    if untold_scope(method, listing, bound) is not None:
        return False
    own = {parameter.sql_name for parameter in method.parameters}
    # Options (a page size) have a meaning for the listing only.
    return not any(
        isinstance(parameter.meaning, Option)
        and parameter.sql_name in bound
        and parameter.sql_name not in own
        for parameter in listing.parameters
    )


def _of_another_scope(use: TableUse, listing: Method, bound: Container[str]) -> Iterator[Method]:
    """The methods whose rows belong to a scope that the listing does not have, and that is bound.

    They answer where the listing cannot be asked at all, so that no statement has two answers.
    """
    known = {parameter.sql_name for parameter in listing.parameters}
    for method in use.resource.methods_for("select"):
        if all(parameter.sql_name in bound for parameter in method.required) and any(
            isinstance(parameter.meaning, Scope) and parameter.sql_name not in known
            for parameter in method.required
        ):
            yield method


def untold_scope(method: Method, listing: Method, bound: Container[str]) -> str | None:
    """The scope of the listing that matters here and that a lookup's row cannot tell; None where there is none."""
    own = {parameter.sql_name for parameter in method.parameters}
    for parameter in listing.parameters:
        if not isinstance(parameter.meaning, Scope) or parameter.sql_name in own:
            continue
        needed = parameter.required or parameter.meaning.default is not None or parameter.sql_name in bound
        if needed and parameter.meaning.computed is None:
            return parameter.sql_name
    return None


def _rank(lookup: Method, resource: Resource) -> tuple[bool, int, str]:
    """Which of several lookups answers, as each gives the same rows: by the key, by the most, by its name."""
    told = {p.meaning.expression for p in lookup.required if isinstance(p.meaning, Equals)}
    return not (resource.key and told >= set(resource.key)), -len(lookup.required), lookup.name


def _keyed(
    use: TableUse,
    method: Method,
    alternatives: Alternatives,
    bound: Mapping[str, bool],
    subjects: Mapping[str, str],
) -> Choice:
    sent: list[Parameter] = [parameter for parameter in method.parameters if parameter.required]
    optional = [
        parameter
        for parameter in method.parameters
        if not parameter.required
        and parameter.sql_name in bound
        and all(is_constant(one[subjects[parameter.sql_name]]) for one in alternatives)
    ]
    # A scope decides which rows there are, so it goes before what merely narrows them.
    optional.sort(key=lambda parameter: not isinstance(parameter.meaning, Scope))
    for parameter in optional:
        if any(parameter.name in other.excludes or other.name in parameter.excludes for other in sent):
            if isinstance(parameter.meaning, Scope):
                raise InvalidValueError(
                    f"{use.resource.name} cannot be asked for {parameter.sql_name} together with "
                    f"{' and '.join(other.sql_name for other in sent)}",
                    span=span_of(use.node),
                )
            continue
        if _worth_sending(use, parameter, alternatives, subjects):
            sent.append(parameter)
    paging = method.paging
    names = {paging.page, paging.offset, paging.size} if paging else set()
    rows = tuple(tuple(one[subjects[parameter.sql_name]] for parameter in sent) for one in alternatives)
    return Choice(
        method=method,
        parameters=tuple(sent),
        bound=frozenset(bound),
        keys=_keys(sent, rows) if all(is_constant(node) for row in rows for node in row) else None,
        rows=rows,
        single_page=any(parameter.name in names for parameter in sent),
    )


def _worth_sending(
    use: TableUse, parameter: Parameter, alternatives: Alternatives, subjects: Mapping[str, str]
) -> bool:
    """Whether an optional parameter makes the answer cheaper without making it wrong."""
    meaning = parameter.meaning
    values = {one[subjects[parameter.sql_name]].sql() for one in alternatives}
    if isinstance(meaning, Option) and len(values) > 1:
        raise InvalidValueError(
            f"{parameter.sql_name} takes one value in a statement, not {len(values)}", span=span_of(use.node)
        )
    if isinstance(meaning, MemberOf) and len(values) > 1 and not use.resource.key:
        return False  # a row with both members would come twice, and nothing could tell that it is one
    return isinstance(meaning, (Scope, Option)) or len(values) <= _FILTERED_MOST


def _keys(sent: Sequence[Parameter], nodes: Sequence[Sequence[exp.Expr]]) -> KeyValues | KeyQuery:
    """The distinct keys of all alternatives that constants bind, in the order of the statement."""
    values = [[_spelled(parameter, node) for parameter, node in zip(sent, row, strict=True)] for row in nodes]
    if any(value is None for row in values for value in row):
        spelled = [
            [tried(one, node.sql(dialect="duckdb")) for one, node in zip(sent, row, strict=True)]
            for row in nodes
        ]
        rows = ", ".join(f"({', '.join(row)})" for row in spelled)
        names = [f"k{position}" for position in range(len(sent))]
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        return KeyQuery(
            parameters=tuple(sent),
            sql=f"SELECT {', '.join(names)} FROM (VALUES {rows}) AS keys({', '.join(names)}) WHERE {present}",
        )
    fitted: dict[tuple[Value, ...], None] = {}
    for row, row_nodes in zip(values, nodes, strict=True):
        key = tuple(
            fit(parameter, value, node)
            for parameter, value, node in zip(sent, row, row_nodes, strict=True)
            if value is not None
        )
        fitted[key] = None
    return KeyValues(parameters=tuple(sent), rows=tuple(fitted))


def _is_plain_text(parameter: Parameter) -> bool:
    return parameter.type.sql == "VARCHAR"


def _spelled(parameter: Parameter, node: exp.Expr) -> Value | None:
    """A literal as it is sent; None for what the engine has to compute or to spell."""
    value = literal_value(node)
    if parameter.type.sql == _MOMENT and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return None
    return value


def tried(parameter: Parameter, text: str, *, scalar: bool = False) -> str:
    """SQL for a value as a parameter takes it, NULL where it cannot; `scalar` for a subquery, which TRY refuses."""
    cast = f"CAST({text} AS {parameter.type.sql})"
    value = f"TRY_{cast}" if scalar else f"TRY({cast})"
    if parameter.type.sql != _MOMENT:
        return value
    spelled = f"strftime(make_timestamp(epoch_us({value})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"replace({spelled}, '.000000Z', 'Z')"


def _missing(use: TableUse, missing: Sequence[Parameter], bound: Mapping[str, bool]) -> MissingParameterError:
    parts = ", ".join(f"{parameter.sql_name} ({parameter.type.spelling})" for parameter in missing)
    where = " AND ".join(f"{parameter.sql_name} = {_example(parameter)}" for parameter in missing)
    hints = [f"add   WHERE {where}"]
    referring = [parameter.refers_to.rsplit(".", 1) for parameter in missing if parameter.refers_to]
    hints += [
        f"values are in   SELECT {column} FROM {use.resource.name.provider}.{table}"
        for table, column in referring
    ]
    return MissingParameterError(
        f"{use.resource.name} needs {parts}", span=span_of(use.node), hints=tuple(hints)
    )


def _example(parameter: Parameter) -> str:
    if parameter.enum:
        return f"'{parameter.enum[0]}'"
    if parameter.type.type == "integer":
        return "3164444" if parameter.name.endswith("_id") else "1"
    if parameter.type.type == "boolean":
        return "true"
    return "'...'" if parameter.type.type == "string" else "1"
