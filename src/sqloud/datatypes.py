"""Column and parameter types: the JSON type of a document, and its SQL and Python forms.

Law: a JSON type keeps its meaning on the whole way. An integer never passes through a float; `0`, `""`,
`false`, `[]` and null stay apart.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec

__all__ = ["SCALARS", "DataType", "python_form"]

SCALARS = ("integer", "number", "boolean", "string")

_SQL = {
    ("integer", None): "BIGINT",
    ("number", None): "DOUBLE",
    ("boolean", None): "BOOLEAN",
    ("string", None): "VARCHAR",
    ("string", "date-time"): "TIMESTAMP WITH TIME ZONE",
    ("string", "binary"): "BLOB",
}

_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_TIMESTAMP = Annotated[datetime, msgspec.Meta(tz=True)]
_PYTHON: dict[tuple[str, str | None], Any] = {
    ("integer", None): _INTEGER,
    ("number", None): float,
    ("boolean", None): bool,
    ("string", None): str,
    ("string", "date-time"): _TIMESTAMP,
}
_LISTS: dict[str, Any] = {
    "integer": list[_INTEGER | None],
    "number": list[float | None],
    "boolean": list[bool | None],
    "string": list[str | None],
}


class DataType(msgspec.Struct, frozen=True, kw_only=True):
    """`type`, `format` and `items` as a document writes them.

    `items` is the type of an array's elements where it is a scalar; a type that is none of `SCALARS` and
    no array of one is carried as JSON.
    """

    type: str
    format: str | None = None
    items: str | None = None

    @property
    def is_list(self) -> bool:
        """An array of scalars, which becomes a list of the engine's."""
        return self.type == "array" and self.items in SCALARS

    @property
    def is_json(self) -> bool:
        """An object, an array of objects or a union, which is carried as JSON."""
        return self.type not in SCALARS and not self.is_list

    @property
    def sql(self) -> str:
        """The engine's type: `BIGINT`, `VARCHAR[]`, `JSON`, ...

        >>> DataType(type="array", items="integer").sql
        'BIGINT[]'
        """
        if self.is_list:
            return _SQL[self.items or "", None] + "[]"
        if self.is_json:
            return "JSON"
        return _SQL.get((self.type, self.format)) or _SQL[self.type, None]

    @property
    def spelling(self) -> str:
        """The type as errors and DESCRIBE name it: `integer`, `string (date-time)`, `array of string`."""
        if self.type == "array" and self.items:
            return f"array of {self.items}"
        return f"{self.type} ({self.format})" if self.format else self.type


@cache
def python_form(data_type: DataType) -> Any:
    """The annotation by which msgspec decodes a column strictly; `msgspec.Raw` for JSON."""
    if data_type.is_list:
        return _LISTS[str(data_type.items)]
    if data_type.is_json:
        return msgspec.Raw
    return _PYTHON.get((data_type.type, data_type.format)) or _PYTHON[data_type.type, None]
