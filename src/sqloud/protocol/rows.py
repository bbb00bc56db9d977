"""Find the rows of an answer and check them against the columns.

Law: the engine's JSON reader is lenient, so it is never what checks. A page is decoded strictly into the
columns that the statement needs, and a value that does not fit is an error that names column and value. Rows
never become Python dicts on that way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sqloud.datatypes import python_form
from sqloud.errors import IncompleteAnswerError, ResponseDataError
from sqloud.plan.steps import Echo, Value
from sqloud.protocol.forms import UNLIKE_JSON, escaped, points, text_of
from sqloud.registry.records import Column, Rows

__all__ = ["Page", "RowDecoder", "navigate", "sound"]

_NULL = msgspec.Raw(b"null")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_MAP = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_SHOWN = 120


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one answer: how many, and newline-delimited JSON objects keyed by column."""

    count: int
    lines: bytes


def navigate(body: bytes | msgspec.Raw, path: Sequence[str], root: str = "the answer") -> msgspec.Raw | None:
    """The raw value at a path of an answer, None where a step is missing or leads through a null.

    Raises ResponseDataError if the body is not JSON, or a step leads through something that is no object; it
    calls the body `root`.
    """
    here: bytes | msgspec.Raw = body
    for depth, step in enumerate(path):
        if depth and bytes(here).strip() == b"null":
            return None
        try:
            found = _OBJECT.decode(here).get(step)
        except msgspec.DecodeError as error:
            raise _unfit(".".join(path[:depth]) or root, "a JSON object", here, error) from error
        if found is None:
            return None
        here = found
    return here if isinstance(here, msgspec.Raw) else msgspec.Raw(here)


class RowDecoder:
    """Decodes the answers of one scan: `columns` out of the rows at `rows`, `echoes` written on each.

    `on_mismatch` is called with the text of what did not fit where the session reads such values as NULL;
    without it they raise ResponseDataError.
    """

    def __init__(
        self,
        rows: Rows,
        columns: Sequence[Column],
        echoes: Sequence[Echo],
        *,
        on_mismatch: Callable[[str], None] | None = None,
    ) -> None:
        self._rows = rows
        self._columns = tuple(columns)
        self._on_mismatch = on_mismatch
        self._encoder = msgspec.json.Encoder()
        self._names = [f"c{position}" for position in range(len(columns) + len(echoes))]
        self._row = self._row_type([*(column.name for column in columns), *(echo.name for echo in echoes)])
        # The fast way reads columns that stand directly in the row under their own names.
        direct = rows.shape not in UNLIKE_JSON and all(
            column.path == (column.name,) and not column.answer for column in columns
        )
        self._page = msgspec.json.Decoder(list[self._row] | None) if direct else None  # type: ignore[name-defined]

    def decode(self, body: bytes, echoed: Sequence[Value | None]) -> Page:
        """One answer's rows.

        Raises IncompleteAnswerError if the place of the rows is absent, ResponseDataError for what does not fit.
        """
        if self._rows.shape in UNLIKE_JSON:
            return self._one_row(body, echoed)
        try:
            return self._decode(sound(body), echoed)
        except RecursionError as error:
            raise ResponseDataError("the answer nests deeper than it can be read") from error

    def _decode(self, body: bytes, echoed: Sequence[Value | None]) -> Page:
        place, raw = self._place(body)
        rows = self._fast(place, raw)
        if rows is None:
            items = _ITEMS.decode(self._items(place, raw)) or []
            rows = [self._cell_by_cell(item, number, body) for number, item in enumerate(items, 1)]
        for name, value in zip(self._names[len(self._columns) :], echoed, strict=True):
            for row in rows:
                setattr(row, name, value)
        return Page(count=len(rows), lines=self._encoder.encode_lines(rows))

    def _place(self, body: bytes) -> tuple[Rows, msgspec.Raw]:
        """Where the rows of this answer are, and what is there."""
        place: Rows | None = self._rows
        while place is not None:
            raw = navigate(body, place.path)
            if raw is not None and (place.otherwise is None or _is_in_shape(raw, place.shape)):
                return place, raw
            place = place.otherwise
        missing = ".".join(self._rows.path)
        raise IncompleteAnswerError(f"the answer has no {missing!r}, where its rows should be")

    def _one_row(self, body: bytes, echoed: Sequence[Value | None]) -> Page:
        """An answer that is no JSON, whole, in each of the columns that were asked for."""
        row = self._row()
        for name in self._names[: len(self._columns)]:
            setattr(row, name, text_of(body) if self._rows.shape == "text" else escaped(body))
        for name, value in zip(self._names[len(self._columns) :], echoed, strict=True):
            setattr(row, name, value)
        return Page(count=1, lines=self._encoder.encode_lines([row]))

    def _fast(self, place: Rows, raw: msgspec.Raw) -> list[Any] | None:
        """All rows in one pass, or None where something does not fit and must be told precisely."""
        if self._page is None:
            return None
        try:
            items = raw if place.shape == "list" else self._items(place, raw)
            return self._page.decode(items) or []
        except msgspec.DecodeError:
            return None

    def _items(self, place: Rows, raw: msgspec.Raw) -> bytes | msgspec.Raw:
        """The rows as one JSON array, whatever the shape says they come in."""
        shown = ".".join(place.path) or "the answer"
        if place.shape == "object":
            _require(shown, raw, _OBJECT, "an object")
            return b"[" + bytes(raw) + b"]"
        if place.shape == "map":
            _require(shown, raw, _MAP, "an object of rows")
            return b"[" + b",".join(bytes(item) for item in (_MAP.decode(raw) or {}).values()) + b"]"
        _require(shown, raw, _ITEMS, "a list of rows")
        return points(raw, shown) if place.shape == "series" else raw

    def _form(self, column: Column) -> Any:
        """The annotation of a column; a sample of a series may be a number that only text can say."""
        form = python_form(column.type)
        return float | str if form is float and self._rows.shape == "series" else form

    def _row_type(self, names: Sequence[str]) -> type[msgspec.Struct]:
        """A struct that reads the columns and is written with the echoes, both under `names`."""
        fields: list[tuple[str, Any, Any]] = []
        for field, column in zip(self._names, self._columns, strict=False):
            form = self._form(column)
            fields.append((field, form, _NULL) if form is msgspec.Raw else (field, form | None, None))
        fields += [(field, Any, None) for field in self._names[len(self._columns) :]]
        return msgspec.defstruct("Row", fields, rename=dict(zip(self._names, names, strict=True)))

    def _cell_by_cell(self, item: msgspec.Raw, number: int, answer: bytes) -> Any:
        row = self._row()
        for name, column in zip(self._names, self._columns, strict=False):
            try:
                cell = (
                    navigate(answer, column.path) if column.answer else navigate(item, column.path, "the row")
                )
            except ResponseDataError as error:
                self._mismatch(f"row {number}: {column.name}: {error.message}", error)
                continue
            if cell is None or bytes(cell) == b"null":
                continue
            form = self._form(column)
            try:
                setattr(row, name, cell if form is msgspec.Raw else msgspec.json.decode(cell, type=form))
            except msgspec.DecodeError as error:
                shown = bytes(cell).decode("utf-8", "replace")
                self._mismatch(
                    f"row {number}: {column.name} is {column.type.spelling}, and the answer holds "
                    f"{shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '...'}",
                    error,
                )
        return row

    def _mismatch(self, text: str, error: Exception) -> None:
        if self._on_mismatch is None:
            raise ResponseDataError(text) from error
        self._on_mismatch(text)


def _is_in_shape(raw: msgspec.Raw, shape: str) -> bool:
    return bytes(raw).lstrip()[:1] == (b"[" if shape in ("list", "series") else b"{")


def _require(place: str, raw: msgspec.Raw, decoder: msgspec.json.Decoder[Any], wanted: str) -> None:
    try:
        decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise _unfit(place, wanted, raw, error) from error


def sound(body: bytes) -> bytes:
    """A body in UTF-8 and on one line: what the decoder skips it does not check, and a line ends a row."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise ResponseDataError(f"the answer is not UTF-8 at its byte {error.start:,}") from error
    body = body.strip()
    if b"\n" not in body and b"\r" not in body:
        return body
    try:
        return msgspec.json.format(body, indent=-1)
    except msgspec.DecodeError as error:
        raise _unfit("the answer", "JSON", body, error) from error


def _unfit(
    place: str, wanted: str, raw: bytes | msgspec.Raw, error: msgspec.DecodeError
) -> ResponseDataError:
    kind = _kind(raw)
    if not isinstance(error, msgspec.ValidationError) and not kind.startswith(("not JSON", "empty")):
        return ResponseDataError(f"{place} should be {wanted}, and is cut off or broken: {error}")
    return ResponseDataError(f"{place} should be {wanted}, and is {kind}")


def _kind(raw: bytes | msgspec.Raw) -> str:
    text = bytes(raw).lstrip()[:40].decode("utf-8", "replace")
    names = {
        "{": "an object",
        "[": "an array",
        '"': "a string",
        "n": "null",
        "t": "a boolean",
        "f": "a boolean",
    }
    if not text:
        return "empty"
    if text[0] == "<":
        return f"not JSON: {text!r}"
    return names.get(text[0], "a number" if text[0] in "-0123456789" else f"not JSON: {text!r}")
