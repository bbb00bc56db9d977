"""Regions, sizes and images that the simulated account uses.

Law: everything here is a constant; rows hold only fields that the API's response schemas declare.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

__all__ = ["GPU_SIZES", "IMAGES", "OLD", "REGIONS", "SIZES", "born", "disk_info", "moment"]

Row = dict[str, Any]

_START = datetime(2024, 1, 1)

OLD = 8
"""The place of the one droplet that is old enough to choose its kernel."""


def moment(days: float, seconds: int = 0) -> str:
    """A point in time, in days since the account's first day, as RFC 3339 with Z.

    >>> moment(1.5, 7)
    '2024-01-02T12:00:07Z'
    """
    return (_START + timedelta(days=days, seconds=seconds)).isoformat(timespec="seconds") + "Z"


def born(place: int) -> float:
    """The day on which the droplet at a place was created."""
    return place * 11.3 if place != OLD else -3525.0


def disk_info(gigabytes: int) -> list[Row]:
    """The local disk of a size or a droplet."""
    return [{"type": "local", "size": {"amount": gigabytes, "unit": "gib"}}]


_SLUGS = {
    "nyc1": "New York 1",
    "nyc3": "New York 3",
    "sfo2": "San Francisco 2",
    "sfo3": "San Francisco 3",
    "ams3": "Amsterdam 3",
    "sgp1": "Singapore 1",
    "lon1": "London 1",
    "fra1": "Frankfurt 1",
    "tor1": "Toronto 1",
    "blr1": "Bangalore 1",
    "syd1": "Sydney 1",
}
_GPU_PLACES = ["nyc3", "ams3", "tor1"]
_CLOSED = "sfo2"  # a region that takes no new droplets

# slug, memory in MiB, vcpus, disk in GiB, transfer in TiB, price a month, price an hour, description
_PLANS: tuple[tuple[str, int, int, int, float, float, float, str], ...] = (
    ("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4.0, 0.00595, "Basic"),
    ("s-1vcpu-1gb", 1024, 1, 25, 1.0, 5.0, 0.00744, "Basic"),
    ("s-1vcpu-2gb", 2048, 1, 50, 2.0, 12.0, 0.01786, "Basic"),
    ("s-2vcpu-2gb", 2048, 2, 60, 3.0, 18.0, 0.02679, "Basic"),
    ("s-2vcpu-4gb", 4096, 2, 80, 4.0, 24.0, 0.03571, "Basic"),
    ("s-4vcpu-8gb", 8192, 4, 160, 5.0, 48.0, 0.07143, "Basic"),
    ("c-2", 4096, 2, 25, 4.0, 42.0, 0.0625, "CPU-Optimized"),
    ("g-2vcpu-8gb", 8192, 2, 25, 4.0, 63.0, 0.09375, "General Purpose"),
    ("m-2vcpu-16gb", 16384, 2, 50, 4.0, 84.0, 0.125, "Memory-Optimized"),
)
_GPU_PLANS: tuple[tuple[str, int, int, int, float, float, float, str, int, str, int], ...] = (
    ("gpu-h100x1-80gb", 245760, 20, 720, 15.0, 2522.16, 3.39, "H100 GPU - 1X", 1, "nvidia_h100", 80),
    ("gpu-h100x8-640gb", 1966080, 160, 2046, 60.0, 17796.48, 23.92, "H100 GPU - 8X", 8, "nvidia_h100", 640),
    ("gpu-l40sx1-48gb", 65536, 8, 500, 10.0, 1168.08, 1.57, "L40S GPU - 1X", 1, "nvidia_l40s", 48),
)


def _size(plan: tuple[Any, ...], regions: list[str]) -> Row:
    slug, memory, vcpus, disk, transfer, monthly, hourly, description = plan
    return {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": transfer,
        "price_monthly": monthly,
        "price_hourly": hourly,
        "regions": regions,
        "available": slug != "s-1vcpu-512mb-10gb",
        "description": description,
        "disk_info": disk_info(disk),
    }


SIZES: tuple[Row, ...] = tuple(_size(plan, list(_SLUGS)) for plan in _PLANS)
"""Sizes of regular droplets, by price."""

GPU_SIZES: tuple[Row, ...] = tuple(
    _size(plan[:8], _GPU_PLACES)
    | {"gpu_info": {"count": plan[8], "model": plan[9], "vram": {"amount": plan[10], "unit": "gib"}}}
    for plan in _GPU_PLANS
)
"""Sizes of GPU droplets; each tells its `gpu_info`."""


def _region(slug: str, name: str) -> Row:
    sizes = [*SIZES, *(GPU_SIZES if slug in _GPU_PLACES else ())]
    return {
        "name": name,
        "slug": slug,
        "features": ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
        "available": slug != _CLOSED,
        "sizes": [] if slug == _CLOSED else [size["slug"] for size in sizes],
    }


REGIONS: dict[str, Row] = {slug: _region(slug, name) for slug, name in _SLUGS.items()}
"""Regions by slug."""


def _image(place: int, distribution: str, name: str, slug: str | None, **fields: Any) -> Row:
    return {
        "id": 148600000 + 1013 * place,
        "name": name,
        "type": "base" if slug else "snapshot",
        "distribution": distribution,
        "slug": slug,
        "public": slug is not None,
        "regions": list(_SLUGS),
        "created_at": moment(-200 + 31 * place),
        "min_disk_size": 7 + place,
        "size_gigabytes": round(0.61 + 0.37 * place, 2),
        "description": f"{distribution} {name}",
        "tags": [],
        "status": "available",
        "error_message": "",
        **fields,
    }


IMAGES: tuple[Row, ...] = (
    _image(0, "Ubuntu", "22.04 (LTS) x64", "ubuntu-22-04-x64"),
    _image(1, "Ubuntu", "24.04 (LTS) x64", "ubuntu-24-04-x64"),
    _image(2, "Debian", "12 x64", "debian-12-x64"),
    _image(3, "Fedora", "40 x64", "fedora-40-x64"),
    _image(4, "Rocky Linux", "9 x64", "rockylinux-9-x64", status="retired"),
    _image(5, "Ubuntu", "golden-web-2024", None, description="", tags=["golden", "web"], regions=["nyc3"]),
    _image(
        6, "Unknown", "appliance", None, type="custom", tags=None, min_disk_size=None, size_gigabytes=None
    ),
)
"""Images that droplets are made from: public ones, a snapshot of the account's own, a custom one."""
