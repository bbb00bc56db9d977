"""COPY: rows into a file, and rows of a file into an own table.

Law: a file is written beside its place and takes it whole, in a directory that the user opened; a COPY that fails
leaves what was there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqloud.dialect import Copy, CopyOption
from sqloud.errors import NotSupportedError, OperationalError, ProgrammingError
from sqloud.planner.files import FORMATS
from sqloud.storage import literal

__all__ = ["WrittenFile", "copy_options"]

_CSV = (
    *("header", "delimiter", "delim", "sep", "quote", "escape", "null"),
    *("compression", "dateformat", "timestampformat"),
)
_OPTIONS = {
    "csv": frozenset(_CSV),
    "json": frozenset({"array", "compression", "dateformat", "timestampformat"}),
    "parquet": frozenset({"compression", "row_group_size"}),
}


def copy_options(statement: Copy) -> str:
    """The options of a COPY as the engine reads them, the format first. Raises ProgrammingError for one unknown."""
    said = next((option.value for option in statement.options if option.name == "format"), None)
    suffix = Path(statement.path).suffix.lower()
    form = said if said is not None else FORMATS.get(suffix)
    if form not in _OPTIONS:
        raise NotSupportedError(
            f"COPY knows no format {said}"
            if said is not None
            else f"{statement.path} does not say its format",
            hints=("add   (FORMAT csv), (FORMAT json) or (FORMAT parquet)",),
        )
    given = [option for option in statement.options if option.name != "format"]
    unknown = next((option for option in given if option.name not in _OPTIONS[str(form)]), None)
    if unknown is not None:
        raise ProgrammingError(
            f"COPY in the format {form} has no option {unknown.name.upper()}",
            hints=(f"there are {', '.join(sorted(name.upper() for name in _OPTIONS[str(form)]))}",),
        )
    if suffix == ".tsv" and not any(option.name in ("delimiter", "delim", "sep") for option in given):
        given.append(CopyOption(name="delimiter", value="\t"))
    return ", ".join([f"FORMAT {form}", *map(_option, given)])


def _option(option: CopyOption) -> str:
    name = "nullstr" if option.name == "null" else option.name
    value = option.value
    if value is None:
        return name
    return f"{name} {literal(value) if isinstance(value, str) else str(value).lower()}"


class WrittenFile:
    """A file to be: `part` is written, then `take_place` puts it where it belongs, or `discard` removes it."""

    def __init__(self, name: str, writable: Sequence[Path]) -> None:
        """Raises NotSupportedError for a place that is not open, OperationalError for one that cannot be."""
        if not writable:
            raise NotSupportedError(
                "no file may be written by statements", hints=("--allow-write DIR opens a directory",)
            )
        path = Path(name)
        try:
            directory = path.parent.resolve()
            if not any(directory.is_relative_to(one.resolve()) for one in writable):
                raise NotSupportedError(
                    f"{name} lies outside of where statements may write",
                    hints=(f"--allow-write {directory} would open it",),
                )
            if not directory.is_dir() or path.name in ("", ".", "..") or path.is_dir():
                raise OperationalError(f"{name} can be no file: there is a directory, or none to put it in")
        except (OSError, RuntimeError, ValueError) as error:
            raise OperationalError(f"cannot write {name}: {error}") from error
        self._path = directory / path.name
        self.part = directory / f".{path.name}.{secrets.token_hex(6)}.part"

    def take_place(self) -> None:
        """Put what was written in its place; a link that is there is replaced, never followed."""
        os.replace(self.part, self._path)

    def discard(self) -> None:
        """Remove what was begun."""
        with suppress(FileNotFoundError):
            self.part.unlink()
