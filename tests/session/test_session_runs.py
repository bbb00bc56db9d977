"""A session: placed errors, notices, credentials, statements side by side, and its end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sqloud.dialect import split
from sqloud.errors import (
    ConsentError,
    CredentialError,
    Error,
    InterfaceError,
    InvalidValueError,
    MissingParameterError,
    Source,
    SqlSyntaxError,
    StatementCancelled,
    TimeLimitError,
    UnknownNameError,
)
from sqloud.executor.result import Completeness, Result
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry import Catalogue
from sqloud.sandbox.cloud import Cloud, open_sandbox
from sqloud.sandbox.server import running
from sqloud.sandbox.transport import SandboxTransport
from sqloud.session import SANDBOX_TOKEN, Session
from sqloud.settings import Settings, shipped

BACKUPS = "SELECT id, name FROM digitalocean.droplets.backups WHERE droplet_id = 3164444"
DROPLETS = "SELECT id FROM digitalocean.droplets.droplets"
ENDLESS = "SELECT count(*) FROM " + ", ".join(f"({DROPLETS}) t{number}" for number in range(8))


class Recorded:
    """A transport that writes down what it is asked, then asks another; `before` may hold it up."""

    def __init__(self, inner: SandboxTransport, before: Callable[[], float] = lambda: 0.0) -> None:
        self.inner = inner
        self.before = before
        self.requests: list[ApiRequest] = []
        self.tokens: list[str] = []

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        self.requests.append(request)
        self.tokens.append(dict(headers).get("authorization", "").removeprefix("Bearer "))
        await asyncio.sleep(self.before())
        return await self.inner.send(request, headers)

    async def close(self) -> None:
        await self.inner.close()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One compiled cache, so that only the first session reads the documents."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def cloud(cache: Path) -> Cloud:
    return open_sandbox(Catalogue((shipped("providers"),), cache))


@pytest.fixture
def recorded(cloud: Cloud) -> Recorded:
    return Recorded(SandboxTransport(cloud))


@pytest.fixture
def notices() -> list[str]:
    return []


Open = Callable[..., Session]


@pytest.fixture
def opened(recorded: Recorded, notices: list[str], cache: Path) -> Iterator[Open]:
    """Open sessions over the recorded cloud, with a token; close them at the end."""
    sessions: list[Session] = []

    def make(**fields: Any) -> Session:
        settings: dict[str, Any] = {"environment": {"DIGITALOCEAN_TOKEN": "t_0123456789"}, "cache": cache}
        settings |= fields
        sessions.append(Session(Settings(**settings), on_notice=notices.append, transport=recorded))
        return sessions[-1]

    before = set(threading.enumerate())
    yield make
    for session in sessions:
        session.close()
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("sqloud")]


def ran(
    session: Session,
    sql: str,
    variables: Mapping[str, str] | None = None,
    parameters: Any = None,
) -> Result:
    (text,) = split(Source("test.sql", sql))
    return session.run(text, variables=variables, parameters=parameters)


def rows(session: Session, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    return [row for batch in ran(session, sql, **more).batches() for row in batch]


# --- answers


def test_an_answer_is_complete_when_it_is_there(opened: Open, recorded: Recorded) -> None:
    result = ran(opened(), BACKUPS)
    assert [column.name for column in result.columns] == ["id", "name"]
    assert result.kind == "select"
    sent = len(recorded.requests)
    assert sent == 1
    assert len([row for batch in result.batches() for row in batch]) > 0
    assert result.completeness is Completeness.COMPLETE
    assert len(recorded.requests) == sent


def test_rows_without_an_order_keep_the_apis(opened: Open, cloud: Cloud) -> None:
    import json

    headers = {"authorization": "Bearer t", "host": "x"}
    answer = cloud.answer("GET", "/v2/droplets?per_page=200&type=droplets", headers)
    listed = [droplet["id"] for droplet in json.loads(answer.body)["droplets"]]
    session = opened()
    found = [row[0] for row in rows(session, DROPLETS)]
    assert len(found) > 20
    assert found == listed
    clamped = Session(
        Settings(environment={"DIGITALOCEAN_TOKEN": "t"}),
        transport=SandboxTransport(open_sandbox(session.catalogue, clamp=3)),
    )
    with clamped:
        assert [row[0] for row in rows(clamped, DROPLETS)] == listed


def test_values_of_keys_keep_their_order(opened: Open) -> None:
    session = opened()
    ids = [row[0] for row in rows(session, f"{DROPLETS} LIMIT 9")][::-1]
    listed = ", ".join(map(str, ids))
    asked = [
        row[0]
        for row in rows(
            session, f"SELECT droplet_id FROM digitalocean.droplets.actions WHERE droplet_id IN ({listed})"
        )
    ]
    assert list(dict.fromkeys(asked)) == [number for number in ids if number in asked]
    assert len(set(asked)) > 1


def test_no_column_of_the_table_is_needed_to_count(opened: Open) -> None:
    session = opened()
    found = rows(session, DROPLETS)
    assert rows(session, "SELECT count(*) FROM digitalocean.droplets.droplets") == [(len(found),)]
    assert rows(session, "SELECT count(*) FROM digitalocean.droplets.backups_supported_policies") == [(2,)]


# --- values that are bound

BOUND: list[tuple[str, dict[str, Any]]] = [
    ("SELECT id, name FROM digitalocean.droplets.backups WHERE droplet_id = {{ d }}", {"variables": {"d": "3164444"}}),
    ("SELECT id, name FROM digitalocean.droplets.backups WHERE droplet_id = '{{ d }}'",
     {"variables": {"d": "3164444"}}),
    ("SELECT id, name FROM digitalocean.droplets.backups WHERE droplet_id = :d", {"parameters": {"d": 3164444}}),
    ("SELECT id, name FROM digitalocean.droplets.backups WHERE droplet_id = ?", {"parameters": [3164444]}),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "bound"), BOUND)
def test_a_bound_value_is_the_value(
    opened: Open, recorded: Recorded, sql: str, bound: dict[str, Any]
) -> None:
    session = opened()
    assert rows(session, sql, **bound) == rows(session, BACKUPS)
    assert recorded.requests[0] == recorded.requests[1]


@pytest.mark.parametrize("text", ["1' OR '1'='1", "1; DROP TABLE x", "1) --", "'{{ d }}'", '"'])
def test_a_bound_value_is_never_text_of_the_statement(opened: Open, recorded: Recorded, text: str) -> None:
    session = opened()
    for sql, bound in (
        ("SELECT '{{ v }}' AS v", {"variables": {"v": text}}),
        ("SELECT :v AS v", {"parameters": {"v": text}}),
    ):
        assert rows(session, sql, **bound) == [(text,)]
    with pytest.raises(Error):
        rows(session, BOUND[1][0], variables={"d": text})
    assert recorded.requests == []


@pytest.mark.parametrize("value", ["../account", "1/2", "%2e", "1\n2", "1" * 10 * 2**20, "\ud800", ""])
def test_a_value_that_would_lead_elsewhere_is_not_sent(opened: Open, recorded: Recorded, value: str) -> None:
    with pytest.raises(Error) as caught:
        rows(
            opened(),
            "SELECT name FROM digitalocean.droplets.backups WHERE droplet_id = :d",
            parameters={"d": value},
        )
    assert len(caught.value.message) < 500
    assert recorded.requests == []


def test_a_filter_of_many_megabytes_is_refused(opened: Open, recorded: Recorded) -> None:
    with pytest.raises(InvalidValueError, match="URL of 1,"):
        rows(
            opened(),
            "SELECT name FROM digitalocean.droplets.droplets WHERE tag_name = :t",
            parameters={"t": "x" * 2**20},
        )
    assert recorded.requests == []


# --- errors

PLACED: list[tuple[str, type[Error], str]] = [
    ("SELECT id FROM digitalocean.droplets.droplet", UnknownNameError, "digitalocean.droplets.droplet"),
    ("SELECT nme FROM digitalocean.droplets.droplets", UnknownNameError, "nme"),
    ("SELECT id FROM digitalocean.droplets.backups", MissingParameterError, "digitalocean.droplets.backups"),
    ("SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = 'abc'", InvalidValueError, "'abc'"),
    ("SELECT id FROM", SqlSyntaxError, ""),
]


@pytest.mark.parametrize(("sql", "kind", "under"), PLACED, ids=[row[0] for row in PLACED])
def test_an_error_stands_in_its_source(
    opened: Open, recorded: Recorded, sql: str, kind: type[Error], under: str
) -> None:
    with pytest.raises(kind) as caught:
        ran(opened(), sql)
    error = caught.value
    assert error.source == Source("test.sql", sql)
    assert error.span is not None
    assert 0 <= error.span.start <= error.span.end <= len(sql)
    if under:
        assert sql[error.span.start : error.span.end] == under
    assert recorded.requests == []


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT nosuch(id) FROM digitalocean.droplets.droplets", UnknownNameError),
        ("SELECT * FROM read_csv('/etc/passwd')", Error),
        ("INSERT INTO digitalocean.droplets.droplets (name) VALUES ('x')", MissingParameterError),
        ("DELETE FROM digitalocean.droplets.droplets WHERE id = 1", ConsentError),
    ],
)
def test_what_is_refused_is_refused_before_any_request(
    opened: Open, recorded: Recorded, sql: str, kind: type[Error]
) -> None:
    with pytest.raises(kind) as caught:
        ran(opened(), sql)
    assert caught.value.source is not None
    assert recorded.requests == []


def test_an_error_of_the_engine_gives_no_row(opened: Open) -> None:
    with pytest.raises(Error, match=r"[Dd]ivision by zero"):
        ran(opened(), "SELECT 1 / (id - 3164444) FROM digitalocean.droplets.droplets")


def test_a_session_goes_on_after_errors(opened: Open) -> None:
    session = opened()
    for sql, kind, _ in PLACED:
        with pytest.raises(kind):
            ran(session, sql)
    assert rows(session, BACKUPS)


# --- notices


def test_an_absent_key_is_told(opened: Open, notices: list[str]) -> None:
    assert rows(opened(), "SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = 1") == []
    (notice,) = notices
    assert "droplet_id = 1 has no rows" in notice


def test_the_simulation_is_told_once_and_needs_no_token(notices: list[str]) -> None:
    with Session(Settings(sandbox=True), on_notice=notices.append) as session:
        assert rows(session, "SELECT 1") == [(1,)]
        assert notices == []
        for _ in range(2):
            assert rows(session, BACKUPS)
    assert len(notices) == 1
    assert "simulated" in notices[0]


# --- credentials


def test_no_credential_is_told_before_any_request(opened: Open, recorded: Recorded) -> None:
    session = opened(environment={"PATH": "/bin", "DIGITALOCEAN_TOKEN": ""})
    with pytest.raises(CredentialError, match="no credential for digitalocean") as caught:
        rows(session, BACKUPS)
    assert caught.value.hints[0] == "set DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN"
    assert recorded.requests == []
    assert rows(session, "SELECT 1") == [(1,)]
    assert ran(session, f"EXPLAIN {BACKUPS}").kind == "explain"


@pytest.mark.parametrize(
    ("fields", "token"),
    [
        ({"environment": {"DIGITALOCEAN_TOKEN": "a", "DIGITALOCEAN_ACCESS_TOKEN": "b"}}, "a"),
        ({"environment": {"DIGITALOCEAN_TOKEN": "", "DIGITALOCEAN_ACCESS_TOKEN": "b"}}, "b"),
        ({"environment": {"DIGITALOCEAN_TOKEN": "a"}, "credentials": {"digitalocean": "c"}}, "c"),
        ({"environment": {"DIGITALOCEAN_TOKEN": "a"}, "sandbox": True}, SANDBOX_TOKEN),
    ],
)
def test_which_credential_is_used(
    opened: Open, recorded: Recorded, fields: dict[str, Any], token: str
) -> None:
    rows(opened(**fields), BACKUPS)
    assert recorded.tokens == [token]


@pytest.mark.parametrize(
    "fields", [{"credentials": {"other": "c"}}, {"endpoints": {"other": "http://localhost"}}]
)
def test_settings_for_a_provider_that_does_not_exist_are_a_slip(fields: dict[str, Any]) -> None:
    with pytest.raises(InterfaceError, match="there is no provider other"):
        Session(Settings(**fields))


def test_a_credential_never_goes_over_plain_http_to_another_machine(opened: Open, recorded: Recorded) -> None:
    session = opened(endpoints={"digitalocean": "http://10.1.2.3:8080"})
    with pytest.raises(CredentialError, match=r"over plain http to 10\.1\.2\.3"):
        rows(session, BACKUPS)
    assert recorded.requests == []


class Watched(Cloud):
    """A cloud that writes down who asks."""

    log: list[str]

    def answer(
        self,
        http_verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        base_url: str | None = None,
    ) -> ApiResponse:
        self.log.append(f"{headers.get('authorization')} {target}")
        return super().answer(http_verb, target, headers, body, base_url=base_url)


def test_each_of_two_sessions_sends_its_own_credential(cache: Path) -> None:
    """Over sockets, at the same time, many times."""
    cloud = open_sandbox(Catalogue((shipped("providers"),), cache))
    cloud.__class__ = Watched
    assert isinstance(cloud, Watched)
    cloud.log = []
    with running(cloud) as url:
        sessions = {
            token: Session(
                Settings(
                    endpoints={"digitalocean": url}, environment={"DIGITALOCEAN_TOKEN": token}, cache=cache
                )
            )
            for token in ("token_a", "token_b")
        }

        def work(token: str) -> None:
            for number in range(12):
                rows(
                    sessions[token],
                    "SELECT name FROM digitalocean.droplets.droplets WHERE tag_name = :tag",
                    parameters={"tag": f"{token}-{number}"},
                )

        threads = [threading.Thread(target=work, args=(token,)) for token in sessions for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in sessions.values():
            session.close()
    assert len(cloud.log) == 48
    for line in cloud.log:
        token = line.split()[1]
        assert f"tag_name={token}-" in line


# --- side by side, cancelled, closed


def test_statements_from_many_threads(opened: Open) -> None:
    session = opened()
    ids = [row[0] for row in rows(session, f"{DROPLETS} LIMIT 8")]
    found: dict[int, list[list[tuple[Any, ...]]]] = {}

    def work(number: int) -> None:
        sql = f"SELECT id, droplet_id FROM digitalocean.droplets.droplets WHERE id = {number}"
        found[number] = [rows(session, sql) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [[(number, number)]] * 5 for number in ids}


def ended_by(
    session: Session, sql: str, act: Callable[[], object], begun: Callable[[], bool]
) -> BaseException:
    """Run a statement in a thread, act once it has begun, and give what it raised."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            rows(session, sql)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    limit = time.monotonic() + 5
    while not begun() and time.monotonic() < limit:
        time.sleep(0.005)
    act()
    thread.join(10)
    assert not thread.is_alive()
    assert len(raised) == 1
    return raised[0]


@pytest.mark.parametrize("act", ["cancel", "close"])
@pytest.mark.parametrize("where", ["network", "engine"])
def test_a_statement_is_stopped_wherever_it_is(
    opened: Open, recorded: Recorded, act: str, where: str
) -> None:
    session = opened()
    sql = DROPLETS if where == "network" else ENDLESS
    if where == "network":
        recorded.before = lambda: 60.0

    def begun() -> bool:
        return bool(session.under_way()) and (where == "engine" or bool(recorded.requests))

    def stop() -> None:
        if where == "engine":
            time.sleep(0.2)
        getattr(session, act)()

    began = time.monotonic()
    error = ended_by(session, sql, stop, begun)
    assert isinstance(error, StatementCancelled), repr(error)
    assert error.source is not None
    assert time.monotonic() - began < 5
    assert not session.under_way()
    recorded.before = lambda: 0.0
    if act == "cancel":
        assert rows(session, BACKUPS)
    else:
        with pytest.raises(InterfaceError, match="closed"):
            rows(session, "SELECT 1")


def test_a_time_limit_holds_for_network_and_engine(opened: Open, recorded: Recorded) -> None:
    session = opened(statement_timeout=0.2)
    recorded.before = lambda: 60.0
    with pytest.raises(TimeLimitError, match=r"time limit of 0\.2 s is spent after 1 requests, 0 pages"):
        rows(session, DROPLETS)
    recorded.before = lambda: 0.0
    with pytest.raises(TimeLimitError):
        rows(session, ENDLESS)


def test_a_closed_session_keeps_nothing(opened: Open) -> None:
    session = opened()
    private = session._engine._private  # type: ignore[attr-defined]
    assert private is None
    result = ran(session, BACKUPS)
    private = session._engine._private  # type: ignore[attr-defined]
    assert private.is_dir()
    session.close()
    session.close()
    assert not private.exists()
    with pytest.raises(InterfaceError, match="the session is closed"):
        ran(session, "SELECT 1")
    result.close()


def test_a_result_is_read_once_the_session_goes_on(opened: Open) -> None:
    """Results stand side by side, each with its own workspace."""
    session = opened()
    first, second = ran(session, DROPLETS), ran(session, BACKUPS)
    assert [row for batch in second.batches() for row in batch] == rows(session, BACKUPS)
    assert [row for batch in first.batches() for row in batch] == rows(session, DROPLETS)
    third = ran(session, DROPLETS)
    third.close()
    with pytest.raises(InterfaceError):
        list(third.batches())
