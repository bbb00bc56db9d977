"""Reports of errors as golden texts, and the exit code of every class."""

import io
from collections.abc import Iterator

import pytest

from sqloud import errors
from sqloud.errors import ApiError, Error, ProviderDocumentError, RateLimitError, Source, Span
from sqloud.frontends.report import exit_code, render, wants_colour

LONG = ", ".join(f"c{number}" for number in range(300))

# source text, the words that the error is about ("" is its end), hints, the report after `q.sql:`
GOLDEN: list[tuple[str, str, tuple[str, ...], str]] = [
    (
        "SELECT 1;\nSELECT nam\nFROM t",
        "nam",
        ("did you mean name?", "two\nlines"),
        """2:8: error: no
 2 | SELECT nam
   |        ^^^
hint: did you mean name?
hint: two
      lines""",
    ),
    (
        "SELECT\t1, \tnam\tFROM t",
        "nam",
        (),
        """1:12: error: no
 1 | SELECT  1,      nam     FROM t
   |                 ^^^""",
    ),
    (
        "SELECT '漢字', e\u0301, nam FROM t",
        "nam",
        (),
        """1:18: error: no
 1 | SELECT '漢字', e\u0301, nam FROM t
   |                   ^^^""",
    ),
    (
        "SELECT 漢字 FROM t\r\n",
        "漢字",
        (),
        """1:8: error: no
 1 | SELECT 漢字 FROM t
   |        ^^^^""",
    ),
    (
        "SELECT '\x1b[2J\u202e', nam",
        "nam",
        (),
        """1:17: error: no
 1 | SELECT '\\x1b[2J\\u202e', nam
   |                         ^^^""",
    ),
    (
        "SELECT (1 +\n2",
        "(1 +\n2",
        (),
        """1:8: error: no
 1 | SELECT (1 +
   |        ^^^^""",
    ),
    (
        "SELECT",
        "",
        (),
        """1:7: error: no
 1 | SELECT
   |       ^""",
    ),
    (
        f"SELECT {LONG} FROM t",
        "c150",
        (),
        """1:798: error: no
 1 | …4, c145, c146, c147, c148, c149, c150, c151, c152, c153, c154, c155, c156, c157, c158, c159, c160, c…
   |                                   ^^^^""",
    ),
    (
        "x" * 5_000_000,
        "x" * 5_000_000,
        (),
        f"""1:1: error: no
 1 | {"x" * 100}…
   | {"^" * 100}""",
    ),
    (
        "\n" * 119 + "SELECT nam",
        "nam",
        (),
        """120:8: error: no
 120 | SELECT nam
     |        ^^^""",
    ),
]


@pytest.mark.parametrize(("text", "words", "hints", "report"), GOLDEN, ids=range(len(GOLDEN)))
def test_report(text: str, words: str, hints: tuple[str, ...], report: str) -> None:
    start = text.index(words) if words else len(text)
    error = Error("no", span=Span(start, start + len(words)), source=Source("q.sql", text), hints=hints)
    assert render(error) == "q.sql:" + report


@pytest.mark.parametrize(
    ("error", "place", "report"),
    [
        (Error("no"), None, "error: no"),
        (Error("no", hints=("go",)), Span(7, 8), "error: no\nhint: go"),
        (Error("no", source=Source("<stdin>", "\n  SELECT 1")), None, "<stdin>: error: no"),
        (Error("no", source=Source("<stdin>", "\n  SELECT 1")), Span(3, 11), "<stdin>:2:3: error: no"),
        (Error("a\x1b[31m\nb\r"), None, "error: a\\x1b[31m\nb\\r"),
        (Error("no", source=Source("a\nb", ""), hints=("\x9b",)), None, "a\\nb: error: no\nhint: \\x9b"),
        (Error("x" * 3000), None, f"error: {'x' * 2000}... (3000 characters)"),
    ],
)
def test_report_without_an_excerpt(error: Error, place: Span | None, report: str) -> None:
    assert render(error, place=place) == report


def test_colour_changes_nothing_but_colour() -> None:
    error = Error("no", span=Span(0, 2), source=Source("q", "ab c"), hints=("go",))
    coloured = render(error, colour=True)
    assert "\x1b[1;31merror:\x1b[0m no" in coloured
    assert "\x1b[1;31m^^\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[1m", "\x1b[36m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render(error)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (_Terminal(), {"TERM": "xterm"}, True),
        (_Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (_Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (_Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_when_a_report_is_coloured(stream: io.StringIO, environment: dict[str, str], expected: bool) -> None:
    assert wants_colour(stream, environment) is expected


EXIT_CODES = {
    "CredentialError": 5,
    "RateLimitError": 6,
    "TimeLimitError": 6,
    "RequestLimitError": 4,
    "InterfaceError": 2,
    "StatementCancelled": 130,
}


def classes(root: type[Error]) -> Iterator[type[Error]]:
    yield root
    for below in root.__subclasses__():
        yield from classes(below)


def made(kind: type[Error]) -> Error:
    if issubclass(kind, ApiError):
        return kind(http_verb="GET", url="https://a.example/v2", status=429, detail="no")
    if issubclass(kind, ProviderDocumentError):
        return kind("no", ())
    return kind("no")


@pytest.mark.parametrize("kind", sorted(set(classes(Error)), key=str))
def test_every_class_has_its_exit_code(kind: type[Error]) -> None:
    assert exit_code(made(kind)) == EXIT_CODES.get(kind.__name__, 1)
    assert kind.__name__ in errors.__all__


def test_a_subclass_ends_as_its_class_does() -> None:
    class Slower(RateLimitError):
        pass

    assert exit_code(Slower(http_verb="GET", url="u", status=429, detail="no")) == 6
