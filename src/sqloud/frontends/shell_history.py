"""The history of the shell, in a file of the user's.

Law: the file is the user's alone (0600, in a folder made 0700), one JSON string a line, so that a statement of
several lines comes back whole. What begins with a blank or holds something like a secret is never written, and
a history that cannot be kept is a note and nothing worse.
"""

from __future__ import annotations

import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["HistoryFile", "is_kept", "known_secrets"]

_LONGEST = 64 * 2**10
"""Characters of the longest entry that is kept."""

_READ = 2**20
"""Bytes that are read from the end of the file."""

_WORDS = r"(?:\w*_)?(?:token|password|passwd|passphrase|secret|api_?key|access_?key|secret_?key|private_?key)"

# A name of a secret with a value beside it; a template, a placeholder, NULL or a column is not a value.
_NAMED = rf"\b{_WORDS}['\"`]?\s*(?:=|:|=>|:=|\bis\b|\blike\b)\s*(?!['\"]?\{{\{{)(?![:?%$])['\"]?[^\s'\"]"
_SECRET = re.compile(
    "|".join(
        (
            r"\bdo[opr]_v1_\w",
            r"\bbearer\s+[^\s'\"]",
            r"\b(?:gh[pousr]|github_pat)_\w{8}",
            r"\b(?:sk|pk|rk|xox[abprs])-\w{8}",
            r"\bAKIA[0-9A-Z]{12}",
            r"\beyJ[\w-]{8,}\.[\w-]+",
            r"-----BEGIN [A-Z ]*PRIVATE KEY",
            r"://[^\s/:@]*:[^\s/@]+@",
            _NAMED,
            # The columns of an INSERT stand apart from their values.
            rf"^\s*(?:insert|replace)\b[^;]*\b{_WORDS}\b[^;]*'",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|(?:API|ACCESS|PRIVATE)_?KEY")
_SHORTEST_SECRET = 8


def known_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the environment's variables whose names speak of a secret."""
    return tuple(
        value
        for name, value in environment.items()
        if len(value) >= _SHORTEST_SECRET and _SECRET_NAME.search(name)
    )


def is_kept(entry: str, secrets: Iterable[str] = ()) -> bool:
    """Whether an entry may go into the history; `secrets` are values that must not.

    >>> is_kept("SHOW PROVIDERS;"), is_kept(" SHOW PROVIDERS;"), is_kept("SELECT 'dop_v1_12ab';")
    (True, False, False)
    """
    return (
        bool(entry.strip())
        and not entry[0].isspace()
        and len(entry) <= _LONGEST
        and not any(secret in entry for secret in secrets)
        and _SECRET.search(entry) is None
    )


class HistoryFile:
    """Entries read from, and appended to, one file. `notes` are what the user should know, still untold."""

    def __init__(self, path: Path, *, secrets: tuple[str, ...] = ()) -> None:
        self.path = path
        self.notes: list[str] = []
        self._secrets = secrets
        self._troubled = False

    def is_kept(self, entry: str) -> bool:
        """Whether the history takes an entry."""
        return is_kept(entry, self._secrets)

    def entries(self) -> list[str]:
        """The newest entries, oldest first; none where the file cannot be read."""
        try:
            with open(self._opened(os.O_RDONLY), "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _READ))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            self._note("read", error)
            return []
        if size > _READ:
            lines = lines[1:]  # the first one is cut
        return self._decoded([line for line in lines if line])

    def append(self, entry: str) -> None:
        """Keep an entry, if `is_kept`. One write each, so that several shells can share the file."""
        if not self.is_kept(entry):
            return
        from json import dumps

        line = (dumps(entry) + "\n").encode("ascii")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._opened(os.O_RDWR | os.O_APPEND | os.O_CREAT), "ab", buffering=0) as file:
                file.write(line)
        except OSError as error:
            self._note("keep", error)

    def _decoded(self, lines: list[bytes]) -> list[str]:
        from json import loads

        entries = []
        broken = 0
        for line in lines:
            try:
                entry = loads(line)
            except ValueError:
                broken += 1
                continue
            if isinstance(entry, str):
                entries.append(entry)
            else:
                broken += 1
        if broken:
            self.notes.append(
                f"{broken} lines of the history {self.path} are no JSON strings; they are left out"
            )
        return entries

    def _opened(self, flags: int) -> int:
        """A descriptor of the file, which is made private; raises OSError for what is no plain file."""
        descriptor = os.open(self.path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(None, "it is no plain file")
            if status.st_mode & 0o077 and status.st_uid == os.geteuid():
                os.fchmod(descriptor, 0o600)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _note(self, what: str, error: OSError) -> None:
        if not self._troubled:
            self._troubled = True
            self.notes.append(f"cannot {what} the history {self.path}: {error.strerror or error}")
