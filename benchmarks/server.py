"""A DigitalOcean for benchmarks: quick, in a process of its own, with the latency and the limit that are asked.

    python -m benchmarks.server --latency 0.05 --droplets 20000 --rate 50

Law: what a page holds costs the server next to nothing to say, so that a figure is the client's. It prints its
base URL, and answers `GET /v2/droplets` in pages and `GET /v2/droplets/N/backups`; `GET /counts` tells what it
has answered since the last time it was asked.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

import msgspec

REGIONS = ("nyc1", "nyc3", "ams3", "fra1", "sfo3", "sgp1", "lon1", "tor1")
SIZES = (512, 1024, 2048, 4096, 8192, 16384)
_SHARE = 0.1  # of a second's requests that may come at once, where the limit is a bucket


def droplet(number: int, padding: int) -> dict[str, object]:
    """A droplet as the API writes it, a few hundred bytes and `padding` more."""
    region, memory = REGIONS[number % len(REGIONS)], SIZES[number % len(SIZES)]
    return {
        "id": number,
        "name": f"web-{number}",
        "memory": memory,
        "vcpus": 1 + number % 8,
        "disk": 25 * (1 + number % 8),
        "locked": False,
        "status": "active" if number % 3 else "off",
        "created_at": "2026-01-15T10:00:00Z",
        "features": ["backups", "private_networking"],
        "backup_ids": [],
        "snapshot_ids": [],
        "image": {"id": 1, "name": "x" * padding, "slug": "ubuntu-24-04-x64"},
        "size_slug": "s-1vcpu-1gb",
        "region": {"name": region, "slug": region, "features": ["metadata"], "available": True},
        "tags": ["web", "prod"],
    }


class Limit:
    """`rate` requests a second: `window` counts from each whole second, `sliding` over the last, `bucket` refills."""

    def __init__(self, rate: float, kind: str) -> None:
        self.rate, self.kind = rate, kind
        self.tokens, self.last = (rate if kind != "bucket" else max(1.0, rate * _SHARE)), time.monotonic()
        self.most = self.tokens
        self.taken: list[float] = []

    def takes(self) -> bool:
        """Whether one more request is within the limit."""
        now = time.monotonic()
        if self.kind == "sliding":
            self.taken = [moment for moment in self.taken if moment > now - 1]
            if len(self.taken) >= self.rate:
                return False
            self.taken.append(now)
            return True
        if self.kind == "window":
            if now - self.last >= 1:
                self.tokens, self.last = self.rate, now
        else:
            self.tokens, self.last = min(self.most, self.tokens + (now - self.last) * self.rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Cloud:
    """The answers, and what was answered."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.limit = Limit(options.rate, options.limit) if options.rate else None
        self.answered = self.refused = self.in_flight = self.most = 0
        self.page = lru_cache(maxsize=None if options.droplets <= 50_000 else 512)(self._page)

    def answer(self, path: str) -> tuple[int, bytes, str]:
        """Status, body and more header lines."""
        parts = urlsplit(path)
        if parts.path == "/counts":
            counts = {"answered": self.answered, "refused": self.refused, "most": self.most}
            self.answered = self.refused = self.most = 0
            return 200, msgspec.json.encode(counts), ""
        if self.limit is not None and not self.limit.takes():
            self.refused += 1
            after = f"retry-after: {self.options.retry_after}\r\n" if self.options.retry_after else ""
            return 429, b'{"id":"too_many_requests","message":"slow down"}', after
        self.answered += 1
        asked = dict(parse_qsl(parts.query))
        if parts.path == "/v2/droplets":
            size = min(int(asked.get("per_page", 20)), 200)
            return 200, self.page(int(asked.get("page", 1)), size), ""
        steps = parts.path.split("/")
        if len(steps) == 5 and steps[4] == "backups":
            return 200, self.backups(int(steps[3])), ""
        return 404, b'{"id":"not_found","message":"no such thing"}', ""

    def _page(self, number: int, size: int) -> bytes:
        total = self.options.droplets
        rows = range((number - 1) * size + 1, min(number * size, total) + 1)
        pages: dict[str, str] = {}
        if number * size < total:
            url = f"http://127.0.0.1:{self.options.port}/v2/droplets?per_page={size}&page="
            pages = {"next": f"{url}{number + 1}", "last": f"{url}{-(-total // size)}"}
        body = {
            "droplets": [droplet(row, self.options.padding) for row in rows],
            "links": {"pages": pages},
            "meta": {"total": total},
        }
        return msgspec.json.encode(body)

    @staticmethod
    def backups(droplet_id: int) -> bytes:
        """Two backups of a droplet."""
        rows = [
            {
                "id": droplet_id * 10 + number,
                "name": f"backup-{number}",
                "regions": ["nyc3"],
                "created_at": "2026-01-15T10:00:00Z",
                "min_disk_size": 25,
                "size_gigabytes": 2.5,
                "type": "backup",
            }
            for number in range(2)
        ]
        return msgspec.json.encode({"backups": rows, "links": {}, "meta": {"total": 2}})


class Exchange(asyncio.Protocol):
    """One connection: a request after the other, each answered in one write."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=2**24)

    def data_received(self, received: bytes) -> None:
        """Answer each whole request; none of them has a body."""
        self.buffer += received
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1].decode()
            cloud = self.cloud
            status, body, headers = cloud.answer(path)
            cloud.in_flight += 1
            cloud.most = max(cloud.most, cloud.in_flight)
            if latency := cloud.options.latency:
                asyncio.get_running_loop().call_later(latency, self.write, status, body, headers)
            else:
                self.write(status, body, headers)

    def write(self, status: int, body: bytes, headers: str) -> None:
        """One answer."""
        self.cloud.in_flight -= 1
        if not self.transport.is_closing():
            head = (
                f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}"
                f"content-length: {len(body)}\r\n\r\n"
            )
            self.transport.write(head.encode() + body)


async def serve(options: argparse.Namespace) -> None:
    """Until the process ends."""
    cloud = Cloud(options)
    server = await asyncio.get_running_loop().create_server(
        lambda: Exchange(cloud), "127.0.0.1", options.port
    )
    options.port = server.sockets[0].getsockname()[1]
    if options.droplets <= 50_000:
        for number in range(1, -(-options.droplets // 200) + 1):
            cloud.page(number, 200)  # made before anybody waits for it
    sys.stdout.write(f"http://127.0.0.1:{options.port}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--droplets", type=int, default=20_000)
    parser.add_argument("--padding", type=int, default=0, help="bytes more in each droplet")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second, 429 beyond")
    parser.add_argument("--limit", choices=("window", "sliding", "bucket"), default="window")
    parser.add_argument("--retry-after", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
