"""The simulated cloud on a real socket, to plain clients and to DigitalOcean's own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import sqloud
from sqloud.errors import ConnectionFault, InvalidValueError
from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.cloud import Cloud, open_sandbox
from sqloud.sandbox.faults import Fault
from sqloud.sandbox.server import running

TOKEN = {"Authorization": "Bearer t"}
SOURCES = str(Path(sqloud.__file__).parent.parent)


@pytest.fixture
def base_url(cloud: Cloud) -> Iterator[str]:
    with running(cloud) as base_url:
        yield base_url


def connect(base_url: str) -> "closing[http.client.HTTPConnection]":
    return closing(http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10))


def exchange(base_url: str, sent: bytes) -> bytes:
    """Send bytes as they are and read until the server ends the connection."""
    place = urlsplit(base_url)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=10) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as stream:
            return stream.read()


def test_one_connection_carries_many_requests_to_the_last_page(base_url: str) -> None:
    with connect(base_url) as connection:
        target: str | None = "/v2/droplets?per_page=7"
        names: list[str] = []
        sockets = set()
        while target:
            connection.request("GET", target, headers=TOKEN)
            response = connection.getresponse()
            assert response.status == 200
            assert response.headers["content-type"] == "application/json; charset=utf-8"
            assert response.headers["ratelimit-limit"] == "5000"
            answer = json.loads(response.read())
            sockets.add(id(connection.sock))
            names += [droplet["name"] for droplet in answer["droplets"]]
            link = answer["links"]["pages"].get("next")
            assert link is None or link.startswith(base_url + "/v2/droplets?")
            target = link and link.removeprefix(base_url)
    assert len(set(names)) == 60
    assert len(sockets) == 1


@pytest.mark.parametrize(
    ("verb", "target", "headers", "body", "status", "code"),
    [
        ("GET", "/v2/droplets", {}, None, 401, "unauthorized"),
        ("GET", "/v2/droplets/1", TOKEN, None, 404, "not_found"),
        ("GET", "/v2/droplets/..%2Faccount", TOKEN, None, 422, "unprocessable_entity"),
        ("POST", "/v2/droplets", TOKEN, b'{"name": "x"}', 422, "unprocessable_entity"),
        ("OPTIONS", "/v2/droplets", TOKEN, None, 405, "method_not_allowed"),
        ("PUT", "/v2/droplets", TOKEN, b"x" * 100_000, 405, "method_not_allowed"),
    ],
)
def test_refusals_leave_the_connection_usable(
    base_url: str,
    verb: str,
    target: str,
    headers: dict[str, str],
    body: bytes | None,
    status: int,
    code: str,
) -> None:
    with connect(base_url) as connection:
        for _ in range(2):
            connection.request(verb, target, body, headers)
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["id"]) == (status, code)
        connection.request("GET", "/v2/droplets/3164444", headers=TOKEN)
        assert connection.getresponse().read().startswith(b'{"droplet":')


BROKEN = [
    (b"NONSENSE\r\n\r\n", b"400"),
    (b"BREW /v2/droplets HTTP/1.1\r\nhost: x\r\n\r\n", b"501"),
    (b"GET / HTTP/9.1\r\n\r\n", b"505"),
    (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
    (b"POST /v2/droplets HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
    (b"POST /v2/droplets HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400"),
    (b"POST /v2/droplets HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", b"413"),
]


@pytest.mark.parametrize(("sent", "status"), BROKEN)
def test_broken_http_is_refused_in_shape_and_the_connection_ends(
    base_url: str, sent: bytes, status: bytes
) -> None:
    head, _, body = exchange(base_url, sent).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == status
    assert b"connection: close" in head
    assert set(json.loads(body)) == {"id", "message", "request_id"}


def test_a_head_request_has_no_body(base_url: str) -> None:
    answer = exchange(base_url, b"HEAD /v2/droplets HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b" 401 " in answer.partition(b"\r\n")[0]


def test_faults_and_latency_work_over_the_socket(cloud: Cloud) -> None:
    with (
        running(cloud, latency=0.05, faults=[Fault(status=429, page=2, count=1)]) as base_url,
        connect(base_url) as connection,
    ):
        told = []
        started = time.monotonic()
        for _ in range(2):
            connection.request("GET", "/v2/droplets?page=2", headers=TOKEN)
            response = connection.getresponse()
            response.read()
            told.append((response.status, response.headers["retry-after"]))
        assert told == [(429, "1"), (200, None)]
        assert time.monotonic() - started >= 0.1


def test_a_keep_alive_client_waits_for_no_acknowledgement(base_url: str) -> None:
    """An answer in two writes waits 40 ms for a delayed acknowledgement: 25 a second, not thousands.

    The best of a few rounds, since the machine may be doing other things.
    """
    request = b"GET /v2/droplets/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\n\r\n"
    place = urlsplit(base_url)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=10) as connection:
        best = 0.0
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(200):
                connection.sendall(request)
                assert b"not_found" in connection.recv(65536)
            best = max(best, 200 / (time.perf_counter() - started))
    assert best > 100


def test_many_connections_at_once(base_url: str) -> None:
    failures: list[Any] = []

    def ask() -> None:
        with connect(base_url) as connection:
            for _ in range(5):
                connection.request("GET", "/v2/droplets?per_page=200", headers=TOKEN)
                found = len(json.loads(connection.getresponse().read())["droplets"])
                if found != 60:
                    failures.append(found)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_port_that_is_taken_and_one_that_is_none(cloud: Cloud, base_url: str) -> None:
    taken = int(urlsplit(base_url).port or 0)
    with (
        pytest.raises(ConnectionFault, match=f"cannot listen on 127.0.0.1:{taken}"),
        running(cloud, port=taken),
    ):
        pass
    with pytest.raises(InvalidValueError, match="port must be from 0 to 65535"), running(cloud, port=70_000):
        pass


SERVE = """
import sys
from sqloud.sandbox.server import serve
sys.exit(serve(port=0, host=sys.argv[1], token="secret"))
"""


@pytest.mark.parametrize(("number", "host"), [(signal.SIGINT, "127.0.0.1"), (signal.SIGTERM, "0.0.0.0")])
def test_serving_tells_its_place_on_stderr_and_ends_cleanly(number: signal.Signals, host: str) -> None:
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, host],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        said = process.stderr.readline()
        if host == "0.0.0.0":
            assert said.startswith("warning: 0.0.0.0 lets other machines in")
            said = process.stderr.readline()
        assert said.startswith(f"simulated digitalocean on http://{host}:")
        port = int(said.rsplit(":", 1)[1])
        with connect(f"http://127.0.0.1:{port}") as connection:
            for token, status in (("secret", 200), ("other", 401)):
                connection.request("GET", "/v2/droplets", headers={"Authorization": f"Bearer {token}"})
                response = connection.getresponse()
                response.read()
                assert response.status == status
            process.send_signal(number)  # with a connection still open
            assert process.wait(timeout=10) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


def test_digitaloceans_own_client_reads_it(cloud: Cloud) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own imports
        import pydo
    with running(cloud) as base_url:
        client = pydo.Client(token="t", endpoint=base_url)
        plain: dict[str, Any] = {"enforce_https": False}  # an option of each call
        page, names = 1, []
        while True:
            answer = client.droplets.list(per_page=25, page=page, **plain)
            names += [droplet["name"] for droplet in answer["droplets"]]
            if "next" not in answer["links"].get("pages", {}):
                break
            page += 1
        assert (len(names), page, names[0]) == (60, 3, "example.com")
        backups = client.droplets.list_backups(3164444, **plain)
        assert [backup["size_gigabytes"] for backup in backups["backups"]][:2] == [2.34, 2.36]
        assert client.droplets.get(3164444, **plain)["droplet"]["tags"] == ["web", "prod"]
        assert client.droplets.list_backups(3164478, **plain)["meta"]["total"] == 45
        assert client.droplets.get(1, **plain)["id"] == "not_found"
        client._client.close()


def test_digitaloceans_own_client_reads_back_what_was_written(catalogue: Catalogue) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own imports
        import pydo
    with running(open_sandbox(catalogue)) as base_url:
        client = pydo.Client(token="t", endpoint=base_url)
        plain: dict[str, Any] = {"enforce_https": False}
        wanted = {
            "name": "written",
            "region": "nyc3",
            "size": "s-1vcpu-1gb",
            "image": "ubuntu-24-04-x64",
            "tags": ["fresh"],
        }
        droplet = client.droplets.create(body=wanted, **plain)["droplet"]
        found = client.droplets.list(tag_name="fresh", **plain)["droplets"]
        assert [(row["id"], row["name"], row["status"]) for row in found] == [
            (droplet["id"], "written", "new")
        ]
        reboot = client.droplet_actions.post(droplet["id"], body={"type": "rename", "name": "other"}, **plain)
        action = reboot["action"]["id"]
        for _ in range(3):
            state = client.actions.get(action, **plain)["action"]["status"]
        assert state == "completed"
        assert client.droplets.get(droplet["id"], **plain)["droplet"]["name"] == "other"
        record = {"type": "TXT", "name": "note", "data": "hello"}
        made = client.domains.create_record("example.com", body=record, **plain)["domain_record"]
        assert (made["data"], made["ttl"]) == ("hello", 1800)
        firewall = client.firewalls.list(**plain)["firewalls"][0]["id"]
        client.firewalls.assign_droplets(firewall, body={"droplet_ids": [droplet["id"]]}, **plain)
        assert droplet["id"] in client.firewalls.get(firewall, **plain)["firewall"]["droplet_ids"]
        client.firewalls.delete_droplets(firewall, body={"droplet_ids": [droplet["id"]]}, **plain)
        assert droplet["id"] not in client.firewalls.get(firewall, **plain)["firewall"]["droplet_ids"]
        assert client.droplets.destroy(droplet["id"], **plain) is None
        again: Any = client.droplets.destroy(droplet["id"], **plain)
        assert again["id"] == "not_found"
        client._client.close()
