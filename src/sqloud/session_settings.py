"""The settings that a statement may change: SET, RESET and SHOW of a session.

Law: a setting has one name, one reader and one way to be shown; a value that its reader does not know changes
nothing and is an error that says what would be one.

A setting stands here once, as one line of `SESSION_SETTINGS`; its name is that of the field of `Settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from sqloud.errors import InvalidValueError, Span, UnknownNameError
from sqloud.settings import Settings

__all__ = [
    "DURATION",
    "SESSION_SETTINGS",
    "SWITCH",
    "SessionSetting",
    "changed",
    "duration",
    "reset",
    "setting",
    "shown",
    "size",
]

Raw = str | int | float | bool
"""A value as the statement writes it: a text, a number, or a word such as `on`, which is a text."""


class SessionSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `field` is the one of `Settings` where it has another name.

    `read` gives the field's value, None for a raw value that is none; `example` is one.
    """

    read: Callable[[Raw], object]
    show: Callable[[object], str]
    example: str
    description: str
    field: str = ""


_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("us", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.ASCII)
_SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def duration(raw: Raw) -> float | None:
    """Seconds of a duration: `30`, `'30 s'`, `'5 min'`, `'1h'`; None for anything else."""
    if isinstance(raw, bool):
        return None
    found = _DURATION.fullmatch(str(raw).lower())
    if found is None or found[2] not in _UNITS:
        return None
    return float(found[1]) * _UNITS[found[2]]


_SIZES: Mapping[str, int] = {"b": 1} | {
    f"{prefix}{suffix}": base**power
    for suffix, base in (("b", 1000), ("ib", 1024))
    for power, prefix in enumerate("kmgt", 1)
}
_LEAST_MEMORY = 32 * 10**6


def size(raw: Raw) -> int | None:
    """Bytes of a size with its unit: `'512 MB'`, `'2GiB'`; None for anything else, and for too few to work with.

    >>> size("512 MB"), size("1.5GiB"), size("512"), size("1 MB")
    (512000000, 1610612736, None, None)
    """
    found = _DURATION.fullmatch(str(raw).lower())
    if found is None or found[2] not in _SIZES:
        return None
    amount = int(float(found[1]) * _SIZES[found[2]])
    return amount if _LEAST_MEMORY <= amount < 2**60 else None


def _shown_size(value: object) -> str:
    if not isinstance(value, int):
        return "0"
    for unit, many in (("GB", 10**9), ("GiB", 2**30), ("MB", 10**6), ("MiB", 2**20)):
        if value % many == 0:
            return f"{value // many} {unit}"
    return f"{value} B"


def _count(raw: Raw) -> int | None:
    text = "" if isinstance(raw, bool) else str(raw).strip()
    return int(text) if text.isascii() and text.isdecimal() and 0 < int(text) < 2**31 else None


def _time_limit(raw: Raw) -> object:
    """Seconds, and `_WITHOUT` for 0: a limit that is none. A bare number is milliseconds, as in Postgres."""
    seconds = duration(f"{raw} ms" if str(raw).strip().isdecimal() else raw)
    return _WITHOUT if seconds == 0 else seconds


def _switch(raw: Raw) -> bool | None:
    return raw if isinstance(raw, bool) else _SWITCH.get(str(raw).strip().lower())


def _seconds(value: object) -> str:
    return "0" if value is None else f"{value:g} s"


def _word(value: object) -> str:
    return "on" if value else "off"


_WITHOUT = object()
"""What a reader answers for the value None of a field."""

DURATION = (duration, _seconds)
SWITCH = (_switch, _word)
"""Reader and showing of a duration in seconds, and of on and off."""

SESSION_SETTINGS: dict[str, SessionSetting] = {
    "await": SessionSetting(
        read=SWITCH[0],
        show=SWITCH[1],
        example="on",
        description="follow what a write starts to its end",
        field="await_writes",
    ),
    "await_timeout": SessionSetting(
        read=DURATION[0],
        show=DURATION[1],
        example="'10 min'",
        description="how long to follow what one row's write starts",
    ),
    "cache_ttl": SessionSetting(
        read=lambda raw: _WITHOUT if duration(raw) == 0 else duration(raw),
        show=_seconds,
        example="'5 min'",
        description="how old an answer given before may be; 0 asks the API every time",
    ),
    "connection": SessionSetting(
        read=lambda raw: _WITHOUT if str(raw).strip() == "" else str(raw),
        show=lambda value: str(value or ""),
        example="'prod'",
        description="which account of the configuration is used; USE prod says it too",
    ),
    "max_keys": SessionSetting(
        read=_count,
        show=str,
        example="5000",
        description="values that one table may be asked for, where they come out of other tables",
    ),
    "max_requests": SessionSetting(
        read=lambda raw: _WITHOUT if str(raw).strip() == "0" else _count(raw),
        show=lambda value: str(value or 0),
        example="100",
        description="requests that a statement may send; 0 without limit",
    ),
    "memory_limit": SessionSetting(
        read=lambda raw: _WITHOUT if str(raw).strip() == "0" else size(raw),
        show=_shown_size,
        example="'512 MB'",
        description="memory of the engine, at least 32 MB; beyond it rows go to the disk. 0 is most of the machine's",
    ),
    "null_on_mismatch": SessionSetting(
        read=SWITCH[0],
        show=SWITCH[1],
        example="on",
        description="a value that does not fit its column reads as NULL, with a notice",
    ),
    "stream": SessionSetting(
        read=SWITCH[0],
        show=SWITCH[1],
        example="on",
        description="give rows out while they come, where a statement judges each by itself",
    ),
    "statement_timeout": SessionSetting(
        read=_time_limit,
        show=_seconds,
        example="'30 s'",
        description="how long a statement may take: a duration with its unit, or milliseconds; 0 without limit",
    ),
}


def setting(name: str, span: Span | None = None) -> SessionSetting:
    """A setting by its name. Raises UnknownNameError at `span` with the nearest ones."""
    found = SESSION_SETTINGS.get(name)
    if found is None:
        import difflib

        near = difflib.get_close_matches(name, SESSION_SETTINGS, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(SESSION_SETTINGS)}"
        raise UnknownNameError(f"no setting {name}", span=span, hints=(hint, "SHOW ALL lists the settings"))
    return found


def changed(settings: Settings, name: str, raw: Raw, span: Span | None = None) -> Settings:
    """The settings with one of them set. Raises UnknownNameError, and InvalidValueError with what would fit."""
    known = setting(name, span)
    value = known.read(raw)
    if value is None:
        raise InvalidValueError(
            f"{name} cannot be {raw!r}", span=span, hints=(f"write   SET {name} = {known.example}",)
        )
    return msgspec.structs.replace(settings, **{known.field or name: None if value is _WITHOUT else value})


def reset(settings: Settings, opened: Settings, name: str, span: Span | None = None) -> Settings:
    """The settings with one of them as it was when the session was opened. Raises UnknownNameError."""
    field = setting(name, span).field or name
    return msgspec.structs.replace(settings, **{field: getattr(opened, field)})


def shown(settings: Settings, name: str, span: Span | None = None) -> str:
    """The value of a setting as SHOW prints it. Raises UnknownNameError."""
    known = setting(name, span)
    return known.show(getattr(settings, known.field or name))
