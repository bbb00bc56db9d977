"""The backup policies of the droplets.

Law: every droplet has one; it is enabled where the droplet has backups.
"""

from __future__ import annotations

from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.belongings import make_policies
from sqloud.sandbox.pages import turn_to
from sqloud.sandbox.world import Row, World

__all__ = ["policies_of", "policy_of", "read_policies", "read_policy"]


def policies_of(world: World) -> dict[int, Row]:
    """The policies of the droplets that are there, by the droplet's id."""
    droplets = world.held("/v2/droplets")
    known: dict[int, Row] = world.notes("policies")
    if not known:
        known.update((row["droplet_id"], row) for row in make_policies(droplets))
    return {droplet["id"]: policy_of(world, droplet) for droplet in droplets}


def policy_of(world: World, droplet: Row) -> Row:
    """The policy of a droplet, disabled where none was ever set."""
    known: dict[int, Row] = world.notes("policies")
    return known.setdefault(droplet["id"], {"droplet_id": droplet["id"], "backup_enabled": False})


def read_policy(asked: Asked) -> Any:
    """The policy of one droplet."""
    droplet = asked.world.find(asked.target[:2], asked.target[2])
    return {"policy": policies_of(asked.world)[droplet["id"]]}


def read_policies(asked: Asked) -> Any:
    """A page of all policies, by the droplet's id as text."""
    rows = list(policies_of(asked.world).values())
    page = turn_to(rows, asked.arguments, asked.query, asked.url, asked.clamp)
    return {
        "policies": {str(row["droplet_id"]): row for row in page.rows},
        "links": {"pages": page.links} if page.links else {},
        "meta": {"total": page.total},
    }
