"""Answers that are no lists of objects become rows: time series, text, bytes.

Law: nothing is left out and nothing is rounded. A point in time is kept to the microsecond; a sample that is no
finite number (`NaN`, `+Inf`) stays that; a byte stays the byte that it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite, isnan

import msgspec

from sqloud.errors import ResponseDataError

__all__ = ["UNLIKE_JSON", "escaped", "points", "text_of"]

UNLIKE_JSON = frozenset({"text", "binary"})
"""The shapes of answers that are no JSON."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NULL = msgspec.Raw(b"null")


class _Series(msgspec.Struct, frozen=True, kw_only=True):
    """One time series: what it measures, and its samples as pairs of Unix seconds and a number in text."""

    metric: msgspec.Raw = _NULL
    values: list[tuple[Decimal, str | float | None]] | None = None
    value: tuple[Decimal, str | float | None] | None = None


class _Point(msgspec.Struct, frozen=True, kw_only=True):
    metric: msgspec.Raw
    time: datetime
    value: str | float | None


_SERIES = msgspec.json.Decoder(list[_Series] | None)


def points(raw: msgspec.Raw, place: str) -> bytes:
    """An array of time series (Prometheus's `matrix` or `vector`) as an array of `metric`, `time` and `value`.

    Raises ResponseDataError.
    """
    try:
        series = _SERIES.decode(raw) or []
    except msgspec.DecodeError as error:
        raise ResponseDataError(
            f"{place} should be time series, each with values of (Unix seconds, number): {error}"
        ) from error
    rows = []
    for one in series:
        samples = one.values or []
        for seconds, value in samples if one.value is None else [*samples, one.value]:
            rows.append(_Point(metric=one.metric, time=_moment(seconds, place), value=_number(value, place)))
    return msgspec.json.encode(rows)


def _moment(seconds: Decimal, place: str) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (OverflowError, ArithmeticError) as error:
        raise ResponseDataError(f"{place} has a sample at {seconds}, which is no time") from error


def _number(value: str | float | None, place: str) -> str | float | None:
    """A number; in text where it is one that JSON cannot say."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError as error:
        raise ResponseDataError(f"{place} has the sample {value[:60]!r}, which is no number") from error
    return number if isfinite(number) else "NaN" if isnan(number) else f"{number}"


def text_of(body: bytes) -> str:
    """A body as text. Raises ResponseDataError where it is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResponseDataError(f"the answer is not UTF-8 at its byte {error.start:,}") from error


def escaped(body: bytes) -> str:
    r"""A body as the engine reads a BLOB from text: what is not printable ASCII, and `\`, by its number.

    >>> escaped(b"%PDF\xff\\")
    '%PDF\\xFF\\x5C'
    """
    return "".join(_BYTES[byte] for byte in body)


_BYTES = [chr(byte) if 32 <= byte < 127 and byte not in b"\\'\"" else f"\\x{byte:02X}" for byte in range(256)]
