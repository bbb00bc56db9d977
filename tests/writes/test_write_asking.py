"""A batch on a terminal asks before it writes; without one nobody is asked."""

from __future__ import annotations

from io import StringIO

import pytest

from sqloud.frontends.asking import asker


class Terminal(StringIO):
    """What says of itself that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "yes"),
    [("yes\n", True), ("Y\n", True), ("no\n", False), ("\n", False), ("", False), ("yes please\n", False)],
)
def test_only_a_yes_is_one(typed: str, yes: bool, capsys: pytest.CaptureFixture[str]) -> None:
    questions = Terminal()
    confirm = asker([("command", "DELETE ...")], Terminal(typed), questions)
    assert confirm is not None
    assert confirm("send 1 request?", ["DELETE /v2/droplets/4"]) is yes
    assert questions.getvalue() == "send 1 request? (yes/no) "
    told = capsys.readouterr()
    assert "DELETE /v2/droplets/4" in told.err
    assert told.out == ""


def test_nobody_is_asked_where_no_answer_can_be_typed() -> None:
    closed = Terminal("yes\n")
    closed.close()
    scripts = [("command", "DELETE ...")]
    assert asker(scripts, StringIO("yes\n"), Terminal()) is None
    assert asker(scripts, Terminal("yes\n"), StringIO()) is None
    assert asker(scripts, closed, Terminal()) is None
    assert asker(scripts, None, Terminal()) is None
    assert asker([*scripts, ("file", "-")], Terminal("yes\n"), Terminal()) is None
