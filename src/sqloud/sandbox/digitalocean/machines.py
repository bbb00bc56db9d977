"""The droplets of the simulated account: 60 regular ones and 4 with GPUs.

Law: a droplet's ids of backups and snapshots are those of the backups and snapshots that are listed for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqloud.sandbox.digitalocean.places import GPU_SIZES, IMAGES, REGIONS, SIZES, born, disk_info, moment

__all__ = ["FIRST_ID", "GPU_COUNT", "REGULAR_COUNT", "droplet_ids", "make_droplets"]

Row = dict[str, Any]

FIRST_ID = 3164444
REGULAR_COUNT = 60
GPU_COUNT = 4

_WIDE_ID = 5_000_000_017  # wider than 32 bits

# Names and tags that are worth a question, by place; the others follow a pattern.
_NAMES = {
    0: "example.com",
    1: "assets.example.com",
    2: "Web-01",
    3: "web-01",
    4: "überwachung-東京",
    5: 'it\'s 100% "ready"',
    6: "back\\slash_under",
    7: "straße",
}
_ROLES = ("web", "db", "cache", "worker", "build", "mail")
_TAGS: tuple[tuple[str, ...], ...] = (
    ("web", "prod"),
    (),
    ("web",),
    ("db", "prod"),
    ("web", "prod", "env:eu"),
    ("staging",),
)
_STATUSES = {9: "off", 18: "new", 27: "archive", 36: "off", 45: "new"}
_REGIONS = ("nyc3", "ams3", "sfo3", "fra1", "sgp1", "lon1", "nyc1", "tor1", "blr1", "syd1", "sfo2")


def droplet_ids() -> tuple[int, ...]:
    """The ids of all droplets in the API's order: the regular ones, then those with GPUs."""
    regular = [FIRST_ID + 15 * place + place * place for place in range(REGULAR_COUNT)]
    regular[50] = _WIDE_ID
    return (*regular, *(444909314 + 392 * place for place in range(GPU_COUNT)))


def make_droplets(
    backups: Mapping[int, Sequence[Row]], snapshots: Mapping[int, Sequence[Row]], kernels: Mapping[int, Row]
) -> tuple[Row, ...]:
    """Every droplet, given what belongs to each by its id; `kernels` are those that droplets run."""
    droplets = []
    for place, droplet_id in enumerate(droplet_ids()):
        make = _regular if place < REGULAR_COUNT else _with_gpu
        has_backups = bool(backups[droplet_id]) or place % 7 == 5
        droplets.append(
            make(
                place,
                {
                    "id": droplet_id,
                    "kernel": kernels.get(droplet_id),
                    "backup_ids": [backup["id"] for backup in backups[droplet_id]],
                    "next_backup_window": _window(place) if has_backups else None,
                    "snapshot_ids": [snapshot["id"] for snapshot in snapshots[droplet_id]],
                    "features": _features(place, has_backups),
                },
            )
        )
    return tuple(droplets)


def _regular(place: int, known: Row) -> Row:
    size = SIZES[5 if place == 1 else 1 if place < 4 else (place * 5) % len(SIZES)]
    image = IMAGES[0 if place == 0 else (place * 3) % len(IMAGES)]
    role = _ROLES[place % len(_ROLES)]
    droplet = _droplet(place, known, size, image, _NAMES.get(place, f"{role}-{place:02d}.example.com"))
    droplet["tags"] = list(_TAGS[place % len(_TAGS)])
    if place % 4 == 1:
        droplet["gpu_info"] = None  # elsewhere it is missing, as the API has both
    if place % 10 == 8:
        del droplet["disk_info"], droplet["vpc_uuid"]
    return droplet


def _with_gpu(place: int, known: Row) -> Row:
    number = place - REGULAR_COUNT
    size = GPU_SIZES[number % len(GPU_SIZES)]
    droplet = _droplet(place, known, size, IMAGES[1], f"gpu-{number + 1:02d}.example.com")
    droplet["region"] = REGIONS[("nyc3", "tor1", "ams3", "nyc3")[number]]
    droplet["gpu_info"] = size["gpu_info"]
    droplet["tags"] = [["training", "prod"], ["training"], [], ["inference", "prod"]][number]
    return droplet


def _droplet(place: int, known: Row, size: Row, image: Row, name: str) -> Row:
    return {
        "id": known["id"],
        "name": name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": disk_info(size["disk"]),
        "locked": place in (18, 33),
        "status": _STATUSES.get(place, "active"),
        "kernel": known["kernel"],
        "created_at": moment(born(place), place),
        "features": known["features"],
        "backup_ids": known["backup_ids"],
        "next_backup_window": known["next_backup_window"],
        "snapshot_ids": known["snapshot_ids"],
        "image": image,
        "volume_ids": [f"506f78a4-e098-11e5-ad9f-{place:012x}"] if place % 6 == 1 else [],
        "size": size,
        "size_slug": size["slug"],
        "networks": _networks(place),
        "region": REGIONS[_REGIONS[place % len(_REGIONS)]],
        "tags": [],
        "vpc_uuid": "" if place % 13 == 12 else f"760e09ef-dc84-11e8-981e-{place % 5:012x}",
    }


def _features(place: int, has_backups: bool) -> list[str]:
    if place % 8 == 7 and not has_backups:
        return []
    return [
        *(["backups"] if has_backups else []),
        "private_networking",
        *(["ipv6"] if place % 3 == 0 else []),
    ]


def _window(place: int) -> Row:
    day = 731 + place % 7
    hour = place % 6 * 4
    return {"start": moment(day + hour / 24), "end": moment(day + (hour + 4) / 24)}


def _networks(place: int) -> Row:
    """Addresses of the ranges that are kept for documentation."""
    public = {
        "ip_address": f"203.0.113.{place + 10}",
        "netmask": "255.255.255.0",
        "gateway": "203.0.113.1",
        "type": "public",
    }
    private = {
        "ip_address": f"10.128.192.{place + 10}",
        "netmask": "255.255.0.0",
        "gateway": "",
        "type": "private",
    }
    wide = {
        "ip_address": f"2001:db8:0:1010::{place + 16:x}",
        "netmask": 64,
        "gateway": "2001:db8:0:1010::1",
        "type": "public",
    }
    return {"v4": [private] if place % 10 == 9 else [private, public], "v6": [wide] if place % 3 == 0 else []}
