"""Time series, text and bytes become rows; a column of the answer stands on each of its rows."""

import math

import pytest

from sqloud.datatypes import DataType
from sqloud.engine.duck import DuckEngine
from sqloud.errors import ResponseDataError
from sqloud.protocol.rows import RowDecoder
from sqloud.registry.records import Column, Rows

LABELS = Column(name="labels", type=DataType(type="object"), path=("metric",))
TIME = Column(name="time", type=DataType(type="string", format="date-time"), path=("time",))
VALUE = Column(name="value", type=DataType(type="number"), path=("value",))
STATUS = Column(name="status", type=DataType(type="string"), path=("status",), answer=True)
SERIES = Rows(path=("data", "result"), shape="series")


def loaded(rows: Rows, columns: list[Column], body: bytes) -> list[tuple[object, ...]]:
    lines = RowDecoder(rows, columns, ()).decode(body, ()).lines
    engine = DuckEngine()
    try:
        workspace = engine.open()
        workspace.create("t", [(column.name, column.type.sql) for column in columns])
        workspace.load("t", lines)
        return [row for batch in workspace.query("SELECT * FROM t") for row in batch]
    finally:
        engine.close()


def test_series_become_rows_of_labels_time_and_value() -> None:
    body = b"""{"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {"host_id": "19201920"}, "values": [[1435781430.781, "1.5"], [1435781445, "NaN"]]},
        {"metric": {}, "values": []}, {"metric": {"a": "b"}, "value": [0, "-Inf"]}]}}"""
    first, second, third = loaded(SERIES, [LABELS, TIME, VALUE, STATUS], body)
    assert [str(row[0]) for row in (first, third)] == ['{"host_id":"19201920"}', '{"a":"b"}']
    assert first[2:] == (1.5, "success")
    assert str(first[1]) == "2015-07-01 20:10:30.781000+00:00"
    assert isinstance(second[2], float)
    assert math.isnan(second[2])
    assert third[2] == -math.inf


@pytest.mark.parametrize(
    "result",
    [
        b'[{"values": [[1]]}]',
        b'[{"values": [["a", "1"]]}]',
        b'[{"values": [[1, "x"]]}]',
        b"[1]",
        b'[{"values": 1}]',
    ],
)
def test_what_is_no_series_is_told(result: bytes) -> None:
    with pytest.raises(ResponseDataError, match=r"data\.result"):
        RowDecoder(SERIES, [VALUE], ()).decode(b'{"data": {"result": ' + result + b"}}", ())


def test_text_is_one_row() -> None:
    column = Column(name="csv", type=DataType(type="string"), path=())
    body = 'a,b\r\n"ä\\x41",\n'.encode()
    assert loaded(Rows(shape="text", media="text/csv"), [column], body) == [('a,b\r\n"ä\\x41",\n',)]
    with pytest.raises(ResponseDataError, match="not UTF-8"):
        RowDecoder(Rows(shape="text"), [column], ()).decode(b"\xff", ())


def test_bytes_stay_what_they_are() -> None:
    column = Column(name="pdf", type=DataType(type="string", format="binary"), path=())
    body = bytes(range(256)) + b"\\x41'\""
    assert loaded(Rows(shape="binary", media="application/pdf"), [column], body) == [(body,)]


def test_rows_may_be_in_another_place() -> None:
    column = Column(name="id", type=DataType(type="integer"), path=("id",))
    rows = Rows(path=("droplets",), otherwise=Rows(path=("droplet",), shape="object"))
    assert loaded(rows, [column], b'{"droplets": [{"id": 1}, {"id": 2}]}') == [(1,), (2,)]
    assert loaded(rows, [column], b'{"droplet": {"id": 3}, "links": {}}') == [(3,)]
