"""The whole simulated account, as it begins.

Law: what one table says of a droplet agrees with what the others say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqloud.sandbox.digitalocean.belongings import (
    SUPPORTED_POLICIES,
    make_actions,
    make_backups,
    make_kernels,
    make_policies,
    make_snapshots,
)
from sqloud.sandbox.digitalocean.machines import droplet_ids, make_droplets
from sqloud.sandbox.digitalocean.surroundings import (
    make_associated,
    make_destroyed,
    make_firewalls,
    make_neighbors,
)

__all__ = ["Tables", "tables"]

Tables = Mapping[str, Mapping[tuple[Any, ...], Sequence[Any]]]
"""By `service.resource`, then by its scope's values (() where there is none), rows in the API's order."""


def tables() -> Tables:
    """The rows of every resource of the droplets service, made anew."""
    ids = droplet_ids()
    backups, snapshots, kernels = make_backups(ids), make_snapshots(ids), make_kernels(ids)
    running = {droplet_id: rows[-1] for droplet_id, rows in kernels.items() if rows}
    droplets = make_droplets(backups, snapshots, running)
    neighbors, report = make_neighbors(droplets)
    return {
        "droplets.droplets": {(): droplets},
        "droplets.actions": _scoped(make_actions(droplets)),
        "droplets.backups": _scoped(backups),
        "droplets.backups_policies": {(): make_policies(droplets)},
        "droplets.backups_supported_policies": {(): SUPPORTED_POLICIES},
        "droplets.droplets_associated_resources": _scoped(make_associated(droplets, snapshots)),
        "droplets.droplets_associated_resources_delete_status": _scoped(make_destroyed(droplets)),
        "droplets.firewalls": _scoped(make_firewalls(droplets)),
        "droplets.kernels": _scoped(kernels),
        "droplets.neighbors": _scoped(neighbors),
        "droplets.reports_droplet_neighbors_ids": {(): report},
        "droplets.snapshots": _scoped(snapshots),
    }


def _scoped(rows: Mapping[int, Sequence[Any]]) -> dict[tuple[Any, ...], Sequence[Any]]:
    return {(droplet_id,): belonging for droplet_id, belonging in rows.items()}
