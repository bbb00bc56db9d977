"""The accounts of a configuration: which is used, where its token comes from, and what is wrong with a file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

import sqloud
from sqloud.connections import Connections, config_file
from sqloud.errors import CredentialError, Error, InterfaceError, UnknownNameError
from sqloud.frontends.cli import main
from sqloud.session import Session
from sqloud.settings import Settings

MAIL = "SELECT email FROM digitalocean.account.account"


class Accounts(ThreadingHTTPServer):
    """Tells each token's own account."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing to the screen."""

    def do_GET(self) -> None:
        token = self.headers["authorization"].removeprefix("Bearer dop_v1_test_")
        known = token != "revoked"
        account = {"email": f"{token}@example.com", "uuid": "u", "status": "active", "droplet_limit": 25}
        body: Any = {"account": account} if known else {"id": "unauthorized", "message": "who are you"}
        answer = msgspec.json.encode(body)
        self.send_response(200 if known else 401)
        self.send_header("content-length", str(len(answer)))
        self.send_header("ratelimit-remaining", "4998")
        self.send_header("ratelimit-reset", "99999999999")
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture(scope="module")
def server() -> Iterator[Accounts]:
    opened = Accounts()
    thread = threading.Thread(target=opened.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield opened
    opened.shutdown()
    opened.server_close()
    thread.join()


@pytest.fixture
def config(tmp_path: Path, server: Accounts) -> Path:
    token = tmp_path / "token"
    token.write_text("dop_v1_test_file\n")
    token.chmod(0o600)
    said = {
        "prod": 'token_env = "PROD_TOKEN"\ndefault = true',
        "command": "token_command = \"printf 'dop_v1_test_command'\"",
        "file": f'token_file = "{token}"',
    }
    path = tmp_path / "config.toml"
    path.write_text("\n".join(
        f'[connections.{name}]\nprovider = "digitalocean"\nendpoint_url = "{server.url}"\n{place}\n'
        for name, place in said.items()
    ))  # fmt: skip
    return path


NAMES = {"PROD_TOKEN": "dop_v1_test_prod", "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize("name", ["prod", "command", "file"])
def test_each_has_its_token_and_its_endpoint(config: Path, name: str) -> None:
    with sqloud.connect(config=config, connection=name, environment=NAMES) as connection:
        assert connection.execute(MAIL).fetchall() == [(f"{name}@example.com",)]


def test_use_changes_it_and_reset_goes_back(config: Path) -> None:
    with sqloud.connect(config=config, environment=NAMES) as connection:
        found = []
        for statement in (
            "USE file",
            "USE CONNECTION command",
            "SET connection = 'prod'",
            "RESET connection",
        ):
            connection.execute(statement)
            found.append(connection.execute(MAIL).fetchall()[0][0].partition("@")[0])
        assert found == ["file", "command", "prod", "prod"]  # the default was used when it was opened
        assert connection.execute("SHOW connection").fetchall() == [("prod",)]
        with pytest.raises(UnknownNameError, match="no connection prd") as wrong:
            connection.execute("USE prd")
        assert wrong.value.hints == ("did you mean prod?",)
        assert connection.execute("SHOW connection").fetchall() == [("prod",)]


def test_a_variable_goes_before_the_default_and_not_before_what_is_named(
    config: Path, server: Accounts
) -> None:
    names = {**NAMES, "DIGITALOCEAN_TOKEN": "dop_v1_test_variable"}
    where = {"digitalocean": server.url}
    for named, mail in ((None, "variable"), ("file", "file")):
        with sqloud.connect(
            config=config, connection=named, environment=names, endpoints=where
        ) as connection:
            assert connection.execute(MAIL).fetchall() == [(f"{mail}@example.com",)]


FAILING = [
    ('token_env = "NOWHERE"', "env NOWHERE is empty"),
    ('token_command = ["sh", "-c", "echo no such entry >&2; exit 3"]', "sh ended with 3: no such entry"),
    ('token_command = "nosuchcommand"', "nosuchcommand: No such file"),
    ('token_file = "/nosuch/file"', "/nosuch/file: No such file"),
    ('token_file = "{open}"', "can be read by others"),
]


@pytest.mark.parametrize(("place", "told"), FAILING)
def test_a_token_that_cannot_be_had_says_why(tmp_path: Path, place: str, told: str) -> None:
    path, open_file = tmp_path / "config.toml", tmp_path / "open"
    open_file.write_text("dop_v1_test_x")
    open_file.chmod(0o644)
    path.write_text(
        f'[connections.a]\nprovider = "digitalocean"\n{place.replace("{open}", str(open_file))}\n'
    )
    names = {"PATH": "/usr/bin:/bin"}
    with (
        sqloud.connect(config=path, connection="a", environment=names) as connection,
        pytest.raises(CredentialError) as failed,
    ):
        connection.execute(MAIL)
    assert told in str(failed.value)
    assert "dop_v1" not in str(failed.value)


WRONG = [
    ("[connections.a", ": "),
    ("[connections.a]\ntoken = 'dop_v1_test'", ":2: the token of a stands in the file"),
    ("[connections.a]\nprovider = 'p'\ntoken_evn = 'x'", ":3: a connection has no token_evn"),
    ("[connections.a]\nprovider = 'p'", ":1: a says 0 places of its token"),
    ("[connections.a]\ntoken_env = 'x'", ":1: a has no provider"),
    ("[connections.a]\nprovider = 1\ntoken_env = 'x'", ":2: provider of a is of another type"),
    ("[conections.a]\n", ":1: no setting conections"),
    ("connections = 1\n", ":1: connections is no table"),
    ("[connections.'a b']\ntoken_env = 'x'", "a b is no connection"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InterfaceError) as failed:
        Connections(path, {})
    assert f"{path}" in str(failed.value)
    assert told in str(failed.value)
    assert "dop_v1" not in str(failed.value)


def test_auth_tells_whose_each_is(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROD_TOKEN", "dop_v1_test_prod")
    assert main(["auth", "list", "--config", str(config)]) == 0
    assert "prod (default): digitalocean, token from env PROD_TOKEN\n" in capsys.readouterr().out
    assert main(["auth", "check", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    owner = "uuid u, status active, droplet_limit 25; 4,998 requests left"
    assert f"prod (digitalocean): email prod@example.com, {owner}\n" in told
    assert told.count("\n") == 3
    monkeypatch.setenv("PROD_TOKEN", "dop_v1_test_revoked")
    assert main(["auth", "check", "--config", str(config)]) != 0
    both = capsys.readouterr()
    assert "prod: " in both.err
    assert "who are you" in both.err
    assert both.out.count("\n") == 2
    assert "dop_v1" not in both.err + both.out


def test_who_has_no_home_has_no_configuration() -> None:
    assert config_file({"XDG_CONFIG_HOME": "~nobody-of-this-name/x"}).name == "config.toml"
    assert config_file({"SQLOUD_CONFIG": "/a/b.toml"}) == Path("/a/b.toml")


def test_no_configuration_has_no_connection() -> None:
    with sqloud.connect(sandbox=True) as connection, pytest.raises(Error, match="no configuration"):
        connection.execute("USE prod")


TOGETHER = [
    (
        "SELECT p.email, f.email FROM digitalocean@prod.account.account p, digitalocean@File.account.account f",
        [("prod@example.com", "file@example.com")],
    ),
    (
        "SELECT _connection, email FROM digitalocean@all.account.account ORDER BY 1 DESC",
        [("prod", "prod@example.com"), ("file", "file@example.com")],
    ),
    (
        "SELECT email FROM digitalocean@all.account.account a WHERE a._connection = 'file'",
        [("file@example.com",)],
    ),
    ("SELECT count(*) FROM digitalocean@all.account.account WHERE _connection = 'nobody'", [(0,)]),
    ('SELECT email FROM "digitalocean@prod".account.account', [("prod@example.com",)]),
    ("SELECT a.* FROM digitalocean@one.account.account a", None),
]


@pytest.mark.parametrize(("statement", "rows"), TOGETHER, ids=range(len(TOGETHER)))
def test_one_statement_reaches_several(
    config: Path, statement: str, rows: list[tuple[object, ...]] | None
) -> None:
    config.write_text(config.read_text() + '\n[groups]\nall = ["prod", "file"]\none = ["file"]\n')
    with sqloud.connect(config=config, environment=NAMES) as connection:
        cursor = connection.execute(statement)
        found = cursor.fetchall()
    if rows is not None:
        assert found == rows
    else:
        assert [column[0] for column in cursor.description or ()][-1] == "_connection"
        assert found[0][-1] == "file"


@pytest.mark.parametrize(("asked", "lines"), [("nobody", 0), ("file", 1), ("all", 2)])
def test_an_account_that_is_not_meant_is_not_asked(config: Path, asked: str, lines: int) -> None:
    config.write_text(config.read_text() + '\n[groups]\nall = ["prod", "file"]\n')
    where = "" if asked == "all" else f" WHERE _connection = '{asked}'"
    with sqloud.connect(config=config, environment=NAMES) as connection:
        shown = connection.execute(f"EXPLAIN SELECT email FROM digitalocean@all.account.account{where}")
        told = "\n".join(line for (line,) in shown.fetchall())
    assert told.count("GET /v2/account") == lines


def test_the_failure_of_one_is_told_and_leaves_the_rows_of_the_others(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**NAMES, "GONE": "dop_v1_test_revoked"}.items():
        monkeypatch.setenv(name, value)
    url = config.read_text().split('endpoint_url = "')[1].split('"')[0]
    gone = f'[connections.gone]\nprovider = "digitalocean"\nendpoint_url = "{url}"\ntoken_env = "GONE"\n'
    none = gone.replace("GONE", "NOBODY").replace("gone", "none")
    groups = '[groups]\nsome = ["gone", "prod", "none"]\nlost = ["gone", "none"]\n'
    config.write_text(f"{config.read_text()}\n{gone}{none}{groups}")
    asked = "SELECT _connection, email FROM digitalocean@{}.account.account"
    code = main(["--config", str(config), "-o", "csv", "-c", asked.format("some"), "-c", "SELECT 1"])
    told = capsys.readouterr()
    assert (code, told.out) == (5, "_connection,email\nprod,prod@example.com\n")
    assert "digitalocean@gone.account.account is left out: " in told.err
    assert "digitalocean@none.account.account is left out: the connection none has no token" in told.err
    assert main(["--config", str(config), "-o", "csv", "-c", asked.format("lost")]) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert "error: " in told.err
    both = "SELECT a.email FROM digitalocean@some.account.account a, digitalocean@lost.account.account b"
    assert main(["--config", str(config), "-o", "csv", "-c", both]) == 5
    assert capsys.readouterr().out == ""  # of a group that lost all, not even nothing is known


MEANT = [
    (
        "SELECT 1 FROM digitalocean@prd.account.account",
        "no connection prd of digitalocean",
        "digitalocean@prod?",
    ),
    ("SELECT 1 FROM digitalocean@prod.account.acount", "acount", "account"),
    (
        "SELECT 1 FROM digitalocean@all.droplets.backups",
        "digitalocean@prod.droplets.backups needs droplet_id",
        "",
    ),
    (
        "DELETE FROM digitalocean@all.droplets.droplets WHERE id = 1",
        "is a group of accounts",
        "digitalocean@",
    ),
    ("DESCRIBE digitalocean@prd.account.account", "no connection prd", "digitalocean@prod?"),
]


@pytest.mark.parametrize(("statement", "message", "hint"), MEANT)
def test_an_account_that_does_not_fit_says_what_there_is(
    config: Path, statement: str, message: str, hint: str
) -> None:
    config.write_text(config.read_text() + '\n[groups]\nall = ["prod", "file"]\n')
    with sqloud.connect(config=config, environment=NAMES) as connection, pytest.raises(Error) as wrong:
        connection.execute(statement)
    assert message in wrong.value.message
    assert hint in " ".join(wrong.value.hints)
    assert wrong.value.span is not None


WRONG_GROUPS = [
    ('all = ["prod", "nobody"]', "names nobody, which is no connection"),
    ("all = []", "lists no connections"),
    ('prod = ["prod"]', "is a connection too"),
    ('"a b" = ["prod"]', "is no name of one word"),
]


@pytest.mark.parametrize(("line", "message"), WRONG_GROUPS)
def test_a_group_that_does_not_hold_is_told_with_its_line(config: Path, line: str, message: str) -> None:
    config.write_text(config.read_text() + f"\n[groups]\n{line}\n")
    with pytest.raises(InterfaceError, match=message) as wrong:
        Connections(config, NAMES)
    assert f":{len(config.read_text().splitlines())}: " in wrong.value.message


def test_accounts_are_completed(config: Path) -> None:
    from sqloud.frontends.completion import complete
    from sqloud.frontends.completion_names import CatalogueNames

    config.write_text(config.read_text() + '\n[groups]\nall = ["prod", "file"]\n')
    with Session(Settings(config=config, environment=NAMES)) as session:
        names = CatalogueNames(session.catalogue)
        for text, wanted in (
            ("SELECT * FROM digitalocean@f", "digitalocean@file"),
            ("SELECT * FROM digitalocean@a", "digitalocean@all"),
            ("SELECT * FROM digitalocean@prod.dropl", "droplets"),
            ("SELECT emai| FROM digitalocean@all.account.account", "email"),
            ("SELECT _conn| FROM digitalocean@all.account.account", "_connection"),
        ):
            at = text.find("|") if "|" in text else len(text)
            text = text.replace("|", "")
            assert wanted in [one.text for one in complete(text, at, names)][:3], text


def test_a_check_knows_the_accounts(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.sql"
    script.write_text("SELECT email FROM digitalocean@prd.account.account")
    assert main(["check", "--config", str(config), str(script)]) == 1
    assert "did you mean digitalocean@prod?" in capsys.readouterr().err
    script.write_text("SELECT email FROM digitalocean@prod.account.account")
    assert main(["check", "--config", str(config), str(script)]) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE kept AS SELECT email FROM digitalocean@some.account.account",
        "INSERT INTO mine SELECT email FROM digitalocean@some.account.account",
        "DELETE FROM mine WHERE email NOT IN (SELECT email FROM digitalocean@some.account.account)",
        "DELETE FROM digitalocean@prod.compute.ssh_keys WHERE name IN (TABLE emails)",
    ],
)
def test_what_decides_on_a_write_leaves_no_account_out(config: Path, statement: str) -> None:
    config.write_text(
        config.read_text()
        + '\n[connections.none]\nprovider = "digitalocean"\ntoken_env = "NOBODY"\n'
        + '[groups]\nsome = ["prod", "none"]\n'
    )
    with sqloud.connect(
        config=config, environment=NAMES, allow_writes=True, allow_destructive=True
    ) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 'me' AS email")
        connection.execute("CREATE VIEW emails AS SELECT email FROM digitalocean@some.account.account")
        with pytest.raises(CredentialError, match="the connection none has no token"):
            connection.execute(statement)
        assert connection.execute("SELECT count(*) FROM mine").fetchall() == [(1,)]
