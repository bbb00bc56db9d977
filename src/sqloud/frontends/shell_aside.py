"""A statement runs aside, in a thread of its own, while the main thread waits for what happens.

Law: Ctrl-C never breaks into code that runs. It is an event that the main thread waits for, as the statement's end
is, and cancels the statement until that has ended. So neither an import nor native code can be left half done, and
no Ctrl-C is lost.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from sqloud.frontends.shell_signals import Signals

    T = TypeVar("T")

__all__ = ["Aside"]

_AGAIN = 0.02
"""Seconds after which a statement that was cancelled, and has not ended, is cancelled again."""


class _Question:
    """What the statement's thread wants done in the main thread."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.answer: Future[Any] = Future()


class Aside:
    """Runs one function at a time. Belongs to the main thread, which alone receives signals."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._events: queue.SimpleQueue[_Question | str] = queue.SimpleQueue()

    def run(self, work: Callable[[], T], cancel: Callable[[int], None]) -> T:
        """What `work` gives or raises; `cancel` is told its thread, from the first Ctrl-C until it has ended.

        Raises KeyboardInterrupt where it was cancelled and could tell nothing but that.
        """
        # One queue a run: an event that comes late is nothing to the next.
        events: queue.SimpleQueue[_Question | str] = queue.SimpleQueue()
        self._events = events
        outcome: Future[T] = Future()

        def target() -> None:
            try:
                outcome.set_result(work())
            except BaseException as error:  # raised again where it is waited for
                outcome.set_exception(error)
            events.put("ended")

        thread = threading.Thread(target=target, name="sqloud-statement", daemon=True)
        with self._signals.heard(lambda: events.put("interrupted")):
            thread.start()
            try:
                self._attend(events, thread, cancel)
            except BaseException:  # the process is told to end
                cancel(thread.ident or 0)
                raise
        return outcome.result()

    def in_main(self, function: Callable[[], T]) -> T:
        """Call a function in the main thread, from the thread of the statement; gives or raises what it does."""
        if threading.current_thread() is threading.main_thread():
            return function()
        question = _Question(function)
        self._events.put(question)
        answer: T = question.answer.result()
        return answer

    def _attend(
        self,
        events: queue.SimpleQueue[_Question | str],
        thread: threading.Thread,
        cancel: Callable[[int], None],
    ) -> None:
        cancelled = False
        while True:
            try:
                event = events.get(timeout=_AGAIN if cancelled else None)
            except queue.Empty:
                cancel(thread.ident or 0)
                continue
            if event == "ended":
                return
            if isinstance(event, _Question):
                self._answer(event)
            else:
                cancelled = True
                cancel(thread.ident or 0)

    def _answer(self, question: _Question) -> None:
        try:
            with self._signals.unheard():
                given = question.function()
        except (KeyboardInterrupt, Exception) as error:  # raised again in the thread that asked
            question.answer.set_exception(error)
        else:
            question.answer.set_result(given)
