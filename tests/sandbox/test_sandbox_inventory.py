"""The inventory: the same every time, true to its documents, and consistent in itself."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from sqloud.datatypes import python_form
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import Resource
from sqloud.sandbox.digitalocean.account import Tables, tables

FIRST = 3164444


def follow_path(row: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


class Inventory:
    """The tables of the droplets, asked by name and scope."""

    def __init__(self, held: Tables) -> None:
        self._held = held

    def rows(self, table: str, scope: tuple[Any, ...] = ()) -> Sequence[Any] | None:
        return self._held[table].get(scope)

    def scopes(self, table: str) -> tuple[tuple[Any, ...], ...]:
        return tuple(self._held[table])


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory(tables())


@pytest.fixture(scope="module")
def resources(catalogue: Catalogue) -> tuple[Resource, ...]:
    return catalogue.service("digitalocean", "droplets").resources


def rows_of(inventory: Inventory, table: str) -> Iterator[Any]:
    for scope in inventory.scopes(table):
        yield from inventory.rows(table, scope) or ()


def table_of(resource: Resource) -> str:
    return f"{resource.name.service}.{resource.name.resource}"


def test_it_is_the_same_every_time(inventory: Inventory, resources: tuple[Resource, ...]) -> None:
    again = Inventory(tables())
    for resource in resources:
        table = table_of(resource)
        assert inventory.scopes(table) == again.scopes(table)
        first, second = list(rows_of(inventory, table)), list(rows_of(again, table))
        assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_every_value_fits_its_columns_type(inventory: Inventory, resources: tuple[Resource, ...]) -> None:
    checked = 0
    for resource in resources:
        for row in rows_of(inventory, table_of(resource)):
            for column in resource.columns:
                value = follow_path(row, column.path)
                if value is None or not column.path:
                    continue
                if column.type.is_json:
                    assert isinstance(value, dict if column.type.type == "object" else list)
                else:
                    text = msgspec.json.encode(value)
                    msgspec.json.decode(text, type=python_form(column.type), strict=True)
                if isinstance(value, str) and column.type.format == "date-time":
                    assert value.endswith("Z"), (resource.name, column.name, value)
                checked += 1
    assert checked > 3000


def test_rows_hold_only_declared_fields(inventory: Inventory, resources: tuple[Resource, ...]) -> None:
    for resource in resources:
        declared = {column.path[0] for column in resource.columns if column.path}
        seen: set[str] = set()
        for row in rows_of(inventory, table_of(resource)):
            if isinstance(row, dict):
                seen |= set(row)
        assert seen <= declared, resource.name


def test_keys_are_unique_under_each_scope(inventory: Inventory, resources: tuple[Resource, ...]) -> None:
    for resource in resources:
        paths = [column.path for column in resource.columns if column.name in resource.key]
        for scope in inventory.scopes(table_of(resource)):
            rows = inventory.rows(table_of(resource), scope) or ()
            keys = [tuple(follow_path(row, path) for path in paths) for row in rows]
            assert not paths or len(set(keys)) == len(keys), (resource.name, scope)


def test_the_droplets_are_what_examples_can_rely_on(inventory: Inventory) -> None:
    droplets = inventory.rows("droplets.droplets")
    assert droplets is not None
    first = droplets[0]
    assert (first["id"], first["name"], first["status"]) == (FIRST, "example.com", "active")
    assert (first["region"]["slug"], first["size"]["price_hourly"]) == ("nyc3", 0.00744)
    assert droplets[1]["size"]["price_monthly"] == 48.0
    gpus = [droplet for droplet in droplets if droplet.get("gpu_info")]
    assert (len(droplets), len(gpus)) == (64, 4)
    assert len({droplet["region"]["slug"] for droplet in droplets}) == 11
    assert {status for droplet in droplets for status in [droplet["status"]]} == {
        "active",
        "off",
        "new",
        "archive",
    }
    assert any("gpu_info" in droplet and droplet["gpu_info"] is None for droplet in droplets)
    assert any("gpu_info" not in droplet for droplet in droplets)
    assert any(droplet["tags"] == [] for droplet in droplets)
    assert any(droplet["kernel"] for droplet in droplets)
    assert any(droplet.get("vpc_uuid") == "" for droplet in droplets)
    assert any(droplet["next_backup_window"] is None for droplet in droplets)
    assert any(not droplet["name"].isascii() for droplet in droplets)
    assert any(droplet["id"] > 2**32 for droplet in droplets)
    assert any(droplet["image"]["slug"] is None for droplet in droplets)
    names = [droplet["name"] for droplet in droplets]
    assert len(set(names)) == 64
    assert len({name.casefold() for name in names}) == 63


def test_ids_of_backups_and_snapshots_are_those_that_are_listed(inventory: Inventory) -> None:
    for droplet in inventory.rows("droplets.droplets") or ():
        scope = (droplet["id"],)
        backups = inventory.rows("droplets.backups", scope) or ()
        snapshots = inventory.rows("droplets.snapshots", scope) or ()
        assert droplet["backup_ids"] == [backup["id"] for backup in backups]
        assert droplet["snapshot_ids"] == [snapshot["id"] for snapshot in snapshots]
        assert not backups or "backups" in droplet["features"]
        for image in (*backups, *snapshots):
            assert image["created_at"] > droplet["created_at"]


def test_backups_are_many_few_and_none(inventory: Inventory) -> None:
    counts = {
        scope: len(inventory.rows("droplets.backups", scope) or ())
        for scope in inventory.scopes("droplets.backups")
    }
    assert counts[FIRST,] == 6
    assert max(counts.values()) == 45
    assert list(counts.values()).count(0) > 30
    first = inventory.rows("droplets.backups", (FIRST,)) or ()
    assert [backup["size_gigabytes"] for backup in first][:2] == [2.34, 2.36]
    assert max(len(backup["regions"]) for backup in first) == 4
    everything = list(rows_of(inventory, "droplets.backups"))
    assert len({backup["id"] for backup in everything}) == len(everything)
    for scope in inventory.scopes("droplets.backups"):
        rows = inventory.rows("droplets.backups", scope) or ()
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
        assert [row["created_at"] for row in rows] == sorted(
            (row["created_at"] for row in rows), reverse=True
        )


def test_policies_agree_with_the_droplets(inventory: Inventory) -> None:
    droplets = {droplet["id"]: droplet for droplet in inventory.rows("droplets.droplets") or ()}
    policies = inventory.rows("droplets.backups_policies") or ()
    assert [policy["droplet_id"] for policy in policies] == list(droplets)
    for policy in policies:
        droplet = droplets[policy["droplet_id"]]
        assert policy["backup_enabled"] == ("backups" in droplet["features"])
        assert policy.get("next_backup_window") == droplet["next_backup_window"]
    assert {policy["backup_enabled"] for policy in policies} == {True, False}
    assert {policy["backup_policy"]["plan"] for policy in policies if policy["backup_enabled"]} == {
        "daily",
        "weekly",
    }


def test_actions_end_unless_they_still_run(inventory: Inventory) -> None:
    statuses = set()
    for action in rows_of(inventory, "droplets.actions"):
        statuses.add(action["status"])
        assert (action["completed_at"] is None) == (action["status"] == "in-progress")
        assert action["completed_at"] is None or action["completed_at"] > action["started_at"]
        assert action["region_slug"] == action["region"]["slug"]
    assert statuses == {"in-progress", "completed", "errored"}


def test_firewalls_apply_by_id_and_by_tag(inventory: Inventory) -> None:
    by_tag_alone = 0
    for droplet in inventory.rows("droplets.droplets") or ():
        for firewall in inventory.rows("droplets.firewalls", (droplet["id"],)) or ():
            named = droplet["id"] in (firewall["droplet_ids"] or ())
            tagged = set(firewall["tags"]) & set(droplet["tags"])
            assert named or tagged
            by_tag_alone += not named
    assert by_tag_alone > 20


def test_neighbors_are_mutual_and_the_report_tells_them_all(inventory: Inventory) -> None:
    pairs = {
        (scope[0], neighbor["id"])
        for scope in inventory.scopes("droplets.neighbors")
        for neighbor in inventory.rows("droplets.neighbors", scope) or ()
    }
    report = inventory.rows("droplets.reports_droplet_neighbors_ids") or ()
    assert pairs == {(left, right) for group in report for left in group for right in group if left != right}
    assert len(pairs) == 3 * 2 + 2 * 1 + 4 * 3


def test_every_droplet_is_a_scope_of_what_belongs_to_droplets(inventory: Inventory) -> None:
    scopes = {(droplet["id"],) for droplet in inventory.rows("droplets.droplets") or ()}
    for name in (
        "actions",
        "backups",
        "droplets_associated_resources",
        "firewalls",
        "kernels",
        "neighbors",
        "snapshots",
    ):
        assert set(inventory.scopes(f"droplets.{name}")) == scopes, name
