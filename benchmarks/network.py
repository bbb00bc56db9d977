"""What the network costs: pages of one list, dependent requests, and a million rows, on loopback.

Law: each figure is a ratio taken in one run, against the ideal (rounds that must follow one another, times the
latency) or against a bare loop over httpx and json on the same server.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

IN_FLIGHT = 32
LATENCY = 0.05
DROPLETS = "digitalocean.droplets.droplets"
GROUPED = f"SELECT region ->> 'slug', count(*) FROM {DROPLETS} WHERE memory > 1024 GROUP BY 1"


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """A server in a process of its own; gives its URL."""
    command = [sys.executable, "-m", "benchmarks.server", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def child(url: str, sql: str, times: int = 1) -> dict[str, float]:
    """Run a statement in a process of its own: the median of seconds, CPU seconds, peak MB."""
    command = [sys.executable, "-m", "benchmarks.network", url, sql, str(times)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def ask(url: str, sql: str, times: int) -> None:
    """The child's work."""
    import sqloud

    taken = []
    with sqloud.connect(
        endpoints={"digitalocean": url},
        credentials={"digitalocean": "dop_v1_test_bench"},
        max_concurrency=IN_FLIGHT,
    ) as connection:
        used = time.process_time()
        for _ in range(times):
            began = time.perf_counter()
            connection.execute(sql).fetchall()
            taken.append(time.perf_counter() - began)
        used = (time.process_time() - used) / times
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": statistics.median(taken), "cpu": used, "megabytes": peak}))


def bare_loop(url: str) -> tuple[float, float]:
    """Every page by httpx and json, one after another: CPU seconds in all, and of the decoding alone."""
    import httpx

    began, decoding, page = time.process_time(), 0.0, 1
    with httpx.Client() as client:
        while True:
            body = client.get(f"{url}/v2/droplets?page={page}&per_page=200").content
            before = time.process_time()
            answer = json.loads(body)
            decoding += time.process_time() - before
            if "next" not in answer["links"]["pages"]:
                return time.process_time() - began, decoding
            page += 1


def run(tell: Callable[[str], None]) -> None:
    """Measure and tell, a line each."""
    with serving("--latency", str(LATENCY), "--padding", "900") as url:
        ideal = (1 + -(-99 // IN_FLIGHT)) * LATENCY
        took = child(url, GROUPED, 5)["seconds"]
        tell(f"100 pages of 200 rows: {took * 1000:.0f} ms, {took / ideal:.2f} of the ideal (bar 1.5)")
    with serving("--latency", str(LATENCY), "--droplets", "1000") as url:
        ideal = (1 + 1 + -(-1000 // IN_FLIGHT)) * LATENCY
        sql = f"SELECT count(b.id) FROM {DROPLETS} d JOIN digitalocean.droplets.backups b ON b.droplet_id = d.id"
        took = child(url, sql, 3)["seconds"]
        tell(f"1,000 dependent requests: {took * 1000:.0f} ms, {took / ideal:.2f} of the ideal (bar 1.15)")
    with serving("--droplets", "10000") as url:
        few = child(url, GROUPED)["megabytes"]
    with serving("--droplets", "1000000") as url:
        many = child(url, GROUPED)
        whole, decoding = bare_loop(url)
        tell(f"1,000,000 rows: {many['megabytes'] - few:.0f} MB more than for 10,000 (bar 60)")
        tell(
            f"1,000,000 rows: {many['cpu']:.2f} s of CPU, {many['cpu'] / decoding:.2f} of json's decoding alone "
            f"(bar 1), {many['cpu'] / whole:.2f} of the loop with httpx"
        )


if __name__ == "__main__":
    ask(sys.argv[1], sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 3 else run(print)
