"""Droplets: how they come, what is done to them, and how they go.

Law: what a droplet holds lets go of it when it goes; an action that its state does not allow is a 422.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.acting import account_of, act, named, region_of
from sqloud.sandbox.digitalocean.places import disk_info
from sqloud.sandbox.digitalocean.policies import policies_of, policy_of
from sqloud.sandbox.digitalocean.tags import carriers
from sqloud.sandbox.refusal import Refusal, shortened
from sqloud.sandbox.world import Row, World

__all__ = ["DROPLETS", "take_snapshot"]

_BOOTED_AFTER = 3


def _create(asked: Asked) -> Any:
    world = asked.world
    names = asked.field("names")
    several = isinstance(names, list)
    wanted = list(names) if isinstance(names, list) else [asked.field("name")]
    rows = world.held("/v2/droplets")
    limit = account_of(world)["droplet_limit"]
    if len(rows) + len(wanted) > limit:
        raise Refusal(403, f"creating {len(wanted)} would exceed your droplet limit of {limit}")
    size = named(asked, "size", "/v2/sizes")
    image = named(asked, "image", "/v2/images")
    region = region_of(world, asked.field("region") or "nyc3")
    if size["slug"] not in region["sizes"]:
        raise Refusal(422, f"size {size['slug']} is not available in {region['slug']}")
    volumes = [named(asked, "volumes", "/v2/volumes", one) for one in asked.field("volumes") or ()]
    vpc = asked.field("vpc_uuid")
    if vpc and world.found("/v2/vpcs", vpc) is None:
        raise Refusal(422, f"vpc_uuid {shortened(vpc)} is invalid: there is none")
    made, links = [], []
    for name in wanted:
        droplet = _droplet(asked, name, size, image, region)
        droplet["vpc_uuid"] = vpc or next(row["id"] for row in world.held("/v2/vpcs") if row["default"])
        rows.append(droplet)
        for volume in volumes:
            volume["droplet_ids"] = [droplet["id"]]
            droplet["volume_ids"].append(volume["id"])
        action = act(asked, "create", ("droplet", droplet["id"]), region, lambda: None)
        world.later(_BOOTED_AFTER, _boot(droplet))
        made.append(droplet)
        href = f"{asked.url.partition('/v2/')[0]}/v2/actions/{action['id']}"
        links.append({"id": action["id"], "rel": "create", "href": href})
    told = {"droplets": made} if several else {"droplet": made[0]}
    return told | {"links": {"actions": links}}


def _droplet(asked: Asked, name: str, size: Row, image: Row, region: Row) -> Row:
    features = [("backups", "backups"), ("ipv6", "ipv6"), ("monitoring", "monitoring")]
    droplet: Row = {
        "id": asked.world.number(),
        "name": name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": disk_info(size["disk"]),
        "locked": False,
        "status": "new",
        "kernel": None,
        "created_at": asked.world.moment(),
        "features": [told for field, told in features if asked.field(field)] + ["private_networking"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": image,
        "volume_ids": [],
        "size": size,
        "size_slug": size["slug"],
        "networks": {"v4": [], "v6": []},
        "region": region,
        "tags": list(asked.field("tags") or ()),
    }
    if "gpu_info" in size:
        droplet["gpu_info"] = size["gpu_info"]
    if asked.field("backups"):
        policies_of(asked.world)
        policy_of(asked.world, droplet).update(
            backup_enabled=True,
            backup_policy=asked.field("backup_policy") or {"plan": "weekly", "weekday": "SUN"},
        )
    return droplet


def _boot(droplet: Row) -> Callable[[], None]:
    def boot() -> None:
        last = droplet["id"] % 200 + 20
        droplet["networks"] = {
            "v4": [
                {
                    "ip_address": f"10.128.192.{last}",
                    "netmask": "255.255.0.0",
                    "gateway": "",
                    "type": "private",
                },
                {
                    "ip_address": f"203.0.113.{last}",
                    "netmask": "255.255.255.0",
                    "gateway": "203.0.113.1",
                    "type": "public",
                },
            ],
            "v6": _addresses6(droplet) if "ipv6" in droplet["features"] else [],
        }
        if droplet["status"] == "new":
            droplet["status"] = "active"

    return boot


def _addresses6(droplet: Row) -> list[Row]:
    return [
        {
            "ip_address": f"2001:db8:0:1010::{droplet['id'] % 65536:x}",
            "netmask": 64,
            "gateway": "2001:db8:0:1010::1",
            "type": "public",
        }
    ]


def _go(world: World, droplet: Row) -> None:
    """Take a droplet away from all that holds it."""
    identifier = droplet["id"]
    world.remove(("v2", "droplets"), str(identifier))
    for volume in world.held("/v2/volumes"):
        volume["droplet_ids"] = [one for one in volume["droplet_ids"] or () if one != identifier]
    for address in world.held("/v2/reserved_ips"):
        if address["droplet"] is droplet:
            address["droplet"] = None
    for path in ("/v2/firewalls", "/v2/load_balancers"):
        for row in world.held(path):
            row["droplet_ids"] = [one for one in row.get("droplet_ids") or () if one != identifier]


def _destroy(asked: Asked) -> Any:
    _go(asked.world, asked.world.find(asked.target[:2], asked.target[2]))


def _destroy_by_tag(asked: Asked) -> Any:
    for droplet in carriers(asked.world, "droplet", asked.arguments["tag_name"]):
        _go(asked.world, droplet)


def _destroy_with_all(asked: Asked) -> Any:
    """Destroy a droplet, its volumes and its snapshots: all of them, or those that the body names."""
    world = asked.world
    droplet = world.find(asked.target[:2], asked.target[2])
    everything = asked.path[-1] == "dangerous"
    chosen = set(asked.field("volumes") or ()) | set(asked.field("snapshots") or ())
    for path, own in (("/v2/volumes", droplet["volume_ids"]), ("/v2/snapshots", droplet["snapshot_ids"])):
        names = {str(one) for one in own}
        rows = world.held(path)
        rows[:] = [row for row in rows if row["id"] not in names or not (everything or row["id"] in chosen)]
    _go(world, droplet)


def _expect(droplet: Row, *statuses: str) -> None:
    if droplet["status"] not in statuses:
        raise Refusal(422, f"the droplet is {droplet['status']}; this needs it to be {' or '.join(statuses)}")


def _to(status: str, *before: str) -> Callable[[Asked, Row], Callable[[], None]]:
    def prepare(asked: Asked, droplet: Row) -> Callable[[], None]:
        _expect(droplet, *before)
        return lambda: droplet.update(status=status)

    return prepare


def _rename(asked: Asked, droplet: Row) -> Callable[[], None]:
    name = asked.field("name")
    if not isinstance(name, str) or not name:
        raise Refusal(422, "name is required for rename")
    return lambda: droplet.update(name=name)


def _resize(asked: Asked, droplet: Row) -> Callable[[], None]:
    size = named(asked, "size", "/v2/sizes")
    _expect(droplet, "off")
    if size["disk"] < droplet["disk"] and asked.field("disk"):
        raise Refusal(422, "the disk of a droplet cannot become smaller")
    changed = {"size": size, "size_slug": size["slug"], "memory": size["memory"], "vcpus": size["vcpus"]}
    if asked.field("disk"):
        changed |= {"disk": size["disk"], "disk_info": disk_info(size["disk"])}
    return lambda: droplet.update(changed)


def _rebuild(asked: Asked, droplet: Row) -> Callable[[], None]:
    image = named(asked, "image", "/v2/images")
    return lambda: droplet.update(image=image, status="active")


def _snapshot(asked: Asked, droplet: Row) -> Callable[[], None]:
    name = asked.field("name") or f"{droplet['name']} {asked.world.moment()[:10]}"
    return lambda: take_snapshot(asked.world, droplet, name)


def take_snapshot(world: World, droplet: Row, name: str) -> None:
    """Add a snapshot of a droplet to its own, to all snapshots and to the images."""
    common = {
        "name": name,
        "created_at": world.moment(),
        "regions": [droplet["region"]["slug"]],
        "min_disk_size": droplet["disk"],
        "size_gigabytes": round(droplet["disk"] / 11, 2),
    }
    identifier = world.number()
    world.held(f"/v2/droplets/{droplet['id']}/snapshots").append(
        {"id": identifier, **common, "type": "snapshot"}
    )
    world.held("/v2/snapshots").append(
        {
            "id": str(identifier),
            **common,
            "resource_id": str(droplet["id"]),
            "resource_type": "droplet",
            "tags": [],
        }
    )
    world.held("/v2/images").append(
        {
            "id": identifier,
            **common,
            "type": "snapshot",
            "distribution": droplet["image"]["distribution"],
            "slug": None,
            "public": False,
            "description": "",
            "tags": [],
            "status": "available",
            "error_message": "",
        }
    )
    droplet["snapshot_ids"] = [*droplet["snapshot_ids"], identifier]


def _backups(enabled: bool) -> Callable[[Asked, Row], Callable[[], None]]:
    def prepare(asked: Asked, droplet: Row) -> Callable[[], None]:
        if enabled is ("backups" in droplet["features"]):
            raise Refusal(422, f"backups are already {'enabled' if enabled else 'disabled'}")
        plan = asked.field("backup_policy") or {"plan": "weekly", "weekday": "SUN"}

        def change() -> None:
            others = [one for one in droplet["features"] if one != "backups"]
            droplet["features"] = ["backups", *others] if enabled else others
            policies_of(asked.world)
            policy = policy_of(asked.world, droplet)
            policy["backup_enabled"] = enabled
            policy.pop("backup_policy", None)
            policy.pop("next_backup_window", None)
            if enabled:
                policy["backup_policy"] = dict(plan)
            else:
                droplet["next_backup_window"] = None

        return change

    return prepare


def _change_policy(asked: Asked, droplet: Row) -> Callable[[], None]:
    plan = asked.field("backup_policy")
    if not isinstance(plan, dict):
        raise Refusal(422, "backup_policy is required for change_backup_policy")
    if "backups" not in droplet["features"]:
        raise Refusal(422, "backups are not enabled")
    policies_of(asked.world)
    return lambda: policy_of(asked.world, droplet).update(backup_policy=dict(plan))


def _enable_ipv6(asked: Asked, droplet: Row) -> Callable[[], None]:
    del asked

    def enable() -> None:
        droplet["networks"] = {**droplet["networks"], "v6": _addresses6(droplet)}
        if "ipv6" not in droplet["features"]:
            droplet["features"] = [*droplet["features"], "ipv6"]

    return enable


def _nothing_more(asked: Asked, droplet: Row) -> Callable[[], None]:
    del asked, droplet
    return lambda: None


_ACTIONS: Mapping[str, Callable[[Asked, Row], Callable[[], None]]] = {
    "power_off": _to("off", "active"),
    "shutdown": _to("off", "active"),
    "power_on": _to("active", "off"),
    "power_cycle": _to("active", "active", "off"),
    "reboot": _to("active", "active"),
    "rename": _rename,
    "resize": _resize,
    "rebuild": _rebuild,
    "restore": _rebuild,
    "snapshot": _snapshot,
    "enable_backups": _backups(True),
    "disable_backups": _backups(False),
    "change_backup_policy": _change_policy,
    "enable_ipv6": _enable_ipv6,
}


def _perform(asked: Asked, droplet: Row) -> Row:
    kind = asked.field("type")
    finish = _ACTIONS.get(kind, _nothing_more)(asked, droplet)
    return act(asked, kind, ("droplet", droplet["id"]), droplet["region"], finish)


def _act_on_one(asked: Asked) -> Any:
    return {"action": _perform(asked, asked.world.find(asked.target[:2], asked.target[2]))}


def _act_on_tagged(asked: Asked) -> Any:
    tag = asked.arguments.get("tag_name")
    if tag is None:
        raise Refusal(422, "tag_name is required")
    return {"actions": [_perform(asked, droplet) for droplet in carriers(asked.world, "droplet", tag)]}


_WITH_ALL = "/v2/droplets/{droplet_id}/destroy_with_associated_resources"

DROPLETS: Mapping[tuple[str, str], Callable[[Asked], Any]] = {
    ("POST", "/v2/droplets"): _create,
    ("DELETE", "/v2/droplets"): _destroy_by_tag,
    ("DELETE", "/v2/droplets/{droplet_id}"): _destroy,
    ("DELETE", f"{_WITH_ALL}/dangerous"): _destroy_with_all,
    ("DELETE", f"{_WITH_ALL}/selective"): _destroy_with_all,
    ("POST", "/v2/droplets/actions"): _act_on_tagged,
    ("POST", "/v2/droplets/{droplet_id}/actions"): _act_on_one,
}
