"""Token buckets: limits that a document declares, kept to before a server has to refuse.

Law: in any span of t seconds no more than `burst` + t * `requests` / `seconds` requests are let through. No clock is
read here; moments are seconds of whichever clock the caller goes by.
"""

from __future__ import annotations

from sqloud.registry.records import Bucket

__all__ = ["TokenBucket"]

_NEARLY_ONE = 1 - 1e-9
"""A token that rounding has made a little less than whole."""


class TokenBucket:
    """A bucket that is full at first.

    >>> bucket = TokenBucket(Bucket(requests=2, seconds=1, burst=1), 0.0)
    >>> bucket.take(0.0), bucket.pause(0.0), bucket.pause(0.5)
    (None, 0.5, 0.0)
    """

    def __init__(self, declared: Bucket, moment: float) -> None:
        self._rate = declared.requests / declared.seconds
        self._burst = float(declared.burst or declared.requests)
        self._tokens, self._moment = self._burst, moment

    def pause(self, moment: float) -> float:
        """Seconds until a request may go; 0 where it may now."""
        tokens = self.tokens(moment)
        return 0.0 if tokens >= _NEARLY_ONE else (1 - tokens) / self._rate

    def take(self, moment: float) -> None:
        """Count a request that goes now."""
        self._tokens, self._moment = self.tokens(moment) - 1, moment

    def tokens(self, moment: float) -> float:
        """How many may go at once."""
        return min(self._burst, self._tokens + max(0.0, moment - self._moment) * self._rate)
