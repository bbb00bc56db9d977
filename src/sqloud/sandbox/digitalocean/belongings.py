"""What belongs to the droplets: backups, snapshots, kernels, actions, policies.

Law: ids are unique within their kind and rise with time; rows hold only fields that the API declares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqloud.sandbox.digitalocean.places import OLD, born, moment

__all__ = [
    "SUPPORTED_POLICIES",
    "make_actions",
    "make_backups",
    "make_kernels",
    "make_policies",
    "make_snapshots",
]

Row = dict[str, Any]

_BACKUPS = {0: 6, 2: 45, 3: 1, 7: 4, 12: 20, 19: 21, 30: 4, 60: 2}
"""How many backups a droplet has, by its place; 0 elsewhere. The first API page holds 20."""

_SIZES = (2.34, 2.36, 2.4, 25.0, 0.5, 3.07, 1.98)
_SPREADS = (
    ("nyc3",),
    ("nyc3", "ams3"),
    ("nyc3",),
    ("nyc3", "sfo3", "fra1"),
    ("ams3",),
    ("nyc3", "ams3", "sgp1", "lon1"),
)
_KERNELS = 171

SUPPORTED_POLICIES: tuple[Row, ...] = tuple(
    {
        "name": name,
        "possible_window_starts": [0, 4, 8, 12, 16, 20],
        "window_length_hours": 4,
        "retention_period_days": retention,
        "possible_days": days,
    }
    for name, retention, days in (
        ("weekly", 28, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
        ("daily", 7, []),
    )
)


def make_backups(droplet_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Backups by droplet, newest first."""
    backups = {}
    identifier = 67539192
    for place, droplet_id in enumerate(droplet_ids):
        rows = []
        for number in reversed(range(_BACKUPS.get(place, 0))):
            identifier += 1 + (place + number) % 5
            day = 690 - 7 * number + place % 7
            rows.append(
                {
                    "id": identifier,
                    "name": f"{'example.com' if place == 0 else f'droplet-{place:02d}'} {moment(day)[:10]}",
                    "created_at": moment(day + 0.07, 13 * number),
                    "regions": list(_SPREADS[(place + number) % len(_SPREADS)]),
                    "min_disk_size": (25, 50, 160)[place % 3],
                    "size_gigabytes": _SIZES[(place + number) % len(_SIZES)],
                    "type": "backup",
                }
            )
        backups[droplet_id] = rows[::-1]
    return backups


def make_snapshots(droplet_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Snapshots by droplet: two of the first, then some of every fifth."""
    snapshots = {}
    identifier = 119192817
    for place, droplet_id in enumerate(droplet_ids):
        rows = []
        for number in range(2 if place == 0 else place % 4 if place % 5 == 2 else 0):
            identifier += 3
            rows.append(
                {
                    "id": identifier,
                    "name": "" if (place, number) == (7, 0) else f"before upgrade {number + 1}",
                    "created_at": moment(born(place) + 5 + 30 * number, number),
                    "regions": ["nyc3", "sfo3"] if number == 0 else ["nyc3"],
                    "min_disk_size": (25, 50, 160)[place % 3],
                    "size_gigabytes": round(2.34 + 0.41 * number + place / 100, 2),
                    "type": "snapshot",
                }
            )
        snapshots[droplet_id] = rows
    return snapshots


def make_kernels(droplet_ids: Sequence[int]) -> dict[int, list[Row]]:
    """The kernels that a droplet can run: many of one old droplet, none of the others."""
    kernels: dict[int, list[Row]] = {droplet_id: [] for droplet_id in droplet_ids}
    kernels[droplet_ids[OLD]] = [
        {
            "id": 7000 + number,
            "name": f"Ubuntu 14.04 x64 vmlinuz-3.13.0-{number}-generic",
            "version": f"3.13.0-{number}-generic",
        }
        for number in range(24, 24 + _KERNELS)
    ]
    return kernels


def make_actions(droplets: Sequence[Row]) -> dict[int, list[Row]]:
    """Actions by droplet, newest first: how it came to be, and what was done to it since."""
    actions = {}
    identifier = 982864273
    for place, droplet in enumerate(droplets):
        kinds = ["create", *("power_off", "snapshot", "resize", "power_on", "reboot")[: place % 6]]
        if place == 0:
            kinds = ["create", "enable_backups", "snapshot", "reboot"]
        rows = []
        for number, kind in enumerate(kinds):
            identifier += 11 + place % 3
            day = born(place) + 23 * number
            running = place in (0, 18) and number == len(kinds) - 1
            rows.append(
                {
                    "id": identifier,
                    "status": "in-progress" if running else "errored" if kind == "resize" else "completed",
                    "type": kind,
                    "started_at": moment(day, place),
                    "completed_at": None if running else moment(day, place + 19 + number),
                    "resource_id": droplet["id"],
                    "resource_type": "droplet",
                    "region": droplet["region"],
                    "region_slug": droplet["region"]["slug"],
                }
            )
        actions[droplet["id"]] = rows[::-1]
    return actions


def make_policies(droplets: Sequence[Row]) -> list[Row]:
    """The backup policy of every droplet; a disabled one has neither plan nor window."""
    policies = []
    for place, droplet in enumerate(droplets):
        policy: Row = {"droplet_id": droplet["id"], "backup_enabled": "backups" in droplet["features"]}
        if policy["backup_enabled"]:
            daily = place % 3 == 2
            plan: Row = {"plan": "daily"} if daily else {"plan": "weekly", "weekday": _WEEKDAYS[place % 7]}
            plan |= {
                "hour": place % 6 * 4,
                "window_length_hours": 4,
                "retention_period_days": 7 if daily else 28,
            }
            policy |= {"backup_policy": plan, "next_backup_window": droplet["next_backup_window"]}
        policies.append(policy)
    return policies


_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
