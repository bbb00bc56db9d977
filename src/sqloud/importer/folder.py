"""The files of an import: a specification and an overlay are read, a provider's folder is written.

Law: a folder is written whole or not at all. The documents are made beside it, judged there as every other
document is, and then renamed into their places; nothing but generated files is ever replaced or removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sqloud.errors import Finding, ProviderDocumentError
from sqloud.importer.build import GENERATED
from sqloud.importer.names import NameMap, read_names
from sqloud.registry.reader import read_document
from sqloud.registry.sources import PROVIDER_FILE, read_regular, read_source, refuse

__all__ = ["MAXIMUM_SIZE", "Changes", "changes", "read_overlay", "read_specification", "write_folder"]

MAXIMUM_SIZE = 64 * 1024 * 1024
"""The most bytes that a specification may have."""

NAMES_FILE = "names.yaml"
"""The file of an overlay that gives operations their names."""

BY_METHOD = {"awaits.yaml": "await", "parameters.yaml": "parameters"}
"""Files of an overlay that say one thing of many methods; all others are partial documents."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What writing a folder would do, by file name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def read_specification(path: Path) -> Mapping[str, Any]:
    """The plain values of a JSON or YAML document. Raises ProviderDocumentError where it is neither."""
    try:
        content, _ = read_regular(path, MAXIMUM_SIZE + 1)
    except OSError as cause:
        raise _refuse(path, f"cannot be read: {cause.strerror}") from cause
    if len(content) > MAXIMUM_SIZE:
        raise _refuse(path, f"is longer than {MAXIMUM_SIZE} bytes")
    root = _decode(path, content)
    if not isinstance(root, dict):
        raise _refuse(path, "holds no mapping, so it is no OpenAPI document")
    return root


def _decode(path: Path, content: bytes) -> Any:
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, RecursionError) as cause:
            raise _refuse(path, f"is no JSON: {cause}") from cause
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Reads dates as the text that they are."""

    Loader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in base.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(content, Loader=Loader)  # noqa: S506 (a safe loader with one resolver less)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as cause:
        raise _refuse(path, f"is no YAML: {' '.join(str(cause).split())}") from cause


def read_overlay(folder: Path) -> tuple[NameMap | None, dict[str, Mapping[str, Any]]]:
    """The names and the partial documents of an overlay, by file name without `.yaml`."""
    if not folder.is_dir():
        raise _refuse(folder, "is no folder, so there is no overlay in it")
    names: NameMap | None = None
    documents: dict[str, Mapping[str, Any]] = {}
    said: list[dict[str, Any]] = []
    for file in sorted(folder.glob("*.yaml")):
        if file.name == NAMES_FILE:
            names = read_names(file)
            continue
        root = read_document(read_source(file)).root
        if not isinstance(root, dict):
            raise _refuse(file, "must be a mapping")
        if file.name in BY_METHOD:
            said.append(_by_method(file, root))
        else:
            documents[file.stem] = root
    for above in said:
        documents = _joined(documents, above)
    return names, documents


def _by_method(file: Path, root: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of each method, as partial documents of their services."""
    entries = root.get(file.stem)
    if list(root) != [file.stem] or not isinstance(entries, dict):
        raise _refuse(
            file, f"must hold the key {file.stem!r} and no other: a mapping of service.resource.method"
        )
    documents: dict[str, Any] = {}
    for name, entry in entries.items():
        steps = name.split(".")
        if len(steps) != 3 or not all(steps):
            raise _refuse(file, f"{name!r} is no service.resource.method")
        resources = documents.setdefault(steps[0], {"resources": {}})["resources"]
        resources.setdefault(steps[1], {"methods": {}})["methods"][steps[2]] = {BY_METHOD[file.name]: entry}
    return documents


def _joined(below: Any, above: Any) -> Any:
    """Two partial documents as one. Unlike in `lay_over`, null stays: it takes away from what both are laid over."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: _joined(below.get(key), value) for key, value in above.items()}}


def changes(out: Path, files: Mapping[str, str]) -> Changes:
    """What writing `files` into the folder `out` would do. A file that nobody generated is refused."""
    present = {file.name: file.read_text("utf-8") for file in out.glob("*.yaml")} if out.is_dir() else {}
    for name, text in present.items():
        if name in files and files[name] != text and not _generated(text):
            raise _refuse(out / name, "was not generated; move what it says into overlay/ and remove it")
    return Changes(
        added=tuple(sorted(name for name in files if name not in present)),
        changed=tuple(sorted(name for name in files if name in present and present[name] != files[name])),
        removed=tuple(
            sorted(name for name, text in present.items() if name not in files and _generated(text))
        ),
    )


def _generated(text: str) -> bool:
    return any(line == f"# {GENERATED}" for line in text.splitlines()[:4])


def write_folder(
    out: Path, files: Mapping[str, str], check: Callable[[Path], tuple[Finding, ...]], *, dry: bool = False
) -> Changes:
    """Write a provider's folder, unless `dry`. Raises ProviderDocumentError where `check` finds anything."""
    planned = changes(out, files)
    parent = out.absolute().parent
    if not dry:
        parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=None if dry else parent))
    try:
        made = beside / out.absolute().name
        made.mkdir()
        for name, text in files.items():
            (made / name).write_text(text, "utf-8")
        findings = check(made)
        if findings:
            told = [finding._replace(file=Path(finding.file).name) for finding in findings]
            raise refuse(told, f"what would be written to {out}")
        if not dry:
            out.mkdir(exist_ok=True)
            for name in sorted(files, key=lambda name: name == PROVIDER_FILE):
                os.replace(made / name, out / name)
            for name in planned.removed:
                (out / name).unlink()
    finally:
        shutil.rmtree(beside)
    return planned


def _refuse(path: Path, message: str) -> ProviderDocumentError:
    return refuse([Finding(str(path), 0, "", message)], str(path))
