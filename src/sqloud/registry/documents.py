"""From a file to a record, by way of every check.

Law: a record comes only out of a document without findings; all of a document's findings are told at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqloud.errors import Finding, ProviderDocumentError
from sqloud.registry.reader import Document, pointer, read_document
from sqloud.registry.records import Paging, Provider, Service
from sqloud.registry.resolve import resolve_pagings, resolve_provider, resolve_service
from sqloud.registry.schema import kind_of, schema_findings
from sqloud.registry.semantics import columns_by_table, judge_references, judge_service
from sqloud.registry.sources import SourceFile, refuse
from sqloud.registry.watching import judge_awaits, methods_by_name

__all__ = [
    "CheckedProvider",
    "CheckedService",
    "check_provider_document",
    "check_service_document",
    "load_provider",
    "load_service",
    "read_judged",
]


def load_provider(source: SourceFile) -> tuple[Provider, Mapping[str, Paging]]:
    """A provider and its pagings. Raises ProviderDocumentError with every finding."""
    checked = check_provider_document(source)
    if checked.record is None or checked.pagings is None:
        raise refuse(checked.findings, source.file)
    return checked.record, checked.pagings


def load_service(source: SourceFile, provider: str, pagings: Mapping[str, Paging]) -> Service:
    """A service of a provider. Raises ProviderDocumentError with every finding."""
    checked = check_service_document(source, provider, pagings)
    if checked.record is None or checked.findings:
        raise refuse(checked.findings, source.file)
    return checked.record


class CheckedProvider:
    """A provider document: its `findings`, and where there are none its `record` and `pagings`."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.record: Provider | None = None
        self.pagings: Mapping[str, Paging] | None = None
        self.document: Document | None = None


class CheckedService:
    """A service document: its `findings`, and as much of its `record` as fits the schema.

    `broken` names the resources (`service.resource`) that are left out of the record.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.record: Service | None = None
        self.document: Document | None = None
        self.broken: frozenset[str] = frozenset()

    def report(self, at: str, message: str) -> None:
        """Note a finding about the document."""
        if self.document is not None:
            self.findings.append(self.document.finding(at, message))


def check_provider_document(source: SourceFile) -> CheckedProvider:
    """Read and judge provider.yaml; its folder's name has to be the provider's."""
    document, findings = read_judged(source, "provider")
    checked = CheckedProvider(findings)
    checked.document = document
    if document is None or findings:
        return checked
    folder = source.path.absolute().parent.name
    if document.root["provider"] != folder:
        name = document.root["provider"]
        findings.append(
            document.finding("/provider", f"is {name!r} in a folder named {folder!r}; they are the same")
        )
    for name, paging in document.root.get("pagings", {}).items():
        default, maximum = paging.get("default_size", 1), paging.get("maximum_size")
        if maximum is not None and default > maximum:
            at = pointer("pagings", name, "default_size")
            findings.append(document.finding(at, f"is above maximum_size ({maximum})"))
    if not findings:
        checked.record = resolve_provider(document.root)
        checked.pagings = resolve_pagings(document.root)
    return checked


def check_service_document(
    source: SourceFile, provider: str, pagings: Mapping[str, Paging] | None
) -> CheckedService:
    """Read and judge <service>.yaml. `refers_to` into other services is left to a check of them all.

    `pagings` is None where the provider's own document does not hold; names of pagings are not judged then.
    """
    document, findings = read_judged(source, "service")
    checked = CheckedService(findings)
    checked.document = document
    if document is None:
        return checked
    skip = _unfit(findings)
    if skip is None:
        return checked
    root = document.root
    report = checked.report
    if root["service"] != source.path.stem:
        report("/service", f"is {root['service']!r} in a file named {source.path.name!r}; they are the same")
    sound = {name: entry for name, entry in root["resources"].items() if name not in skip}
    borrowed = {name for name, entry in sound.items() if isinstance(entry["columns"], str)}
    service = resolve_service(root, provider, pagings, skip, report)
    checked.record = service
    checked.broken = frozenset(f"{service.name}.{name}" for name in skip)
    judge_service(service, borrowed, report)
    judge_references(service, columns_by_table([service]), {service.name}, checked.broken, report)
    judge_awaits(service, methods_by_name([service]), {service.name}, checked.broken, report)
    findings.sort(key=lambda finding: finding.line)
    return checked


def read_judged(source: SourceFile, kind: str) -> tuple[Document | None, list[Finding]]:
    """A document of a kind (a key of its own names it) with what the schema finds in it; None where it is no such."""
    try:
        document = read_document(source)
    except ProviderDocumentError as error:
        return None, list(error.findings)
    found = kind_of(document)
    if found not in (kind, None):
        return None, [document.finding(f"/{found}", f"is a {found} document where a {kind} document belongs")]
    return document, schema_findings(document)


def _unfit(findings: list[Finding]) -> frozenset[str] | None:
    """The resources that do not fit the schema; None where the document around them does not."""
    names = set()
    for finding in findings:
        steps = finding.pointer.split("/")
        if steps[:2] == ["", "resources"] and len(steps) > 2:
            names.add(steps[2].replace("~1", "/").replace("~0", "~"))
        elif finding.pointer in ("", "/service", "/resources"):
            return None
    return frozenset(names)
