"""The rows that an UPDATE, a REPLACE ... SET or a DELETE reaches.

Law: the keys of a write are exact, never a superset. One request goes without a read only where the WHERE is
nothing but the method's own parameters; anything beyond it, and the rows are read by an ordinary plan, the engine
applies the whole WHERE, and each row that is left is addressed by its key.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec
from sqlglot import exp

from sqloud.dialect import Delete, Replace, Update, render, span_of
from sqloud.dialect.statements import Assignment, Name, Path
from sqloud.errors import AmbiguousNameError, Error, MissingParameterError, ProgrammingError, Span
from sqloud.plan.mutations import Cell, Input, Mutation
from sqloud.plan.steps import Plan
from sqloud.planner.inputs import cell_of, input_of, lacks, unknown_input
from sqloud.planner.literals import fit
from sqloud.planner.own import OwnRelations
from sqloud.planner.residual import expression_of
from sqloud.planner.returning import read_columns, returning
from sqloud.planner.select import plan_query
from sqloud.planner.sources import Catalogue, folded, virtual_columns
from sqloud.registry.records import Equals, MemberOf, Method, Parameter, Provider, Resource

__all__ = ["Reading", "plan_rows", "table_of"]

Changing = Update | Replace | Delete
_Verb = Literal["update", "replace", "delete"]


class Reading(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where a write reads from: the providers' tables, and the relations of the user's own."""

    catalogue: Catalogue
    own: OwnRelations | None = None

    def query(self, tree: exp.Expr) -> Plan:
        """The plan of a query."""
        return plan_query(tree, self.catalogue, own=self.own)


class _Binding(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`name = constant` or `name IN (constants)`, one of the conditions that a WHERE joins by AND."""

    name: Name
    nodes: tuple[exp.Expr, ...]
    condition: exp.Expr


class _Refusal(Exception):
    """Why a method does not fit; the reason is for a message."""


def plan_rows(
    statement: Changing,
    verb: str,
    provider: Provider,
    resource: Resource,
    methods: Sequence[Method],
    reading: Reading,
) -> Mutation:
    """The mutation of an UPDATE, a REPLACE ... SET or a DELETE by one of `methods`."""
    if statement.where is None and not statement.all_rows:
        raise ProgrammingError(
            f"{verb.upper()} without WHERE reaches every row of {resource.name}",
            span=statement.target.span,
            hints=("add   WHERE ...", "or write   ALL ROWS   at its end, if every row is meant"),
        )
    rows = _Rows(statement, cast(_Verb, verb), provider, resource, reading)
    straight: list[Mutation] = []
    reasons: list[tuple[Method, str]] = []
    for method in methods:
        try:
            straight.append(rows.straight(method))
        except _Refusal as refusal:
            reasons.append((method, str(refusal)))
    if len(straight) > 1:
        straight = [one for one in straight if rows.addresses(one.method)] or straight
    if len(straight) > 1:
        raise _ambiguous(resource, verb, [one.method for one in straight], statement.target.span)
    if straight:
        return straight[0]
    addressing = [method for method in methods if rows.addresses(method)]
    if len(addressing) > 1:
        raise _ambiguous(resource, verb, addressing, statement.target.span)
    if addressing:
        return rows.read(addressing[0])
    raise MissingParameterError(
        f"no {verb.upper()} method of {resource.name} fits this WHERE",
        span=statement.target.span,
        hints=tuple(f"{method.name}: {reason}" for method, reason in reasons),
    )


def _ambiguous(resource: Resource, verb: str, methods: Sequence[Method], span: Span) -> AmbiguousNameError:
    return AmbiguousNameError(
        f"{' and '.join(method.name for method in methods)} of {resource.name} both fit this {verb.upper()}",
        span=span,
        hints=tuple(f"EXEC {resource.name}.{method.name} ..." for method in methods),
    )


class _Rows:
    """One statement's target, its conditions and what it sets."""

    def __init__(
        self, statement: Changing, verb: _Verb, provider: Provider, resource: Resource, reading: Reading
    ) -> None:
        self.statement = statement
        self.verb = verb
        self.provider = provider
        self.resource = resource
        self.reading = reading
        self.alias = statement.alias.key if statement.alias is not None else resource.name.resource
        self.assignments = () if isinstance(statement, Delete) else statement.assignments
        self.relations = statement.using if isinstance(statement, Delete) else statement.sources
        self.offered = {*(column.name for column in resource.columns), *virtual_columns(resource)}
        self.bindings, self.rest = self._conditions()

    def _conditions(self) -> tuple[list[_Binding], list[exp.Expr]]:
        """The WHERE's conditions: those that bind a name to constants, and the others."""
        bindings: list[_Binding] = []
        rest: list[exp.Expr] = []
        where = self.statement.where
        for condition in [] if where is None else _flattened(where):
            binding = self._binding(condition)
            if binding is None:
                rest.append(condition)
            else:
                bindings.append(binding)
        return bindings, rest

    def _binding(self, condition: exp.Expr) -> _Binding | None:
        if isinstance(condition, exp.EQ):
            column, nodes = condition.this, [condition.expression]
            if not isinstance(column, exp.Column):
                column, nodes = condition.expression, [condition.this]
        elif isinstance(condition, exp.In) and not condition.args.get("query"):
            column, nodes = condition.this, list(condition.expressions)
        else:
            return None
        if not isinstance(column, exp.Column) or folded(column.args.get("table")) not in {"", self.alias}:
            return None
        if not nodes or any(cell_of(node) is None for node in nodes):
            return None
        name = Name(
            text=column.name,
            quoted=bool(column.this.args.get("quoted")),
            span=span_of(column) or self.statement.target.span,
        )
        return _Binding(name=name, nodes=tuple(nodes), condition=condition)

    def addresses(self, method: Method) -> bool:
        """Whether a method's required parameters tell one row from another, out of the row itself."""
        if self.resource.listing is None:
            return False
        told: set[str] = set()
        for parameter in method.required:
            expression = self._of_row(parameter)
            if expression is None:
                if not any(_binds(one, parameter) for one in self.bindings):
                    return False
            elif isinstance(expression, exp.Column):
                told.add(folded(expression.this))
        rows = self.resource.listing.rows
        single = rows is not None and rows.shape == "object"
        return bool(method.required) and (
            single or (bool(self.resource.key) and told >= set(self.resource.key))
        )

    def _of_row(self, parameter: Parameter) -> exp.Expr | None:
        """A parameter's value for a row that was read: an expression over the row."""
        if isinstance(parameter.meaning, MemberOf):
            return None
        if isinstance(parameter.meaning, Equals):
            return self._over_row(parameter.meaning.expression)
        for name in (parameter.sql_name, parameter.name):
            if name in self.offered:
                return exp.column(
                    exp.to_identifier(name, quoted=True), exp.to_identifier(self.alias, quoted=True)
                )
        return None

    def straight(self, method: Method) -> Mutation:
        """The mutation without a read. Raises _Refusal with what stands against it."""
        if self.rest or self.relations:
            raise _Refusal("the WHERE holds more than its parameters")
        inputs: list[Input] = []
        values: list[tuple[Cell, ...]] = []
        for binding in self.bindings:
            found = self._bound(method, binding)
            if found is None:
                raise _Refusal(f"it takes no {binding.name.key}")
            if found is _NOTHING:
                continue
            if any(set(found.parameters) & set(one.parameters) for one in inputs):
                raise _Refusal(f"{binding.name.key} is bound twice")
            inputs.append(found)
            values.append(_cells(found, binding))
        missing = {p.name for p in method.required} - {p.name for one in inputs for p in one.parameters}
        if missing:
            raise _Refusal(f"it lacks {', '.join(sorted(missing))}")
        if self.verb == "delete" and self.statement.returning:
            raise _Refusal("RETURNING reads the row first")
        if self._merges(method):
            raise _Refusal("it replaces the row, which is read first")
        assigned = [self._assigned(method, one) for one in self.assignments]
        constants = [cell_of(one.value, one.column.span) for one in self.assignments]
        if any(cell is None for cell in constants):
            raise _Refusal("what is set depends on the row")
        missing_fields = lacks(method, [*inputs, *assigned])
        if missing_fields and self.verb != "replace" and self.resource.listing is not None:
            raise _Refusal(f"it lacks {', '.join(missing_fields)}")
        if missing_fields:
            raise MissingParameterError(
                f"{method.name} needs {', '.join(missing_fields)}",
                span=self.statement.target.span,
                hints=(f"add   SET {', '.join(f'{name} = ...' for name in missing_fields)}",)
                if self.assignments
                else (f"add   AND {' AND '.join(f'{name} = ...' for name in missing_fields)}",),
            )
        rows = tuple((*row, *constants) for row in itertools.product(*values))
        widened = not self.addresses(method) and self.resource.listing is not None and bool(self.bindings)
        return self._mutation(
            method,
            inputs=(*inputs, *assigned),
            cells=rows,
            covers=self._covers() if widened else None,
            covers_words=f"every row of {self.resource.name} where {_said(self.statement.where)}"
            if widened
            else "",
        )

    def _bound(self, method: Method, binding: _Binding) -> Input | None:
        """What a condition fills in a method: a parameter, or, for a DELETE, a field of its body."""
        parameters = tuple(one for one in method.parameters if _binds(binding, one))
        if parameters:
            return Input(name=binding.name.key, parameters=parameters, span=binding.name.span)
        if method.body is None or not (self.verb == "delete" or _is_field(binding)):
            return None
        found = input_of(method, binding.name)
        return found if found is None or not found.path or not self._sets(found) else _NOTHING

    def _sets(self, found: Input) -> bool:
        """Whether SET gives a field that the WHERE gives again, as StackQL's documentation writes required ones."""
        return any(
            assignment.column.key.removeprefix("data__") == found.name for assignment in self.assignments
        )

    def _assigned(self, method: Method, assignment: Assignment) -> Input:
        found = input_of(method, assignment.column)
        if found is None or not found.path:
            raise unknown_input(method, assignment.column, self.resource.columns)
        return msgspec.structs.replace(found, parameters=())

    def _merges(self, method: Method) -> bool:
        """Whether an UPDATE goes by a PUT, which takes the whole row and not what is changed."""
        return self.verb == "update" and method.http_verb == "PUT"

    def read(self, method: Method) -> Mutation:
        """The mutation of the rows that a plan reads."""
        inputs: list[Input] = []
        nodes: list[exp.Expr | Cell] = []
        dropped: list[exp.Expr] = []
        for parameter in method.parameters:
            expression = self._of_row(parameter) if parameter.required else None
            own = Input(name=parameter.sql_name, parameters=(parameter,), span=self.statement.target.span)
            if expression is not None:
                inputs.append(own)
                nodes.append(expression)
                continue
            for binding in self.bindings:
                if _binds(binding, parameter) and binding.name.key not in self.offered:
                    inputs.append(msgspec.structs.replace(own, span=binding.name.span))
                    nodes.append(self._single(own, binding))
                    dropped.append(binding.condition)
        keys = tuple(one.name for one in inputs)
        self._body_conditions(method, inputs, nodes, dropped)
        for assignment in self.assignments:
            inputs.append(self._assigned(method, assignment))
            nodes.append(cell_of(assignment.value, assignment.column.span) or assignment.value)
        self._keep(method, inputs, nodes)
        for name in read_columns(self.statement.returning, self.resource) if self.verb == "delete" else ():
            inputs.append(Input(name=name, old=True))
            nodes.append(self._column(name))
        cells = tuple(node if isinstance(node, Cell) else None for node in nodes)
        columns = [node for node in nodes if isinstance(node, exp.Expr)]
        return self._mutation(
            method,
            inputs=tuple(inputs),
            cells=(cells,),
            source=self._query(columns, dropped),
            key=keys,
        )

    def _body_conditions(
        self, method: Method, inputs: list[Input], nodes: list[exp.Expr | Cell], dropped: list[exp.Expr]
    ) -> None:
        """The conditions that fill the body: `data__` ones, and those of a DELETE whose rows have no such column."""
        for binding in self.bindings:
            if method.body is None or any(binding.condition is one for one in dropped):
                continue
            if not _is_field(binding) and (self.verb != "delete" or binding.name.key in self.offered):
                continue
            found = input_of(method, binding.name)
            if found is not None and found.path:
                if not self._sets(found):
                    inputs.append(found)
                    nodes.append(self._single(found, binding))
                dropped.append(binding.condition)

    def _single(self, own: Input, binding: _Binding) -> Cell:
        if len(binding.nodes) > 1:
            raise ProgrammingError(
                f"{own.name} takes one value beside a WHERE that is read", span=binding.name.span
            )
        return _cells(own, binding)[0]

    def _keep(self, method: Method, inputs: list[Input], nodes: list[exp.Expr | Cell]) -> None:
        """Take from the row what the API requires beside what is set: all of it where it replaces the row."""
        whole, kept = self._merges(method), dict(method.kept)
        missing = set(lacks(method, [*inputs, Input(name="", path=("",))]))
        set_roots = {one.path[0] for one in inputs if one.path}
        for field in method.body.fields if method.body is not None and self.assignments else ():
            if field.read_only or field.name in set_roots or not (whole or field.name in missing):
                continue
            if self.verb == "replace" or field.name not in self.offered | kept.keys():
                if field.name in missing:
                    raise MissingParameterError(
                        f"{method.name} needs {field.name}"
                        + ("" if self.verb == "replace" else ", which the rows do not carry"),
                        span=self.statement.target.span,
                        hints=(f"add   SET {field.name} = ...",),
                    )
                continue
            inputs.append(
                Input(
                    name=field.name,
                    path=(field.name,),
                    field=field,
                    kept=True,
                    span=self.statement.target.span,
                )
            )
            written = kept.get(field.name)
            nodes.append(self._column(field.name) if written is None else self._over_row(written))

    def _over_row(self, text: str) -> exp.Expr:
        """A document's SQL over the row that is read."""
        expression = expression_of(text)
        for column in [expression, *expression.find_all(exp.Column)]:
            if isinstance(column, exp.Column):
                column.set("table", exp.to_identifier(self.alias, quoted=True))
        return expression

    def _column(self, name: str) -> exp.Expr:
        return exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(self.alias, quoted=True))

    def _query(self, columns: Sequence[exp.Expr], dropped: Sequence[exp.Expr]) -> Plan:
        """The plan that reads the rows: `columns` of the target, beside the other relations, under the WHERE."""
        projections = [
            exp.Alias(this=column.copy(), alias=exp.to_identifier(f"v{number}", quoted=True))
            for number, column in enumerate(columns)
        ]
        query = exp.select(*projections).from_(table_of(self.statement.target, self.statement.alias))
        for relation in self.relations:
            query = query.join(relation.copy(), join_type="cross", copy=False)
        kept = [
            condition
            for condition in [*(one.condition for one in self.bindings), *self.rest]
            if not any(condition is one for one in dropped)
        ]
        where = self.statement.where
        if where is not None and not dropped:
            query.set("where", exp.Where(this=where.copy()))
        elif kept:
            query.set("where", exp.Where(this=exp.and_(*(one.copy() for one in kept))))
        return self.reading.query(query)

    def _covers(self) -> Plan | None:
        """A plan that tells which rows one widened request reaches; None where they cannot be read."""
        names = self.resource.key or tuple(column.name for column in self.resource.columns[:1])
        if "name" in self.offered and "name" not in names:
            names = (*names, "name")
        try:
            return self._query([self._column(name) for name in names], ())
        except Error:
            return None  # the preview says in words what the request covers

    def _mutation(self, method: Method, **rest: Any) -> Mutation:
        statement = self.statement
        return Mutation(
            verb=self.verb,
            resource=self.resource,
            provider=self.provider.serving(method),
            method=method,
            returning=returning(statement.returning, self.resource, method),
            awaited="await" in statement.hints,
            target=statement.target.span,
            **rest,
        )


def _binds(binding: _Binding, parameter: Parameter) -> bool:
    """Whether a condition's name is a parameter's, or the column that the parameter equals."""
    key = binding.name.key
    if key in (parameter.sql_name, parameter.name):
        return True
    return isinstance(parameter.meaning, Equals) and parameter.meaning.expression.strip() == key


def _is_field(binding: _Binding) -> bool:
    return binding.name.key.startswith("data__")


_NOTHING = Input(name="")
"""A condition that says again what is set."""


def _cells(found: Input, binding: _Binding) -> tuple[Cell, ...]:
    """The values that a condition gives, tried against the parameters they are for."""
    cells: dict[object, Cell] = {}
    for node in binding.nodes:
        cell = cell_of(node)
        assert cell is not None
        if cell.sql is None and not cell.default:
            if cell.value is None:
                raise _Refusal(f"{binding.name.key} is compared with NULL")
            for parameter in found.parameters:
                cell = msgspec.structs.replace(cell, value=fit(parameter, cell.value, node))
        cells.setdefault((cell.sql, type(cell.value), cell.value), cell)
    return tuple(cells.values())


def _flattened(where: exp.Expr) -> list[exp.Expr]:
    """What AND joins, brackets taken off."""
    node = where.unnest()
    if isinstance(node, exp.And):
        return [*_flattened(node.this), *_flattened(node.expression)]
    return [node]


def table_of(path: Path, alias: Name | None = None) -> exp.Table:
    """The target as a table of a FROM, with its place in the source."""
    parts = []
    for name in path.names:
        part = exp.to_identifier(name.text, quoted=name.quoted)
        part.meta.update(start=name.span.start, end=name.span.end - 1)
        parts.append(part)
    provider, service, resource = parts
    table = exp.Table(this=resource, db=service, catalog=provider)
    if alias is not None:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias.text, quoted=alias.quoted)))
    return table


def _said(where: exp.Expr | None) -> str:
    return render(where) if where is not None else "true"
