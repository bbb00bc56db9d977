"""How many requests may be in flight, and how fast they may follow each other: one lane for each host and credential.

Law: never more in flight than the session allows; what a server says of its limits is obeyed by every request to
it, not by the one that was told alone. A request that was refused goes before those that were never sent.

The number in flight halves on 429 and 503 and grows by one for each round of good answers. A 429 shows how fast the
server lets requests through: from then on they are sent at that pace. A pace that lasts is good, one that was refused
is bad, and what is tried next lies between the two. A refusal costs the time that the server asks to wait, so the
dearer it is, and the nearer good and bad are, the longer it takes until more is tried.
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
"""The share of what a server let through in a second that is asked of it next."""
_MANY = 20
"""So many requests before the first refusal are a window's count; fewer may be the burst of a small bucket."""
_LASTING = 1.5
"""Seconds that a pace has to go on to be good, once one was refused."""
_DOUBLING = 0.25
"""Seconds for each step of a pace that began with a small burst, until one is refused."""
_NEAR, _SAME = 1.25, 1.04
"""How near bad is to good, as their ratio: near enough to be careful, and to be the same."""
_CAREFUL, _BOLD = 16.0, 2.0
"""Times what a refusal costs until more is tried: where good and bad are near each other, and where they are not."""
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
        self._good_pace = 0.0  # the highest that lasted
        self._bad_pace = math.inf  # the lowest that was refused
        self._step = 1.15  # what a pace grows by where none was refused
        self._look = _CAREFUL
        self._lag = 0.0  # seconds that answers take, about
        self._try_at = 0.0  # when more is tried
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
        self._lag += (moment - sent - self._lag) / 8
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
        if self._pace is not None and self._bad_pace == math.inf and moment < self._held_until:
            self._pace += _EASED  # it was let through before the first refusal, and is told after it
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
        hold = min(_LONGEST_HOLD, _FIRST_HOLD * 2.0 ** (self._refusals - 1)) if asked is None else asked
        if hold <= _LONGEST_RESET:
            self._held_until = moment + hold
        if self._refusals == 1:  # what is refused again before anything passed came too early, not too fast
            self._slow(hold)
        else:
            self._try_at += hold
        self._began = self._credited = self._held_until
        self._credit = 0.0

    def _slow(self, cost: float) -> None:
        """Find a pace that the server may let through. cost: seconds that the refusal takes."""
        lasted = self._held_until - cost - self._began
        seen = len(self._good) / min(1.0, max(lasted, 0.1))
        if self._pace is None:
            seen = len(self._good)
            if seen:
                self._pace = max(1.0, seen * _EASED)
                self._step, pause = (1.15, _LASTING) if seen >= _MANY else (2.0, _DOUBLING)
                self._try_at = self._held_until + max(pause, 2 * self._lag)
            return
        refused = self._bad_pace = self._pace
        if self._good_pace >= refused * _EASED:
            # It was taken for good too soon, or the server allows less than it did.
            self._pace = max(1.0, min(seen, refused) * _EASED)
            self._good_pace = self._pace * 0.9
        elif self._good_pace:
            self._pace = max(self._good_pace, seen * _EASED if seen < refused * _EASED else 0.0)
        else:
            self._pace = max(1.0, min(seen, refused) * _EASED if seen < 0.9 * refused else refused * 0.75)
        near = self._bad_pace <= self._pace * _NEAR
        if self._bad_pace <= self._pace * _SAME * _SAME:
            self._look *= 2
        self._try_at = self._held_until + max(_LASTING, cost * (self._look if near else _BOLD))

    def _try_more(self, moment: float) -> None:
        """What lasted until now is good; go on with a little more."""
        assert self._pace is not None
        doubles = self._step >= 2.0 and self._bad_pace == math.inf  # so that it has hardly been tried
        self._good_pace = max(self._good_pace, self._pace / 2 if doubles else self._pace)
        if self._bad_pace <= self._good_pace * _SAME:  # that was long ago
            self._bad_pace, self._step = math.inf, _SAME
        if self._bad_pace < math.inf:
            self._pace = math.sqrt(self._good_pace * self._bad_pace)
            self._try_at = moment + _LASTING
            return
        self._pace *= self._step
        self._try_at = moment + max(
            _DOUBLING if self._step >= 2.0 else _LASTING, 4 / self._pace, 2 * self._lag
        )
        self._step = min(2.0, 1 + (self._step - 1) * 1.5)

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
        passed = moment - self._credited
        self._credited = moment
        if moment >= self._try_at:
            self._try_more(moment)
        self._credit = min(max(1.0, self._pace * _BURST), self._credit + passed * self._pace)
        return 0.0 if self._credit >= 1 else (1 - self._credit) / self._pace

    def _again(self, pause: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause, self._admit)
