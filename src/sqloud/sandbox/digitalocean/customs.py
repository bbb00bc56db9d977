"""What DigitalOcean's specification does not tell: what is kept where, what there is, what a filter asks.

Law: one thing is kept once; every other path to it leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sqloud.registry.records import Parameter
from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.effects import EFFECTS, settle
from sqloud.sandbox.digitalocean.metrics import metrics
from sqloud.sandbox.digitalocean.seeds import Seeds
from sqloud.sandbox.facts import Facts, Operation
from sqloud.sandbox.reading import Filter
from sqloud.sandbox.world import Path, World

__all__ = ["DigitalOcean", "customs_of_digitalocean"]

Effect = Callable[[Asked], Any]

_EXCLUDES = {
    ("/v2/droplets", "tag_name"): ("name", "type"),
    ("/v2/droplets", "name"): ("tag_name",),
    ("/v2/droplets", "type"): ("tag_name",),
}
"""Parameters that may not be sent together, by path and parameter."""

_METRICS = "/v2/monitoring/metrics/"


def _of_gpus(row: Any, asked: Any, path: Path) -> bool:
    del path
    return bool((row.get("gpu_info") is not None) == (asked == "gpus"))


def _of_origin(row: Any, asked: Any, path: Path) -> bool:
    """Images by `type`: distributions are the public ones that carry a slug."""
    del path
    return bool(row.get("type") == ("base" if asked == "distribution" else "application"))


def _full_name(row: Any, asked: Any, path: Path) -> bool:
    """Records by `name`, which is asked for in full: `www.example.com`."""
    domain = path[2]
    return bool(asked == (domain if row["name"] == "@" else f"{row['name']}.{domain}"))


FILTERS: Mapping[tuple[str, str], Filter] = {
    ("/v2/droplets", "type"): _of_gpus,
    ("/v2/droplets", "name"): lambda row, asked, _: row["name"].casefold() == asked.casefold(),
    ("/v2/images", "type"): _of_origin,
    ("/v2/images", "private"): lambda row, asked, _: row.get("public") is not asked,
    ("/v2/domains/{domain_name}/records", "name"): _full_name,
    ("/v2/vpcs/{vpc_id}/members", "resource_type"): lambda row, asked, _: row["urn"].startswith(
        f"do:{asked}:"
    ),
}


INITIAL: Mapping[str, Mapping[str, Any]] = {
    "/v2/domains/{domain_name}/records": {"name": "@", "ttl": 1800},
    "/v2/volumes": {"description": "", "filesystem_type": "", "filesystem_label": ""},
    "/v2/vpcs": {"description": "", "default": False},
    "/v2/projects": {"description": "", "is_default": False, "environment": "Development"},
    "/v2/databases": {"version": "17", "num_nodes": 1},
    "/v2/uptime/checks": {"enabled": True},
    "/v2/monitoring/alerts": {"enabled": True},
}
"""What a new row has where the body says nothing, by path template and field."""


class DigitalOcean:
    """The customs of one simulated account; its seeds are made when they are first asked for."""

    def __init__(self) -> None:
        own = Seeds()
        self.seeds = own.seeds
        self.views = own.views
        self.things = own.things
        self.references: Mapping[str, str] = REFERENCES
        self.defaults: Mapping[tuple[str, str], Any] = {("/v2/droplets", "type"): "droplets"}
        self.initial = INITIAL
        self.filters = FILTERS
        self.effects: Mapping[tuple[str, str], Effect] = {**EFFECTS, **own.readings}
        self.settle: Callable[[World], None] = settle

    def canonical(self, path: Path) -> Path:
        """Where a thing is kept."""
        match path:
            case ("v2", "floating_ips", *rest):
                return ("v2", "reserved_ips", *rest)
            case ("v2", "registry", name, below, *rest) if (below, rest) != ("repositories", []):
                return ("v2", "registries", name, below, *rest)
            case ("v2", "volumes", "snapshots", key):
                return ("v2", "snapshots", key)
            case ("v2", "projects", "default", *rest):
                return ("v2", "projects", Seeds.default_project, *rest)
            case _:
                return path

    def parameters(self, facts: Facts, operation: Operation) -> tuple[Parameter, ...]:
        """The parameters of an operation; paging's where it pages without declaring them."""
        if operation.path.startswith(_METRICS):
            self.effects = {**self.effects, (operation.verb, operation.path): metrics}
        told = tuple(
            msgspec.structs.replace(one, excludes=_EXCLUDES.get((operation.path, one.name), ()))
            for one in facts.parameters(operation)
        )
        names = {one.name for one in told}
        pages = tuple(one for one in facts.parameters(_paged(facts)) if one.name in ("page", "per_page"))
        if operation.verb == "GET" and "meta" in facts.properties(operation.answer):
            told += tuple(one for one in pages if one.name not in names)
        return told


def _paged(facts: Facts) -> Operation:
    return next(one for one in facts.operations if one.path == "/v2/domains" and one.verb == "GET")


def customs_of_digitalocean() -> DigitalOcean:
    """Customs for a new simulated account."""
    return DigitalOcean()


REFERENCES = {
    "region": "/v2/regions",
    "region_slug": "/v2/regions",
    "regions": "/v2/regions",
    "region_id": "/v2/regions",
    "size_slug": "/v2/sizes",
    "droplet_id": "/v2/droplets",
    "host_id": "/v2/droplets",
    "volume_id": "/v2/volumes",
    "image_id": "/v2/images",
    "snapshot_id": "/v2/snapshots",
    "vpc_uuid": "/v2/vpcs",
    "vpc_id": "/v2/vpcs",
    "private_network_uuid": "/v2/vpcs",
    "private_network_id": "/v2/vpcs",
    "default_vpc": "/v2/vpcs",
    "project_id": "/v2/projects",
    "project": "/v2/projects",
    "app_id": "/v2/apps",
    "cluster_id": "/v2/kubernetes/clusters",
    "cluster_uuid": "/v2/kubernetes/clusters",
    "database_id": "/v2/databases",
    "database_cluster_uuid": "/v2/databases",
    "source_cluster_uuid": "/v2/databases",
    "certificate_id": "/v2/certificates",
    "firewall_id": "/v2/firewalls",
    "lb_id": "/v2/load_balancers",
    "load_balancer_id": "/v2/load_balancers",
    "registry_name": "/v2/registries",
    "workspace_uuid": "/v2/gen-ai/workspaces",
    "agent_uuid": "/v2/gen-ai/agents",
    "knowledge_base_uuid": "/v2/gen-ai/knowledge_bases",
}
"""By a field's name, the list whose keys such a field holds."""
