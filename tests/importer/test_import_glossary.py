"""Words for names: the nearest one is taken, nothing that is described is touched, a stray one is told."""

from __future__ import annotations

from typing import Any

import pytest

from sqloud.importer.glossary import Glossary

WORDS = {
    "words": {
        "*": {"id": "Any id.", "size": "Any size."},
        "fleet": {"*": {"size": "Size in GiB."}, "machines": {"size": "Size of a machine in GiB."}},
    }
}


def document(thing: str, columns: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "resources": {
            "machines": {
                "columns": columns,
                "methods": {"make": {"parameters": {thing: parameter}, "body": {"fields": {thing: {}}}}},
            },
            "disks": {"columns": {thing: {}}, "methods": {}},
        }
    }


@pytest.mark.parametrize(
    ("service", "thing", "columns", "parameter", "said"),
    [
        ("fleet", "size", {}, {}, ("Size of a machine in GiB.", "Size in GiB.")),
        ("other", "size", {}, {}, ("Any size.", "Any size.")),
        ("other", "size", {"size": {"description": "Ours."}}, {}, ("Ours.", "Any size.")),
        ("fleet", "size", {}, {"description": "Asked."}, ("Asked.", "Size in GiB.")),
        ("fleet", "name", {}, {}, (None, None)),
    ],
)
def test_the_nearest_word_is_taken(
    service: str, thing: str, columns: dict[str, Any], parameter: dict[str, Any], said: tuple[str, str]
) -> None:
    glossary = Glossary(WORDS)
    made = document(thing, columns, parameter)
    glossary.describe(service, made)
    machines, disks = made["resources"]["machines"], made["resources"]["disks"]
    assert machines["methods"]["make"]["parameters"][thing].get("description") == said[0]
    assert disks["columns"][thing].get("description") == said[1]


def test_a_hidden_column_needs_no_words() -> None:
    made = document("other", {"id": {"hidden": True}}, {})
    Glossary(WORDS).describe("fleet", made)
    assert made["resources"]["machines"]["columns"] == {"id": {"hidden": True}}


def test_words_that_describe_nothing_or_are_none_are_told() -> None:
    glossary = Glossary({"words": {"*": {"id": "Any id."}, "fleet": {"machines": {"ghost": "Boo.", "x": 1}}}})
    glossary.describe("fleet", document("id", {}, {}))
    assert [(finding.pointer, finding.message) for finding in glossary.findings()] == [
        ("/words/fleet/machines/x", "must be words by name"),
        ("/words/fleet/machines/ghost", "describes nothing: left out"),
    ]
