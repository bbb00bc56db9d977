"""`sqloud auth`: which connections there are, and whose token each has.

Law: no token is shown. A check asks what the provider's document names for it, and nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sqloud.connections import Connections, config_file
from sqloud.dialect import split
from sqloud.errors import Error, Source
from sqloud.frontends.arguments import Parser
from sqloud.frontends.batch import report
from sqloud.output.escapes import visible
from sqloud.session import Session
from sqloud.settings import Settings

__all__ = ["parser", "run"]


def parser() -> argparse.ArgumentParser:
    """The parser of `sqloud auth ...`."""
    made = Parser(prog="sqloud auth")
    commands = made.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name, told in (
        ("check", "ask each provider whose token it is"),
        ("list", "the connections of the configuration"),
    ):
        command = commands.add_parser(name, help=told, description=told)
        command.add_argument(
            "--config", metavar="FILE", type=Path, help="the configuration (also SQLOUD_CONFIG)"
        )
        if name == "check":
            command.add_argument("--connection", metavar="NAME", help="this one alone (default: all of them)")
            command.add_argument("--sandbox", action="store_true", help="ask the simulated cloud")
    return made


def run(arguments: list[str]) -> int:
    """0 where every token is good, else the exit code of the first that is not."""
    options = parser().parse_args(arguments)
    path = options.config or config_file(os.environ)
    connections = Connections(path, os.environ)
    if options.command == "list":
        for one in connections:
            mark = " (default)" if one.default else ""
            sys.stdout.write(f"{one.name}{mark}: {one.provider}, token from {visible(one.told)}\n")
        if not list(connections):
            sys.stdout.write(f"{path} names no connection\n")
        return 0
    names = (
        [connections.named(options.connection).name]
        if options.connection
        else [one.name for one in connections]
    )
    code = 0
    for name in names or [None]:
        settings = Settings.from_environment(config=path, connection=name, sandbox=options.sandbox)
        try:
            with Session(settings, on_notice=lambda _: None) as session:
                providers = [connections.named(name).provider] if name else session.catalogue.providers()
                for provider in providers:
                    _tell(session, name or "environment", provider)
        except Error as error:
            sys.stdout.flush()
            error.message = f"{name or 'environment'}: {error.message}"
            error.source = None
            code = code or report(error)
    return code


def _tell(session: Session, name: str, provider: str) -> None:
    """Whose token it is, what bounds it, and what is left of the rate limit."""
    asked = session.catalogue.provider(provider).whoami
    if asked is None:
        sys.stdout.write(f"{name}: {provider} names nothing to ask for the owner of a token\n")
        return
    table, columns = asked
    listed = ", ".join(columns)
    result = session.run(split(Source("auth", f"SELECT {listed} FROM {provider}.{table}"))[0])
    rows = [row for batch in result.batches() for row in batch]
    for row in rows:
        owner = ", ".join(f"{column} {visible(str(cell))}" for column, cell in zip(columns, row, strict=True))
        left = [
            f"; {remaining:,} requests left"
            for _, remaining, _ in session.rate_limits()
            if remaining is not None
        ]
        sys.stdout.write(f"{name} ({provider}): {owner}{''.join(left[:1])}\n")
