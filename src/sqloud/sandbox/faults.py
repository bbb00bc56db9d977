"""Faults on purpose: answers that go wrong as often as they were asked to.

Law: a fault counts down only on a request that it spoils; when its count is spent the cloud answers again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from urllib.parse import parse_qs

import msgspec

from sqloud.errors import InvalidValueError
from sqloud.protocol.messages import ApiResponse
from sqloud.sandbox.cloud import Cloud

__all__ = ["Fault", "FaultyCloud", "parse_fault"]

_EXAMPLE = "a fault is STATUS, STATUS:PAGE or STATUS:PAGE:COUNT, as in 500:7:3; a page of * is any"


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Answer `status` to requests of `page` (None: to any), `count` times."""

    status: int
    page: int | None = None
    count: int = 1


def parse_fault(text: str) -> Fault:
    """A fault from `STATUS[:PAGE[:COUNT]]`. Raises InvalidValueError.

    >>> parse_fault("500:7:3")
    Fault(status=500, page=7, count=3)
    >>> parse_fault("429:*:2").page is None
    True
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) > 3:
        raise InvalidValueError(f"the fault {text!r} has more than three parts", hints=(_EXAMPLE,))
    status, page, count = parts + ["*", "1"][len(parts) - 1 :]
    return Fault(
        status=_number(text, "status", status, 400, 599),
        page=None if page in ("", "*") else _number(text, "page", page, 1, 10**9),
        count=_number(text, "count", count, 1, 10**9),
    )


def _number(fault: str, name: str, text: str, minimum: int, maximum: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 10 and minimum <= int(text) <= maximum:
        return int(text)
    raise InvalidValueError(
        f"the {name} of the fault {fault!r} must be a number from {minimum} to {maximum}, got {text!r}",
        hints=(_EXAMPLE,),
    )


class FaultyCloud:
    """A cloud that answers `faults` first, each in its turn. Safe from several threads."""

    def __init__(self, cloud: Cloud, faults: Sequence[Fault] = ()) -> None:
        self._cloud = cloud
        self._faults = tuple(faults)
        self._left = [fault.count for fault in faults]
        self._lock = Lock()

    def answer(
        self,
        http_verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        base_url: str | None = None,
    ) -> ApiResponse:
        """As `Cloud.answer`, unless a fault is left for the request's page."""
        fault = self._take(target)
        if fault is None:
            return self._cloud.answer(http_verb, target, headers, body, base_url=base_url)
        patience = {"retry-after": "1"} if fault.status == 429 else None
        return self._cloud.refuse(
            fault.status, f"a fault of the sandbox, on purpose: {fault.status}", patience
        )

    def _take(self, target: str) -> Fault | None:
        pages = parse_qs(target.partition("?")[2]).get("page", ["1"])
        with self._lock:
            for place, fault in enumerate(self._faults):
                if self._left[place] and (fault.page is None or str(fault.page) == pages[-1]):
                    self._left[place] -= 1
                    return fault
        return None
