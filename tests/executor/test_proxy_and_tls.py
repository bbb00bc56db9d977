"""HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE, by whole processes: a tunnel and a TLS server of the tests' own."""

from __future__ import annotations

import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.executor.test_page_seven import IDS, ROWS, page, process

if TYPE_CHECKING:
    from .conftest import Serve

HOST = "api.example.test"  # a name that only the proxy can reach

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that signs itself, for HOST and localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "openssl.cnf").write_text(
        "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\nCN=sqloud tests\n"
        f"[ext]\nsubjectAltName=DNS:{HOST},DNS:localhost\nbasicConstraints=critical,CA:TRUE\n"
        "keyUsage=critical,digitalSignature,keyCertSign\nsubjectKeyIdentifier=hash\n"
    )
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-config", "openssl.cnf", "-keyout", "key.pem", "-out", "ca.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "ca.pem", folder / "key.pem"


@pytest.fixture
def secure(serve: Serve, certificate: tuple[Path, Path]) -> int:
    """The port of a TLS server of twenty pages."""
    server = serve(lambda exchange: page(exchange, links=False))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.server_port


class Tunnel:
    """A proxy that knows CONNECT alone, and leads everything to one port; `asked` are the first lines."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._port)) as far:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += near.recv(1)
            self.asked.append(head.decode())
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            while True:
                for end in select.select((near, far), (), ())[0]:
                    data = end.recv(2**16)
                    if not data:
                        return
                    (far if end is near else near).sendall(data)


@pytest.fixture
def tunnel(secure: int) -> Iterator[Tunnel]:
    made = Tunnel(secure)
    yield made
    made.close()


def test_a_proxy_and_a_certificate_of_the_environment(tunnel: Tunnel, certificate: tuple[Path, Path]) -> None:
    environment = {"HTTPS_PROXY": tunnel.url, "SSL_CERT_FILE": str(certificate[0])}
    done = process(f"https://{HOST}", "-c", IDS, "-o", "csv", **environment)
    assert (done.returncode, done.stdout.split()) == (0, ["id", *map(str, range(1, ROWS + 1))]), done.stderr
    assert tunnel.asked
    assert all(head.startswith(f"CONNECT {HOST}:443 ") for head in tunnel.asked)
    assert not any("dop_v1" in head for head in tunnel.asked)  # the proxy never sees the credential


def test_what_no_proxy_names_goes_straight(tunnel: Tunnel, certificate: tuple[Path, Path]) -> None:
    environment = {"HTTPS_PROXY": tunnel.url, "NO_PROXY": HOST, "SSL_CERT_FILE": str(certificate[0])}
    done = process(f"https://{HOST}", "-c", IDS, **environment)  # a name that nobody resolves
    assert (done.returncode, done.stdout) == (1, "")
    assert HOST in done.stderr
    assert not tunnel.asked


def test_a_certificate_that_nobody_vouches_for_is_refused(tunnel: Tunnel) -> None:
    done = process(f"https://{HOST}", "-c", IDS, HTTPS_PROXY=tunnel.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "certificate" in done.stderr.lower()


def test_a_certificate_of_the_environment_without_a_proxy(
    secure: int, certificate: tuple[Path, Path]
) -> None:
    done = process(f"https://localhost:{secure}", "-c", IDS, "-o", "csv", SSL_CERT_FILE=str(certificate[0]))
    assert (done.returncode, len(done.stdout.split())) == (0, ROWS + 1), done.stderr
    done = process(f"https://localhost:{secure}", "-c", IDS)
    assert (done.returncode, done.stdout) == (1, "")
    assert "certificate" in done.stderr.lower()
