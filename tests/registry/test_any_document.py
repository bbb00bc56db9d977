"""Whatever a document holds, checking it ends in findings and never in another error."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from sqloud.registry.documents import check_service_document
from sqloud.registry.reader import read_document
from sqloud.registry.resolve import resolve_pagings
from sqloud.registry.sources import SourceFile, read_source
from sqloud.settings import shipped

FOLDER = shipped("providers") / "digitalocean"
PAGINGS = resolve_pagings(read_document(read_source(FOLDER / "provider.yaml")).root)
ROOT = read_document(read_source(FOLDER / "droplets.yaml")).root
VALUES: list[Any] = [
    None,
    True,
    0,
    -1.5,
    10**30,
    "",
    "id",
    "a b",
    "..",
    "{x}",
    "things.things",
    [],
    [1],
    ["id", "id"],
    {},
]
KEYS = ["", "type", "scope", "equals", "a/b", "~", "Ä", "*", "page", "per_page", "enum", "default", "columns"]


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a node."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


def spoil(root: Any, chance: random.Random) -> Any:
    root = copy.deepcopy(root)
    for _ in range(chance.randint(1, 4)):
        container, key = chance.choice(places(root))
        match chance.randrange(4):
            case 0:
                del container[key]
            case 1:
                container[key] = copy.deepcopy(chance.choice(VALUES))
            case 2 if isinstance(container, dict):
                container[chance.choice(KEYS)] = copy.deepcopy(chance.choice([container[key], *VALUES]))
            case _:
                other, name = chance.choice(places(root))
                container[key] = copy.deepcopy(other[name])
    return root


@pytest.mark.parametrize("seed", range(40))
def test_spoilt_documents_end_in_findings(seed: int) -> None:
    chance = random.Random(seed)
    resources = chance.sample(sorted(ROOT["resources"]), 2)
    root = {**ROOT, "resources": {name: ROOT["resources"][name] for name in resources}}
    for _ in range(5):
        content = json.dumps(spoil(root, chance)).encode()
        checked = check_service_document(
            SourceFile(path=Path("droplets.yaml"), content=content), "digitalocean", PAGINGS
        )
        assert all(finding.line in (0, 1) for finding in checked.findings)
        assert checked.findings or checked.record is not None
