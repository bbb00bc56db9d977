"""What an embedding program puts in: documents, transports, credentials, hooks, fixtures; and notebooks."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell

import sqloud
from sqloud.frontends.fixtures import sqloud_sandbox  # noqa: F401  # as the plugin gives it
from sqloud.settings import shipped

SELECT = "SELECT id, name FROM digitalocean.droplets.droplets ORDER BY id LIMIT 2"


def quiet(_: str) -> None:
    """No notice."""


def test_record_and_replay(tmp_path: Path) -> None:
    record = tmp_path / "answers.jsonl"
    with sqloud.connect(sandbox=True, record=record, on_notice=quiet) as connection:
        rows = connection.execute(SELECT).fetchall()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert b"dop_v1" not in record.read_bytes()
    keys = {"digitalocean": "dop_v1_test"}
    with sqloud.connect(transport=sqloud.ReplayTransport(record), credentials=keys) as connection:
        assert connection.execute(SELECT).fetchall() == rows
        with pytest.raises(sqloud.ConnectionFault, match="not in the record"):
            connection.execute("SELECT * FROM digitalocean.regions.regions")
    with pytest.raises(sqloud.InterfaceError, match="no record"):
        sqloud.ReplayTransport(tmp_path / "nowhere")


def test_hooks_see_requests_and_no_secret() -> None:
    seen: list[str] = []
    asked: list[str] = []

    class Wire(sqloud.Transport):
        async def send(self, request: Any, headers: tuple[tuple[str, str], ...]) -> sqloud.ApiResponse:
            asked.append(dict(headers)["authorization"])
            return sqloud.ApiResponse(
                status=200, headers={}, body=b'{"regions": [], "links": {}, "meta": {"total": 0}}'
            )

        async def close(self) -> None:
            """Nothing is open."""

    with sqloud.connect(
        transport=Wire(),
        environment={},
        credential_source=lambda provider: f"dop_v1_test_{provider}",
        before_request=lambda request: seen.append(repr(request)),
        after_response=lambda request, response: seen.append(f"{response.status}"),
    ) as connection:
        assert connection.execute("SELECT * FROM digitalocean.regions.regions").fetchall() == []
    assert asked == ["Bearer dop_v1_test_digitalocean"]
    assert seen[1] == "200"
    assert "/v2/regions" in seen[0]
    assert "dop_v1" not in "".join(seen)


def test_a_hook_that_raises_stops_the_statement() -> None:
    def refuse(request: sqloud.ApiRequest) -> None:
        raise sqloud.OperationalError(f"no {request.http_verb} today")

    with (
        sqloud.connect(sandbox=True, before_request=refuse, on_notice=quiet) as connection,
        pytest.raises(sqloud.OperationalError, match="no GET today"),
    ):
        connection.execute(SELECT)


def document() -> dict[str, Any]:
    folder = shipped("providers") / "digitalocean"
    provider = yaml.safe_load((folder / "provider.yaml").read_text()) | {"provider": "mine"}
    provider["services"] = {"regions": provider["services"]["regions"]}
    return {
        "provider": provider,
        "services": {"regions": yaml.safe_load((folder / "regions.yaml").read_text())},
    }


@pytest.mark.parametrize("form", ["mapping", "folder", "file", "parent"])
def test_documents_of_ones_own(tmp_path: Path, form: str) -> None:
    whole = document()
    source: Any = whole
    if form != "mapping":
        folder = tmp_path / "mine"
        folder.mkdir()
        (folder / "provider.yaml").write_text(yaml.safe_dump(whole["provider"], sort_keys=False))
        (folder / "regions.yaml").write_text(yaml.safe_dump(whole["services"]["regions"], sort_keys=False))
        source = {"folder": folder, "file": folder / "provider.yaml", "parent": tmp_path}[form]
    with sqloud.connect(providers=[source]) as connection:
        assert ("mine",) in [row[:1] for row in connection.execute("SHOW PROVIDERS").fetchall()]
        assert connection.execute("SHOW RESOURCES IN mine.regions").fetchall()


@pytest.mark.parametrize(
    "source", [{}, {"provider": {"provider": "../x"}}, {"provider": {"provider": "x"}, "more": 1}]
)
def test_mappings_that_are_no_provider(source: Any) -> None:
    with pytest.raises(sqloud.InterfaceError):
        sqloud.connect(providers=[source])


def test_the_fixture_gives_a_sandbox(sqloud_sandbox: sqloud.Connection) -> None:  # noqa: F811
    count = "SELECT count(*) FROM digitalocean.tags.tags"
    before = sqloud_sandbox.execute(count).fetchall()[0][0]
    sqloud_sandbox.execute("INSERT INTO digitalocean.tags.tags (name) VALUES ('made-here')")
    assert sqloud_sandbox.execute(count).fetchall() == [(before + 1,)]


@pytest.fixture
def shell() -> Iterator[Any]:
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "sqloud")
    yield shell
    shell.run_line_magic("unload_ext", "sqloud")
    InteractiveShell.clear_instance()


@pytest.mark.filterwarnings("ignore")
def test_a_notebook(shell: Any) -> None:
    shell.run_line_magic("sqloud", "--sandbox")
    shell.user_ns |= {"wanted": 3164444, "owners": polars.DataFrame({"id": [3164444], "owner": ["ann"]})}
    sql = "SELECT d.name, o.owner FROM owners o "
    sql += "JOIN digitalocean.droplets.droplets d ON d.id = o.id WHERE d.id = :wanted"
    shown = shell.run_cell_magic("sqloud", "", sql)
    assert "example.com" in shown._repr_html_()
    assert "request" in shown._repr_html_()
    frame = shell.run_cell_magic("sqloud", "--pandas", sql)
    assert isinstance(frame, pandas.DataFrame)
    assert frame.to_numpy().tolist() == [["example.com", "ann"]]
    shell.run_cell_magic("sqloud", "--polars --into kept", sql)
    assert shell.user_ns["kept"].height == 1
    assert shell.run_line_magic("sqloud", "--pandas SELECT 1 AS one")["one"].tolist() == [1]
    with pytest.raises(sqloud.InterfaceError, match="unrecognized"):
        shell.run_cell_magic("sqloud", "--what", sql)
    with sqloud.connect(sandbox=True, on_notice=quiet) as connection:
        shell.user_ns["mine"] = connection
        shell.run_cell_magic("sqloud", "--connection mine", "CREATE TABLE t AS SELECT 1 AS x")
        assert connection.execute("SELECT x FROM t").fetchall() == [(1,)]
