"""Volumes, images and reserved addresses: what is attached to what, and the actions that change it.

Law: a volume tells the droplet that it is attached to, and the droplet tells the volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.acting import account_of, act, named, region_of
from sqloud.sandbox.refusal import Refusal, shortened
from sqloud.sandbox.world import Row
from sqloud.sandbox.writing import create

__all__ = ["ATTACHMENTS"]


def _volume_action(asked: Asked) -> Any:
    world = asked.world
    if asked.path[2] == "actions":
        volume = named(asked, "volume_name", "/v2/volumes")
    else:
        volume = world.find(asked.target[:2], asked.target[2])
    kind = asked.field("type")
    finish = {"attach": _attach, "detach": _detach, "resize": _enlarge}[kind](asked, volume)
    under = f"/v2/volumes/{volume['id']}/actions"
    world.held(under)
    return {"action": act(asked, kind, ("volume", None), volume["region"], finish, under=under)}


def _attach(asked: Asked, volume: Row) -> Callable[[], None]:
    droplet = named(asked, "droplet_id", "/v2/droplets")
    if volume["droplet_ids"]:
        raise Refusal(422, f"the volume is attached to the droplet {volume['droplet_ids'][0]} already")
    if droplet["region"]["slug"] != volume["region"]["slug"]:
        raise Refusal(422, f"the droplet is in {droplet['region']['slug']}, the volume in another region")

    def attach() -> None:
        volume["droplet_ids"] = [droplet["id"]]
        droplet["volume_ids"] = [*droplet["volume_ids"], volume["id"]]

    return attach


def _detach(asked: Asked, volume: Row) -> Callable[[], None]:
    droplet = named(asked, "droplet_id", "/v2/droplets")
    if droplet["id"] not in volume["droplet_ids"]:
        raise Refusal(422, f"the volume is not attached to the droplet {droplet['id']}")

    def detach() -> None:
        volume["droplet_ids"] = []
        droplet["volume_ids"] = [one for one in droplet["volume_ids"] if one != volume["id"]]

    return detach


def _enlarge(asked: Asked, volume: Row) -> Callable[[], None]:
    size = asked.field("size_gigabytes")
    if not isinstance(size, int) or size <= volume["size_gigabytes"]:
        raise Refusal(422, f"size_gigabytes must be more than {volume['size_gigabytes']}")
    return lambda: volume.update(size_gigabytes=size)


def _delete_volume(asked: Asked) -> Any:
    _check_free(asked.world.find(asked.target[:2], asked.target[2]))
    asked.world.remove(asked.target[:2], asked.target[2])


def _check_free(volume: Row) -> None:
    if volume["droplet_ids"]:
        raise Refusal(
            409, f"the volume is attached to the droplet {volume['droplet_ids'][0]}: detach it first"
        )


def _delete_volumes_by_name(asked: Asked) -> Any:
    name, region = asked.arguments.get("name"), asked.arguments.get("region")
    if name is None or region is None:
        raise Refusal(422, "name and region are required")
    rows = asked.world.held("/v2/volumes")
    gone = [row for row in rows if row["name"] == name and row["region"]["slug"] == region]
    if not gone:
        raise Refusal(404, "The resource you requested could not be found.")
    for row in gone:
        _check_free(row)
    rows[:] = [row for row in rows if row not in gone]


def _snapshot_volume(asked: Asked) -> Any:
    world = asked.world
    volume = world.find(asked.target[:2], asked.target[2])
    listing = world.listing(("v2", "snapshots"))
    made = world.maker.make(None if listing is None else listing.item, "snapshot", world.dice())
    row = {
        "id": made["id"],
        "name": asked.field("name"),
        "created_at": world.moment(),
        "regions": [volume["region"]["slug"]],
        "min_disk_size": volume["size_gigabytes"],
        "size_gigabytes": 0,
        "resource_id": volume["id"],
        "resource_type": "volume",
        "tags": list(asked.field("tags") or ()),
    }
    world.held("/v2/snapshots").append(row)
    return {"snapshot": row}


def _image_action(asked: Asked) -> Any:
    image = asked.world.find(asked.target[:2], asked.target[2])
    kind = asked.field("type")
    if kind == "transfer":
        region = region_of(asked.world, asked.field("region") or "")
        regions = image["regions"] or []
        if region["slug"] in regions:
            raise Refusal(422, f"the image is in {region['slug']} already")
        return act(
            asked,
            kind,
            ("image", image["id"]),
            region,
            lambda: image.update(regions=[*regions, region["slug"]]),
        )
    if image["type"] != "backup":
        raise Refusal(422, "only a backup can be made a snapshot")
    own = asked.world.held("/v2/regions")[0]
    return act(asked, kind, ("image", image["id"]), own, lambda: image.update(type="snapshot"))


def _create_image(asked: Asked) -> Any:
    listing = asked.world.listing(asked.target)
    if listing is None:
        raise Refusal(404, "The resource you requested could not be found.")
    region = region_of(asked.world, asked.field("region") or "nyc3")
    row = create(asked, listing)
    row.update(type="custom", public=False, slug=None, regions=[region["slug"]], error_message="")
    return {"image": row}


def _reserve(asked: Asked) -> Any:
    world = asked.world
    rows = world.held("/v2/reserved_ips")
    limit = account_of(world)["floating_ip_limit"]
    if len(rows) >= limit:
        raise Refusal(403, f"this would exceed your limit of {limit} reserved addresses")
    droplet = None if asked.field("droplet_id") is None else named(asked, "droplet_id", "/v2/droplets")
    region = droplet["region"] if droplet else region_of(world, asked.field("region") or "")
    taken = {row["ip"] for row in rows}
    row = {
        "ip": next(ip for ip in (f"192.0.2.{place}" for place in range(1, 255)) if ip not in taken),
        "region": region,
        "droplet": droplet,
        "locked": False,
        "project_id": asked.field("project_id") or world.held("/v2/projects")[0]["id"],
    }
    rows.append(row)
    links: dict[str, Any] = {}
    if droplet is not None:
        action = act(asked, "assign_ip", ("reserved_ip", None), region, lambda: None)
        links = {"droplets": [], "actions": [{"id": action["id"], "rel": "assign_ip", "href": ""}]}
    return {asked.path[1][:-1]: row, "links": links}


def _address_action(asked: Asked) -> Any:
    address = asked.world.find(asked.target[:2], asked.target[2])
    kind = asked.field("type")
    droplet = None
    if kind == "assign":
        droplet = named(asked, "droplet_id", "/v2/droplets")
    elif address["droplet"] is None:
        raise Refusal(422, f"the address {shortened(address['ip'])} is not assigned")
    under = f"/v2/reserved_ips/{address['ip']}/actions"
    asked.world.held(under)
    action = act(
        asked,
        f"{kind}_ip",
        ("reserved_ip", None),
        address["region"],
        lambda: address.update(droplet=droplet),
        under=under,
    )
    return {"action": action}


ATTACHMENTS: Mapping[tuple[str, str], Callable[[Asked], Any]] = {
    ("POST", "/v2/volumes/actions"): _volume_action,
    ("POST", "/v2/volumes/{volume_id}/actions"): _volume_action,
    ("POST", "/v2/volumes/{volume_id}/snapshots"): _snapshot_volume,
    ("DELETE", "/v2/volumes/{volume_id}"): _delete_volume,
    ("DELETE", "/v2/volumes"): _delete_volumes_by_name,
    ("POST", "/v2/images"): _create_image,
    ("POST", "/v2/images/{image_id}/actions"): _image_action,
    ("POST", "/v2/reserved_ips"): _reserve,
    ("POST", "/v2/floating_ips"): _reserve,
    ("POST", "/v2/reserved_ips/{reserved_ip}/actions"): _address_action,
    ("POST", "/v2/floating_ips/{floating_ip}/actions"): _address_action,
}
