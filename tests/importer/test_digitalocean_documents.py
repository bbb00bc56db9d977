"""DigitalOcean's documents have every public name, reach every operation, and every SELECT of them plans."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sqloud.dialect import Query, bind, parse, split
from sqloud.errors import Source
from sqloud.plan.steps import KeyValues
from sqloud.planner import plan_query
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import Method, Parameter, Resource, TableName
from sqloud.settings import shipped

FACTS = Path(__file__).parent / "facts"
CATALOGUE = Catalogue([shipped("providers")], None)


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A public name: a method of a resource."""

    resource: str
    columns: tuple[str, ...]
    method: str
    verb: str
    request: str
    required: frozenset[str]


def read_names() -> Iterator[Named]:
    resource = ""
    columns: tuple[str, ...] = ()
    for line in (FACTS / "digitalocean_names.txt").read_text("utf-8").splitlines():
        parts = [part.strip() for part in line.split("|")]
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            resource, columns = parts[0], tuple(parts[1].split())
            continue
        method, verb, request, required = parts
        yield Named(
            resource=resource,
            columns=columns,
            method=method,
            verb=verb,
            request=request,
            required=frozenset(name.lower().replace("-", "_") for name in required.split()),
        )


NAMES = list(read_names())
SELECTS = [named for named in NAMES if named.verb == "select"]


def resource_of(name: str) -> Resource:
    return CATALOGUE.resource(TableName("digitalocean", *name.split(".")))


def method_of(named: Named) -> Method:
    (found,) = (one for one in resource_of(named.resource).methods if one.name == named.method)
    return found


def test_the_names_are_all_there() -> None:
    assert (len({named.resource for named in NAMES}), len(NAMES)) == (150, 355)
    assert len({named.resource.partition(".")[0] for named in NAMES}) == 29


@pytest.mark.parametrize("named", NAMES, ids=lambda named: f"{named.resource}.{named.method}")
def test_a_method_has_its_public_name_verb_and_required_parameters(named: Named) -> None:
    method = method_of(named)
    assert (method.verb, f"{method.http_verb} {method.path}") == (named.verb, named.request)
    fields = method.body.fields if method.body else ()
    required = {parameter.sql_name for parameter in method.required}
    body = {f"data__{field.name}" for field in fields if field.required}
    # The names list body fields only here and there; a required parameter they always list.
    assert required <= named.required <= required | body


def test_every_known_column_is_there_in_its_order() -> None:
    missing = set()
    for name, columns in {named.resource: named.columns for named in NAMES}.items():
        found = [column.name for column in resource_of(name).columns]
        missing |= {(name, column) for column in columns if column not in found}
        shown = [column.name for column in resource_of(name).columns if not column.hidden]
        known = [column for column in columns if column in shown]
        assert shown[: len(known)] == known
    assert not missing


def test_every_column_is_named_and_every_read_has_rows() -> None:
    provider = CATALOGUE.provider("digitalocean")
    for service, description in provider.services:
        assert description
        for resource in CATALOGUE.service("digitalocean", service).resources:
            assert resource.description, resource.name
            for method in resource.methods:
                assert method.description, (resource.name, method.name)
            if resource.listing is not None:
                assert resource.columns, resource.name
                anonymous = [column for column in resource.columns if column.name.startswith("column_")]
                assert all(column.hidden for column in anonymous)
                known = {named.resource: named.columns for named in NAMES}
                shown = f"{resource.name.service}.{resource.name.resource}"
                assert bool(anonymous) == (known.get(shown) == ())


def test_every_operation_is_reached_by_exactly_one_method() -> None:
    lines = (FACTS / "digitalocean_operations.txt").read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if not line.startswith("#")]
    elsewhere = {row[0] for row in rows if len(row) == 2}
    reached = sorted(
        f"{method.http_verb} {method.path}"
        for service, _ in CATALOGUE.provider("digitalocean").services
        for resource in CATALOGUE.service("digitalocean", service).resources
        for method in resource.methods
    )
    assert len(rows) == 659
    assert reached == sorted(row[0] for row in rows)
    assert len(elsewhere) == 15


def value_of(parameter: Parameter) -> str:
    """Some value that the type, the format and the enum of a parameter allow."""
    if parameter.enum:
        return str(parameter.enum[0])
    if parameter.type.format == "date-time":
        return "2025-01-31T12:00:00Z"
    return {"integer": "7", "number": "7", "boolean": "true"}.get(parameter.type.type, "a")


@pytest.mark.parametrize("named", SELECTS, ids=lambda named: f"{named.resource}.{named.method}")
def test_every_select_plans(named: Named) -> None:
    """The columns of the older documentation, the required parameters bound by text."""
    method = method_of(named)
    known = {column.name for column in resource_of(named.resource).columns}
    columns = [column for column in named.columns if column in known] or sorted(known)
    names = ", ".join(columns)
    where = " AND ".join(f"{one.sql_name} = '{{{{ {one.sql_name} }}}}'" for one in method.required)
    sql = f"SELECT {names} FROM digitalocean.{named.resource}" + (f" WHERE {where}" if where else "")
    (text,) = split(Source("select", sql))
    variables = {parameter.sql_name: value_of(parameter) for parameter in method.required}
    statement = bind(parse(text, variables), None)
    assert isinstance(statement, Query)
    (scan,) = plan_query(statement.tree, CATALOGUE).scans
    assert isinstance(scan.keys, KeyValues)
    assert (scan.method.name, len(scan.keys.rows)) == (named.method, 1)


def undescribed() -> Iterator[str]:
    for service, _ in CATALOGUE.services("digitalocean"):
        for resource in CATALOGUE.resources("digitalocean", service):
            columns = [column for column in resource.columns if not column.hidden]
            yield from (f"{resource.name} {column.name}" for column in columns if not column.description)
            for method in resource.methods:
                said = [(given.name, given.description) for given in method.parameters]
                said += [
                    (field.name, field.description) for field in (method.body.fields if method.body else ())
                ]
                yield from (f"{resource.name} {method.name} {name}" for name, text in said if not text)


def test_every_column_parameter_and_field_says_what_it_is() -> None:
    assert list(undescribed()) == []
