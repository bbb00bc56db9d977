"""Tags, and how many things carry each.

Law: a tag that something carries is there; what a tag tells of its resources is what carries it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqloud.sandbox.world import Row, World

__all__ = ["TAGGED", "carriers", "counted", "settle", "tag_of"]

TAGGED = {
    "droplet": ("droplets", "/v2/droplets", "id"),
    "volume": ("volumes", "/v2/volumes", "id"),
    "image": ("images", "/v2/images", "id"),
    "volume_snapshot": ("volume_snapshots", "/v2/snapshots", "id"),
    "database": ("databases", "/v2/databases", "id"),
}
"""By the resource type of the API: the name under which a tag counts it, its list, and its key."""


def carriers(world: World, kind: str, tag: str) -> list[Row]:
    """The things of a kind that carry a tag."""
    rows: list[Row] = world.held(TAGGED[kind][1])
    return [row for row in rows if tag in (row.get("tags") or ())]


def tag_of(name: str) -> Row:
    """A tag that nothing carries."""
    empty = {"count": 0, "last_tagged_uri": ""}
    return {
        "name": name,
        "resources": dict(empty) | {kind: dict(empty) for kind, _, _ in TAGGED.values()},
    }


def settle(world: World) -> None:
    """Have the tags tell what carries them, those that were not there before included."""
    tags: list[Any] = world.held("/v2/tags")
    tags[:] = counted(world, [row["name"] for row in tags])


def counted(world: World, names: Iterable[str] = ()) -> list[Row]:
    """Tags of these names, and of all that are carried, with what carries them."""
    known = {name: tag_of(name) for name in names}
    for kind, path, key in TAGGED.values():
        for row in world.held(path):
            for name in row.get("tags") or ():
                told = known.setdefault(name, tag_of(name))["resources"]
                uri = f"https://api.digitalocean.com{path}/{row[key]}"
                for count in (told, told[kind]):
                    count["count"] += 1
                    count["last_tagged_uri"] = uri
    return list(known.values())
