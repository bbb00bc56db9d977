"""How many requests may be in flight, and how fast they may follow each other: one lane for each host and credential.

Law: never more in flight than the session allows; what a server says of its limits is obeyed by every request to
it, not by the one that was told alone. A request that was refused goes before those that were never sent.

The number in flight halves on 429 and 503 and grows by one for each round of good answers. A 429 shows how fast the
server lets requests through: from then on they are sent at that pace, which grows until the next 429. A pace that was
refused is not tried again for a while, each time for longer; a 429 to what was sent before a pace says nothing of it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import deque

from sqloud.protocol.buckets import TokenBucket
from sqloud.protocol.messages import ApiResponse
from sqloud.registry.records import Bucket, RateLimitHeaders

__all__ = ["Lane"]

_SECOND = 1.0
_EASED = 0.97
"""The share of the rate at which a server refused that is asked of it next."""
_NEAR = 0.8
_STEADY = 0.5
"""A pace was near the most where this share of it had been let through in the second before it was refused, or where
it had gone on for so many seconds; before that it was a burst that was refused."""
_CREEP = 0.00012
_LEAP = 1.0
"""How the pace grows: by exp(creep * t * t), t the seconds since it was refused; before that by exp(leap * t)."""
_CEILING = 0.985
_LOOK = 16.0
"""The share of a pace that was refused which is not exceeded; and for how many seconds at first, twice as long after
each time that the next refusal comes at that pace again."""
_SAME = 0.06
"""How near two refused paces are, as a part of them, to be the same."""
_BURST = 0.05
"""Seconds of the pace that may be sent at once after a pause."""
_FIRST_HOLD = 0.05
_LONGEST_HOLD = 2.0
_LONGEST_RESET = 60.0
"""Seconds; a reset that is farther away is not waited for: the server's own refusal tells of it."""
_SPARE = 4
"""A limit that is nearly used up lets this part of what is left be in flight."""


class Lane:
    """The way to one host with one credential.

    most: requests in flight at once; first: how many before the server has shown that it is quick. buckets: limits
    that its document declares.
    """

    def __init__(self, *, most: int, first: int, buckets: tuple[Bucket, ...] = ()) -> None:
        self._most = most
        self._allowed = float(min(first, most))
        self._in_flight = 0
        self._queue: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._number = itertools.count()
        self._loop = asyncio.get_running_loop()
        self._buckets = [TokenBucket(bucket, self._loop.time()) for bucket in buckets]
        self._timer: asyncio.TimerHandle | None = None
        self._held_until = 0.0
        self._refusals = 0  # since the last good answer
        self._halved = 0.0
        self._remaining: int | None = None
        self._reset = 0.0
        self._good: deque[float] = deque()  # moments of the good answers of the last second
        self._pace: float | None = None  # requests a second; None: as fast as they come
        self._found = False  # the pace was near the most when it was refused
        self._ceiling = 0.0  # a pace that was refused
        self._look = _LOOK
        self._ceiled = 0.0  # until when the ceiling stands
        self._began = 0.0  # when requests went at this pace first
        self._credit = 0.0
        self._credited = 0.0

    async def enter(self, *, again: bool = False) -> None:
        """Wait for a place. `again`: the request was refused before, and goes first. Then call `leave`."""
        place: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._queue, (not again, next(self._number), place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._admit()

    def heard(
        self,
        response: ApiResponse,
        headers: RateLimitHeaders,
        asked: float | None,
        now: float,
        sent: float,
    ) -> None:
        """Learn from an answer. asked: seconds that it asks to wait; now: Unix seconds; sent: the lane's moment."""
        moment = self._loop.time()
        self._read(response, headers, moment, now)
        if response.status == 429:
            self._refused(moment, asked, sent)
        elif response.status == 503:
            self._halve(moment)
            if asked is not None and asked <= _LONGEST_RESET:
                self._held_until = max(self._held_until, moment + asked)
        else:
            self._welcome(moment)

    @property
    def paced(self) -> bool:
        """Whether a server's limits make requests wait here, beside the bound on those in flight."""
        return self._pace is not None or self.held > 0

    @property
    def moment(self) -> float:
        """Now, by the clock that the lane goes by."""
        return self._loop.time()

    @property
    def held(self) -> float:
        """Seconds until requests may go again; 0 where they may."""
        moment = self._loop.time()
        return max(0.0, self._held_until - moment, self._emptied(moment))

    @property
    def remaining(self) -> int | None:
        """Requests that the server says are left, or a declared limit lets go at once; None where neither is known."""
        known = [] if self._remaining is None else [self._remaining]
        moment = self._loop.time()
        return min((*known, *(int(bucket.tokens(moment)) for bucket in self._buckets)), default=None)

    def _welcome(self, moment: float) -> None:
        self._refusals = 0
        self._good.append(moment)
        while self._good and self._good[0] < moment - _SECOND:
            self._good.popleft()
        self._allowed = min(float(self._most), self._allowed + 1 / max(1.0, self._allowed))

    def _refused(self, moment: float, asked: float | None, sent: float) -> None:
        self._halve(moment)
        if (
            sent < self._began or moment < self._held_until
        ):  # under way together with one that was refused before
            if asked is not None and asked <= _LONGEST_RESET:
                self._held_until = max(self._held_until, sent + asked)
            return
        while self._good and self._good[0] < moment - _SECOND:
            self._good.popleft()
        self._refusals += 1
        self._slow(moment)
        hold = min(_LONGEST_HOLD, _FIRST_HOLD * 2.0 ** (self._refusals - 1)) if asked is None else asked
        if hold <= _LONGEST_RESET:
            self._held_until = moment + hold
        self._began = self._credited = self._held_until
        self._credit = 0.0

    def _slow(self, moment: float) -> None:
        """Find a pace that the server may let through: what it did, or a little less than what it refused."""
        seen = len(self._good) * _EASED
        if self._pace is None:
            if self._good:
                self._pace = max(1.0, seen)
            return
        steady = moment - self._began >= _STEADY or seen >= _NEAR * self._pace
        self._found = self._found or steady
        if not self._found:
            self._pace = max(1.0, seen, self._pace * 0.7)
            return
        if abs(self._pace - self._ceiling) <= self._ceiling * _SAME:
            self._look *= 2
        else:
            self._look = _LOOK
        self._ceiling, self._ceiled = self._pace, moment + self._look
        self._pace = max(1.0, min(self._pace * _EASED, max(seen, self._pace * 0.7)))

    def _halve(self, moment: float) -> None:
        if moment - self._halved >= _SECOND:
            self._halved = moment
            self._allowed = max(1.0, self._allowed / 2)

    def _read(self, response: ApiResponse, headers: RateLimitHeaders, moment: float, now: float) -> None:
        """The declared headers: what is left of the limit, and when it begins anew."""
        remaining = response.headers.get(headers.remaining or "", "").strip()
        reset = response.headers.get(headers.reset or "", "").strip()
        if not (remaining.isascii() and remaining.isdigit() and reset.isascii() and reset.isdigit()):
            return
        until = float(reset[:12]) - now
        self._remaining = int(remaining[:12])
        self._reset = moment + until
        if self._remaining == 0 and 0 < until <= _LONGEST_RESET:
            self._held_until = max(self._held_until, self._reset)

    def _places(self, moment: float) -> int:
        """How many may be in flight now."""
        allowed = int(self._allowed)
        if self._remaining is not None and moment < self._reset:
            allowed = min(allowed, max(1, self._remaining // _SPARE))
        return allowed

    def _admit(self) -> None:
        """Let in whoever may go, and come back when the next may."""
        moment = self._loop.time()
        while self._queue and self._in_flight < self._places(moment):
            if self._queue[0][2].done():  # cancelled while it waited
                heapq.heappop(self._queue)
                continue
            pause = max(self._held_until - moment, self._behind(moment), self._emptied(moment))
            if pause > 0:
                self._again(pause)
                return
            if self._pace is not None:
                self._credit -= 1
            for bucket in self._buckets:
                bucket.take(moment)
            self._in_flight += 1
            heapq.heappop(self._queue)[2].set_result(None)

    def _emptied(self, moment: float) -> float:
        """Seconds until every declared limit lets one more request through."""
        return max((bucket.pause(moment) for bucket in self._buckets), default=0.0)

    def _behind(self, moment: float) -> float:
        """Seconds until the pace allows one more request; credit of a second at most is kept."""
        if self._pace is None:
            return 0.0
        passed, since = moment - self._credited, moment - self._began
        self._credited = moment
        if since > 0:
            before = max(0.0, since - passed)
            grown = _CREEP * (since**2 - before**2) if self._found else _LEAP * (since - before)
            self._pace *= math.exp(min(1.0, grown))
            if moment < self._ceiled:
                self._pace = min(self._pace, self._ceiling * _CEILING)
        self._credit = min(max(1.0, self._pace * _BURST), self._credit + passed * self._pace)
        return 0.0 if self._credit >= 1 else (1 - self._credit) / self._pace

    def _again(self, pause: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause, self._admit)
