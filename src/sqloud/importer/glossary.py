"""What a name means, said once, describes everything of that name that says nothing itself.

Law: what is described already stays as it is. Of several words for a name the nearest one is taken: that of the
resource, then the description of the resource's own column of that name, then that of the service, then that of
the whole provider. A word that describes nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqloud.errors import Finding
from sqloud.registry.reader import pointer

__all__ = ["WORDS_FILE", "Glossary"]

WORDS_FILE = "words"
"""The name of the file in an overlay, without `.yaml`, where its only key is `words`."""

ANY = "*"
"""Stands for every service, and within one for every resource."""

Plain = dict[str, Any]


class Glossary:
    """The words of an overlay: `{words: {service: {resource: {name: text}}}}`, with `*` for any.

    Under the service `*` the names follow at once. Raises nothing: what has another shape is in `findings`.
    """

    def __init__(self, root: Mapping[str, Any] | None) -> None:
        self._texts: dict[tuple[str, str, str], str] = {}
        self._used: set[tuple[str, str, str]] = set()
        self._misshapen: list[str] = []
        for service, entry in self._items((root or {}).get(WORDS_FILE), ()):
            if service == ANY:
                self._take(ANY, ANY, entry, (ANY,))
                continue
            for resource, texts in self._items(entry, (service,)):
                self._take(service, resource, texts, (service, resource))

    def _items(self, node: Any, steps: tuple[str, ...]) -> list[tuple[str, Any]]:
        if isinstance(node, Mapping):
            return list(node.items())
        if node is not None:
            self._misshapen.append(pointer(WORDS_FILE, *steps))
        return []

    def _take(self, service: str, resource: str, texts: Any, steps: tuple[str, ...]) -> None:
        for name, text in self._items(texts, steps):
            if isinstance(text, str) and text.strip():
                self._texts[service, resource, name] = text
            else:
                self._misshapen.append(pointer(WORDS_FILE, *steps, name))

    def describe(self, service: str, document: Plain) -> None:
        """Give the columns, parameters and fields of a service document their words, in place."""
        for name, resource in document["resources"].items():
            columns = resource.get("columns")
            own: Mapping[str, Any] = columns if isinstance(columns, Mapping) else {}
            for thing, entry in own.items():
                self._give(entry, service, name, thing, {})
            for method in resource["methods"].values():
                for thing, entry in _things(method):
                    self._give(entry, service, name, thing, own)

    def _give(
        self, entry: Plain, service: str, resource: str, thing: str, columns: Mapping[str, Any]
    ) -> None:
        if "description" in entry or entry.get("hidden"):
            return
        near = (service, resource, thing)
        text = self._word(near) or columns.get(thing, {}).get("description")
        text = text or self._word((service, ANY, thing)) or self._word((ANY, ANY, thing))
        if text is not None:
            entry["description"] = text

    def _word(self, place: tuple[str, str, str]) -> str | None:
        text = self._texts.get(place)
        if text is not None:
            self._used.add(place)
        return text

    def findings(self) -> tuple[Finding, ...]:
        """What has no shape that this reads, and what no thing without a description is called."""
        told = [
            Finding(f"overlay/{WORDS_FILE}.yaml", 0, at, "must be words by name") for at in self._misshapen
        ]
        for place in self._texts:
            if place not in self._used:
                steps = place if place[0] != ANY else (ANY, place[2])
                at = pointer(WORDS_FILE, *steps)
                told.append(Finding(f"overlay/{WORDS_FILE}.yaml", 0, at, "describes nothing: left out"))
        return tuple(told)


def _things(method: Mapping[str, Any]) -> Iterator[tuple[str, Plain]]:
    columns = method.get("columns")
    if isinstance(columns, Mapping):
        yield from columns.items()
    yield from method.get("parameters", {}).items()
    yield from (method.get("body") or {}).get("fields", {}).items()
