"""The options of the command line.

Law: an option is checked before anything is read or sent; a malformed one ends with its own name on stderr
and exit code 2. Only argparse is imported to show the help.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sqloud.frontends.arguments import Help, Parser
from sqloud.output import DEFAULT_FORMAT, FORMAT_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COMMAND_NAMES", "check_parser", "main_parser", "provider_parser", "sandbox_parser"]

_EPILOG = """\
other commands:
  sqloud auth check            tell whose token each connection has
  sqloud check FILE...         check scripts: names, types, missing values; sends nothing
  sqloud completion SHELL      completion for bash, zsh or fish
  sqloud fmt [FILE...]         lay scripts out (--check, --diff)
  sqloud provider check PATH   check a provider document, or a folder of them
  sqloud provider import FILE  make provider documents from an OpenAPI document
  sqloud provider docs NAME    write the pages of a provider
  sqloud journal FILE          tell which writes of a journal are in doubt
  sqloud sandbox --port N      serve the simulated cloud on a socket

exit codes:
  0 all well   1 a statement failed   2 wrong usage   4 cut short by a limit you set
  5 credentials   6 rate limit or time budget spent   130, 143 interrupted, terminated
"""


_SHORT = """\
usage: sqloud [options]            a shell; with -c, -f or a pipe a batch
       sqloud COMMAND [options]    of auth, check, completion, fmt, journal,
                                   provider, sandbox

  -c SQL, -f FILE         run statements, a script (- is stdin); in order
  -v NAME=VALUE           of {{ NAME }}; --param NAME=VALUE: of :NAME
  -o FORMAT               table, json, jsonl, csv, tsv, yaml and others
  --out FILE              write the answer there, all or nothing
  --sandbox               a simulated cloud: no token, no network
  --connection NAME       an account of ~/.config/sqloud/config.toml
  --dry-run               print the requests of each statement, and send none
  --allow-writes          let INSERT, UPDATE, REPLACE and EXEC be sent
  --allow-destructive     let DELETE, and what else destroys, be sent
  --continue-on-error     run on after a failure; the exit code is the first's
  --timeout SECONDS       time budget of a statement
  --max-requests N        requests that a statement may send
  --version

exit codes: 0 all well, 1 a statement failed, 2 usage, 4 cut short by a limit,
            5 credentials, 6 rate limit or time budget, 130 interrupted
more:       sqloud --help all; or statements, output, where, writes, limits,
            commands, codes; sqloud COMMAND --help
"""
COMMAND_NAMES = ("auth", "check", "completion", "fmt", "journal", "provider", "sandbox")
"""What may stand in the place of options."""


class _Script(argparse.Action):
    """Gathers `-c` and `-f` in the order given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Append (kind, argument); `const` holds the kind."""
        namespace.scripts = [*namespace.scripts, (self.const, values)]


def main_parser(version: str) -> argparse.ArgumentParser:
    """The parser of `sqloud [options]`.

    It gives `scripts` as (`command` | `file`, argument) pairs, `variables` and `endpoints` as (name, value)
    pairs, directories as resolved paths, and None for what was not said.
    """
    parser = Parser(
        prog="sqloud",
        usage="sqloud [options]\n       sqloud COMMAND [options]",
        description="Ask, change and embed cloud infrastructure with SQL.\n"
        "Without -c, -f and a script on stdin it is a shell.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        commands=COMMAND_NAMES,
    )
    parser.set_defaults(scripts=[])
    parser.add_argument(
        *("-h", "--help"),
        metavar="TOPIC",
        action=Help,
        nargs="?",
        const=_SHORT,
        help="the first things to know; of TOPIC: all, statements, output, where, writes, limits, commands, codes",
    )
    add = parser.add_argument_group("statements").add_argument
    add("-c", "--command", metavar="SQL", action=_Script, const="command", help="run statements; may repeat")
    add(
        *("-f", "--file"),
        metavar="FILE",
        action=_Script,
        const="file",
        help="run a script, - for stdin; -c and -f run in the order given",
    )
    add(
        *("-v", "--variable"),
        metavar="NAME=VALUE",
        dest="variables",
        action="append",
        type=_variable,
        default=[],
        help="the value of {{ NAME }}; may repeat",
    )
    add(
        "--vars",
        metavar="FILE",
        dest="variable_files",
        action="append",
        default=[],
        help="values of {{ }} in a .json, .yaml or NAME=VALUE file; -v goes first",
    )
    add(
        "--param",
        metavar="NAME[:TYPE]=VALUE",
        dest="parameters",
        action="append",
        type=_parameter,
        default=[],
        help="the value of :NAME, typed (text, int, number, bool, date, timestamp, json)",
    )
    add("--dry-run", action="store_true", help="print the requests of each statement, and send none")
    add("--continue-on-error", action="store_true", help="run on; the exit code is the first failure's")
    add("--on-error", choices=("stop", "continue"), help="what --continue-on-error says, by name")
    add = parser.add_argument_group("output").add_argument
    add(
        "--agent",
        action="store_true",
        help="for programs: jsonl on stdout, errors and notes as JSON on stderr",
    )
    add(
        *("-o", "--output-format"),
        metavar="FORMAT",
        choices=FORMAT_NAMES,
        help=f"{', '.join(FORMAT_NAMES)} (default: by the suffix of --out, else {DEFAULT_FORMAT})",
    )
    add("--stream", action="store_true", help="print rows while they come, where a statement allows it")
    add("--out", metavar="FILE", help="write there instead, all or nothing: a failure leaves the old file")
    add = parser.add_argument_group("where to").add_argument
    add("--connection", metavar="NAME", help="an account of the configuration (USE NAME changes it)")
    add(
        "--config",
        metavar="FILE",
        type=_file,
        help="the configuration (default: ~/.config/sqloud/config.toml)",
    )
    add("--sandbox", action="store_true", help="a simulated cloud: no token, no network")
    add(
        "--endpoint-url",
        metavar="PROVIDER=URL",
        dest="endpoints",
        action="append",
        type=_endpoint,
        default=[],
        help="another server for a provider (also SQLOUD_ENDPOINT_URL_<PROVIDER>)",
    )
    add(
        "--providers",
        metavar="DIR",
        action="append",
        type=_directory,
        default=[],
        help="more provider documents (also SQLOUD_PROVIDERS)",
    )
    add(
        "--database",
        metavar="FILE",
        type=_file,
        help="keep tables and views of your own in FILE (default: in memory, gone in the end)",
    )
    add = parser.add_argument_group("writes").add_argument
    add("--allow-writes", action="store_true", help="let INSERT, UPDATE, REPLACE and EXEC be sent")
    add("--allow-destructive", action="store_true", help="let DELETE, and what else destroys, be sent")
    add("--read-only", action="store_true", help="refuse every write, whatever else is allowed")
    add("--preview", action="store_true", help="send the reads of a write and print the exact writes")
    add("--journal", metavar="FILE", help="record every write there before and after it is sent")
    add("--await", dest="await_writes", action="store_true", help="follow what a write starts to its end")
    add = parser.add_argument_group("limits").add_argument
    add(
        "--allow-read",
        metavar="DIR",
        action="append",
        type=_directory,
        help="let statements read files in DIR",
    )
    add(
        "--allow-write",
        metavar="DIR",
        action="append",
        type=_directory,
        help="let COPY write files in DIR",
    )
    add("--max-concurrency", metavar="N", type=_count, help="requests in flight at once")
    add(
        "--max-keys",
        metavar="N",
        type=_count,
        help="values that one table may be asked for out of other tables",
    )
    add("--max-requests", metavar="N", type=_count, help="requests that a statement may send (exit code 4)")
    add(
        "--cache",
        action="store_true",
        help="reuse answers for five minutes; SET cache_ttl = '1 h' for longer",
    )
    add(
        "--cache-dir",
        metavar="DIR",
        type=_place,
        help="--cache that other runs share, kept in DIR (mode 0600)",
    )
    add("--log-requests", metavar="FILE", help="note each request there, a JSON line each")
    add("--timeout", metavar="SECONDS", type=_seconds, help="time budget of a statement")
    add(
        "--request-timeout",
        metavar="SECONDS",
        type=_seconds,
        help="time that all attempts of one request may take",
    )
    add(
        "--memory-limit",
        metavar="SIZE",
        type=_size,
        help="memory of the engine (512MB, 2GiB), beyond which rows go to the disk",
    )
    parser.add_argument("--version", action="version", version=version)
    return parser


def check_parser() -> argparse.ArgumentParser:
    """The parser of `sqloud check ...`: `files`, and what `main_parser` gives under the same names."""
    parser = Parser(
        prog="sqloud check",
        description="Read and bind every statement of scripts, and send nothing.",
    )
    add = parser.add_argument
    add("files", metavar="FILE", nargs="+", help="a script, - for stdin")
    add(
        "-v",
        "--variable",
        metavar="NAME=VALUE",
        dest="variables",
        action="append",
        type=_variable,
        default=[],
    )
    add("--vars", metavar="FILE", dest="variable_files", action="append", default=[])
    add(
        *("--param",),
        metavar="NAME[:TYPE]=VALUE",
        dest="parameters",
        action="append",
        type=_parameter,
        default=[],
    )
    add(
        "--config",
        metavar="FILE",
        type=_file,
        help="the configuration that names accounts (default: ~/.config/sqloud/config.toml)",
    )
    add("--providers", metavar="DIR", action="append", type=_directory, default=[])
    add("--agent", action="store_true", help="findings as JSON on stderr")
    return parser


def provider_parser() -> argparse.ArgumentParser:
    """The parser of `sqloud provider ...`: `path`, resolved by nobody."""
    parser = Parser(prog="sqloud provider")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    commands.add_parser("import", help="make provider documents from an OpenAPI document", add_help=False)
    commands.add_parser("docs", help="write the pages of a provider", add_help=False)
    check = commands.add_parser("check", help="check provider documents")
    check.add_argument(
        "path", metavar="PATH", help="a provider's folder, its provider.yaml or a service file"
    )
    return parser


def sandbox_parser() -> argparse.ArgumentParser:
    """The parser of `sqloud sandbox ...`; `latency` in milliseconds, `faults` as texts."""
    parser = Parser(
        prog="sqloud sandbox",
        description="Serve the simulated cloud until SIGINT or SIGTERM.",
    )
    add = parser.add_argument
    add("--port", metavar="N", type=_port, required=True, help="0 takes any free port")
    add("--host", default="127.0.0.1", help="default: %(default)s")
    add("--latency", metavar="MS", type=_milliseconds, default=0.0, help="milliseconds before each answer")
    add(
        "--fault",
        metavar="STATUS[:PAGE[:COUNT]]",
        dest="faults",
        action="append",
        default=[],
        help="answer STATUS instead, to PAGE (* for any), COUNT times; may repeat",
    )
    add("--token", metavar="T", help="the only token that is let in (default: any)")
    return parser


def _pair(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not (name.isascii() and name.isidentifier()):
        raise argparse.ArgumentTypeError(
            f"expected {form}, where the name is one word; got the name {name!r}"
        )
    return name, value


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    bare, colon, kind = name.partition(":")
    if "=" not in text or not (bare.isascii() and bare.isidentifier()) or (colon and not kind):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE or NAME:TYPE=VALUE, got {text!r}")
    return name, value


def _variable(text: str) -> tuple[str, str]:
    return _pair(text, "NAME=VALUE")


def _endpoint(text: str) -> tuple[str, str]:
    return _pair(text, "PROVIDER=URL")


def _directory(text: str) -> Path:
    from pathlib import Path

    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {text!r}")
    return path.resolve()


def _place(text: str) -> Path:
    from pathlib import Path

    path = Path(text)
    if not text or (path.exists() and not path.is_dir()):
        raise argparse.ArgumentTypeError(f"{text!r} can be no directory")
    return path.absolute()


def _file(text: str) -> Path:
    from pathlib import Path

    path = Path(text)
    if not text or path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} can be no file")
    return path.absolute()


def _count(text: str) -> int:
    return int(_number(text, "a whole number from 1", least=1, whole=True))


def _port(text: str) -> int:
    port = int(_number(text, "a port from 0 to 65535", least=0, whole=True))
    if port > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return port


def _seconds(text: str) -> float:
    seconds = _number(text, "a number of seconds above 0", least=0)
    if not seconds:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return seconds


def _size(text: str) -> int:
    from sqloud.session_settings import size

    found = size(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a size from 32MB, as 512MB or 2GiB; got {text!r}")
    return found


def _milliseconds(text: str) -> float:
    return _number(text, "a number of milliseconds from 0", least=0)


def _number(text: str, expected: str, *, least: float, whole: bool = False) -> float:
    """A finite number that is not below `least`."""
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = float("nan")
    if not least <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return number
