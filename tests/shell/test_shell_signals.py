"""When SIGINT raises."""

from __future__ import annotations

import os
import signal

import pytest

from sqloud.frontends.shell_signals import Signals


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _run_and_clean(signals: Signals, cleaned: list[int]) -> None:
    with signals.interruptible():
        try:
            _interrupt()
        finally:
            for number in range(20):
                _interrupt()
                cleaned.append(number)


def test_interrupt_raises_once_and_only_inside() -> None:
    signals = Signals()
    before = signal.getsignal(signal.SIGINT)
    cleaned: list[int] = []
    interrupted = []
    with signals.installed():
        _interrupt()
        signals.forget()
        with pytest.raises(KeyboardInterrupt):
            _run_and_clean(signals, cleaned)
        interrupted.append(signals.interrupted)
        _interrupt()
        signals.forget()
        with signals.interruptible():
            pass
        interrupted.append(signals.interrupted)
    assert interrupted == [True, False]
    assert cleaned == list(range(20))
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupt_on_the_way_to_a_statement_cancels_it() -> None:
    signals = Signals()
    begun: list[int] = []
    with signals.installed():
        _interrupt()
        with pytest.raises(KeyboardInterrupt):
            _run_and_clean(signals, begun)
        assert signals.interrupted
    assert begun == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_the_process_with_their_code(number: signal.Signals, code: int) -> None:
    with Signals().installed(), pytest.raises(SystemExit) as caught:
        os.kill(os.getpid(), number)
    assert caught.value.code == code
