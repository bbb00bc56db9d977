"""Values of `:name` and of `{{ name }}` out of texts and files.

Law: a value has one type, by rule: what is a number, true, false or null in JSON is that; what is said with a type is
read as it or refused; everything else is text. No value is ever read as SQL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqloud.errors import InterfaceError

__all__ = ["inferred", "parameter", "variables_of"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}


def inferred(text: str) -> object:
    """The value of a text: a number, a truth value or NULL where it is spelled as JSON spells them, else the text.

    >>> inferred("5"), inferred("5.50"), inferred("true"), inferred("null"), inferred("007"), inferred('"5"')
    (5, Decimal('5.50'), True, None, '007', '5')
    """
    if text in _WORDS:
        return _WORDS[text]
    if (found := _NUMBER.fullmatch(text)) is not None:
        from decimal import Decimal

        return Decimal(text) if found[2] or found[3] else int(text)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _json(text) if _is_json(text) else text
    return text


def parameter(name: str, text: str) -> tuple[str, object]:
    """The name and the value of `name=text` or `name:type=text`.

    Raises InterfaceError for a type that there is not, and for a text that is none of it.

    >>> parameter("droplet", "7"), parameter("since:date", "2026-01-31")
    (('droplet', 7), ('since', datetime.date(2026, 1, 31)))
    """
    name, typed, kind = name.partition(":")
    if not typed:
        return name, inferred(text)
    reader = _TYPES.get(kind.lower())
    if reader is None:
        raise InterfaceError(f"there is no parameter type {kind}", hints=(f"one of {', '.join(_TYPES)}",))
    try:
        return name, reader(text)
    except (ValueError, ArithmeticError) as error:
        raise InterfaceError(
            f"the parameter {name} is no {kind}: {text!r}", hints=(f"{name}:text={text} passes it as text",)
        ) from error


def variables_of(path: str) -> dict[str, str]:
    """The variables of a file: `.json`, `.yaml` or `.yml` (a mapping of names to scalars), else NAME=VALUE lines.

    Raises InterfaceError for a file that cannot be read or holds something else.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InterfaceError(f"cannot read the variables of {path}: {reason}") from error
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in {".json", ".yaml", ".yml"}:
        return _lines(path, text)
    found = _document(path, text, suffix)
    if not isinstance(found, dict):
        raise InterfaceError(f"{path} holds no mapping of names to values")
    return {str(name): _text(path, str(name), value) for name, value in found.items()}


def _document(path: str, text: str, suffix: str) -> object:
    import msgspec

    if suffix == ".json":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise InterfaceError(f"{path} is no JSON: {error}") from error
    import yaml

    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # it makes texts alone: scalars stay the texts that they are
    except yaml.YAMLError as error:
        raise InterfaceError(f"{path} is no YAML: {error}") from error


def _text(path: str, name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    import msgspec

    return msgspec.json.encode(value).decode()


def _lines(path: str, text: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip().removeprefix("export ").lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not (name.isascii() and name.isidentifier()):
            raise InterfaceError(f"{path}:{number}: expected NAME=VALUE")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found


def _is_json(text: str) -> bool:
    try:
        _json(text)
    except ValueError:
        return False
    return True


def _json(text: str) -> Any:
    import msgspec

    return msgspec.json.decode(text)


def _truth(text: str) -> bool:
    found = {
        "true": True,
        "on": True,
        "yes": True,
        "1": True,
        "false": False,
        "off": False,
        "no": False,
        "0": False,
    }
    if text.lower() not in found:
        raise ValueError(text)
    return found[text.lower()]


def _number(text: str) -> object:
    from decimal import Decimal

    return Decimal(text)


def _date(text: str) -> object:
    from datetime import date

    return date.fromisoformat(text)


def _timestamp(text: str) -> object:
    from datetime import datetime

    return datetime.fromisoformat(text)


_TYPES: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "int": int,
    "float": float,
    "number": _number,
    "bool": _truth,
    "date": _date,
    "timestamp": _timestamp,
    "json": _json,
}
