"""`sqloud journal FILE`: what a journal of writes tells.

Law: each row in doubt is on stdout, a line each, with its body; what was done, failed or never sent is counted on
stderr. It reads the file and sends nothing.
"""

from __future__ import annotations

import sys

from sqloud.frontends.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqloud.executor.journal import JournalledRun

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Print the rows in doubt and give the exit code. Raises OperationalError for a file that cannot be read."""
    parser = Parser(
        prog="sqloud journal",
        description="Tell which writes of a journal are in doubt: sent, and no answer came.",
    )
    parser.add_argument("path", metavar="FILE", help="what --journal wrote")
    path = parser.parse_args(list(arguments)).path
    from sqloud.errors import OperationalError
    from sqloud.executor.journal import read_journal
    from sqloud.frontends.report import tell

    try:
        with open(path, "rb") as file:
            runs, broken = read_journal(file)
    except OSError as error:
        raise OperationalError(f"cannot read {path}: {error.strerror or error}") from error
    for one in runs:
        for line in _in_doubt(one):
            sys.stdout.write(line + "\n")
        tell(_summary(one))
    if broken:
        tell(f"note: {broken:,} line{'s' if broken > 1 else ''} of {path} cannot be read")
    if not runs:
        tell(f"note: {path} holds no writes")
    return 0


def _in_doubt(run_: JournalledRun) -> list[str]:
    import msgspec

    from sqloud.executor.journal import IN_DOUBT
    from sqloud.output.escapes import visible

    lines = []
    for number in sorted(run_.sent):
        row = run_.sent[number]
        if row.outcome == IN_DOUBT:
            body = "" if row.body is None else f" {msgspec.json.encode(row.body).decode()}"
            lines.append(
                visible(f"{run_.at} {run_.statement} row {number}: {IN_DOUBT}: {row.method} {row.url}{body}")
            )
    return lines


def _summary(run_: JournalledRun) -> str:
    from sqloud.executor.journal import IN_DOUBT
    from sqloud.output.escapes import visible

    counted = [f"{run_.count(name):,} {name}" for name in ("done", "failed", IN_DOUBT)]
    text = f"{run_.at} {run_.statement}: {run_.rows:,} rows: {', '.join(counted)}, {run_.unsent:,} not sent"
    return visible(text)
