"""What is said of a keyword that is misspelt."""

from __future__ import annotations

import pytest

from sqloud.dialect import parse, split
from sqloud.errors import Error, Source

TABLE = "digitalocean.droplets.droplets"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (f"SELECT * FORM {TABLE}", "FROM in the place of FORM"),
        (f"SELECT * FROM {TABLE} whre id = 1", "WHERE in the place of whre"),
        (f"SELECT * FROM {TABLE} ORDR BY id", "ORDER in the place of ORDR"),
        (f"SELECT * FROM {TABLE} LIMT 3", "LIMIT in the place of LIMT"),
        (f"SELECT * FROM {TABLE} d JION {TABLE} e ON d.id = e.id", "JOIN in the place of JION"),
        ("SELECT (SELCT 1)", "SELECT in the place of SELCT"),
        ("SHOW SERVCES IN digitalocean", "did you mean SERVICES?"),
        ("SHOW max_requsts", "did you mean max_requests"),
        ("CREATE TABEL x AS SELECT 1", "did you mean TABLE?"),
        ("SELECT * FROM orders 5", None),
        ('SELECT "form" 5 6', None),
        ("SELECT a.form 5", None),
    ],
)
def test_the_nearest_keyword_is_a_hint(text: str, hint: str | None) -> None:
    with pytest.raises(Error) as caught:
        parse(split(Source("<test>", text))[0], {})
    said = [one for one in caught.value.hints if one.startswith("did you mean")]
    assert said == [] if hint is None else hint in said[0]
