"""Check a provider's documents as a whole, for the people who write them.

Law: every finding of every file is told in one go. A document that this finds nothing in is one that the
catalogue takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqloud.errors import Finding, ProviderDocumentError
from sqloud.registry.alias_document import check_aliases
from sqloud.registry.aliases import ALIASES_FILE
from sqloud.registry.documents import (
    CheckedProvider,
    CheckedService,
    check_provider_document,
    check_service_document,
)
from sqloud.registry.reader import pointer
from sqloud.registry.records import Equals, Resource, Scope
from sqloud.registry.semantics import columns_by_table, judge_references
from sqloud.registry.sources import PROVIDER_FILE, read_source
from sqloud.registry.watching import judge_awaits, methods_by_name

__all__ = ["check_provider"]


JudgeExpression = Callable[[str, frozenset[str]], str | None]
"""Says what is wrong with a SQL expression over the columns of a row, None where nothing is."""


def check_provider(path: Path, judge_expression: JudgeExpression | None = None) -> tuple[Finding, ...]:
    """Check a provider's folder, a folder of such folders, or one file alone; () where all holds.

    A service file is judged with the provider.yaml beside it, whose own findings are told as well. What
    refers into other services is judged only with the whole folder. SQL in a document is judged by
    `judge_expression`, since no SQL is read here.
    """
    if path.is_dir():
        if not (path / PROVIDER_FILE).exists():
            inner = sorted(file.parent for file in path.glob(f"*/{PROVIDER_FILE}"))
            if inner:
                return tuple(
                    finding for folder in inner for finding in _check_folder(folder, judge_expression)
                )
        return _check_folder(path, judge_expression)
    if path.name == PROVIDER_FILE:
        return tuple(_check_provider_file(path).findings)
    if not path.exists():
        return (Finding(str(path), 0, "", "there is no such file or folder"),)
    above = _check_provider_file(path.with_name(PROVIDER_FILE))
    if path.name == ALIASES_FILE and path.stem not in (_listed_services(above) or ()):
        return (*above.findings, *check_aliases(read_source(path), path.absolute().parent.name, None))
    checked = _check_service_file(path, above)
    _judge_expressions([checked], judge_expression)
    return (*above.findings, *checked.findings)


def _check_folder(folder: Path, judge_expression: JudgeExpression | None) -> tuple[Finding, ...]:
    if not (folder / PROVIDER_FILE).exists():
        return (Finding(str(folder), 0, "", f"holds no {PROVIDER_FILE}, so it is no provider's folder"),)
    above = _check_provider_file(folder / PROVIDER_FILE)
    files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    services = {file.stem: file for file in files if file.suffix == ".yaml" and file.name != PROVIDER_FILE}
    newer = None if "aliases" in (_listed_services(above) or ()) else services.pop("aliases", None)
    findings = [
        Finding(str(file), 0, "", "is not read; name it .yaml") for file in files if file.suffix == ".yml"
    ]
    listed = _listed_services(above)
    if above.document is not None and listed is not None:
        for name, file in services.items():
            if name not in listed:
                message = f"is not listed under services in {PROVIDER_FILE}, so nothing reads it"
                findings.append(Finding(str(file), 0, "", message))
        for name in listed:
            if name not in services:
                message = f"there is no file {name}.yaml in the folder"
                findings.append(above.document.finding(pointer("services", name), message))
    checked = [_check_service_file(file, above) for file in services.values()]
    _judge_across(checked)
    _judge_expressions(checked, judge_expression)
    if newer is not None:
        records = [service.record for service in checked if service.record is not None]
        findings += check_aliases(read_source(newer), folder.absolute().name, records)
    return (*above.findings, *findings, *(finding for service in checked for finding in service.findings))


def _check_provider_file(file: Path) -> CheckedProvider:
    try:
        return check_provider_document(read_source(file))
    except ProviderDocumentError as error:
        return CheckedProvider(list(error.findings))


def _listed_services(provider: CheckedProvider) -> list[str] | None:
    """The services that a provider.yaml lists; None where that cannot be made out."""
    root = provider.document.root if provider.document is not None else None
    services = root.get("services") if isinstance(root, dict) else None
    return list(services) if isinstance(services, dict) else None


def _check_service_file(file: Path, provider: CheckedProvider) -> CheckedService:
    try:
        return check_service_document(read_source(file), file.absolute().parent.name, provider.pagings)
    except ProviderDocumentError as error:
        return CheckedService(list(error.findings))


def _judge_across(checked: list[CheckedService]) -> None:
    """Judge what refers from one service into another."""
    records = [service.record for service in checked if service.record is not None]
    tables, methods = columns_by_table(records), methods_by_name(records)
    broken = frozenset[str]().union(*(service.broken for service in checked))
    for service in checked:
        if service.record is not None and service.document is not None:
            others = {record.name for record in records} - {service.record.name}
            judge_references(service.record, tables, others, broken, service.report)
            judge_awaits(service.record, methods, others, broken, service.report)


def _judge_expressions(checked: list[CheckedService], judge: JudgeExpression | None) -> None:
    """Judge the SQL that the meanings of parameters hold."""
    for service in checked:
        if service.record is None or judge is None:
            continue
        for resource in service.record.resources:
            columns = frozenset(column.name for column in resource.columns)
            for at, expression in _expressions(resource):
                complaint = judge(expression, columns)
                if complaint is not None:
                    service.report(at, complaint)


def _expressions(resource: Resource) -> Iterator[tuple[str, str]]:
    """Each SQL expression of a resource, with its place in the document."""
    for method in resource.methods:
        for parameter in method.parameters:
            at = ("resources", resource.name.resource, "methods", method.name, "parameters", parameter.name)
            if isinstance(parameter.meaning, Equals):
                yield pointer(*at, "equals"), parameter.meaning.expression
            if parameter.text_equals is not None:
                yield pointer(*at, "text_equals"), parameter.text_equals
            elif isinstance(parameter.meaning, Scope) and parameter.meaning.computed is not None:
                yield pointer(*at, "scope", "computed"), parameter.meaning.computed
