"""A result says whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqloud.engine.base import Batch, ResultColumn
from sqloud.errors import EngineError, InterfaceError
from sqloud.executor.result import Completeness, Result

COLUMNS = (ResultColumn(name="v", type="BIGINT"),)


def result(batches: Iterator[Batch]) -> tuple[Result, list[str]]:
    closed: list[str] = []
    return Result(COLUMNS, batches, on_close=lambda: closed.append("closed")), closed


def two() -> Iterator[Batch]:
    yield [(1,)]
    yield [(2,)]


def failing() -> Iterator[Batch]:
    yield [(1,)]
    raise EngineError("late")


def test_read_to_its_end_it_is_complete() -> None:
    answer, closed = result(two())
    assert answer.completeness.value == "open"
    assert list(answer.batches()) == [[(1,)], [(2,)]]
    assert answer.completeness is Completeness.COMPLETE
    assert closed == ["closed"]
    answer.close()
    assert answer.completeness is Completeness.COMPLETE
    assert closed == ["closed"]


def test_cut_by_a_limit_it_says_so() -> None:
    answer, _ = result(two())
    answer.cut_by = "max_rows"
    list(answer.batches())
    assert answer.completeness is Completeness.CUT


def test_given_up_it_is_closed() -> None:
    answer, closed = result(two())
    batches = answer.batches()
    next(batches)
    batches.close()  # type: ignore[attr-defined]  # a generator
    assert answer.completeness is Completeness.CLOSED
    assert closed == ["closed"]


def test_failing_it_is_closed() -> None:
    answer, closed = result(failing())
    with pytest.raises(EngineError):
        list(answer.batches())
    assert answer.completeness is Completeness.CLOSED
    assert closed == ["closed"]


def test_closed_it_gives_nothing() -> None:
    answer, closed = result(two())
    answer.close()
    answer.close()
    assert closed == ["closed"]
    with pytest.raises(InterfaceError, match="closed"):
        list(answer.batches())
