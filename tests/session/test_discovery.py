"""SHOW and DESCRIBE over DigitalOcean: methods, ready statements, inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sqloud.dialect import parse, split
from sqloud.errors import Source, UnknownNameError
from sqloud.planner.examples import example
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings


class NoTransport:
    """The network, closed."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        raise AssertionError(f"sent {request.url}")

    async def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(), transport=NoTransport()) as opened:
        yield opened


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    (text,) = split(Source("test", sql))
    return [row for batch in session.run(text).batches() for row in batch]


def test_a_method_is_one_row(session: Session) -> None:
    assert rows(session, "SHOW METHODS IN digitalocean.droplets.backups") == [
        (
            *("droplets_list_backups", "SELECT", "GET", "/v2/droplets/{droplet_id}/backups"),
            *("droplet_id", "page, per_page"),
        )
    ]


def test_newer_names_are_shown_and_filtered(session: Session) -> None:
    assert ("oneclick",) in [row[:1] for row in rows(session, "SHOW SERVICES IN digitalocean LIKE 'one%'")]
    found = rows(session, "SHOW RESOURCES IN digitalocean.compute LIKE 'droplet_back%s'")
    assert {"droplet_backup_policies", "droplet_backups"} <= {row[0] for row in found}
    (reboot,) = rows(session, "SHOW METHODS IN digitalocean.compute.droplets LIKE 'reboot'")
    assert reboot[:5] == ("reboot", "EXEC", "POST", "/v2/droplets/{droplet_id}/actions", "droplet_id")


def test_a_resource_without_a_select_shows_its_parameters(session: Session) -> None:
    described = rows(session, "DESCRIBE digitalocean.firewalls.rules")
    assert [row[0] for row in described]


def test_every_ready_statement_parses_with_what_it_requires_first(session: Session) -> None:
    for service, _ in session.catalogue.services("digitalocean"):
        for resource in session.catalogue.resources("digitalocean", service):
            for method in resource.methods:
                for whole in (True, False):
                    written = example(resource, method, whole=whole)
                    if "DEFAULT VALUES" in written:
                        continue  # an INSERT that takes nothing at all, which is not understood yet
                    (text,) = split(Source("test", written))
                    parse(text, dict.fromkeys(text.variables, "1"))


def test_a_ready_insert_names_every_field(session: Session) -> None:
    (row,) = rows(session, "SHOW INSERT INTO digitalocean.vpcs.vpcs")
    assert row[0].startswith("INSERT INTO digitalocean.vpcs.vpcs (\n  name,\n  region,\n  description")
    (short,) = rows(session, "SHOW INSERT /*+ REQUIRED */ INTO digitalocean.vpcs.vpcs")
    assert "description" not in short[0]
    assert rows(session, "SHOW EXEC digitalocean.compute.droplets.reboot") == [
        ("EXEC digitalocean.compute.droplets.reboot\n  @droplet_id = '{{ droplet_id }}';",)
    ]


def test_a_method_tells_inputs_and_outputs(session: Session) -> None:
    found = rows(session, "DESCRIBE METHOD digitalocean.compute.droplets.resize")
    inputs = {row[1]: row[2:] for row in found if row[0] == "input"}
    assert inputs["droplet_id"][:3] == ("path", "integer", "yes")
    assert inputs["type"] == ("body", "", "no", "always resize")
    assert {"disk", "size"} <= set(inputs)
    assert ("output", "started_at") in [row[:2] for row in found]


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("DESCRIBE METHOD digitalocean.vpcs.vpcs.vpcs_lst", "vpcs_list"),
        ("SHOW UPDATE digitalocean.droplets.backups", "SHOW METHODS"),
        ("SHOW INSERT INTO digitalocean.vpcs.vcps", "vpcs"),
        ("DESCRIBE digitalocean.compute.dropets", "droplets"),
        ("SHOW METHODS IN digitalocean.compte.droplets", "compute"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(session: Session, sql: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        rows(session, sql)
    assert hint in " ".join(caught.value.hints)
    assert caught.value.span is not None
