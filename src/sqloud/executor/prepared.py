"""A scan with its first requests built.

Law: what is prepared has nothing left that could be refused before it is sent.
"""

from __future__ import annotations

import msgspec

from sqloud.plan.steps import Scan, Value
from sqloud.protocol.build import first_request
from sqloud.protocol.messages import ApiRequest

__all__ = ["Keys", "PreparedScan"]

Keys = tuple[tuple[Value, ...], ...]


class PreparedScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan whose keys are known has the first request of each built: nothing is left that could be refused.

    `keys` is None where they come from scans before it; `base` is what its requests begin with.
    """

    scan: Scan
    base: str = ""
    keys: Keys | None = None
    requests: tuple[ApiRequest, ...] = ()

    @classmethod
    def with_keys(cls, scan: Scan, base: str, keys: Keys) -> PreparedScan:
        """Build the first request of every key. Raises InvalidValueError."""
        requests = tuple(first_request(scan, key, base) for key in keys)
        return cls(scan=scan, base=base, keys=keys, requests=requests)
