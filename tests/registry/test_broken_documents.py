"""Every broken document is told with all of its findings, each with file, line and pointer.

`broken/*.yaml` are services that end with what is wrong with them, as lines `#= line: pointer: message`;
`broken_providers/*` are folders with the same in expected.txt.
"""

from pathlib import Path

import pytest
import yaml

from sqloud.errors import ProviderDocumentError
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.check import check_provider

HERE = Path(__file__).parent
SERVICES = sorted(file for file in (HERE / "broken").glob("*.yaml") if file.name != "provider.yaml")
PROVIDERS = sorted(folder for folder in (HERE / "broken_providers").iterdir() if folder.is_dir())


def expected_findings(file: Path) -> list[str]:
    marks = [line.removeprefix("#= ") for line in file.read_text().splitlines() if line.startswith("#= ")]
    assert marks, f"{file} says nothing about what is wrong with it"
    return [f"{file}:{mark}" for mark in marks]


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.stem)
def test_service_findings(file: Path) -> None:
    assert [str(finding) for finding in check_provider(file)] == expected_findings(file)


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.stem)
def test_the_pure_parser_finds_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert [str(finding) for finding in check_provider(file)] == expected_findings(file)


@pytest.mark.parametrize("folder", PROVIDERS, ids=lambda folder: folder.name)
def test_provider_findings(folder: Path) -> None:
    expected = (folder / "expected.txt").read_text().splitlines()
    found = [
        str(finding).replace(f"{folder}/", "").replace(str(folder), ".") for finding in check_provider(folder)
    ]
    assert found == expected


def test_the_catalogue_tells_every_finding_at_once() -> None:
    catalogue = Catalogue([HERE / "broken_providers"], None)
    with pytest.raises(ProviderDocumentError) as caught:
        catalogue.provider("wrong_keys")
    assert len(caught.value.findings) == 9
    assert all(str(finding) in str(caught.value) for finding in caught.value.findings)
    assert "token@" not in str(caught.value)


def test_one_broken_service_leaves_the_others() -> None:
    catalogue = Catalogue([HERE / "broken_providers"], None)
    assert [resource.name.resource for resource in catalogue.service("across", "owners").resources] == [
        "things"
    ]
    with pytest.raises(ProviderDocumentError, match=r"parts\.yaml:3: /resources/parts: the key 'methods'"):
        catalogue.service("across", "parts")
    with pytest.raises(ProviderDocumentError, match=r"listed\.yaml: /: cannot be read: No such file"):
        catalogue.service("wrong_files", "listed")


def test_nothing_at_a_path_is_a_finding(tmp_path: Path) -> None:
    assert (
        str(*check_provider(tmp_path / "no.yaml"))
        == f"{tmp_path}/no.yaml: /: there is no such file or folder"
    )


def test_a_secret_in_a_base_url_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "provider.yaml"
    file.write_text("provider: x\nbase_url: https://user:s3cret@api.example.com\nservices: {a: A}\n")
    found = "\n".join(str(finding) for finding in check_provider(file))
    assert "/base_url" in found
    assert "s3cret" not in found
