"""A document made to do harm is refused with its file and a pointer, at once, and takes no other provider with it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import ProviderDocumentError, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.catalogue import Catalogue
from sqloud.session import Session
from sqloud.settings import Settings

PROVIDER = "provider: {name}\nbase_url: https://api.example.com\nservices: {{a: A}}\n"
SERVICE = """service: a
resources:
  things:
    columns: {id: {type: integer}}
    methods:
      list: {verb: select, request: GET /v2/things, rows: things}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + step)}: &{chr(98 + step)} [{', '.join('*' + chr(97 + step) for _ in range(9))}]\n"
    for step in range(12)
)
REFERENCES = """service: a
schemas:
  p: {$ref: "#/schemas/q"}
  q: {$ref: "#/schemas/p"}
resources:
  things:
    columns: {id: {type: integer}}
    methods:
      list: {verb: select, request: GET /v2/things, rows: things}
      make: {verb: insert, request: POST /v2/things, body: {fields: {x: {type: string}}, schema: {$ref: "#/schemas/p"}}}
"""
LENT = """service: a
resources:
  x: {columns: y, methods: {list: {verb: select, request: GET /x, rows: x}}}
  things: {columns: x, methods: {list: {verb: select, request: GET /y, rows: y}}}
"""
HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "bomb": (lambda: BOMB, r"a\.yaml:2: /b: sets the anchor"),
    "long": (lambda: SERVICE + "#" * 50_000_000, r"a\.yaml: /: is longer than"),
    "lists": (lambda: "a: " + "[" * 50_000, r"a\.yaml:1: /a/0/0.*nested deeper"),
    "mappings": (lambda: "a: " + "{a: " * 50_000, r"a\.yaml:1: /a/a/a.*nested deeper"),
    "itself": (
        lambda: "service: a\nresources: &r\n  things: *r\n",
        r"a\.yaml:2: /resources: sets the anchor",
    ),
    "references": (
        lambda: REFERENCES,
        r"a\.yaml:\d+: /resources/things/methods/make/body/schema: .*leads back",
    ),
    "lent": (lambda: LENT, r"a\.yaml:\d+: /resources/things/columns: 'x' takes its own columns"),
    "twice": (
        lambda: SERVICE + SERVICE.splitlines()[-1],
        r"a\.yaml:7: /resources/things/methods/list: .*twice",
    ),
    "types": (lambda: "service: a\nresources: [1, 2]\n", r"a\.yaml:2: /resources: must be a mapping"),
    "bytes": (lambda: "\x00\x01", r"a\.yaml"),
    "empty": (lambda: "", r"a\.yaml"),
}


def write(folder: Path, name: str, service: str, provider: str | None = None) -> None:
    (folder / name).mkdir()
    (folder / name / "provider.yaml").write_text(provider or PROVIDER.format(name=name))
    (folder / name / "a.yaml").write_text(service)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_at_once(name: str, tmp_path: Path) -> None:
    made, told = HOSTILE[name]
    write(tmp_path, "bad", made())
    write(tmp_path, "good", SERVICE)
    catalogue = Catalogue([tmp_path], None)
    assert [one.name.resource for one in catalogue.service("good", "a").resources] == ["things"]
    began = time.thread_time()  # not the clock: the machine may be doing other things
    with pytest.raises(ProviderDocumentError, match=told):
        catalogue.service("bad", "a")
    assert time.thread_time() - began < 1


class NoTransport:
    """The network, closed."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        raise AssertionError(f"sent {request.url}")

    async def close(self) -> None:
        """Nothing is held open."""


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    result = session.run(next(iter(split(Source("test", sql)))))
    return [tuple(row) for batch in result.batches() for row in batch]


def test_a_broken_provider_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, "bad", SERVICE, BOMB)
    write(tmp_path, "good", SERVICE)
    with Session(Settings(providers=(tmp_path,)), transport=NoTransport()) as session:
        shown = {row[0]: str(row) for row in rows(session, "SHOW PROVIDERS")}
        assert {"bad", "good", "digitalocean"} <= set(shown)
        assert "provider.yaml:1: /a: sets the anchor" in shown["bad"]
        counted = rows(session, "SELECT count(*) FROM sqloud.providers WHERE provider IN ('bad', 'good')")
        assert counted == [(2,)]
