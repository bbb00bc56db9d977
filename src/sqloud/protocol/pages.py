"""Read one answer: its rows, what it says of its list, and what tells its rows from those of other pages.

Law: one pass over the answer where it has the usual form (a list of rows under one key, columns under their own
names); what does not fit goes the slow way, which tells precisely what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident
from typing import Any

import msgspec

from sqloud.datatypes import python_form
from sqloud.plan.steps import Scan, Value
from sqloud.protocol.messages import ApiResponse
from sqloud.protocol.rows import Page, RowDecoder, navigate, sound
from sqloud.registry.records import Column, Rows

__all__ = ["PageReader", "ReadPage"]

_STYLES = frozenset({"page_number", "next_link"})
_COMPARABLE = frozenset({"integer", "string", "number", "boolean"})
_NULL = msgspec.Raw(b"null")


class ReadPage(msgspec.Struct, frozen=True, kw_only=True):
    """`page`: its rows. `told`: the answer, perhaps without its rows, for `follow`. `keys`: of its rows, in their
    order, () where they have none. `mark`: equal for pages with the same rows; None where nobody will ask.
    `mismatches`: what did not fit and reads as NULL.
    """

    page: Page
    told: ApiResponse
    keys: tuple[object, ...] = ()
    mark: int | None = None
    mismatches: tuple[str, ...] = ()


class PageReader:
    """Reads the answers of one scan, in several threads if need be.

    `null_on_mismatch`: values that do not fit read as NULL.
    """

    def __init__(self, scan: Scan, *, null_on_mismatch: bool = False) -> None:
        self._scan = scan
        self._rows = scan.method.rows or Rows(shape="object")
        self._paged = scan.method.paging is not None and not scan.single_page
        self._mismatches: dict[int, list[str]] = {}  # by the thread that reads
        self._slow = RowDecoder(
            self._rows,
            scan.columns,
            scan.echoes,
            on_mismatch=self._mismatched if null_on_mismatch else None,
        )
        self._encoder = msgspec.json.Encoder()
        self._echoes = [f"e{number}" for number in range(len(scan.echoes))]
        self._key = self._key_fields() if self._paged else ()
        self._whole: msgspec.json.Decoder[Any] | None = self._envelope() if self._usual() else None

    def read(self, response: ApiResponse, echoed: Sequence[Value | None]) -> ReadPage:
        """One answer. Raises as `RowDecoder.decode`."""
        fast = self._fast(response, echoed) if self._whole is not None else None
        if fast is not None:
            return fast
        page = self._slow.decode(response.body, echoed)
        mismatches = tuple(self._mismatches.pop(get_ident(), ()))
        mark = self._mark(response) if self._paged else None
        return ReadPage(page=page, told=response, mark=mark, mismatches=mismatches)

    def _mismatched(self, text: str) -> None:
        self._mismatches.setdefault(get_ident(), []).append(text)

    def _fast(self, response: ApiResponse, echoed: Sequence[Value | None]) -> ReadPage | None:
        assert self._whole is not None
        try:
            answer = self._whole.decode(sound(response.body))
        except (msgspec.DecodeError, RecursionError):
            return None
        if answer.rows is msgspec.UNSET:
            return None
        rows = answer.rows or []
        for name, value in zip(self._echoes, echoed, strict=True):
            for row in rows:
                setattr(row, name, value)
        page = Page(count=len(rows), lines=self._encoder.encode_lines(rows))
        if not self._paged:
            return ReadPage(page=page, told=response)
        answer.rows = msgspec.UNSET
        told = msgspec.structs.replace(response, body=self._encoder.encode(answer))
        keys: tuple[object, ...] = ()
        if len(self._key) == 1:
            (name,) = self._key
            keys = tuple([getattr(row, name) for row in rows])
        elif self._key:
            keys = tuple([tuple([getattr(row, name) for name in self._key]) for row in rows])
        if keys and (None in keys or (self._key[1:] and any(None in key for key in keys))):  # type: ignore[operator]
            keys = ()
        return ReadPage(page=page, told=told, keys=keys, mark=hash(keys) if keys else self._mark(response))

    def _mark(self, response: ApiResponse) -> int | None:
        raw = navigate(response.body, self._rows.path)
        return None if raw is None else hash(bytes(raw))

    def _usual(self) -> bool:
        paging = self._scan.method.paging
        return (
            self._rows.shape == "list"
            and len(self._rows.path) == 1
            and (paging is None or paging.style in _STYLES)
            and self._rows == Rows(path=self._rows.path)
            and all(_direct(column) for column in self._scan.columns)
        )

    def _key_fields(self) -> tuple[str, ...]:
        """The names of the fields that hold the key, where every part of it can be compared."""
        own = {column.name: f"c{number}" for number, column in enumerate(self._scan.columns)}
        fields = []
        for number, column in enumerate(self._scan.identity):
            if (
                not _direct(column)
                or column.type.type not in _COMPARABLE
                or python_form(column.type) is msgspec.Raw
            ):
                return ()
            fields.append(own.get(column.name, f"k{number}"))
        return tuple(fields)

    def _envelope(self) -> msgspec.json.Decoder[Any]:
        """A decoder of whole answers: the rows typed, what paging asks of them raw, the rest skipped."""
        scan, paging = self._scan, self._scan.method.paging
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}
        for number, column in enumerate(scan.columns):
            form, field = python_form(column.type), f"c{number}"
            fields.append((field, form, _NULL) if form is msgspec.Raw else (field, form | None, None))
            names[field] = column.name
        for number, column in enumerate(scan.identity if self._key else ()):
            if f"k{number}" in self._key:
                fields.append((f"k{number}", python_form(column.type) | None, None))
                names[f"k{number}"] = column.name
        for field, echo in zip(self._echoes, scan.echoes, strict=True):
            fields.append((field, Any, None))
            names[field] = echo.name
        row = msgspec.defstruct("Row", fields, rename=names)
        root = self._rows.path[0]
        told = (
            {path[0] for path in (paging.next, paging.total, paging.more) if path} - {root}
            if paging
            else set()
        )
        whole: list[tuple[str, Any, Any]] = [("rows", list[row] | None | msgspec.UnsetType, msgspec.UNSET)]  # type: ignore[valid-type]
        renamed = {"rows": root}
        for number, name in enumerate(sorted(told)):
            whole.append((f"t{number}", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET))
            renamed[f"t{number}"] = name
        return msgspec.json.Decoder(msgspec.defstruct("Answer", whole, rename=renamed))


def _direct(column: Column) -> bool:
    """Whether a column stands in the row under its own name, and nowhere else."""
    return column == msgspec.structs.replace(
        Column(name=column.name, type=column.type, path=(column.name,)), description=column.description
    )
