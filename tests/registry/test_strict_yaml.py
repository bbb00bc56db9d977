"""The reader: what it types, what it refuses, and where."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from sqloud.errors import ProviderDocumentError
from sqloud.registry.reader import MAXIMUM_DEPTH, read_document
from sqloud.registry.sources import MAXIMUM_SIZE, SourceFile, read_source

FILE = Path("doc.yaml")


@pytest.fixture(params=["C", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


def read(content: bytes | str) -> Any:
    content = content.encode() if isinstance(content, str) else content
    return read_document(SourceFile(path=FILE, content=content))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("9223372036854775808", 9223372036854775808),
        ("1.50", 1.5),
        ("-0.25", -0.25),
        ("1e3", 1000.0),
        ("'true'", "true"),
        ('"017"', "017"),
        ("'yes'", "yes"),
        ("1.2.3", "1.2.3"),
        ("12:99:30 is no time", "12:99:30 is no time"),
        ("2020-01-01 and later", "2020-01-01 and later"),
        ("nonsense", "nonsense"),
        ("onwards", "onwards"),
        ("v1", "v1"),
        ("CASE WHEN a IS NULL THEN 1 END", "CASE WHEN a IS NULL THEN 1 END"),
        ("äöü ✓", "äöü ✓"),
    ],
)
def test_values(text: str, value: object) -> None:
    found = read(f"a: {text}\n").root["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes", "YES", "no", "No", "on", "ON", "off", "Off", "True", "FALSE", "Null", "NULL", "~"),
        *(
            "017",
            "08",
            "00",
            "0o17",
            "0x1F",
            "0b101",
            "1_000",
            "1_0.5",
            "+1",
            "1.",
            ".5",
            "-.5",
            ".inf",
            "-.INF",
            ".NaN",
        ),
        *("12:30", "1:30:45", "-1:30", "190:20:30.15"),
        *("2020-01-01", "2020-1-1", "2020-01-01T10:00:00Z", "2020-01-01 10:00:00"),
        "=",
    ],
)
def test_traps_are_refused_bare_and_taken_in_quotes(text: str) -> None:
    with pytest.raises(ProviderDocumentError) as caught:
        read(f"x: 1\na:\n  - b: {text}\n")
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.pointer) == ("doc.yaml", 3, "/a/0/b")
    assert f"take {text} for" in finding.message
    assert "quote it" in finding.message
    assert read(f"a: '{text}'\n").root == {"a": text}


@pytest.mark.parametrize(
    ("content", "line", "pointer", "message"),
    [
        (b"a: 1\nb: \xff\n", 2, "", "is not UTF-8 text"),
        (b"", 1, "", "is empty"),
        (b"# only a comment\n", 1, "", "is empty"),
        (b"a: [1\nb: 2\n", 2, "", "is not YAML: while parsing a flow sequence"),
        (b"a: 'b\n", 2, "", "is not YAML: while scanning a quoted scalar"),
        (b"a: b: c\n", 1, "", "is not YAML: "),
        (b"a: \x00\n", 0, "", "is not YAML: "),
        (b"%YAML 1.1\n---\na: 1\n", 1, "", "begins with a % directive"),
        (b"a: 1\n---\nb: 2\n", 2, "", "holds a second document"),
        (b"a: &x 1\n", 1, "/a", "sets the anchor &x"),
        (b"a: 1\nb: *x\n", 2, "/b", "uses the alias *x"),
        (b"a: !!int '1'\n", 1, "/a", "carries the tag"),
        (b"a: ! x\n", 1, "/a", "carries the tag"),
        (b"&x a: 1\n", 1, "", "the key 'a' has an anchor or a tag"),
        (b"a: 1\nb: 2\na: 3\n", 3, "/a", "is written twice; the first time in line 1"),
        (b'"a": 1\na: 3\n', 2, "/a", "is written twice; the first time in line 1"),
        (b"1: a\n", 1, "", "the key '1' is no text"),
        (b"true: a\n", 1, "", "the key 'true' is no text"),
        (b"? [a]\n: b\n", 1, "", "has a key that is no text"),
        (b'"a\\n": b\n', 1, "", "holds control characters"),
        (b"a: 1" + b"0" * 5000, 1, "/a", "is too large a number"),
        (b"a: 1e999", 1, "/a", "is too large a number"),
        (b"a/b: {c~d: yes}\n", 1, "/a~1b/c~0d", "take yes for a boolean"),
    ],
)
def test_refusals(content: bytes, line: int, pointer: str, message: str) -> None:
    with pytest.raises(ProviderDocumentError) as caught:
        read(content)
    finding = caught.value.findings[0]
    assert (finding.line, finding.pointer) == (line, pointer)
    assert message in finding.message


def test_every_refusal_is_told_at_once() -> None:
    with pytest.raises(ProviderDocumentError) as caught:
        read("a: yes\nb: &x 1\nc: *x\na: 2\n")
    assert [finding.line for finding in caught.value.findings] == [1, 2, 3, 4]


def test_lines_of_keys_and_items() -> None:
    document = read("a:\n  - 1\n  -\n    b: {c: 2}\n\nd: |\n  text\n")
    assert document.root == {"a": [1, {"b": {"c": 2}}], "d": "text\n"}
    assert document.lines["/a/1/b/c"] == 4
    assert document.lines["/d"] == 6
    assert document.finding("/a/1/b/missing/deeper", "x").line == 4


@pytest.mark.parametrize(
    ("depth", "fits"), [(MAXIMUM_DEPTH, True), (MAXIMUM_DEPTH + 1, False), (5_000, False)]
)
def test_depth_is_bounded(depth: int, fits: bool) -> None:
    text = "[" * depth + "]" * depth
    if fits:
        assert read(text).root is not None
        return
    with pytest.raises(ProviderDocumentError, match=f"deeper than {MAXIMUM_DEPTH} levels"):
        read(text)


def test_size_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * MAXIMUM_SIZE)
    assert len(read_source(file).content) == MAXIMUM_SIZE
    file.write_bytes(b"#" * (MAXIMUM_SIZE + 1))
    with pytest.raises(ProviderDocumentError, match="is longer than"):
        read_source(file)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    cases = {"pipe.yaml": "no regular file", "folder.yaml": "no regular file", "none.yaml": "No such file"}
    for name, message in cases.items():
        with pytest.raises(ProviderDocumentError, match=message):
            read_source(tmp_path / name)
