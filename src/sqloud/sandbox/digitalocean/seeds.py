"""The account as it begins: what is there before anything is written.

Law: made when it is first asked for, and the same every time; each table agrees with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.account import Tables, tables
from sqloud.sandbox.digitalocean.belongings import SUPPORTED_POLICIES
from sqloud.sandbox.digitalocean.places import GPU_SIZES, IMAGES, REGIONS, SIZES, moment
from sqloud.sandbox.digitalocean.policies import read_policies, read_policy
from sqloud.sandbox.digitalocean.tags import counted
from sqloud.sandbox.reading import read
from sqloud.sandbox.world import Path, Row, World, not_found

__all__ = ["Seeds"]

_ZONE = (
    # type, name, data, priority, port, ttl, weight, flags, tag
    ("SOA", "@", "1800", None, None, 1800, None, None, None),
    ("NS", "@", "ns1.digitalocean.com", None, None, 1800, None, None, None),
    ("NS", "@", "ns2.digitalocean.com", None, None, 1800, None, None, None),
    ("NS", "@", "ns3.digitalocean.com", None, None, 1800, None, None, None),
    ("A", "@", "203.0.113.10", None, None, 7200, None, None, None),
    ("A", "www", "203.0.113.10", None, None, 3600, None, None, None),
    ("AAAA", "@", "2001:db8:0:1010::10", None, None, 3600, None, None, None),
    ("CNAME", "blog", "@", None, None, 43200, None, None, None),
    ("MX", "@", "mail.example.com", 10, None, 14400, None, None, None),
    ("TXT", "@", "v=spf1 mx -all", None, None, 3600, None, None, None),
    ("SRV", "_sip._tcp", "sip.example.com", 5, 5060, 1800, 100, None, None),
    ("CAA", "@", "letsencrypt.org", None, None, 1800, None, 0, "issue"),
)


class Seeds:
    """`seeds`, `views`, `things` and `readings` of one account, by path template."""

    default_project = "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679"

    def __init__(self) -> None:
        self.seeds: Mapping[str, Callable[[World, Path], list[Any]]] = {
            "/v2/droplets": lambda *_: list(self._tables["droplets.droplets"][()]),
            "/v2/droplets/{droplet_id}/backups": self._of_droplet("backups"),
            "/v2/droplets/{droplet_id}/snapshots": self._of_droplet("snapshots"),
            "/v2/droplets/{droplet_id}/kernels": self._of_droplet("kernels"),
            "/v2/droplets/backups/supported_policies": lambda *_: list(SUPPORTED_POLICIES),
            "/v2/reports/droplet_neighbors_ids": lambda *_: list(
                self._tables["droplets.reports_droplet_neighbors_ids"][()]
            ),
            "/v2/actions": lambda *_: self._actions(),
            "/v2/regions": lambda *_: list(REGIONS.values()),
            "/v2/sizes": lambda *_: [*SIZES, *GPU_SIZES],
            "/v2/images": lambda *_: [*map(dict, IMAGES), *self._images()],
            "/v2/snapshots": lambda *_: self._snapshots(),
            "/v2/volumes": lambda *_: self._volumes(),
            "/v2/firewalls": lambda *_: self._firewalls(),
            "/v2/tags": lambda world, _: counted(world),
            "/v2/vpcs": lambda *_: self._vpcs(),
            "/v2/reserved_ips": lambda *_: self._addresses(),
            "/v2/domains": lambda *_: [
                _domain(name) for name in ("example.com", "example.org", "example.net")
            ],
            "/v2/domains/{domain_name}/records": lambda world, path: _records(path[2]),
            "/v2/registries": lambda world, path: world.generated(path)[:1],
            "/v2/projects": lambda *_: self._projects(),
        }
        self.views: Mapping[str, Callable[[World, Path], list[Any]]] = {
            "/v2/droplets/{droplet_id}/actions": _acted_on("droplet"),
            "/v2/images/{image_id}/actions": _acted_on("image"),
            "/v2/droplets/{droplet_id}/firewalls": _guarding,
            "/v2/droplets/{droplet_id}/neighbors": self._neighbors,
            "/v2/volumes/{volume_id}/snapshots": lambda world, path: [
                row for row in world.held("/v2/snapshots") if row["resource_id"] == path[2]
            ],
            "/v2/vpcs/{vpc_id}/members": _members,
            "/v2/vpcs/{vpc_id}/peerings": lambda world, path: [
                row for row in world.held("/v2/vpc_peerings") if path[2] in row["vpc_ids"]
            ],
            "/v2/projects/{project_id}/resources": _owned,
            "/v2/kubernetes/clusters/{cluster_id}/node_pools": lambda world, path: world.find(
                path[:3], path[3]
            ).setdefault("node_pools", []),
        }
        self.things: Mapping[str, Callable[[World, Path], Any]] = {"/v2/account": lambda *_: _account()}
        self.readings: dict[tuple[str, str], Callable[[Asked], Any]] = {
            ("GET", "/v2/droplets/{droplet_id}/backups/policy"): read_policy,
            ("GET", "/v2/droplets/backups/policies"): read_policies,
            ("GET", "/v2/droplets/{droplet_id}/destroy_with_associated_resources"): self._associated,
            ("GET", "/v2/droplets/{droplet_id}/destroy_with_associated_resources/status"): self._destroyed,
            ("GET", "/v2/registry/{registry_name}/repositories"): _repositories,
            ("GET", "/v2/registry"): lambda asked: {"registry": first_registry(asked.world)},
        }

    @cached_property
    def _tables(self) -> Tables:
        return tables()

    @cached_property
    def _droplets(self) -> Sequence[Row]:
        return self._tables["droplets.droplets"][()]

    def _of_droplet(self, table: str) -> Callable[[World, Path], list[Any]]:
        return lambda world, path: list(self._tables[f"droplets.{table}"].get((int(path[2]),), ()))

    def _actions(self) -> list[Row]:
        rows = [row for rows in self._tables["droplets.actions"].values() for row in rows]
        return sorted(rows, key=lambda row: -row["id"])

    def _images(self) -> list[Row]:
        """The snapshots of droplets, as images."""
        return [
            {
                **{name: value for name, value in snapshot.items() if name != "resource_id"},
                "distribution": droplet["image"]["distribution"],
                "slug": None,
                "public": False,
                "description": "",
                "tags": [],
                "status": "available",
                "error_message": "",
            }
            for droplet in self._droplets
            for snapshot in self._tables["droplets.snapshots"].get((droplet["id"],), ())
        ]

    def _snapshots(self) -> list[Row]:
        of_droplets = [
            {
                **{name: value for name, value in snapshot.items() if name != "type"},
                "id": str(snapshot["id"]),
                "resource_id": str(droplet["id"]),
                "resource_type": "droplet",
                "tags": [],
            }
            for droplet in self._droplets
            for snapshot in self._tables["droplets.snapshots"].get((droplet["id"],), ())
        ]
        of_volumes = [
            {
                "id": f"edb0478d-7436-11ea-86e6-{place:012x}",
                "name": f"{volume['name']}-1",
                "created_at": moment(600 + place),
                "regions": [volume["region"]["slug"]],
                "min_disk_size": volume["size_gigabytes"],
                "size_gigabytes": 0.65,
                "resource_id": volume["id"],
                "resource_type": "volume",
                "tags": list(volume["tags"]),
            }
            for place, volume in enumerate(self._volumes())
        ]
        return [*of_droplets, *of_volumes]

    def _volumes(self) -> list[Row]:
        attached = [
            _volume(identifier, place, droplet["region"], [droplet["id"]])
            for place, droplet in enumerate(self._droplets)
            for identifier in droplet["volume_ids"]
        ]
        free = [
            _volume(f"506f78a4-e098-11e5-ad9f-{place:012x}", place, REGIONS[region], [])
            for place, region in ((101, "nyc1"), (102, "nyc1"), (103, "ams3"))
        ]
        return [*attached, *free]

    def _firewalls(self) -> list[Row]:
        found: dict[str, Row] = {}
        for rows in self._tables["droplets.firewalls"].values():
            for row in rows:
                found.setdefault(row["id"], row)
        return sorted(found.values(), key=lambda row: str(row["created_at"]))

    def _vpcs(self) -> list[Row]:
        return [
            {
                "id": f"760e09ef-dc84-11e8-981e-{place:012x}",
                "urn": f"do:vpc:760e09ef-dc84-11e8-981e-{place:012x}",
                "name": f"{region}-vpc-{place + 1:02d}",
                "description": "" if place else "the network of the first droplets",
                "region": region,
                "ip_range": f"10.{10 + place}.0.0/20",
                "default": place == 0,
                "created_at": moment(-place),
            }
            for place, region in enumerate(("nyc3", "ams3", "sfo3", "fra1", "sgp1"))
        ]

    def _addresses(self) -> list[Row]:
        taken = [(place, droplet) for place, droplet in enumerate(self._droplets) if place % 8 == 0]
        rows = [
            {
                "ip": f"198.51.100.{20 + place}",
                "region": droplet["region"],
                "droplet": droplet,
                "locked": False,
                "project_id": self.default_project,
            }
            for place, droplet in taken
        ]
        return [
            *rows,
            {
                "ip": "198.51.100.200",
                "region": REGIONS["nyc3"],
                "droplet": None,
                "locked": False,
                "project_id": self.default_project,
            },
        ]

    def _projects(self) -> list[Row]:
        names = (("first-project", "Web Application"), ("staging", "Operational / Developer tooling"))
        return [
            {
                "id": self.default_project if place == 0 else f"5f2c1d80-dc3e-41f2-a18f-{place:012x}",
                "owner_uuid": "99525febec065ca37b2ffe4f852fd2b2581895e7",
                "owner_id": 258992,
                "name": name,
                "description": "" if place else "what was there first",
                "purpose": purpose,
                "environment": ("Production", "Staging")[place],
                "is_default": place == 0,
                "created_at": moment(-300 + place),
                "updated_at": moment(100 + place),
            }
            for place, (name, purpose) in enumerate(names)
        ]

    def _neighbors(self, world: World, path: Path) -> list[Row]:
        kept = self._tables["droplets.neighbors"].get((int(path[2]),), ())
        there = {row["id"] for row in world.held("/v2/droplets")}
        return [row for row in kept if row["id"] in there]

    def _associated(self, asked: Asked) -> Any:
        asked.world.find(asked.target[:2], asked.target[2])
        known = self._tables["droplets.droplets_associated_resources"].get((int(asked.target[2]),))
        kinds = ("reserved_ips", "floating_ips", "snapshots", "volumes", "volume_snapshots")
        return known[0] if known else {kind: [] for kind in kinds}

    def _destroyed(self, asked: Asked) -> Any:
        known = self._tables["droplets.droplets_associated_resources_delete_status"]
        rows = known.get((int(asked.target[2]),))
        if not rows:
            raise not_found()
        return rows[0]


def _repositories(asked: Asked) -> Any:
    """The repositories in their older form; the registry must be there."""
    asked.world.find(("v2", "registries"), asked.target[2])
    return read(asked, {})


def first_registry(world: World) -> Row:
    """The registry of accounts that have one. Raises Refusal 404 where there is none."""
    rows = world.held("/v2/registries")
    if not rows:
        raise not_found()
    return rows[0]  # type: ignore[no-any-return]


def _account() -> Row:
    return {
        "droplet_limit": 100,
        "floating_ip_limit": 25,
        "email": "sammy@example.com",
        "name": "Sammy the Shark",
        "uuid": "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
        "email_verified": True,
        "status": "active",
        "status_message": "",
        "team": {"uuid": "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", "name": "My Team"},
    }


def _volume(identifier: str, place: int, region: Row, droplet_ids: list[int]) -> Row:
    return {
        "id": identifier,
        "region": region,
        "droplet_ids": droplet_ids,
        "name": f"volume-{region['slug']}-{place:02d}",
        "description": "block store for examples" if place % 12 == 1 else "",
        "size_gigabytes": (10, 100, 25, 500)[place % 4],
        "created_at": moment(200 + place * 3),
        "filesystem_type": "ext4" if place % 2 else "",
        "filesystem_label": "example" if place % 2 else "",
        "tags": ["base-image", "prod"] if place % 12 == 7 else [],
    }


def _domain(name: str) -> Row:
    zone = (
        f"$ORIGIN {name}.\n$TTL 1800\n{name}. IN SOA ns1.digitalocean.com. hostmaster.{name}. 1 10800 3600\n"
    )
    return {"name": name, "ttl": 1800, "zone_file": zone}


def _records(domain: str) -> list[Row]:
    names = ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
    zone = [*_ZONE] if domain == "example.com" else [*_ZONE[: 5 if domain.startswith("example.") else 4]]
    if domain == "example.com":
        zone += [
            ("A", f"host-{place:02d}", f"203.0.113.{10 + place}", None, None, 300, None, None, None)
            for place in range(20)
        ]
    first = 28448420 + 1000 * sum(domain.encode())
    return [{"id": first + place} | dict(zip(names, one, strict=True)) for place, one in enumerate(zone)]


def _acted_on(kind: str) -> Callable[[World, Path], list[Any]]:
    return lambda world, path: [
        row
        for row in world.held("/v2/actions")
        if row["resource_type"] == kind and str(row["resource_id"]) == path[2]
    ]


def _guarding(world: World, path: Path) -> list[Any]:
    droplet = world.find(path[:2], path[2])
    return [
        row
        for row in world.held("/v2/firewalls")
        if droplet["id"] in (row.get("droplet_ids") or ())
        or set(row.get("tags") or ()) & set(droplet["tags"] or ())
    ]


def _members(world: World, path: Path) -> list[Any]:
    return [
        {"urn": f"do:droplet:{row['id']}", "name": row["name"], "created_at": row["created_at"]}
        for row in world.held("/v2/droplets")
        if row.get("vpc_uuid") == path[2]
    ]


def _owned(world: World, path: Path) -> list[Any]:
    """The resources of a project: the default one has every droplet and volume that no other has."""
    assigned: dict[str, str] = world.notes("projects")
    urns = [f"do:droplet:{row['id']}" for row in world.held("/v2/droplets")]
    urns += [f"do:volume:{row['id']}" for row in world.held("/v2/volumes")]
    urns += [urn for urn in assigned if urn not in urns]
    return [
        {
            "urn": urn,
            "assigned_at": moment(300),
            "links": {"self": f"https://api.digitalocean.com/v2/{urn.split(':')[1]}s/{urn.split(':')[-1]}"},
            "status": "ok",
        }
        for urn in urns
        if assigned.get(urn, Seeds.default_project) == path[2]
    ]
