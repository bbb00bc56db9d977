r"""Where `\o`, `\g FILE` and `\g |COMMAND` send answers.

Law: a file that is given for one statement is replaced whole or not at all; one that stays open grows by each answer.
A command's own output goes to the terminal, and one that ends early is no error.
"""

from __future__ import annotations

import io
import os
import subprocess
from contextlib import suppress

from sqloud.errors import OperationalError
from sqloud.output import format_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from sqloud.output.outfile import OutputFile

__all__ = ["Redirect"]


class Redirect:
    """An open destination: `stream`, and `output_format` where the file's suffix asks for one; `answered` once it
    holds an answer.

    Raises OperationalError where the file cannot be written, InterfaceError for a suffix of a format not ours.
    """

    def __init__(self, to: str, *, whole: bool) -> None:
        self._command: subprocess.Popen[bytes] | None = None
        self._file: OutputFile | None = None
        self.output_format: str | None = None
        self.answered = False
        self.stream: TextIO
        if to.startswith("|"):
            self._command = subprocess.Popen(["/bin/sh", "-c", to[1:].strip()], stdin=subprocess.PIPE)  # noqa: S603  # the user's own
            assert self._command.stdin is not None
            self.stream = io.TextIOWrapper(self._command.stdin, encoding="utf-8", newline="")
            return
        path = os.path.expanduser(to)
        self.output_format = format_of(path)
        if whole:
            from sqloud.output.outfile import OutputFile

            self._file = OutputFile(path)
            self.stream = self._file.__enter__()
            return
        try:
            self.stream = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115  # open until the next \o
        except OSError as error:
            raise OperationalError(f"cannot write {to}: {error.strerror or error}") from error

    def discard(self) -> None:
        """Leave the old file as it is."""
        if self._file is not None:
            self._file.discard()

    def close(self) -> None:
        """Write what is left, put the file in its place, and wait for the command."""
        if self._file is not None:
            self._file.__exit__(None, None, None)
        else:
            with suppress(BrokenPipeError):
                self.stream.close()
        if self._command is not None:
            self._command.wait()
