"""Strict YAML: text becomes plain values and a map from JSON pointer to line.

Law: a document means the same to every YAML reader. What readers disagree about (yes, 017, 1_000, 12:30,
dates, merge keys, duplicate keys) and what can make a small file large (anchors, aliases) is refused with its
place; only true, false, null and decimal numbers are anything else than text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

import msgspec

from sqloud.errors import Finding
from sqloud.registry.sources import SourceFile, refuse

__all__ = ["MAXIMUM_DEPTH", "Document", "Report", "pointer", "read_document"]

MAXIMUM_DEPTH = 32
"""How deep mappings and sequences may stand in each other."""

Report = Callable[[str, str], None]
"""Takes a finding: the JSON pointer of its place, and what is wrong there."""

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 40
_TRAPS = (
    ("a boolean", re.compile(r"yes|no|on|off|true|false", re.IGNORECASE)),
    ("null", re.compile(r"null|~", re.IGNORECASE)),
    ("a time or a number in base 60", re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")),
    (
        "a date",
        re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?"),
    ),
    (
        "a number",
        re.compile(
            r"[-+]?(0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?"
            r"|\.[0-9_]+(e[-+]?[0-9]+)?|\.(inf|nan))",
            re.IGNORECASE,
        ),
    ),
    ("a merge key", re.compile(r"<<|=")),
)


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer("paths", "/v2", 0)
    '/paths/~1v2/0'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document's plain values: dict, list, str, int, float, bool, None; `lines` counts from 1."""

    file: str
    root: Any
    lines: dict[str, int]

    def finding(self, at: str, message: str) -> Finding:
        """A finding with the line of the pointer, or of the nearest thing around it that has one."""
        place = at
        while place and place not in self.lines:
            place = place.rpartition("/")[0]
        return Finding(self.file, self.lines.get(place, 0), at, message)


def read_document(source: SourceFile) -> Document:
    """Read YAML text. Raises ProviderDocumentError with every finding that could be made out."""
    import yaml

    try:
        text = source.content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = source.content.count(b"\n", 0, cause.start) + 1
        raise refuse([Finding(source.file, line, "", "is not UTF-8 text")], source.file) from cause
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    composer = _Composer(source.file, yaml.parse(text, Loader=loader))
    try:
        root = composer.compose_stream()
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        message = "is not YAML: " + " ".join(part for part in (cause.context, cause.problem) if part)
        composer.report(mark.line if mark else -1, "", message)
        raise refuse(composer.findings, source.file) from cause
    except yaml.YAMLError as cause:
        composer.report(-1, "", f"is not YAML: {cause}".splitlines()[0])
        raise refuse(composer.findings, source.file) from cause
    if composer.findings:
        raise refuse(composer.findings, source.file)
    return Document(file=source.file, root=root, lines=composer.lines)


def _line(event: Any) -> int:
    """The line that a parser event begins in, from 0."""
    return int(event.start_mark.line)


class _TooDeepError(Exception):
    """Ends the reading where nothing below can be told any more."""


class _Composer:
    """Builds values from parser events, noting lines and whatever may not be there."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.file = file
        self.events = events
        self.lines: dict[str, int] = {}
        self.findings: list[Finding] = []

    def report(self, line: int, at: str, message: str) -> None:
        """Note a finding; `line` as the parser counts, from 0."""
        self.findings.append(Finding(self.file, line + 1, at, message))

    def compose_stream(self) -> Any:
        """The one document of the stream."""
        from yaml import events as kinds

        root: Any = None
        documents = 0
        try:
            for event in self.events:
                if isinstance(event, kinds.DocumentStartEvent):
                    documents += 1
                    if documents == 2:
                        self.report(_line(event), "", "holds a second document; give it its own file")
                        break
                    if event.version or event.tags:
                        self.report(_line(event), "", "begins with a % directive; remove it")
                elif not isinstance(
                    event, (kinds.StreamStartEvent, kinds.StreamEndEvent, kinds.DocumentEndEvent)
                ):
                    root = self._node(event, (), 0)
        except _TooDeepError:
            return None
        if not documents:
            self.report(0, "", "is empty")
        return root

    def _node(self, event: Any, steps: tuple[str | int, ...], depth: int) -> Any:
        from yaml import events as kinds

        at = pointer(*steps)
        line = _line(event)
        self.lines.setdefault(at, line + 1)
        if isinstance(event, kinds.AliasEvent):
            self.report(line, at, f"uses the alias *{event.anchor}; write the value out")
            return None
        if getattr(event, "anchor", None) is not None:
            self.report(line, at, f"sets the anchor &{event.anchor}; remove it")
        if getattr(event, "tag", None) is not None:
            self.report(line, at, f"carries the tag {event.tag}; remove it")
        if isinstance(event, kinds.ScalarEvent):
            return self._scalar(event, at)
        if depth == MAXIMUM_DEPTH:
            self.report(line, at, f"is nested deeper than {MAXIMUM_DEPTH} levels")
            raise _TooDeepError
        if isinstance(event, kinds.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := next(self.events), kinds.SequenceEndEvent):
                items.append(self._node(event, (*steps, len(items)), depth + 1))
            return items
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self.events), kinds.MappingEndEvent):
            key = self._key(event, steps, depth)
            if key in mapping:
                first = self.lines[pointer(*steps, key)]
                message = f"is written twice; the first time in line {first}"
                self.report(_line(event), pointer(*steps, key), message)
            else:
                self.lines[pointer(*steps, key)] = _line(event) + 1
            mapping[key] = self._node(next(self.events), (*steps, key), depth + 1)
        return mapping

    def _key(self, event: Any, steps: tuple[str | int, ...], depth: int) -> str:
        from yaml import events as kinds

        at = pointer(*steps)
        if isinstance(event, kinds.ScalarEvent):
            before = len(self.findings)
            key = self._scalar(event, at)
            if event.anchor is not None or event.tag is not None:
                self.report(_line(event), at, f"the key {event.value!r} has an anchor or a tag; remove it")
            elif len(self.findings) == before and not isinstance(key, str):
                self.report(_line(event), at, f"the key {event.value!r} is no text; quote it")
            elif not event.value.isprintable():
                self.report(_line(event), at, f"the key {event.value!r} holds control characters")
            return str(event.value)
        self.report(_line(event), at, "has a key that is no text")
        if not isinstance(event, kinds.AliasEvent):
            self._node(event, (*steps, "?"), depth + 1)
        return "?"

    def _scalar(self, event: Any, at: str) -> Any:
        text: str = event.value
        if event.style or event.tag is not None:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _FLOAT.fullmatch(text):
            number = int(text) if _INTEGER.fullmatch(text) and len(text) <= _LONGEST_NUMBER else float(text)
            if len(text) > _LONGEST_NUMBER or not isfinite(number):
                self.report(_line(event), at, f"{text[:_LONGEST_NUMBER]}... is too large a number; quote it")
            return number
        for reading, pattern in _TRAPS:
            if pattern.fullmatch(text):
                message = (
                    f"some YAML readers take {text} for {reading}; "
                    "quote it, or write true, false, null or a decimal number"
                )
                self.report(_line(event), at, message)
                break
        return text
