"""Read and judge `aliases.yaml`.

Law: every alias leads to a method of the documents; what does not is told with its place, all at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqloud.errors import Finding
from sqloud.registry.aliases import Aliases, AliasMethod, AliasResource, AliasService
from sqloud.registry.documents import read_judged
from sqloud.registry.reader import Document, pointer
from sqloud.registry.records import Method, Service
from sqloud.registry.schema import nearest
from sqloud.registry.sources import SourceFile, refuse

__all__ = ["check_aliases", "load_aliases"]


def load_aliases(source: SourceFile, provider: str) -> Aliases:
    """The newer names of a provider. Raises ProviderDocumentError with every finding of the file alone."""
    _, aliases, findings = _read(source, provider)
    if aliases is None or findings:
        raise refuse(findings, source.file)
    return aliases


def check_aliases(
    source: SourceFile, provider: str, services: Iterable[Service] | None
) -> tuple[Finding, ...]:
    """Every finding of the file, and of where its names lead in the provider's `services`, if they are given."""
    document, aliases, findings = _read(source, provider)
    if document is None or aliases is None or services is None:
        return tuple(findings)
    methods = {
        (service.name, resource.name.resource, method.name): method
        for service in services
        for resource in service.resources
        for method in resource.methods
    }
    tables = sorted({".".join(key[:2]) for key in methods})
    for alias in aliases.services:
        for resource in alias.resources:
            for method in resource.methods:
                at = pointer("services", alias.name, "resources", resource.name, "methods", method.name)
                message = _judged(method, methods, tables)
                if message is not None:
                    findings.append(document.finding(f"{at}/{message[0]}", message[1]))
    return tuple(findings)


def _judged(
    alias: AliasMethod, methods: dict[tuple[str, str, str], Method], tables: list[str]
) -> tuple[str, str] | None:
    method = methods.get(alias.of)
    if method is None:
        table = ".".join(alias.of[:2])
        if table not in tables:
            return "of", f"there is no resource {table}{nearest(table, tables)}"
        known = [key[2] for key in methods if key[:2] == alias.of[:2]]
        return "of", f"{table} has no method {alias.of[2]!r}{nearest(alias.of[2], known)}"
    if alias.verb == "select" and method.verb != "select":
        return "verb", f"{'.'.join(alias.of)} is {method.verb}, so it answers no rows of a table"
    fields = [field.name for field in method.body.fields] if method.body else []
    for name, _ in alias.fixed:
        if name not in fields:
            return "set", f"{'.'.join(alias.of)} has no field {name!r} in its body{nearest(name, fields)}"
    for index, name in enumerate(alias.fields or ()):
        if name not in fields:
            return (
                f"fields/{index}",
                f"{'.'.join(alias.of)} has no field {name!r} in its body{nearest(name, fields)}",
            )
    return None


def _read(source: SourceFile, provider: str) -> tuple[Document | None, Aliases | None, list[Finding]]:
    document, findings = read_judged(source, "aliases")
    if document is None or findings:
        return document, None, findings
    root = document.root
    if root["aliases"] != provider:
        message = f"is {root['aliases']!r} in the folder of {provider!r}; they are the same"
        findings.append(document.finding("/aliases", message))
    services = tuple(
        AliasService(
            name=service,
            description=entry.get("description", ""),
            resources=tuple(
                AliasResource(
                    name=resource,
                    description=listed.get("description", ""),
                    methods=tuple(
                        AliasMethod(
                            name=name,
                            verb=method["verb"],
                            of=tuple(method["of"].split(".")),
                            fixed=tuple(method.get("set", {}).items()),
                            fields=tuple(method["fields"]) if "fields" in method else None,
                        )
                        for name, method in listed["methods"].items()
                    ),
                )
                for resource, listed in entry["resources"].items()
            ),
        )
        for service, entry in root["services"].items()
    )
    return document, Aliases(provider=provider, services=services), findings
