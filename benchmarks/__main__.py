"""`make bench`: what a cold start and the network cost, as ratios against what cannot be avoided, taken in turn.

Law: a figure is the median of ratios of neighbouring runs, so that a machine that drifts does not decide it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import answers, completion, network, prompt
from sqloud.registry import Catalogue
from sqloud.sandbox.cloud import open_sandbox
from sqloud.sandbox.server import running
from sqloud.settings import Settings, shipped

PAIRS = 11
IMPORTS = "import sqlglot, httpx, duckdb; httpx.AsyncClient()"
SELECT = "SELECT name, size_gigabytes FROM digitalocean.droplets.backups WHERE droplet_id = 3164444"


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """The wall time of one process, which must succeed."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def ratio(name: str, ours: list[str], theirs: list[str], bar: float, environment: dict[str, str]) -> None:
    """Print how many times `theirs` `ours` takes."""
    seconds(ours, environment)
    seconds(theirs, environment)
    pairs = [(seconds(ours, environment), seconds(theirs, environment)) for _ in range(PAIRS)]
    ratios = [one / other for one, other in pairs]
    print(
        f"{name:<58} {statistics.median(ratios):5.2f}x  (bar {bar:.1f}x; "
        f"{statistics.median(one for one, _ in pairs) * 1000:.0f} ms against "
        f"{statistics.median(other for _, other in pairs) * 1000:.0f} ms)"
    )


def main() -> None:
    """Measure and print."""
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as home:
        cloud = open_sandbox(Catalogue((shipped("providers"),), None))
        with running(cloud) as url:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": home,
                "DIGITALOCEAN_TOKEN": "dop_v1_test_bench",
                "PYTHONPYCACHEPREFIX": os.path.join(home, "bytecode"),
            }
            sqloud = [sys.executable, "-m", "sqloud"]
            ask = [*sqloud, "--endpoint-url", f"digitalocean={url}", "-c", SELECT]
            ratio(
                "sqloud --version / python -c pass",
                [*sqloud, "--version"],
                [*python, "pass"],
                3.0,
                environment,
            )
            ratio("a batch SELECT on loopback / the imports alone", ask, [*python, IMPORTS], 1.2, environment)
            ratio("the same as json", [*ask, "-o", "json"], [*python, IMPORTS], 1.2, environment)
            prompt.run(print, environment)
            completion.run(print, Settings.from_environment({"SQLOUD_CACHE_DIR": home}, sandbox=True))
    answers.main()
    network.run(print)


if __name__ == "__main__":
    main()
