"""`sqloud check`: what is wrong with scripts, before anything runs.

Law: nothing is sent and nothing is changed. Every statement is judged, not the first wrong one alone. A query, a write,
a SHOW or a DESCRIBE is planned and bound whole; a change of own relations is read and no more, and so is what follows
it, for it may need the relation that was not made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from sqloud import dialect
from sqloud.connections import config_file
from sqloud.dialect import StatementText
from sqloud.errors import Error, UnknownNameError
from sqloud.frontends.batch import agent_report, notice, read_script, report
from sqloud.frontends.parameters import parameter, variables_of
from sqloud.frontends.report import FAILED
from sqloud.session import Session
from sqloud.settings import Settings

__all__ = ["run"]

_PLANNED = tuple(
    getattr(dialect, name)
    for name in (
        *("Query", "Show", "Describe", "DescribeMethod", "ShowStatement", "Explain", "ShowSetting"),
        *("Insert", "ReplaceInto", "Update", "Replace", "Delete", "Exec"),
    )
)


def run(arguments: list[str]) -> int:
    """Check files; 0 where all hold, 1 where a statement does not, 2 for wrong usage."""
    from sqloud.frontends.options import check_parser

    options = check_parser().parse_args(arguments)
    variables: dict[str, str] = {}
    for path in options.variable_files:
        variables |= variables_of(path)
    variables |= dict(options.variables)
    parameters = dict(parameter(name, text) for name, text in options.parameters)
    # The credential is none: a check needs no account, and knows their names.
    path = options.config or config_file(os.environ)
    settings = Settings.from_environment(
        providers=tuple(options.providers),
        dry_run=True,
        sandbox=True,
        config=path if options.config is not None or path.exists() else None,
    )
    tell_error = agent_report if options.agent else report
    code = 0
    with Session(settings, on_notice=lambda _: None) as session:
        for file in options.files:
            try:
                statements = dialect.split(read_script(("file", file)))
            except Error as error:
                code = code or tell_error(error, None)
                continue
            wrong = _wrong(session, statements, variables, parameters)
            for text, fault in wrong:
                fault.in_source(text.source)
                tell_error(fault, text.span)
            if wrong:
                code = code or FAILED
            elif not options.agent:
                count = len(statements)
                sys.stdout.write(
                    f"{file}: {count} statement{'s' if count != 1 else ''}, no fault found{os.linesep}"
                )
    return code


def _wrong(
    session: Session,
    statements: tuple[StatementText, ...],
    variables: Mapping[str, str],
    parameters: Mapping[str, object],
) -> list[tuple[StatementText, Error]]:
    """The statements that cannot run as they stand, each with what is wrong."""
    wrong: list[tuple[StatementText, Error]] = []
    changed = False
    for text in statements:
        try:
            record = dialect.bind(dialect.parse(text, variables), parameters or None)
            if isinstance(record, _PLANNED):
                session.run(text, variables=variables, parameters=parameters or None).close()
            elif not isinstance(record, (dialect.SetSetting, dialect.ResetSetting)):
                changed = True
                notice(f"{text.source.name}: {text.text.split()[0].upper()} is read, and not tried")
        except UnknownNameError as error:
            if not changed:
                wrong.append((text, error))
        except Error as error:
            wrong.append((text, error))
    return wrong
