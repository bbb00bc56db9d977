"""A specification of our own becomes the documents in `acme/expected`, overlay and report included.

`python tests/importer/test_import_openapi.py` writes the expectation anew; read the difference before it is kept.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sqloud.errors import ProviderDocumentError
from sqloud.importer import ImportedProvider, NameMap, import_openapi, read_names
from sqloud.importer.folder import changes, read_overlay, read_specification, write_folder
from sqloud.planner import judge_expression
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.check import check_provider

ACME = Path(__file__).parent / "acme"
EXPECTED = ACME / "expected"


def imported() -> ImportedProvider:
    names, overlay = read_overlay(ACME / "overlay")
    assert names is None
    return import_openapi(read_specification(ACME / "openapi.yaml"), names, overlay, name="acme")


def texts() -> dict[str, str]:
    found = imported()
    report = "".join(f"{finding}\n" for finding in found.findings)
    return {**found.files(), "report.txt": report}


def test_the_documents_and_the_report() -> None:
    assert texts() == {file.name: file.read_text("utf-8") for file in EXPECTED.iterdir()}


def test_the_documents_hold_and_can_be_read(tmp_path: Path) -> None:
    write_folder(tmp_path / "acme", imported().files(), lambda path: check_provider(path, judge_expression))
    catalogue = Catalogue([tmp_path], None)
    assert [name for name, _ in catalogue.provider("acme").services] == [
        "servers",
        "events",
        "billing",
        "elsewhere",
    ]
    assert catalogue.provider("acme").authentication.environment == ("ACME_TOKEN",)


def test_the_report_is_no_sentence_of_theirs() -> None:
    assert not any("Their sentence" in text for text in texts().values())


def test_summaries_are_kept_where_asked() -> None:
    specification = read_specification(ACME / "openapi.yaml")
    kept = import_openapi(specification, name="acme", keep_descriptions=True)
    method = kept.services["servers"]["resources"]["servers"]["methods"]["list_servers"]
    assert method["description"] == "Their sentence, which is not ours."


NAMES = """
names:
  machines:
    all:
      columns: [name, id, missing]
      methods:
        every: {verb: select, operation: listServers}
        one: {verb: select, operation: getServer}
        gone: {verb: select, operation: noSuchOperation}
"""


def test_given_names_and_columns_go_first(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text(NAMES, "utf-8")
    names = read_names(tmp_path / "names.yaml")
    found = import_openapi(read_specification(ACME / "openapi.yaml"), names, name="acme")
    table = found.services["machines"]["resources"]["all"]
    assert list(table["columns"])[:3] == ["name", "id", "created_at"]
    assert {name: entry["verb"] for name, entry in table["methods"].items()} == {
        "every": "select",
        "one": "select",
    }
    told = [finding.message for finding in found.findings]
    assert any("no operation 'noSuchOperation'" in message for message in told)
    assert any(message == "missing: in no answer, left out" for message in told)
    assert any("'createServer' is not among the names" in message for message in told)


BROKEN_NAMES = {
    "names: {}\nmore: {}\n": "no other",
    "names: {a: {b: {methods: {c: chosen}}}}\n": "must be one of select",
    "names: {a: {b: {methods: {c: select}, rows: x}}}\n": "methods, columns or whole",
    "names: {a: {b: {methods: {c: select, d: {verb: select, operation: c}}}}}\n": "once more",
    "names: {a: {B: {methods: {c: select}}}}\n": "small letters",
    "names: {a: {b: {methods: 3}}}\n": "must be a mapping",
}


@pytest.mark.parametrize(("text", "part"), BROKEN_NAMES.items())
def test_broken_names_are_refused(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "names.yaml").write_text(text, "utf-8")
    with pytest.raises(ProviderDocumentError) as caught:
        read_names(tmp_path / "names.yaml")
    assert any(part in finding.message for finding in caught.value.findings)


REFUSED: list[tuple[str, Mapping[str, Any], str]] = [
    ("Swagger", {"swagger": "2.0", "paths": {}}, "OpenAPI 3"),
    ("no server", {"openapi": "3.0.0", "paths": {}}, "--base-url"),
    ("a server without a host", {"openapi": "3.0.0", "servers": [{"url": "/v1"}], "paths": {}}, "--base-url"),
    (
        "no operation",
        {"openapi": "3.0.0", "servers": [{"url": "https://a.test"}], "paths": {}},
        "no operation",
    ),
]


@pytest.mark.parametrize(
    ("document", "part"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_no_specification_is_refused(document: Mapping[str, Any], part: str) -> None:
    with pytest.raises(ProviderDocumentError) as caught:
        import_openapi(document, NameMap(), {}, name="a")
    assert part in caught.value.findings[0].message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "no JSON"),
        ("a: [", "no YAML"),
        ("- 1", "no mapping"),
        ("", "no mapping"),
        ("{" * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "a").write_text(text, "utf-8")
    with pytest.raises(ProviderDocumentError) as caught:
        read_specification(tmp_path / "a")
    assert part in caught.value.findings[0].message


def test_only_generated_files_are_replaced_or_removed(tmp_path: Path) -> None:
    out = tmp_path / "acme"
    files = imported().files()
    write_folder(out, files, lambda _: ())
    (out / "old.yaml").write_text(files["servers.yaml"], "utf-8")
    (out / "own.yaml").write_text("service: own\n", "utf-8")
    assert changes(out, files).removed == ("old.yaml",)
    (out / "servers.yaml").write_text("service: servers\n", "utf-8")
    with pytest.raises(ProviderDocumentError, match=r"servers\.yaml"):
        write_folder(out, files, lambda _: ())
    assert (out / "old.yaml").exists()


def test_documents_that_do_not_hold_are_not_written(tmp_path: Path) -> None:
    files = {**imported().files(), "servers.yaml": "service: servers\nresources: {}\n"}
    with pytest.raises(ProviderDocumentError):
        write_folder(tmp_path / "acme", files, lambda path: check_provider(path, None))
    assert list(tmp_path.iterdir()) == []


if __name__ == "__main__":
    shutil.rmtree(EXPECTED, ignore_errors=True)
    EXPECTED.mkdir()
    for file, text in texts().items():
        (EXPECTED / file).write_text(text, "utf-8")
