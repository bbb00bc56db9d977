"""Choose the method that answers a scan, and the keys it is asked with.

Law: the choice depends on the bound parameters alone, never on their order in the document; whatever is chosen,
the rows that the statement can see are the same (law 1).

A lookup is chosen where all of its parameters are bound and where it can tell every scope of the listing; else
the listing. Of the listing's optional parameters those are sent that every alternative binds, scopes first, and
no two that exclude each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import AmbiguousNameError, InvalidValueError, MissingParameterError
from sqloud.plan.steps import KeyValues, Value
from sqloud.planner.cover import Alternatives
from sqloud.planner.literals import fit, is_constant, literal_value
from sqloud.planner.sources import TableUse
from sqloud.registry.records import MemberOf, Method, Option, Parameter, Scope

__all__ = ["Choice", "choose"]

_FILTERED_MOST = 8
"""Values of an optional filter that are asked one by one; beyond, reading the list once is no dearer."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The method of a scan, its bound parameters, and what binds them in each alternative.

    `values` are the keys where all of that are literals.
    """

    method: Method
    parameters: tuple[Parameter, ...]
    rows: tuple[tuple[exp.Expr, ...], ...]
    values: KeyValues | None
    single_page: bool

    def binds(self, sql_name: str) -> bool:
        """Whether a parameter is bound."""
        return any(parameter.sql_name == sql_name for parameter in self.parameters)

    @property
    def asked_often(self) -> bool:
        """Whether more than one key may be asked."""
        return self.values is None or len(self.values.rows) > 1


def choose(
    use: TableUse, alternatives: Alternatives, subjects: Mapping[str, str], *, fed: bool = False
) -> Choice:
    """The method and keys for one table under the alternatives that its predicates leave.

    `fed` says that keys may come out of other relations; how many there are is not known then, so they go to what
    the listing requires and to nothing that is optional.

    `subjects` gives the canonical subject of each parameter by SQL name. Raises MissingParameterError with what
    to write, AmbiguousNameError where two lookups fit, InvalidValueError for values that do not.
    """
    listing = use.resource.listing
    assert listing is not None
    if not alternatives:  # no row can satisfy the predicate: nothing is asked, and every parameter is "bound"
        return Choice(
            method=listing,
            parameters=listing.parameters,
            rows=(),
            values=KeyValues(parameters=listing.parameters, rows=()),
            single_page=False,
        )
    bound = _bound(use, alternatives, subjects)
    lookups = [
        method
        for method in use.resource.methods_for("select")
        if not method.listing and not fed and _lookup_fits(method, listing, use, bound)
    ]
    if len(lookups) > 1:
        raise AmbiguousNameError(
            f"two methods of {use.resource.name} answer this: {' and '.join(m.name for m in lookups)}",
            span=span_of(use.node),
        )
    method = lookups[0] if lookups else listing
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
        value = literal_value(node)
        if value is None:
            continue
        try:
            fit(parameter, value, node)
        except InvalidValueError:
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
    own = {parameter.sql_name for parameter in method.parameters}
    for parameter in listing.parameters:
        if not isinstance(parameter.meaning, Scope) or parameter.sql_name in own:
            continue
        needed = parameter.required or parameter.meaning.default is not None or parameter.sql_name in bound
        if needed and parameter.meaning.computed is None:
            return False
    # Options (a page size) have a meaning for the listing only.
    return not any(
        isinstance(parameter.meaning, Option)
        and parameter.sql_name in bound
        and parameter.sql_name not in own
        for parameter in listing.parameters
    )


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
    names = {paging.page, paging.size} if paging else set()
    rows = tuple(tuple(one[subjects[parameter.sql_name]] for parameter in sent) for one in alternatives)
    return Choice(
        method=method,
        parameters=tuple(sent),
        rows=rows,
        values=_values(sent, rows),
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


def _values(sent: Sequence[Parameter], rows: Sequence[Sequence[exp.Expr]]) -> KeyValues | None:
    """The distinct keys in the order of the statement; None where an expression is to be computed."""
    fitted: dict[tuple[Value, ...], None] = {}
    for row in rows:
        key: list[Value] = []
        for parameter, node in zip(sent, row, strict=True):
            value = literal_value(node)
            if value is None:
                return None
            key.append(fit(parameter, value, node))
        fitted[tuple(key)] = None
    return KeyValues(parameters=tuple(sent), rows=tuple(fitted))


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
