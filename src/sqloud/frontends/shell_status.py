r"""What the line below the prompt says: who is asked, what a write does, what is left of the rate limit.

Law: told from what is known, and never waited for: no request, no token fetched, and before the session is open the
settings alone. What is told fits the width: the parts that matter least are left out, not cut.
"""

from __future__ import annotations

from sqloud.output.escapes import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqloud.session import Session
    from sqloud.settings import Settings

__all__ = ["About", "credential_place", "no_token", "status", "writes"]

_BETWEEN = " | "


class About:
    """What the shell has to tell of itself. `opened` gives the session once it is open, and never waits."""

    def __init__(self, settings: Settings, opened: Callable[[], Session | None]) -> None:
        self._settings = settings
        self._opened = opened
        self._is_welcomed = False

    def status(self, columns: int) -> str:
        """The line below the prompt."""
        return status(self._settings, self._opened(), columns)

    def has_welcome(self) -> bool:
        """Whether there may be something to tell a user who has just come."""
        return not self._is_welcomed and self._opened() is not None

    def welcome(self) -> str | None:
        """It, once; None where there is nothing to tell, or not yet."""
        session = self._opened()
        if self._is_welcomed or session is None:
            return None
        self._is_welcomed = True
        return no_token(session)


def status(settings: Settings, session: Session | None, columns: int) -> str:
    """One line of at most `columns` characters; `session` is None while it opens, `settings` those it opens with."""
    if session is None:
        where = "the sandbox" if settings.sandbox else settings.connection or "opening"
        return _fitting([where, f"writes {writes(settings)}"], columns)
    now = session.settings
    parts = [", ".join(_where(session, name) for name in session.catalogue.providers())]
    kept = session.in_transaction
    parts.append("writes kept until COMMIT" if kept else f"writes {writes(now)}")
    parts += _limits(session.rate_limits())
    return _fitting([*parts, "\\? help"], columns)


def writes(settings: Settings) -> str:
    """What becomes of a write, as the end of a sentence."""
    if settings.read_only:
        return "refused (--read-only)"
    if settings.dry_run or settings.preview:
        return "shown, not sent"
    if settings.allow_destructive:
        return "allowed"
    return "allowed, those that destroy asked for" if settings.allow_writes else "asked for, one by one"


def credential_place(session: Session, name: str) -> str | None:
    """Where the credential of a provider comes from, None where there is none; nothing is fetched."""
    settings = session.settings
    used = next((one for one in session.connections() if one.name == settings.connection), None)
    if used is not None and used.provider == name:
        return f"the credential of the connection {used.name} ({visible(used.told)})"
    if name in settings.credentials:
        return "the credential of its connection"
    names = session.catalogue.provider(name).authentication.environment
    held = next((one for one in names if settings.environment.get(one)), None)
    return f"the credential in {held}" if held is not None else None


def no_token(session: Session) -> str | None:
    """What to tell a user who has no credential for any provider that wants one; None where there is one."""
    wanted = [name for name in session.catalogue.providers() if _variables(session, name)]
    if session.settings.sandbox or not wanted:
        return None
    if any(credential_place(session, name) is not None for name in wanted):
        return None
    named = [one.name for one in session.connections()]
    account = (
        f"\\c NAME   one of {', '.join(named)}"
        if named
        else "~/.config/sqloud/config.toml   (docs/cli.md, Accounts)"
    )
    return (
        f"There is no token for {' or '.join(wanted)} yet. Without one: SHOW, DESCRIBE and EXPLAIN,\n"
        "and tables of your own.\n"
        "  to look around    sqloud --sandbox   a simulated cloud, no account needed\n"
        f"  with a token      export {_variables(session, wanted[0])[0]}=...   before sqloud starts\n"
        f"  with an account   {account}"
    )


def _where(session: Session, name: str) -> str:
    settings = session.settings
    if settings.sandbox:
        return f"{name}: sandbox"
    used = next((one for one in session.connections() if one.name == settings.connection), None)
    told = f"{name}@{used.name}" if used is not None and used.provider == name else name
    if name in settings.endpoints:
        told += f" at {visible(settings.endpoints[name].partition('://')[2])}"
    if _variables(session, name) and credential_place(session, name) is None:
        told += ": no token"
    return told


def _variables(session: Session, name: str) -> tuple[str, ...]:
    return tuple(session.catalogue.provider(name).authentication.environment)


def _limits(told: Iterable[tuple[str, int | None, float]]) -> list[str]:
    """The scarcest of the hosts."""
    known = [(remaining, held) for _, remaining, held in told if remaining is not None]
    if not known:
        return []
    remaining, held = min(known)
    return [f"{remaining:,} requests left" + (f", next in {held:.0f} s" if held >= 1 else "")]


def _fitting(parts: list[str], columns: int) -> str:
    """The parts from the first as far as they fit; the first is cut where it must be."""
    line = parts[0][: max(columns - 2, 0)]
    for part in parts[1:]:
        if len(line) + len(_BETWEEN) + len(part) + 2 <= columns:
            line += _BETWEEN + part
    return f" {line} "
