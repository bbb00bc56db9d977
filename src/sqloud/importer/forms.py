"""Answers that are not the usual JSON: time series, text, bytes.

Law: a form is recognised by what the schema or the kind of content says, never by the API's name.
"""

from __future__ import annotations

from typing import Any

from sqloud.importer.shapes import Shape, Specification
from sqloud.importer.types import type_of
from sqloud.importer.words import identifier

__all__ = ["series_of", "text_or_bytes"]

_TEXTS = (
    "yaml",
    "xml",
    "csv",
    "javascript",
    "jsonl",
    "ndjson",
    "graphql",
    "toml",
    "html",
    "x-www-form-urlencoded",
)


def text_or_bytes(media: str) -> str:
    """The shape of an answer of this kind: `text` or `binary`.

    >>> [text_or_bytes(media) for media in ("text/csv", "application/yaml", "application/pdf")]
    ['text', 'text', 'binary']
    """
    kind = media.partition("/")[2]
    return "text" if media.startswith("text/") or any(kind.endswith(word) for word in _TEXTS) else "binary"


def series_of(
    specification: Specification, root: Shape
) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]] | None:
    """Where the answer of a Prometheus-style query has its series, and the columns of a row: one sample.

    What stands beside the series is on each row, hidden. None where the answer is no such query's.
    """
    for path in (("data", "result"), ("result",)):
        here = root
        for step in path:
            here = specification.shape(here.properties.get(step))
        item = specification.shape(here.item) if here.kind == "array" else Shape()
        if "metric" in item.properties and {"values", "value"} & set(item.properties):
            break
    else:
        return None
    columns: dict[str, dict[str, Any]] = {
        "labels": {"type": "object", "path": "metric", "description": "What was measured, by its labels."},
        "time": {"type": "string", "format": "date-time", "description": "When it was measured."},
        "value": {"type": "number", "description": "The measured value."},
    }
    for name, node in root.properties.items():
        column = identifier(name, "column")
        if column not in columns:
            columns[column] = {
                **type_of(specification, specification.shape(node)),
                **({"path": name} if column != name else {}),
                "answer": True,
                "hidden": True,
            }
    return path, columns
