"""Spans of statements and requests, as a program that uses OpenTelemetry sees them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import sqloud

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

TOKEN = "dop_v1_test_tracing"
DROPLETS = "SELECT id FROM digitalocean.droplets.droplets"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)  # once in a process
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    for span in exporter.get_finished_spans():
        assert TOKEN not in span.to_json()


def by_name(exporter: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {}
    for span in exporter.get_finished_spans():
        found.setdefault(span.name, []).append(span)
    return found


def one_droplet(exchange: Exchange) -> None:
    if len(exchange.server.log) == 1:
        exchange.reply({"id": "busy", "message": "later"}, 503, Retry_After="0")
    else:
        exchange.reply({"droplets": [{"id": 7}], "links": {}, "meta": {"total": 1}})


def test_a_request_is_a_span_within_that_of_its_statement(serve: Serve, spans: InMemorySpanExporter) -> None:
    server = serve(one_droplet)
    with sqloud.connect(
        endpoints={"digitalocean": server.url}, credentials={"digitalocean": TOKEN}
    ) as connection:
        assert connection.execute(DROPLETS).fetchall() == [(7,)]
    found = by_name(spans)
    (statement,), (first, second) = found["sqloud select"], found["GET"]
    assert statement.context is not None
    for request in (first, second):
        assert request.parent is not None
        assert request.parent.span_id == statement.context.span_id
    assert first.attributes is not None
    assert second.attributes is not None
    assert (first.attributes["http.response.status_code"], first.attributes["error.type"]) == (503, "503")
    assert dict(second.attributes) == {
        "http.request.method": "GET",
        "url.full": f"{server.url}{server.paths[1]}",
        "server.address": "127.0.0.1",
        "server.port": int(server.url.rpartition(":")[2]),
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "http.response.body.size": second.attributes["http.response.body.size"],
    }


def test_a_statement_that_fails_says_how(spans: InMemorySpanExporter) -> None:
    with sqloud.connect(sandbox=True) as connection, pytest.raises(sqloud.ProgrammingError):
        connection.execute("SELECT * FROM digitalocean.droplets.backups")
    ((statement,),) = by_name(spans).values()
    assert statement.attributes is not None
    assert statement.attributes["error.type"] == "MissingParameterError"
    assert not statement.status.is_ok


def test_nothing_is_imported_where_the_program_has_not() -> None:
    code = (
        "import sys, sqloud; c = sqloud.connect(sandbox=True); "
        f"c.execute('{DROPLETS}').fetchall(); c.close(); sys.exit('opentelemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
