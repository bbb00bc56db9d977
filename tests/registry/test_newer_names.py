"""Newer names of DigitalOcean: every one resolves to the operation that it stands for, and a document decides first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sqloud.dialect import Query, bind, parse, split
from sqloud.errors import ProviderDocumentError, Source, UnknownNameError
from sqloud.plan.steps import Plan
from sqloud.planner import plan_query
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import Method, TableName
from sqloud.settings import shipped

FACTS = Path(__file__).parents[1] / "importer" / "facts"
CATALOGUE = Catalogue([shipped("providers")], None)


class Newer(NamedTuple):
    """A newer name of an operation; `fixed` is `field=value` or empty."""

    resource: str
    method: str
    verb: str
    request: str
    fixed: str


def read_newer() -> Iterator[Newer]:
    resource = ""
    for line in (FACTS / "digitalocean_newer_names.txt").read_text("utf-8").splitlines():
        if line.startswith(" "):
            parts = [part.strip() for part in line.split("|")]
            yield Newer(resource, parts[0], parts[1], parts[2], parts[3] if len(parts) > 3 else "")
        elif not line.startswith("#"):
            resource = line


def older_methods() -> set[tuple[str, str]]:
    """Each resource and method of the older names."""
    found, resource = set(), ""
    for line in (FACTS / "digitalocean_names.txt").read_text("utf-8").splitlines():
        if line.startswith(" "):
            found.add((resource, line.split("|")[0].strip()))
        elif not line.startswith("#"):
            resource = line.split("|")[0].strip()
    return found


def request_of(method: Method) -> str:
    return f"{method.http_verb} {method.path}"


def table(resource: str) -> TableName:
    return TableName("digitalocean", *resource.split("."))


def planned(sql: str) -> Plan:
    (text,) = split(Source("test", sql))
    statement = bind(parse(text, {}), None)
    assert isinstance(statement, Query)
    return plan_query(statement.tree, CATALOGUE)


NEWER = list(read_newer())
OLDER = older_methods()
IN_DOCUMENTS = {
    request_of(method)
    for service, _ in CATALOGUE.provider("digitalocean").services
    for resource in CATALOGUE.service("digitalocean", service).resources
    for method in resource.methods
}
OTHER_HOSTS = {
    line.split(" | ")[0]
    for line in (FACTS / "digitalocean_operations.txt").read_text("utf-8").splitlines()
    if "| https://" in line
}
REACHED = [newer for newer in NEWER if newer.request in IN_DOCUMENTS]
# What these require, or nothing, is a filter of the first table of the name: the older name reads them.
OF_AN_OLDER_NAME = {
    ("addons.apps", "addons_get_app_metadata"),
    ("container_registry.registries", "registries_list"),
    ("databases.vector_database_backups", "vector_databases_get_restore_status"),
    ("genai.indexing_jobs", "genai_list_indexing_jobs_by_knowledge_base"),
    ("genai.model_evaluation_runs", "genai_get_model_evaluation_run"),
    ("security.scans", "security_get_latest_scan"),
}
# Two methods of one verb that ask for the same: one of them stays EXEC.
STAYS_EXEC = {
    ("container_registry.registries", "registries_create"),
    ("addons.resources", "addons_patch_plan"),
}


def test_what_no_document_has_is_on_another_host() -> None:
    assert len(NEWER) == 698
    assert {newer.request for newer in NEWER} - IN_DOCUMENTS <= OTHER_HOSTS


@pytest.mark.parametrize("resource", list(dict.fromkeys(newer.resource for newer in REACHED)))
def test_every_method_of_a_newer_name_is_listed(resource: str) -> None:
    methods = {method.name: method for method in CATALOGUE.whole(table(resource)).methods}
    for newer in REACHED:
        if newer.resource != resource:
            continue
        method = methods[newer.method]
        assert request_of(method) == newer.request
        if (resource, newer.method) not in OLDER | STAYS_EXEC:
            assert method.verb == newer.verb
        assert [f"{name}={value}" for name, value in method.fixed] == ([newer.fixed] if newer.fixed else [])
        assert not {name for name, _ in method.fixed} & {
            f.name for f in (method.body.fields if method.body else ())
        }


@pytest.mark.parametrize(
    "newer",
    [newer for newer in REACHED if newer.verb == "select"],
    ids=lambda newer: f"{newer.resource}-{newer.method}",
)
def test_every_select_of_a_newer_name_is_sent(newer: Newer) -> None:
    """Bound by what it requires, the statement reads the operation that the name stands for."""
    (method,) = [
        method for method in CATALOGUE.whole(table(newer.resource)).methods if method.name == newer.method
    ]
    if method.verb != "select":
        return  # the older name decides, and it says otherwise
    values = {"integer": "1", "number": "1", "boolean": "true"}
    where = " AND ".join(
        f"{one.sql_name} = " + (f"'{one.enum[0]}'" if one.enum else values.get(one.type.type, "'a-b'"))
        if one.type.format != "date-time"
        else f"{one.sql_name} = '2026-01-02T03:04:05Z'"
        for one in method.required
    )
    plan = planned(f"SELECT * FROM digitalocean.{newer.resource}" + (f" WHERE {where}" if where else ""))
    sent = [request_of(scan.method) for scan in plan.scans]
    assert (sent == [newer.request]) is ((newer.resource, newer.method) not in OF_AN_OLDER_NAME), sent
    assert plan.scans[0].table == table(newer.resource)


def test_a_document_reads_no_alias() -> None:
    catalogue = Catalogue([shipped("providers")], None)
    catalogue.resource(table("droplets.droplets"))
    assert not catalogue._newer


def test_an_alias_reads_only_what_it_leads_to() -> None:
    catalogue = Catalogue([shipped("providers")], None)
    catalogue.resource(table("compute.droplet_backups"))
    assert sorted(catalogue._services) == [("digitalocean", "compute"), ("digitalocean", "droplets")]


def test_aliases_are_kept_compiled(tmp_path: Path) -> None:
    first, second = (Catalogue([shipped("providers")], tmp_path) for _ in range(2))
    name = table("compute.droplets")
    assert first.whole(name) == second.whole(name)
    assert list((tmp_path / "documents").glob("digitalocean.aliases-*.json"))


def test_names_that_are_nowhere_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        CATALOGUE.resource(table("compute.droplet"))
    assert "droplets" in caught.value.hints[0]
    with pytest.raises(UnknownNameError) as caught:
        CATALOGUE.resource(table("oneclik.applications"))
    assert "oneclick" in caught.value.hints[0]


def test_an_action_takes_the_fields_of_its_own_kind() -> None:
    methods = {method.name: method for method in CATALOGUE.whole(table("compute.droplets")).methods}

    def fields(name: str) -> list[str]:
        body = methods[name].body
        return [field.name for field in body.fields] if body else []

    assert fields("reboot") == []
    assert sorted(fields("resize")) == ["disk", "size"]
    columns = methods["resize"].columns or ()
    assert "started_at" in [column.name for column in columns], "the answer is an action, not a droplet"


def test_broken_aliases_leave_the_documents() -> None:
    catalogue = Catalogue([Path(__file__).parent / "broken_providers"], None)
    assert catalogue.resource(TableName("wrong_aliases", "fruit", "apples")).columns
    with pytest.raises(ProviderDocumentError, match=r"aliases\.yaml"):
        catalogue.resource(TableName("wrong_aliases", "food", "apples"))
