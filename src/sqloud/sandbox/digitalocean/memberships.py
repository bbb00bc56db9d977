"""What is put into something else: tags, rules and droplets of firewalls and load balancers, projects, zones.

Law: adding what is there changes nothing, and neither does taking away what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.acting import named
from sqloud.sandbox.digitalocean.tags import TAGGED, carriers, tag_of
from sqloud.sandbox.refusal import Refusal, shortened
from sqloud.sandbox.world import Row
from sqloud.sandbox.writing import create

__all__ = ["MEMBERSHIPS"]


def _change_lists(asked: Asked) -> Any:
    """Add to, or take from, the lists of the thing that the path names what the body says under their names."""
    row = asked.world.find(asked.target[:2], asked.target[2])
    if not asked.body:
        raise Refusal(422, "the body names nothing")
    for identifier in asked.field("droplet_ids") or ():
        named(asked, "droplet_ids", "/v2/droplets", identifier)
    for name, given in asked.body.items():
        if not isinstance(given, list):
            continue
        held = list(row.get(name) or ())
        if asked.operation.verb == "POST":
            row[name] = held + [one for one in given if one not in held]
        else:
            row[name] = [one for one in held if one not in given]


def _create_tag(asked: Asked) -> Any:
    rows = asked.world.held("/v2/tags")
    name = asked.field("name")
    if not name:
        raise Refusal(422, "name is required")
    if any(row["name"] == name for row in rows):
        raise Refusal(422, f"a tag with the name {shortened(name)} exists already")
    rows.append(tag_of(name))
    return {"tag": rows[-1]}


def _delete_tag(asked: Asked) -> Any:
    name = asked.target[2]
    asked.world.remove(asked.target[:2], name)
    for kind in TAGGED:
        for row in carriers(asked.world, kind, name):
            row["tags"] = [one for one in row["tags"] if one != name]


def _tag_resources(asked: Asked) -> Any:
    name = asked.target[2]
    asked.world.find(asked.target[:2], name)
    found: list[Row] = []
    for one in asked.field("resources") or ():
        kind = one.get("resource_type", "droplet")
        row = asked.world.found(TAGGED[kind][1], one.get("resource_id")) if kind in TAGGED else None
        if row is None:
            raise Refusal(404, f"there is no {kind} {shortened(str(one.get('resource_id')))}")
        found.append(row)
    for row in found:
        others = [tag for tag in row.get("tags") or () if tag != name]
        row["tags"] = [*others, name] if asked.operation.verb == "POST" else others


def _assign(asked: Asked) -> Any:
    world = asked.world
    project = world.find(asked.target[:2], asked.target[2])
    urns = asked.field("resources") or []
    for urn in urns:
        if len(str(urn).split(":")) != 3:
            raise Refusal(422, f"resources: {shortened(str(urn))} is no URN such as do:droplet:1")
        world.notes("projects")[urn] = project["id"]
    rows = world.rows((*asked.target[:3], "resources"))
    return {"resources": [row | {"status": "assigned"} for row in rows if row["urn"] in urns]}


def _delete_project(asked: Asked) -> Any:
    project = asked.world.find(asked.target[:2], asked.target[2])
    if project["is_default"]:
        raise Refusal(412, "the default project cannot be deleted")
    if asked.world.rows((*asked.target, "resources")):
        raise Refusal(412, "the project has resources: move them first")
    asked.world.remove(asked.target[:2], asked.target[2])


def _create_domain(asked: Asked) -> Any:
    listing = asked.world.listing(asked.target)
    if listing is None or not asked.field("name"):
        raise Refusal(422, "name is required")
    row = create(asked, listing)
    row.pop("ip_address", None)
    row.update(ttl=1800, zone_file=None)
    if asked.field("ip_address"):
        records = asked.world.held(f"/v2/domains/{row['name']}/records")
        record = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
        address = {"type": "A", "name": "@", "data": asked.field("ip_address"), "ttl": 1800}
        records.append({"id": asked.world.number(), **address, **record})
    return {"domain": row}


def _create_registry(asked: Asked) -> Any:
    rows = asked.world.held("/v2/registries")
    if rows:
        raise Refusal(409, f"the account has the registry {rows[0]['name']} already")
    listing = asked.world.listing(("v2", "registries"))
    if listing is None:
        raise Refusal(404, "The resource you requested could not be found.")
    made = asked.world.maker.make(listing.item, "registry", asked.world.dice())
    region = asked.field("region") or "nyc3"
    rows.append(made | {"name": asked.field("name"), "region": region, "created_at": asked.world.moment()})
    return {"registry": rows[-1]}


def _delete_registry(asked: Asked) -> Any:
    rows = asked.world.held("/v2/registries")
    if not rows:
        raise Refusal(404, "The resource you requested could not be found.")
    asked.world.remove(("v2", "registries"), rows[0]["name"])


def _peer(asked: Asked) -> Any:
    own, other = asked.target[2], asked.field("vpc_id")
    named(asked, "vpc_id", "/v2/vpcs")
    if own == other:
        raise Refusal(422, "a network cannot be peered with itself")
    row: Row = {
        "id": asked.world.maker.make({"type": "string", "format": "uuid"}, "id", asked.world.dice()),
        "name": asked.field("name"),
        "vpc_ids": [own, other],
        "created_at": asked.world.moment(),
        "status": "PROVISIONING",
    }
    asked.world.held("/v2/vpc_peerings").append(row)
    asked.world.later(3, lambda: row.update(status="ACTIVE"))
    return {"peering": row}


def _delete_vpc(asked: Asked) -> Any:
    vpc = asked.world.find(asked.target[:2], asked.target[2])
    if vpc["default"]:
        raise Refusal(403, "the default network of a region cannot be deleted")
    if asked.world.rows((*asked.target, "members")):
        raise Refusal(403, "the network has members")
    asked.world.remove(asked.target[:2], asked.target[2])


_OF_FIREWALL = "/v2/firewalls/{firewall_id}"
_OF_BALANCER = "/v2/load_balancers/{lb_id}"

MEMBERSHIPS: Mapping[tuple[str, str], Callable[[Asked], Any]] = {
    **{
        (verb, path): _change_lists
        for verb in ("POST", "DELETE")
        for path in (
            f"{_OF_FIREWALL}/droplets",
            f"{_OF_FIREWALL}/rules",
            f"{_OF_FIREWALL}/tags",
            f"{_OF_BALANCER}/droplets",
            f"{_OF_BALANCER}/forwarding_rules",
        )
    },
    ("POST", "/v2/tags"): _create_tag,
    ("DELETE", "/v2/tags/{tag_id}"): _delete_tag,
    ("POST", "/v2/tags/{tag_id}/resources"): _tag_resources,
    ("DELETE", "/v2/tags/{tag_id}/resources"): _tag_resources,
    ("POST", "/v2/projects/{project_id}/resources"): _assign,
    ("POST", "/v2/projects/default/resources"): _assign,
    ("DELETE", "/v2/projects/{project_id}"): _delete_project,
    ("POST", "/v2/domains"): _create_domain,
    ("POST", "/v2/registry"): _create_registry,
    ("DELETE", "/v2/registry"): _delete_registry,
    ("POST", "/v2/vpcs/{vpc_id}/peerings"): _peer,
    ("DELETE", "/v2/vpcs/{vpc_id}"): _delete_vpc,
}
