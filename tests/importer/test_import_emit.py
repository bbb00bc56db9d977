"""What is written as YAML is read back as it was, by the strict reader of the registry."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.importer.emit import emit
from sqloud.registry.reader import read_document
from sqloud.registry.sources import SourceFile

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(
        ["yes", "No", "~", "", " ", "017", "1_000", "12:30", "2024-01-31", "<<", "=", "a: b", "a #b"]
    ),
    st.sampled_from(
        ["- a", "? a", "{a}", "[a", "a, b", "&a", "*a", "!a", "%a", "@a", "`a`", "'a'", '"', "null", "a:"]
    ),
)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63), st.floats(-1e9, 1e9, width=32))
KEYS = st.one_of(
    st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True),
    st.sampled_from(["X-Trace", "on", "1", "a.b", "columns"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_document_is_read_back(document: dict[str, Any]) -> None:
    text = emit(document or {"a": 1}, ("a comment",))
    read = read_document(SourceFile(path=Path("a.yaml"), content=text.encode()))
    assert read.root == (document or {"a": 1})


def test_long_lines_are_broken() -> None:
    enum = [f"value_number_{number}" for number in range(30)]
    text = emit({"service": "a", "resources": {"b": {"columns": {"c": {"type": "string", "enum": enum}}}}})
    assert max(map(len, text.splitlines())) <= 140
