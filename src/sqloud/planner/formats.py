"""PostgreSQL's formats of moments and numbers (`to_char`, `to_date`) as the engine's SQL.

Law: a pattern that is not known here is refused, as a letter that is taken for itself would be a wrong answer.
"""

from __future__ import annotations

import re

from sqloud.errors import NotSupportedError

__all__ = ["moment_text", "number_text", "strftime_format"]

_PLAIN = {
    "YYYY": "%Y", "YY": "%y", "MM": "%m", "DDD": "%j", "DD": "%d", "HH24": "%H", "HH12": "%I", "HH": "%I",
    "MI": "%M", "SS": "%S", "MS": "%g", "US": "%f", "AM": "%p", "PM": "%p", "IW": "%V", "IYYY": "%G",
}  # fmt: skip
_NO_ZERO = {
    "DD": "%-d",
    "MM": "%-m",
    "HH24": "%-H",
    "HH12": "%-I",
    "HH": "%-I",
    "MI": "%-M",
    "SS": "%-S",
    "DDD": "%-j",
}
_COMPUTED = {
    "Q": "date_part('quarter', $1)",
    "D": "date_part('dow', $1) + 1",
    "ID": "date_part('isodow', $1)",
    "CC": "date_part('century', $1)",
    "J": "CAST(julian($1) AS BIGINT)",
    "WW": "lpad(CAST((date_part('doy', $1) - 1) // 7 + 1 AS VARCHAR), 2, '0')",
    "W": "(date_part('day', $1) - 1) // 7 + 1",
    "TZ": "'UTC'",
    "am": "lower(strftime($1, '%p'))",
    "pm": "lower(strftime($1, '%p'))",
}
_WORDS = {"MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a"}
_TOKEN = re.compile(
    r'"([^"]*)"|(FM)?(month|Month|MONTH|mon|Mon|MON|day|Day|DAY|dy|Dy|DY|IYYY|YYYY|YY|DDD|DD|HH24|HH12|HH|IW|ID|MM|MI|MS|SS|US'
    r"|AM|PM|am|pm|WW|W|Q|CC|TZ|J|D)|([^A-Za-z\"]+)"
)
_NUMBER = re.compile(r"(FM)?(S|MI)?([09,]*)(?:\.([09]*))?")


def moment_text(pattern: str) -> str:
    """SQL over `$1` that writes a moment by a pattern. Raises NotSupportedError for a pattern not known."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise NotSupportedError(f"the format {pattern!r} is not built from {pattern[at:]!r} on")
        quoted, trimmed, word, other = token.groups()
        pieces.append(
            _piece(word, bool(trimmed)) if word else _string(quoted if quoted is not None else other)
        )
        at = token.end()
    return f"concat({', '.join(pieces)})" if len(pieces) > 1 else (pieces or ["''"])[0]


def _piece(word: str, trimmed: bool) -> str:
    if word in _PLAIN:
        return f"strftime($1, '{_NO_ZERO.get(word, _PLAIN[word]) if trimmed else _PLAIN[word]}')"
    if word in _COMPUTED:
        return _COMPUTED[word]
    said = f"strftime($1, '{_WORDS[word.upper()]}')"
    case = "upper" if word.isupper() else "lower" if word.islower() else ""
    said = f"{case}({said})" if case else said
    # The names of months and days are padded to the longest of them.
    return said if trimmed or len(word) == 3 or word.upper() == "DY" else f"rpad({said}, 9, ' ')"


def strftime_format(pattern: str) -> str:
    """A pattern as strptime's. Raises NotSupportedError for a pattern not known."""
    said = ""
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        word = token[3] if token else None
        plain = _PLAIN.get(word or "") or _WORDS.get((word or "").upper())
        if token is None or (word and plain is None):
            raise NotSupportedError(f"the format {pattern!r} is not built from {pattern[at:]!r} on")
        said += plain or (token[1] if token[1] is not None else token[4]).replace("%", "%%")
        at = token.end()
    return said


def number_text(pattern: str) -> str | None:
    """SQL over `$1` that writes a number by a pattern of 9, 0, point and commas; None where it is none."""
    found = _NUMBER.fullmatch(pattern)
    if found is None or not re.search("[09]", pattern):
        return None
    trimmed, sign, whole, fraction = found[1], found[2], found[3], found[4]
    decimals = len(fraction or "")
    zeros = len(re.sub("[^09]", "", whole[whole.index("0") :])) if "0" in whole else 0
    places = len(re.sub("[^09]", "", whole))
    comma = "," if "," in whole else ""
    rounded = f"round(abs(CAST($1 AS DECIMAL(38, 10))), {decimals})"
    digits = f"format('{{:{comma}.{decimals}f}}', CAST({rounded} AS DOUBLE))"
    if zeros and not comma:
        least = zeros + (decimals + 1 if fraction is not None else 0)
        digits = f"lpad({digits}, CAST(greatest({least}, length({digits})) AS INTEGER), '0')"
    elif zeros == 0:
        digits = f"CASE WHEN {rounded} < 1 AND {decimals} > 0 THEN substr({digits}, 2) ELSE {digits} END"
    if trimmed and fraction and "0" not in fraction:
        digits = f"regexp_replace({digits}, '0+$', '')"
    width = len(whole) + (decimals + 1 if fraction is not None else 0)
    plus = "+" if sign == "S" else " " if zeros and not trimmed else ""
    said = f"concat(CASE WHEN $1 < 0 THEN '-' ELSE '{plus}' END, {digits})"
    if not trimmed and not zeros:
        said = f"lpad({said}, CAST({width + 1} AS INTEGER), ' ')"
    return f"CASE WHEN {rounded} >= 1e{places} THEN '{'#' * (width + (not trimmed))}' ELSE {said} END"


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
