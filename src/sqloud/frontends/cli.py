"""The command `sqloud`.

Law: a command imports what it needs and no more, `--version` next to nothing; whatever happens, the process
ends with one of the documented exit codes, and an interrupted or unread one ends quietly.
"""

from __future__ import annotations

import sys

from sqloud._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import NoReturn

    from sqloud.frontends.batch import Runner
    from sqloud.settings import Settings

__all__ = ["main", "run"]

_VERSION = f"sqloud {__version__}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (without the program's name) and give the exit code; never raises SystemExit."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    code = 0
    try:
        code = _guarded(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _abandon_stdout()
        return 141
    except OSError as error:  # what is left in the buffer cannot be written either
        _abandon_stdout()
        if code:
            return code  # told already, where it was met first
        if sys.stderr is not None:
            sys.stderr.write(f"error: cannot write to stdout: {error.strerror or error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _guarded(arguments: list[str]) -> int:
    """The command's exit code, where argparse and signals end it by SystemExit."""
    if arguments == ["--version"] and sys.stdout is not None:
        sys.stdout.write(_VERSION + "\n")
        return 0
    try:
        return _dispatch(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0


def _dispatch(arguments: list[str]) -> int:
    from sqloud.errors import Error

    if arguments[:1] == ["help"]:
        arguments = ["--help", *arguments[1:]]
    if len(arguments) == 2 and arguments[0] in {"--help", "-h"} and arguments[1] in _COMMANDS:
        arguments = [arguments[1], "--help"]
    command = _COMMANDS.get(arguments[0]) if arguments else None
    try:
        return command(arguments[1:]) if command is not None else _statements(arguments)
    except Error as error:
        from sqloud.frontends.batch import report

        return report(error)


def _statements(arguments: list[str]) -> int:
    """Scripts, or the shell."""
    from sqloud.frontends.options import main_parser
    from sqloud.output import DEFAULT_FORMAT, format_of

    parser = main_parser(_VERSION)
    options = parser.parse_args(arguments)
    scripts = options.scripts
    if not scripts and (sys.stdin is None or not sys.stdin.isatty()):
        scripts = [("file", "-")]
    if not scripts and options.out is not None:
        parser.error("--out needs statements from -c, -f or stdin")
    if options.stream and options.out is not None:
        parser.error("--stream prints rows as they come, and --out is all or nothing: choose one")
    options.continue_on_error = options.continue_on_error or options.on_error == "continue"
    if options.agent:
        options.output_format = options.output_format or "jsonl"
    settings = _settings(options)
    variables = _variables(options)
    if not scripts:
        from sqloud.frontends import shell

        return shell.run(settings=settings, output_format=options.output_format, variables=variables)
    from sqloud.frontends import batch

    with batch.ending_on_signals():
        return batch.run(
            scripts,
            _opening(settings, scripts, agent=options.agent),
            output_format=options.output_format or format_of(options.out or "") or DEFAULT_FORMAT,
            variables=variables,
            parameters=_parameters(options),
            agent=options.agent,
            out=options.out,
            continue_on_error=options.continue_on_error,
        )


def _variables(options: argparse.Namespace) -> dict[str, str]:
    """The values of `{{ }}`: of the files in their order, then of the options."""
    found: dict[str, str] = {}
    if options.variable_files:
        from sqloud.frontends.parameters import variables_of

        for path in options.variable_files:
            found |= variables_of(path)
    return found | dict(options.variables)


def _parameters(options: argparse.Namespace) -> dict[str, object]:
    """The values of `:name`."""
    if not options.parameters:
        return {}
    from sqloud.frontends.parameters import parameter

    return dict(parameter(name, text) for name, text in options.parameters)


def _settings(options: argparse.Namespace) -> Settings:
    """The environment's settings with what the command line says on top."""
    from sqloud.settings import CACHE_TTL, Settings

    said = {
        "endpoints": dict(options.endpoints),
        "providers": tuple(options.providers),
        "sandbox": options.sandbox,
        "allow_read": tuple(options.allow_read or ()),
        "allow_write": tuple(options.allow_write or ()),
        "database": options.database,
    }
    for name in ("allow_writes", "allow_destructive", "read_only", "preview", "await_writes"):
        said[name] = getattr(options, name)
    said["continue_on_error"] = options.continue_on_error
    if options.journal is not None:
        from pathlib import Path

        said["journal"] = Path(options.journal)
    if options.max_concurrency is not None:
        said["max_concurrency"] = options.max_concurrency
    if options.dry_run:
        said["dry_run"] = True
    if options.max_requests is not None:
        said["max_requests"] = options.max_requests
    if options.cache or options.cache_dir is not None:
        said["cache_ttl"] = CACHE_TTL
    if options.cache_dir is not None:
        said["cache_dir"] = options.cache_dir
    if options.log_requests is not None:
        from pathlib import Path

        said["log_requests"] = Path(options.log_requests)
    said["config"] = options.config
    if options.config is None:
        import os

        from sqloud.connections import config_file

        path = config_file(os.environ)
        said["config"] = path if options.connection is not None or os.path.exists(path) else None
    said["connection"] = options.connection
    if options.max_keys is not None:
        said["max_keys"] = options.max_keys
    if options.stream:
        said["stream"] = True
    for name in ("request_timeout", "memory_limit"):
        if getattr(options, name) is not None:
            said[name] = getattr(options, name)
    if options.timeout is not None:
        said["statement_timeout"] = options.timeout
    return Settings.from_environment(**said)


def _opening(
    settings: Settings, scripts: Sequence[tuple[str, str]], *, agent: bool = False
) -> Callable[[], AbstractContextManager[Runner]]:
    def open_session() -> AbstractContextManager[Runner]:
        from sqloud.frontends.batch import agent_notice, notice
        from sqloud.session import Session

        if agent:
            return Session(settings, on_notice=agent_notice)
        from sqloud.frontends.asking import asker

        return Session(settings, on_notice=notice, on_confirm=asker(scripts, sys.stdin, sys.stderr))

    return open_session


def _provider(arguments: list[str]) -> int:
    """`sqloud provider import FILE`, or `sqloud provider check PATH`: findings on stderr, or one line on stdout."""
    if arguments[:1] == ["import"]:
        from sqloud.frontends import importing

        return importing.run(arguments[1:])
    if arguments[:1] == ["docs"]:
        from sqloud.frontends import documenting

        return documenting.run(arguments[1:])
    from sqloud.frontends.options import provider_parser

    path = provider_parser().parse_args(arguments).path
    from pathlib import Path

    from sqloud.frontends.report import tell
    from sqloud.output.escapes import visible
    from sqloud.planner import judge_expression
    from sqloud.registry.check import check_provider

    findings = check_provider(Path(path), judge_expression)
    for finding in findings:
        tell(visible(str(finding)))
    if not findings:
        sys.stdout.write(f"{path}: holds\n")
    return 1 if findings else 0


def _sandbox(arguments: list[str]) -> int:
    """`sqloud sandbox --port N`: serves until it is told to end."""
    from sqloud.frontends.options import sandbox_parser

    parser = sandbox_parser()
    options = parser.parse_args(arguments)
    from sqloud.errors import InvalidValueError
    from sqloud.registry.catalogue import Catalogue
    from sqloud.sandbox.faults import parse_fault
    from sqloud.sandbox.server import serve
    from sqloud.settings import Settings, shipped

    try:
        faults = [parse_fault(fault) for fault in options.faults]
    except InvalidValueError as error:
        parser.error("; ".join([f"argument --fault: {error}", *error.hints]))
    settings = Settings.from_environment()
    return serve(
        host=options.host,
        port=options.port,
        latency=options.latency / 1000,
        faults=faults,
        token=options.token,
        catalogue=Catalogue((shipped("providers"), *settings.providers), settings.cache),
    )


def _journal(arguments: list[str]) -> int:
    """`sqloud journal FILE`: the writes in doubt."""
    from sqloud.frontends import journal

    return journal.run(arguments)


def _auth(arguments: list[str]) -> int:
    """`sqloud auth check`: whose token it is."""
    from sqloud.frontends import auth

    return auth.run(arguments)


def _fmt(arguments: list[str]) -> int:
    """`sqloud fmt FILE...`: scripts laid out."""
    from sqloud.frontends import formatting

    return formatting.run(arguments)


def _check(arguments: list[str]) -> int:
    """`sqloud check FILE...`: findings on stderr, or a line a file on stdout."""
    from sqloud.frontends import checking

    return checking.run(arguments)


def _completion(arguments: list[str]) -> int:
    """`sqloud completion SHELL`: a script for the shell to read."""
    from sqloud.frontends import shell_completion

    return shell_completion.run(arguments)


_COMMANDS = {
    "auth": _auth,
    "check": _check,
    "completion": _completion,
    "fmt": _fmt,
    "journal": _journal,
    "provider": _provider,
    "sandbox": _sandbox,
}


def _abandon_stdout() -> None:
    """Let what is still buffered go nowhere, or the interpreter complains about it when it ends."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def run() -> NoReturn:
    """The console's entry: run the command line and end the process with its exit code.

    Imports are most of a cold start and leave little garbage, so the collector looks seldom; and the memory of
    the process is the system's to take back, which it does faster than the interpreter.
    """
    import gc
    import os

    gc.set_threshold(100_000, 20, 20)
    code = main()
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)  # stdout was flushed by main, and the session is closed
