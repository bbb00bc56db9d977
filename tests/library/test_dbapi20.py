"""The field's compliance suite for PEP 249, with no test left out."""

import dbapi20
import pytest

import sqloud


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestDbapi20(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]
    """Tables of the connection's own; the statements are the suite's."""

    driver = sqloud

    def test_nextset(self) -> None:
        with self._connect() as connection:
            cursor = connection.execute("SELECT 1")
            assert cursor.nextset() is None
            with pytest.raises(sqloud.Error):
                connection.cursor().nextset()

    def test_setoutputsize(self) -> None:
        with self._connect() as connection:
            cursor = connection.cursor()
            cursor.setoutputsize(10)
            assert cursor.execute("SELECT repeat('x', 1000)").fetchone() == ("x" * 1000,)
