"""EXPLAIN of a write: its form as JSON, and ANALYZE, which carries it out."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.writes.conftest import Api, run

from sqloud.errors import ConsentError, NotSupportedError, WriteFailedError
from sqloud.session import Session

Open = Callable[..., Session]
HEADERS = {"authorization": "***", "accept": "application/json", "content-type": "application/json"}
R = "digitalocean.domains.records"
ONE = f"INSERT INTO {R} (domain_name, type, name, data) VALUES ('e.com', 'A', 'n', '1.1.1.1')"
SOME = "DELETE FROM digitalocean.droplets.droplets WHERE id IN (1, 4) AND status = 'off'"


def test_json_tells_each_request_whole(api: Api, opened: Open) -> None:
    ((text,),) = run(opened(), f"EXPLAIN (FORMAT json) {ONE}")
    assert msgspec.json.decode(text) == {
        "verb": "insert",
        "table": R,
        "method": "domains_create_record",
        "consent": "allow_writes",
        "count": 1,
        "requests": [
            {
                "http_verb": "POST",
                "url": f"{api.url}/v2/domains/e.com/records",
                "headers": HEADERS,
                "body": {"type": "A", "name": "n", "data": "1.1.1.1"},
            }
        ],
    }
    assert not api.log


def test_json_tells_a_template_and_its_reads(api: Api, opened: Open) -> None:
    ((text,),) = run(opened(), f"EXPLAIN (FORMAT json) {SOME}")
    told = msgspec.json.decode(text)
    assert told["count"] is None
    assert told["consent"] == "allow_destructive"
    assert told["template"] == "DELETE /v2/droplets/{droplet_id}"
    assert told["reads"]["scans"][0]["requests"][0].startswith("GET /v2/droplets/1")
    assert not api.log


def test_analyze_carries_it_out_and_counts(api: Api, opened: Open) -> None:
    lines = [line for (line,) in run(opened(allow_destructive=True), f"EXPLAIN ANALYZE {SOME}")]
    assert [str(one) for one in api.writes] == ["DELETE /v2/droplets/4"]
    assert lines[-1].startswith("actual    1 done row, 1 request, ")


@pytest.mark.parametrize("settings", [{}, {"read_only": True, "allow_writes": True}])
def test_analyze_needs_the_consent_of_the_write(api: Api, opened: Open, settings: dict[str, bool]) -> None:
    with pytest.raises(ConsentError):
        run(opened(**settings), f"EXPLAIN ANALYZE {ONE}")
    assert not api.log


@pytest.mark.parametrize("settings", [{"dry_run": True}, {"preview": True}])
def test_analyze_sends_nothing_where_nothing_may_be(
    api: Api, opened: Open, settings: dict[str, bool]
) -> None:
    assert run(opened(allow_writes=True, **settings), f"EXPLAIN ANALYZE {ONE}")
    assert not api.writes


def test_analyze_that_fails_is_the_writes_own_error(api: Api, opened: Open) -> None:
    api.faults[1] = "500"
    with pytest.raises(WriteFailedError, match="the disk is on fire"):
        run(opened(allow_writes=True), f"EXPLAIN ANALYZE {ONE}")


def test_analyze_is_refused_within_begin(api: Api, opened: Open) -> None:
    session = opened(allow_writes=True)
    run(session, "BEGIN")
    with pytest.raises(NotSupportedError, match="within BEGIN"):
        run(session, f"EXPLAIN ANALYZE {ONE}")
    assert not api.log
