"""The droplets service says what DigitalOcean's API is: names, verbs, parameters, columns, rows."""

import pytest

from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import Equals, MemberOf, Method, Option, Resource, Scope, TableName
from sqloud.settings import shipped

CATALOGUE = Catalogue([shipped("providers")], None)

PAGES = "page per_page"
DROPLET = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "memory": "BIGINT",
    "vcpus": "BIGINT",
    "disk": "BIGINT",
    "disk_info": "JSON",
    "locked": "BOOLEAN",
    "status": "VARCHAR",
    "kernel": "JSON",
    "created_at": "TIMESTAMP WITH TIME ZONE",
    "features": "VARCHAR[]",
    "backup_ids": "BIGINT[]",
    "next_backup_window": "JSON",
    "snapshot_ids": "BIGINT[]",
    "image": "JSON",
    "volume_ids": "VARCHAR[]",
    "size": "JSON",
    "size_slug": "VARCHAR",
    "networks": "JSON",
    "region": "JSON",
    "tags": "VARCHAR[]",
    "vpc_uuid": "VARCHAR",
    "gpu_info": "JSON",
}
IMAGE = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "created_at": "TIMESTAMP WITH TIME ZONE",
    "min_disk_size": "BIGINT",
    "regions": "VARCHAR[]",
    "size_gigabytes": "DOUBLE",
    "type": "VARCHAR",
}
COLUMNS = {
    "actions": {
        "id": "BIGINT",
        "status": "VARCHAR",
        "type": "VARCHAR",
        "started_at": "TIMESTAMP WITH TIME ZONE",
        "completed_at": "TIMESTAMP WITH TIME ZONE",
        "resource_id": "BIGINT",
        "resource_type": "VARCHAR",
        "region": "JSON",
        "region_slug": "VARCHAR",
    },
    "backups": IMAGE,
    "backups_policies": {
        "droplet_id": "BIGINT",
        "backup_enabled": "BOOLEAN",
        "backup_policy": "JSON",
        "next_backup_window": "JSON",
    },
    "backups_supported_policies": {
        "name": "VARCHAR",
        "possible_days": "VARCHAR[]",
        "possible_window_starts": "BIGINT[]",
        "retention_period_days": "BIGINT",
        "window_length_hours": "BIGINT",
    },
    "droplets": DROPLET,
    "droplets_associated_resources": dict.fromkeys(
        ["floating_ips", "reserved_ips", "snapshots", "volume_snapshots", "volumes"], "JSON"
    ),
    "droplets_associated_resources_delete_status": {
        "completed_at": "TIMESTAMP WITH TIME ZONE",
        "droplet": "JSON",
        "failures": "BIGINT",
        "resources": "JSON",
    },
    "firewalls": {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "created_at": "TIMESTAMP WITH TIME ZONE",
        "droplet_ids": "BIGINT[]",
        "inbound_rules": "JSON",
        "outbound_rules": "JSON",
        "pending_changes": "JSON",
        "status": "VARCHAR",
        "tags": "VARCHAR[]",
    },
    "kernels": {"id": "BIGINT", "name": "VARCHAR", "version": "VARCHAR"},
    "neighbors": {name: DROPLET[name] for name in ["id", "name", *sorted(set(DROPLET) - {"id", "name"})]},
    "reports_droplet_neighbors_ids": {"neighbor_ids": "BIGINT[]"},
    "snapshots": IMAGE,
}
KEYS = {
    **dict.fromkeys(
        ["actions", "backups", "droplets", "firewalls", "kernels", "neighbors", "snapshots"], ("id",)
    ),
    "backups_policies": ("droplet_id",),
    "backups_supported_policies": ("name",),
}

# resource, method, verb, request, required parameters, other parameters, where the rows are
METHODS = """
actions | droplet_actions_get | select | GET /v2/droplets/{droplet_id}/actions/{action_id} | droplet_id action_id | | object action
actions | droplet_actions_list | select | GET /v2/droplets/{droplet_id}/actions | droplet_id | page per_page | list actions
actions | droplet_actions_post | exec | POST /v2/droplets/{droplet_id}/actions | droplet_id | | object action
actions | droplet_actions_post_by_tag | exec | POST /v2/droplets/actions | | tag_name | list actions
backups | droplets_list_backups | select | GET /v2/droplets/{droplet_id}/backups | droplet_id | page per_page | list backups
backups_policies | droplets_get_backup_policy | select | GET /v2/droplets/{droplet_id}/backups/policy | droplet_id | | object policy
backups_policies | droplets_list_backup_policies | select | GET /v2/droplets/backups/policies | | page per_page | map policies
backups_supported_policies | droplets_list_supported_backup_policies | select | GET /v2/droplets/backups/supported_policies | | | list supported_policies
droplets | droplets_get | select | GET /v2/droplets/{droplet_id} | droplet_id | | object droplet
droplets | droplets_list | select | GET /v2/droplets | | type tag_name name page per_page | list droplets
droplets | droplets_create | insert | POST /v2/droplets | | | list droplets
droplets | droplets_destroy | delete | DELETE /v2/droplets/{droplet_id} | droplet_id | | none
droplets | droplets_destroy_by_tag | delete | DELETE /v2/droplets | tag_name | | none
droplets | droplets_destroy_retry_with_associated_resources | exec | POST /v2/droplets/{droplet_id}/destroy_with_associated_resources/retry | droplet_id | | none
droplets | droplets_destroy_with_associated_resources_dangerous | exec | DELETE /v2/droplets/{droplet_id}/destroy_with_associated_resources/dangerous | x_dangerous droplet_id | | none
droplets | droplets_destroy_with_associated_resources_selective | exec | DELETE /v2/droplets/{droplet_id}/destroy_with_associated_resources/selective | droplet_id | | none
droplets_associated_resources | droplets_list_associated_resources | select | GET /v2/droplets/{droplet_id}/destroy_with_associated_resources | droplet_id | | object
droplets_associated_resources_delete_status | droplets_get_destroy_associated_resources_status | select | GET /v2/droplets/{droplet_id}/destroy_with_associated_resources/status | droplet_id | | object
firewalls | droplets_list_firewalls | select | GET /v2/droplets/{droplet_id}/firewalls | droplet_id | page per_page | list firewalls
kernels | droplets_list_kernels | select | GET /v2/droplets/{droplet_id}/kernels | droplet_id | page per_page | list kernels
neighbors | droplets_list_neighbors | select | GET /v2/droplets/{droplet_id}/neighbors | droplet_id | | list droplets
reports_droplet_neighbors_ids | droplets_list_neighbors_ids | select | GET /v2/reports/droplet_neighbors_ids | | | list neighbor_ids
snapshots | droplets_list_snapshots | select | GET /v2/droplets/{droplet_id}/snapshots | droplet_id | page per_page | list snapshots
"""  # noqa: E501


def resource(name: str) -> Resource:
    return CATALOGUE.resource(TableName("digitalocean", "droplets", name))


def method(table: str, name: str) -> Method:
    return next(method for method in resource(table).methods if method.name == name)


def row_of(table: str, method: Method) -> str:
    rows = " ".join([method.rows.shape, *method.rows.path]) if method.rows else "none"
    required = " ".join(parameter.sql_name for parameter in method.required)
    others = " ".join(parameter.sql_name for parameter in method.parameters if not parameter.required)
    request = f"{method.http_verb} {method.path}"
    parts = [table, method.name, method.verb, request, required, others, rows]
    return " ".join(" | ".join(parts).split())


def test_methods() -> None:
    service = CATALOGUE.service("digitalocean", "droplets")
    found = [row_of(table.name.resource, method) for table in service.resources for method in table.methods]
    assert found == METHODS.strip().splitlines()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name: str) -> None:
    table = resource(name)
    shown = [column for column in table.columns if not column.hidden]
    assert [(column.name, column.type.sql) for column in shown] == list(COLUMNS[name].items())
    assert table.key == KEYS.get(name, ())
    assert table.description
    assert all(column.description for column in shown)
    assert all(method.description for method in table.methods)
    assert all(parameter.description for method in table.methods for parameter in method.parameters)
    assert all(field.description for method in table.methods if method.body for field in method.body.fields)


def test_every_path_but_one_is_the_columns_name() -> None:
    for name in COLUMNS:
        for column in resource(name).columns:
            expected = () if column.name in ("neighbor_ids", "column_anon") else (column.name,)
            assert column.path == expected


MEANINGS = [
    ("actions", "droplet_actions_get", "droplet_id", Scope()),
    ("actions", "droplet_actions_get", "action_id", Equals(expression="id")),
    ("actions", "droplet_actions_list", "droplet_id", Scope()),
    ("backups", "droplets_list_backups", "droplet_id", Scope()),
    ("backups", "droplets_list_backups", "page", Scope()),
    ("backups", "droplets_list_backups", "per_page", Option()),
    ("backups_policies", "droplets_get_backup_policy", "droplet_id", Equals(expression="droplet_id")),
    ("droplets", "droplets_get", "droplet_id", Equals(expression="id")),
    (
        "droplets",
        "droplets_list",
        "type",
        Scope(default="droplets", computed="CASE WHEN gpu_info IS NULL THEN 'droplets' ELSE 'gpus' END"),
    ),
    ("droplets", "droplets_list", "tag_name", MemberOf(column="tags")),
    ("droplets", "droplets_list", "name", Equals(expression="name", superset=True)),
    ("droplets", "droplets_destroy", "droplet_id", Equals(expression="id")),
    ("droplets", "droplets_destroy_by_tag", "tag_name", MemberOf(column="tags")),
    ("droplets_associated_resources", "droplets_list_associated_resources", "droplet_id", Scope()),
    (
        "droplets_associated_resources_delete_status",
        "droplets_get_destroy_associated_resources_status",
        "droplet_id",
        Scope(),
    ),
    ("firewalls", "droplets_list_firewalls", "droplet_id", Scope()),
    ("kernels", "droplets_list_kernels", "droplet_id", Scope()),
    ("neighbors", "droplets_list_neighbors", "droplet_id", Scope()),
    ("snapshots", "droplets_list_snapshots", "droplet_id", Scope()),
]


@pytest.mark.parametrize(("table", "name", "parameter", "meaning"), MEANINGS)
def test_meanings(table: str, name: str, parameter: str, meaning: object) -> None:
    (found,) = (found for found in method(table, name).parameters if found.name == parameter)
    assert found.meaning == meaning
    if parameter == "droplet_id":
        assert found.refers_to == "droplets.droplets.id"
        assert (found.type.type, found.minimum, found.location) == ("integer", 1.0, "path")


def test_listings() -> None:
    service = CATALOGUE.service("digitalocean", "droplets")
    for table in service.resources:
        (listing,) = (method for method in table.methods if method.listing)
        assert listing.name == {
            "actions": "droplet_actions_list",
            "backups_policies": "droplets_list_backup_policies",
            "droplets": "droplets_list",
        }.get(table.name.resource, table.methods_for("select")[0].name)
        assert all(method.idempotent == (method.verb == "select") for method in table.methods)


def test_what_destroys_says_so() -> None:
    service = CATALOGUE.service("digitalocean", "droplets")
    destructive = [
        method.name for table in service.resources for method in table.methods if method.destructive
    ]
    assert destructive == [method.name for method in resource("droplets").methods if "destroy" in method.name]


def test_exclusions_and_bounds_of_the_listing() -> None:
    listing = method("droplets", "droplets_list")
    assert {parameter.name: parameter.excludes for parameter in listing.parameters} == {
        "type": ("tag_name",),
        "tag_name": ("name", "type"),
        "name": ("tag_name",),
        "page": (),
        "per_page": (),
    }
    size = listing.parameters[-1]
    assert (size.minimum, size.maximum, size.default, size.location) == (1.0, 200.0, 20, "query")
    assert listing.parameters[0].enum == ("droplets", "gpus")
    assert listing.paging is not None
    assert (listing.paging.next, listing.paging.total) == (("links", "pages", "next"), ("meta", "total"))


def test_headers_keep_the_name_of_the_api() -> None:
    dangerous = method("droplets", "droplets_destroy_with_associated_resources_dangerous").parameters[0]
    assert (dangerous.name, dangerous.sql_name, dangerous.location) == (
        "X-Dangerous",
        "x_dangerous",
        "header",
    )
    assert (dangerous.type.type, dangerous.required) == ("boolean", True)


def test_bodies() -> None:
    create = method("droplets", "droplets_create").body
    assert create is not None
    assert [field.name for field in create.fields if field.required] == ["size", "image"]
    fields = {field.name: field for field in create.fields}
    assert fields["image"].type.type == "any"
    assert fields["names"].type.spelling == "array of string"
    assert fields["tags"].nullable
    assert (fields["backups"].default, fields["public_networking"].default, fields["ssh_keys"].default) == (
        False,
        True,
        [],
    )
    action = method("actions", "droplet_actions_post").body
    by_tag = method("actions", "droplet_actions_post_by_tag").body
    assert action is not None
    assert by_tag is not None
    assert (len(action.fields[0].enum), len(by_tag.fields[0].enum)) == (16, 8)
    assert set(by_tag.fields[0].enum) < set(action.fields[0].enum)


def test_the_provider() -> None:
    provider = CATALOGUE.provider("digitalocean")
    assert provider.base_url == "https://api.digitalocean.com"
    assert provider.authentication.scheme == "bearer"
    assert provider.authentication.environment == ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
    assert provider.errors is not None
    assert (provider.errors.code, provider.errors.message) == ("id", "message")
    limits = provider.rate_limit
    assert (limits.limit, limits.remaining, limits.reset) == (
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
    )
    assert "droplets" in dict(provider.services)
