"""Looking names up: what is read, what is said of a wrong name, and the compiled cache."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sqloud.errors import ProviderDocumentError, UnknownNameError
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.check import check_provider
from sqloud.registry.compiled import digest
from sqloud.registry.records import TableName
from sqloud.settings import shipped

SHIPPED = shipped("providers")

PROVIDER = """\
provider: {name}
base_url: https://api.example.com
services: {{things: Things.}}
"""
SERVICE = """\
service: things
resources:
  things:
    columns: {id: {type: integer}}
    methods:
      list: {verb: select, request: GET /v2/things, rows: things}
"""


def write_provider(directory: Path, name: str, service: str = SERVICE) -> Path:
    folder = directory / name
    folder.mkdir(parents=True)
    (folder / "provider.yaml").write_text(PROVIDER.format(name=name))
    (folder / "things.yaml").write_text(service)
    return folder


@pytest.mark.parametrize(
    ("name", "message", "hints"),
    [
        (
            ("digitalocaen", "droplets", "backups"),
            "there is no provider 'digitalocaen'",
            ("did you mean digitalocean?", "SHOW PROVIDERS; lists them all"),
        ),
        (
            ("digitalocean", "droplet", "backups"),
            "there is no service 'droplet' in digitalocean",
            ("did you mean droplets?", "SHOW SERVICES IN digitalocean; lists them all"),
        ),
        (
            ("digitalocean", "droplets", "Backup"),
            "there is no resource 'Backup' in digitalocean.droplets",
            (
                "did you mean backups?",
                "SHOW RESOURCES IN digitalocean.droplets; lists them all",
            ),
        ),
        (
            ("zzz", "droplets", "backups"),
            "there is no provider 'zzz'",
            ("SHOW PROVIDERS; lists them all",),
        ),
        (
            ("../providers/digitalocean", "droplets", "backups"),
            "there is no provider '../providers/digitalocean'",
            ("did you mean digitalocean?", "SHOW PROVIDERS; lists them all"),
        ),
        (
            ("digitalocean", "provider", "x"),
            "there is no service 'provider' in digitalocean",
            ("SHOW SERVICES IN digitalocean; lists them all",),
        ),
    ],
)
def test_unknown_names(name: tuple[str, str, str], message: str, hints: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        Catalogue([SHIPPED], None).resource(TableName(*name))
    assert caught.value.message == message
    assert caught.value.hints == hints


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    write_provider(tmp_path, "whole")
    write_provider(tmp_path, "broken", service="service: [")
    (tmp_path / "broken" / "provider.yaml").write_text("provider: [")
    (tmp_path / "no_provider").mkdir()
    catalogue = Catalogue([tmp_path], None)
    assert catalogue.providers() == ("broken", "whole")
    assert catalogue.resource(TableName("whole", "things", "things")).listing is not None
    with pytest.raises(ProviderDocumentError, match=r"broken/provider\.yaml:2: /: is not YAML"):
        catalogue.provider("broken")


def test_a_provider_is_described_once(tmp_path: Path) -> None:
    first, second = write_provider(tmp_path / "a", "mine"), write_provider(tmp_path / "b", "mine")
    write_provider(tmp_path / "b", "other")
    catalogue = Catalogue([tmp_path / "a", tmp_path / "b", tmp_path / "a"], None)
    assert catalogue.providers() == ("mine", "other")
    with pytest.raises(ProviderDocumentError) as caught:
        catalogue.provider("mine")
    assert caught.value.findings[0].file == str(second / "provider.yaml")
    assert str(first / "provider.yaml") in caught.value.findings[0].message
    assert catalogue.provider("other").name == "other"


def test_directories_hold_folders_of_providers(tmp_path: Path) -> None:
    folder = write_provider(tmp_path, "mine")
    for directory, message in (
        (tmp_path / "none", "No such file"),
        (folder, f"give the folder around it, {tmp_path}"),
    ):
        with pytest.raises(ProviderDocumentError, match=message):
            Catalogue([directory], None)


def test_a_mended_document_is_read_again(tmp_path: Path) -> None:
    folder = write_provider(tmp_path, "mine")
    (folder / "provider.yaml").write_text("provider: yours\n")
    catalogue = Catalogue([tmp_path], None)
    with pytest.raises(ProviderDocumentError):
        catalogue.provider("mine")
    (folder / "provider.yaml").write_text(PROVIDER.format(name="mine"))
    assert catalogue.provider("mine").name == "mine"


# The compiled cache.


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A directory of providers that a test may change."""
    shutil.copytree(SHIPPED, tmp_path / "providers")
    return tmp_path / "providers"


def droplets(directory: Path, cache: Path | None) -> tuple[object, object]:
    catalogue = Catalogue([directory], cache)
    return catalogue.provider("digitalocean"), catalogue.service("digitalocean", "droplets")


def test_the_cache_gives_back_what_was_put_in(copy: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "sqloud"
    cold = droplets(copy, cache)
    files = sorted((cache / "documents").iterdir())
    assert [file.name.rpartition("-")[0] for file in files] == ["digitalocean", "digitalocean.droplets"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((cache / "documents").stat().st_mode) == 0o700
    before = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files]
    assert droplets(copy, cache) == cold == droplets(copy, None)
    assert [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files] == before


def test_the_warm_path_imports_neither_yaml_nor_jsonschema(copy: Path, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from sqloud.registry.catalogue import Catalogue
from sqloud.registry.records import TableName
catalogue = Catalogue([Path(sys.argv[1])], Path(sys.argv[2]))
catalogue.resource(TableName("digitalocean", "droplets", "backups"))
print(sorted({"yaml", "jsonschema", "difflib", "sqloud.registry.documents"} & set(sys.modules)))
"""
    answers = [
        subprocess.run(
            [sys.executable, "-c", script, copy, tmp_path / "cache"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert answers == ["['difflib', 'jsonschema', 'sqloud.registry.documents', 'yaml']", "[]"]


def forge(**fields: object) -> Callable[[Path], None]:
    """Another document under a right digest, so that only the given fields tell it from a good file."""

    def apply(file: Path) -> None:
        compiled = json.loads(file.read_bytes())
        document = {**compiled["document"], "base_url": "https://evil.example"}
        encoded = json.dumps(document, separators=(",", ":")).encode()
        compiled |= {"document": document, "content": digest(encoded), **fields}
        file.write_bytes(json.dumps(compiled, separators=(",", ":")).encode())

    return apply


def forged_by_others(file: Path) -> None:
    forge()(file)
    file.chmod(0o620)


def substitute(old: bytes, new: bytes) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        content = file.read_bytes()
        assert old in content
        file.write_bytes(content.replace(old, new))

    return apply


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        forge(sqloud="0.0.1"),
        forge(format=0),
        forge(schema="0" * 40),
        forge(source="0" * 40),
        forge(content="0" * 40),
        forge(more=1),
        forged_by_others,
        substitute(b"https://api.digitalocean.com", b"https://evil.example"),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_bytes(file.read_bytes()[:-40]),
        lambda file: file.write_bytes(b"[" * 100_000),
        as_folder,
    ],
    ids=[
        *("version", "format", "schema", "source", "content", "more", "mode"),
        *("url", "empty", "binary", "cut", "deep", "folder"),
    ],
)
def test_a_spoilt_file_is_as_good_as_none(copy: Path, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    cold = droplets(copy, tmp_path)
    (file,) = (tmp_path / "documents").glob("digitalocean-*.json")
    spoil(file)
    assert droplets(copy, tmp_path) == cold
    assert not list((tmp_path / "documents").glob(".*")), "a file written beside was left"


def test_a_good_file_is_what_is_used(copy: Path, tmp_path: Path) -> None:
    """The control of the test above: what nothing tells from a good file is taken."""
    droplets(copy, tmp_path)
    (file,) = (tmp_path / "documents").glob("digitalocean-*.json")
    forge()(file)
    assert Catalogue([copy], tmp_path).provider("digitalocean").base_url == "https://evil.example"


@pytest.mark.parametrize("name", ["provider.yaml", "droplets.yaml"])
def test_a_changed_document_is_compiled_again(copy: Path, tmp_path: Path, name: str) -> None:
    droplets(copy, tmp_path)
    file = copy / "digitalocean" / name
    file.write_text(
        file.read_text().replace("maximum_size: 200", "maximum_size: 50").replace("    key: [id]\n", "")
    )
    changed = droplets(copy, tmp_path)
    assert changed == droplets(copy, None)
    service = changed[1]
    assert service != droplets(SHIPPED, None)[1]


def test_a_broken_document_is_refused_in_spite_of_the_cache(copy: Path, tmp_path: Path) -> None:
    droplets(copy, tmp_path)
    (copy / "digitalocean" / "droplets.yaml").write_text("service: droplets\n")
    with pytest.raises(ProviderDocumentError, match="the key 'resources' is missing"):
        droplets(copy, tmp_path)


def test_a_cache_that_cannot_be_written_is_no_error(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert droplets(copy, file / "cache") == droplets(copy, None)


def test_the_schema_knows_the_pagings_that_the_protocol_can_follow() -> None:
    from sqloud.protocol.paging import PAGINGS

    schema = json.loads((SHIPPED / "provider.schema.json").read_bytes())
    assert set(schema["$defs"]["paging"]["properties"]["style"]["enum"]) == set(PAGINGS)


def test_the_schema_is_closed() -> None:
    """Every object of the schema refuses keys that it does not name."""
    from jsonschema import Draft202012Validator

    schema = json.loads((SHIPPED / "provider.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    for name, definition in schema["$defs"].items():
        if definition.get("type") == "object":
            assert definition.get("additionalProperties") is False, name


def test_shipped_documents_hold() -> None:
    folders = [folder for folder in SHIPPED.iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert check_provider(folder) == ()
        for file in folder.glob("*.yaml"):
            first = file.read_text().splitlines()[0]
            assert first == "# yaml-language-server: $schema=../provider.schema.json"
            assert check_provider(file) == ()
            assert os.path.samefile(file.parent / first.partition("=")[2], SHIPPED / "provider.schema.json")
