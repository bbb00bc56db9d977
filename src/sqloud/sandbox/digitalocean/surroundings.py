"""What stands around the droplets: firewalls, neighbors, and what goes with a droplet that is destroyed.

Law: a firewall applies to the droplets that it names and to those that carry one of its tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqloud.sandbox.digitalocean.places import moment

__all__ = ["make_associated", "make_destroyed", "make_firewalls", "make_neighbors"]

Row = dict[str, Any]

_ANYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
_SHARED = ((0, 17, 31), (4, 9), (22, 23, 24, 40))
"""Places of the droplets that share a machine."""


def _inbound(ports: str, sources: Row, protocol: str = "tcp") -> Row:
    return {"protocol": protocol, "ports": ports, "sources": sources}


def _outbound(ports: str, protocol: str = "tcp") -> Row:
    return {"protocol": protocol, "ports": ports, "destinations": _ANYWHERE}


def make_firewalls(droplets: Sequence[Row]) -> dict[int, list[Row]]:
    """The firewalls that apply to each droplet, by its id."""
    ids = [droplet["id"] for droplet in droplets]
    office: Row = {"addresses": ["198.51.100.0/24"]}
    reader: Row = {"droplet_ids": [ids[2]]}
    firewalls = (
        _firewall(0, "web", None, ["web"], [_inbound("80", _ANYWHERE), _inbound("443", _ANYWHERE)]),
        _firewall(1, "ssh-office", [ids[0], ids[1], ids[9]], [], [_inbound("22", office)]),
        _firewall(2, "db-from-web", [ids[12]], ["db"], [_inbound("5432", {"tags": ["web"]})]),
        _firewall(3, "egress-only", [ids[4]], [], None),
        {
            **_firewall(4, "metrics", [ids[0]], ["staging"], [_inbound("8000-9000", reader, "udp")]),
            "status": "waiting",
            "pending_changes": [{"droplet_id": ids[0], "removing": False, "status": "waiting"}],
        },
    )
    return {
        droplet["id"]: [firewall for firewall in firewalls if _applies(firewall, droplet)]
        for droplet in droplets
    }


def _firewall(
    place: int, name: str, ids: list[int] | None, tags: list[str], inbound: list[Row] | None
) -> Row:
    return {
        "id": f"bb4b2611-3d72-467b-8602-{place:012x}",
        "status": "succeeded",
        "created_at": moment(500 + place, 60 * place),
        "pending_changes": [],
        "name": name,
        "droplet_ids": ids,
        "tags": tags,
        "inbound_rules": inbound,
        "outbound_rules": [_outbound("all"), _outbound("53", "udp")],
    }


def _applies(firewall: Row, droplet: Row) -> bool:
    return droplet["id"] in (firewall["droplet_ids"] or ()) or not set(firewall["tags"]).isdisjoint(
        droplet["tags"]
    )


def make_neighbors(droplets: Sequence[Row]) -> tuple[dict[int, list[Row]], list[list[int]]]:
    """The droplets on the same machine by droplet, and the report of all such groups."""
    neighbors: dict[int, list[Row]] = {droplet["id"]: [] for droplet in droplets}
    for places in _SHARED:
        for place in places:
            neighbors[droplets[place]["id"]] = [droplets[other] for other in places if other != place]
    return neighbors, [[droplets[place]["id"] for place in places] for places in _SHARED]


def make_associated(droplets: Sequence[Row], snapshots: Mapping[int, Sequence[Row]]) -> dict[int, list[Row]]:
    """What could be destroyed together with each droplet."""
    associated = {}
    for place, droplet in enumerate(droplets):
        addresses = [{"id": str(6186900 + place), "name": f"198.51.100.{place + 20}", "cost": "5.00"}]
        volumes = [
            {"id": identifier, "name": f"volume-{droplet['region']['slug']}-{place:02d}", "cost": "10.00"}
            for identifier in droplet["volume_ids"]
        ]
        associated[droplet["id"]] = [
            {
                "reserved_ips": addresses if place % 8 == 0 else [],
                "floating_ips": addresses if place % 8 == 0 else [],
                "snapshots": [
                    {"id": str(row["id"]), "name": row["name"], "cost": f"{row['size_gigabytes'] * 0.06:.2f}"}
                    for row in snapshots[droplet["id"]]
                ],
                "volumes": volumes,
                "volume_snapshots": [
                    {
                        "id": f"edb0478d-7436-11ea-86e6-{place:012x}",
                        "name": f"{volume['name']}-1",
                        "cost": "0.04",
                    }
                    for volume in volumes
                ],
            }
        ]
    return associated


def make_destroyed(droplets: Sequence[Row]) -> dict[int, list[Row]]:
    """How destroying went: done for a droplet that is gone, failed for one, on its way for another."""
    done, failed, running = 3100017, droplets[9]["id"], droplets[18]["id"]
    return {
        done: [_status(done, "old.example.com", moment(600, 49), 0)],
        failed: [_status(failed, droplets[9]["name"], moment(610, 31), 1)],
        running: [_status(running, droplets[18]["name"], None, 0)],
    }


def _status(droplet_id: int, name: str, completed_at: str | None, failures: int) -> Row:
    volume: Row = {"id": f"ba49449a-7435-11ea-b89e-{droplet_id:012x}", "name": "volume-nyc3-01"}
    droplet: Row = {"id": str(droplet_id), "name": name}
    address: Row = {"id": "6186916", "name": "198.51.100.7"}
    if failures:
        volume["error_message"] = "the volume is still attached"
        droplet["error_message"] = "an associated resource could not be destroyed"
    elif completed_at is not None:
        volume["destroyed_at"] = droplet["destroyed_at"] = completed_at
    address["destroyed_at"] = moment(600, 44)
    status: Row = {
        "droplet": droplet,
        "resources": {
            "reserved_ips": [address],
            "floating_ips": [address],
            "snapshots": [],
            "volumes": [volume],
            "volume_snapshots": [],
        },
        "failures": failures,
    }
    if completed_at is not None:
        status["completed_at"] = completed_at
    return status
