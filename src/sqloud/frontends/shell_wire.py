r"""The commands that tell of the connection: `\conninfo`, `\requests`, `\limits`, `\cache`.

Law: no credential is shown, nor what is called like a secret in a body: a variable's name stands in its place.
"""

from __future__ import annotations

from sqloud.errors import ProgrammingError
from sqloud.frontends.report import tell
from sqloud.frontends.shell_status import credential_place, writes
from sqloud.output.escapes import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqloud.frontends.shell_console import Console

__all__ = ["cache", "connect", "connection", "limits", "requests"]

_SHOWN = 5


def connection(console: Console, _: list[str]) -> None:
    """Tell where statements go."""
    session = console.session()
    settings = session.settings
    for name in session.catalogue.providers():
        provider = session.catalogue.provider(name)
        where = settings.endpoints.get(name) or provider.base_url
        if settings.sandbox:
            tell(f"{name}: the sandbox, a simulated cloud in this process; no credential is sent anywhere")
            continue
        names = provider.authentication.environment
        place = credential_place(session, name)
        if place is not None:
            tell(f"{name}: {visible(where)}, with {place}")
        elif names:
            tell(f"{name}: {visible(where)}, no credential: set {' or '.join(names)}")
        else:
            tell(f"{name}: {visible(where)}, no credential is needed")
    tell(f"writes are {writes(settings)}")


def connect(console: Console, words: list[str]) -> None:
    """Show the connections, or use one."""
    if words:
        name = words[0].replace("'", "''")
        console.run(f"SET connection = '{name}'", "<\\c>")
        tell(f"{visible(words[0])} is asked from now on")
        return
    session = console.session()
    for one in session.connections():
        mark = "*" if one.name == session.settings.connection else " "
        tell(f"{mark} {one.name}: {one.provider}, token from {visible(one.told)}")
    if not session.connections():
        tell("no configuration names connections; docs/cli.md tells how one is written")


def requests(console: Console, words: list[str]) -> None:
    """The last requests as curl commands."""
    word = words[0] if words else str(_SHOWN)
    if not (word.isascii() and word.isdecimal() and int(word)):
        raise ProgrammingError(f"{word} is no number of requests", hints=("usage   \\requests 10",))
    sent = console.session().recent.sent()[-int(word) :]
    if not sent:
        tell("no request was sent yet")
    for one in sent:
        console.write_line(f"# {one.outcome} after {one.seconds * 1000:,.0f} ms\n{one.as_curl()}")


def limits(console: Console, _: list[str]) -> None:
    """What is left of the rate limits, and what bounds a statement."""
    session = console.session()
    settings = session.settings
    lanes = session.rate_limits()
    for host, remaining, held in lanes:
        left = "tells nothing of its limit" if remaining is None else f"{remaining:,} requests are left"
        tell(f"{host}: {left}" + (f", the next in {held:.1f} s" if held else ""))
    if not lanes:
        tell("no request was sent yet, so no rate limit is known")
    bound = settings.statement_timeout
    tell(
        f"a statement may take {f'{bound:g} s' if bound else 'any time'}, send "
        f"{f'{settings.max_requests:,}' if settings.max_requests else 'any number of'} requests, "
        f"and ask one table for {settings.max_keys:,} values out of other tables"
    )


def cache(console: Console, words: list[str]) -> None:
    """Show or set how long answers are kept."""
    from sqloud.session_settings import SESSION_SETTINGS

    if "cache_ttl" not in SESSION_SETTINGS:
        tell("answers are not kept: every statement asks the API")
        return
    if not words:
        kept = console.session().settings.cache_dir
        tell(
            f"answers are kept in {'memory' if kept is None else kept}, for as long as this says (0: not at all)"
        )
        console.run("SHOW cache_ttl", "<\\cache>")
        return
    word = "0" if words[0].lower() == "off" else words[0].replace("'", "''")
    console.run(f"SET cache_ttl = '{word}'", "<\\cache>")
