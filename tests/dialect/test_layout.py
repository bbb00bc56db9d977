"""Scripts laid out: the same words in other lines, once and for all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.dialect.layout import laid_out
from sqloud.dialect.lexing import tokenize
from sqloud.errors import NotSupportedError, Source, SqlSyntaxError
from sqloud.frontends.cli import main

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    ROOT / "grammar" / "accepted.sql",
    *sorted((ROOT / "examples").glob("*.sql")),
    *sorted((ROOT / "tests").glob("*/*.sql")),
]

LONG = """
select d.name, count(b.id) as backups, max(b.created_at) as latest from digitalocean.droplets.droplets d left join
digitalocean.droplets.backups b on b.droplet_id = d.id where d.status = 'active' and (d.memory > 1024 or 'prod' =
any(d.tags)) and d.created_at between '2026-01-01' and '2026-02-01' group by d.name having count(*) > 1
order by 2 desc limit 5;
"""
LONG_LAID_OUT = """\
SELECT d.name, count(b.id) AS backups, max(b.created_at) AS latest
FROM digitalocean.droplets.droplets d
LEFT JOIN digitalocean.droplets.backups b ON b.droplet_id = d.id
WHERE d.status = 'active'
    AND (d.memory > 1024 OR 'prod' = any(d.tags))
    AND d.created_at BETWEEN '2026-01-01' AND '2026-02-01'
GROUP BY d.name
HAVING count(*) > 1
ORDER BY 2 DESC
LIMIT 5;
"""
LAID_OUT = [
    ("select a,b  from t where x=1", "SELECT a, b FROM t WHERE x = 1\n"),
    (
        "select left(a,2) from t left join u on t.id=u.id;",
        "SELECT left(a, 2) FROM t LEFT JOIN u ON t.id = u.id;\n",
    ),
    (LONG, LONG_LAID_OUT),
    ("-- first\nselect 1; -- one\n\n\nselect 2", "-- first\nSELECT 1; -- one\n\nSELECT 2\n"),
    (
        "insert /*+ AWAIT */ into d.e.f (a, data__b) values ('x -- y', {{ z }}), (:p, '{{ q }}')",
        "INSERT /*+ AWAIT */ INTO d.e.f (a, data__b) VALUES ('x -- y', {{ z }}), (:p, '{{ q }}')\n",
    ),
    ("select 'a\\' , b from t where x = 'c   d'", "SELECT 'a\\', b FROM t WHERE x = 'c   d'\n"),
    ("select 1 /* a /* 'b   */ c   d */ , 2", "SELECT 1 /* a /* 'b   */ c   d */, 2\n"),
    ("select a@>b, a<@b, a @> b, a <@ 'x', a&&b", "SELECT a@>b, a<@b, a @> b, a <@ 'x', a&&b\n"),
    ("exec a.b.c.d @id=3,@@json='{}'", "EXEC a.b.c.d @id = 3, @@json = '{}'\n"),
    (
        "select - -1, a->>'b', x::int, $1, e'\\'', d.select from t",
        "SELECT - -1, a->>'b', x::int, $1, e'\\'', d.select FROM t\n",
    ),
]


@pytest.mark.parametrize(("text", "expected"), LAID_OUT)
def test_laid_out(text: str, expected: str) -> None:
    assert laid_out(text) == expected
    assert laid_out(expected) == expected


def words(text: str) -> list[str]:
    """What the tokenizer of statements reads, strings and quoted names to the letter; then what is no blank at all."""
    found = []
    for token in tokenize(Source("test", text)):
        word = text[token.start : token.end + 1]
        found.append(word if word[-1] in "'\"`$" else " ".join(word.upper().split()))
    return [*found, re.sub(r"\s+", "", text).upper()]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_script_keeps_its_words_and_stays_as_laid_out(script: Path) -> None:
    text = script.read_text()
    once = laid_out(text)
    assert words(once) == words(text)
    assert laid_out(once) == once


WORDS = r"""
    select from where a b.c , ( ) [ ] 'x''y' "Q" -- /* */ ; = - * ->> :: 1.5 {{x}} :p @q $1 and or between case
    when end join left on union all /*c*/ as in not 'a\\' E'b\\'' $$ ' \\
"""
TOUCHY = ["\n", "--c  d\n", "/*\n*/", " ", "'c   d'", "E'\\'   x'", '"e   f"', "/* /*  ' */  '*/", "<@", "@>"]
PIECES = st.sampled_from([*re.findall(r"\S+", WORDS), *TOUCHY])


@given(st.lists(PIECES, max_size=25), st.sampled_from([" ", "", "  "]))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_text_keeps_its_words_or_is_refused(pieces: list[str], glue: str) -> None:
    text = glue.join(pieces)
    try:
        once = laid_out(text)
    except (SqlSyntaxError, NotSupportedError):
        return
    assert words(once) == words(text)
    assert laid_out(once) == once


def test_files_are_rewritten_checked_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good, broken = tmp_path / "bad.sql", tmp_path / "good.sql", tmp_path / "broken.sql"
    bad.write_text("select  1")
    good.write_text("SELECT 1\n")
    broken.write_text("select 'x")
    assert main(["fmt", "--check", str(bad), str(good)]) == 1
    assert "bad.sql would change" in capsys.readouterr().err
    assert main(["fmt", "--diff", str(bad)]) == 0
    assert "+SELECT 1\n" in capsys.readouterr().out
    assert bad.read_text() == "select  1"
    assert main(["fmt", str(tmp_path / "none.sql"), str(bad), str(good), str(broken)]) == 1
    assert bad.read_text() == good.read_text() == "SELECT 1\n"
    assert broken.read_text() == "select 'x"
    assert main(["fmt", "--check", str(bad), str(good)]) == 0
