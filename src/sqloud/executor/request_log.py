"""A log of requests: one JSON line for each that was sent.

Law: a line holds no secret: neither headers nor bodies are written, and a credential that stands in a URL or a
message is masked. Each line is written whole, so that a killed process leaves whole lines.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sqloud.errors import OperationalError
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["RequestLog"]

_SHORTEST_SECRET = 4


class RequestLog:
    """Appends to `path`, which only its owner may read (0600). `secrets` gives the texts that are masked."""

    def __init__(self, path: Path, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OperationalError(
                f"cannot write the log of requests {path}: {error.strerror or error}"
            ) from error

    def answered(self, request: ApiRequest, response: ApiResponse, seconds: float, attempt: int) -> None:
        """A request that was answered after so many seconds; attempt: counts from 1."""
        self._write(
            request, seconds, attempt, {"status": response.status, "bytes": len(response.body), "error": None}
        )

    def failed(self, request: ApiRequest, reason: str, seconds: float, attempt: int) -> None:
        """A request that had no answer."""
        self._write(request, seconds, attempt, {"status": None, "bytes": 0, "error": reason})

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, request: ApiRequest, seconds: float, attempt: int, outcome: dict[str, object]) -> None:
        line = msgspec.json.encode(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "method": request.http_verb,
                "url": request.url,
                **outcome,
                "ms": round(seconds * 1000, 1),
                "attempt": attempt,
            }
        )
        for secret in self._secrets():
            if len(secret) >= _SHORTEST_SECRET:
                line = line.replace(secret.encode(), b"[credential]")
        os.write(self._file, line + b"\n")
