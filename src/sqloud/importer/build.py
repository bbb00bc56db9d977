"""An OpenAPI document becomes the documents of a provider.

Law: the same specification, names and overlay always give the same documents; nothing is read or written here.
What could not be decided is in the report, and none of it is in the documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sqloud.errors import Finding, ProviderDocumentError
from sqloud.importer.answers import unite_columns
from sqloud.importer.decide import decide_resource
from sqloud.importer.emit import emit
from sqloud.importer.methods import Draft, describe, draft_method
from sqloud.importer.names import NameMap, place_operations
from sqloud.importer.operations import Report, read_operations, server_url
from sqloud.importer.overlay import lay_over, lay_over_service
from sqloud.importer.pagings import name_pagings
from sqloud.importer.provider import authentication_of, errors_of, rate_limit_of
from sqloud.importer.shapes import Specification
from sqloud.importer.words import sentence, words
from sqloud.registry.reader import pointer

__all__ = ["GENERATED", "ImportedProvider", "import_openapi"]

GENERATED = "Generated from the API's OpenAPI document; what is decided by hand is in overlay/."
"""The line by which a generated file is known."""

_SCHEMA = "yaml-language-server: $schema=../provider.schema.json"

Entry = dict[str, Any]


class ImportedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """`provider` and `services` (by name) are plain documents; `findings` say what was not decided or left out.

    A finding's file is `openapi` for a place in the specification, or the name of a document.
    """

    provider: Entry
    services: Mapping[str, Entry]
    findings: tuple[Finding, ...]

    def files(self) -> dict[str, str]:
        """The text of each file of the provider's folder, by its name."""
        comments = (_SCHEMA, GENERATED)
        files = {"provider.yaml": emit(self.provider, comments)}
        files.update({f"{name}.yaml": emit(service, comments) for name, service in self.services.items()})
        return files


def import_openapi(
    document: Mapping[str, Any],
    names: NameMap | None = None,
    overlay: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    name: str,
    base_url: str | None = None,
    keep_descriptions: bool = False,
) -> ImportedProvider:
    """The documents of the provider `name`.

    `overlay` holds partial documents by the name of their file without `.yaml`. `base_url` goes before the
    overlay's, and that before the specification's own. Raises ProviderDocumentError where the document is no
    OpenAPI 3, or where nothing says where the API is.
    """
    findings: list[Finding] = []

    def told(at: str, message: str) -> None:
        findings.append(Finding("openapi", 0, at, message))

    above = dict(overlay or {})
    provider_overlay = above.pop("provider", {})
    if not str(document.get("openapi", "")).startswith("3."):
        raise _refuse("/openapi", "is not 3.0 or 3.1; this reads OpenAPI 3 and nothing else")
    specification = Specification(document)
    own_url = server_url(document.get("servers"))
    url = base_url or provider_overlay.get("base_url") or own_url
    if url is None:
        raise _refuse("/servers", "names no absolute URL; say where the API is with --base-url")
    operations = read_operations(specification, own_url or url, told)
    if not operations:
        raise _refuse("/paths", "holds no operation that could become a method")
    given = names or NameMap()
    drafts: dict[str, dict[str, list[Draft]]] = {}
    for operation, place in place_operations(operations, given, told):
        wanted = given.columns.get((place.service, place.resource), ())
        draft = draft_method(specification, operation, place, wanted, keep_descriptions, told)
        drafts.setdefault(place.service, {}).setdefault(place.resource, []).append(draft)
    services: dict[str, Entry] = {}
    described = provider_overlay.get("services") or {}
    for service, resources in drafts.items():
        columns = {resource: given.columns.get((service, resource), ()) for resource in resources}
        document_overlay = above.pop(service, {})
        if service in described:
            document_overlay = {"description": described[service], **document_overlay}
        services[service] = _service(service, resources, columns, document_overlay, findings, told)
    findings.extend(
        Finding(f"overlay/{stray}.yaml", 0, "", "there is no such service: left out") for stray in above
    )
    provider = _provider(specification, name, url, services, told)
    pagings = _name_pagings(services)
    if pagings:
        provider["pagings"] = pagings
    provider = lay_over(provider, provider_overlay)
    for service in list(provider["services"]):
        if service not in services:
            del provider["services"][service]
            at = pointer("services", service)
            findings.append(Finding("overlay/provider.yaml", 0, at, "there is no such service: left out"))
    return ImportedProvider(provider=provider, services=services, findings=tuple(findings))


def _refuse(at: str, message: str) -> ProviderDocumentError:
    return ProviderDocumentError("the document cannot be imported", (Finding("openapi", 0, at, message),))


def _service(
    service: str,
    resources: Mapping[str, list[Draft]],
    wanted: Mapping[str, tuple[str, ...]],
    overlay: Mapping[str, Any],
    findings: list[Finding],
    told: Report,
) -> Entry:
    """One service document, with its overlay and every decision."""

    def noted(at: str, message: str) -> None:
        findings.append(Finding(f"{service}.yaml", 0, at, message))

    def stale(at: str, message: str) -> None:
        findings.append(Finding(f"overlay/{service}.yaml", 0, at, message))

    document: Entry = {
        "service": service,
        "resources": {
            name: _resource(name, drafts, wanted[name], told) for name, drafts in resources.items()
        },
    }
    document = lay_over_service(document, overlay, stale)
    document.setdefault("description", sentence(words(service)))
    places = {
        (draft.place.resource, draft.place.method): draft.place
        for drafts in resources.values()
        for draft in drafts
    }
    for name, resource in document["resources"].items():
        resource.setdefault("description", sentence(words(name)))
        columns = resource["columns"]
        if isinstance(columns, str):
            columns = document["resources"].get(columns, {}).get("columns", {})
        decide_resource(name, resource, columns if isinstance(columns, dict) else {}, noted)
        for method, entry in resource["methods"].items():
            place = places.get((name, method))
            if "description" not in entry and place is not None:
                entry["description"] = describe(place, entry)
    return document


def _resource(name: str, drafts: list[Draft], wanted: tuple[str, ...], told: Report) -> Entry:
    """The facts of one resource: its columns are those of all its SELECT methods, the wanted ones first."""
    columns: dict[str, Entry] = {}
    lists_first = sorted(drafts, key=lambda draft: draft.answer is None or draft.answer.shape == "object")
    for draft in lists_first:
        if draft.answer is not None:
            at = f"{draft.operation.at}/responses"
            columns = unite_columns(columns, draft.answer.columns, at, told)
    first = {column: columns[column] for column in wanted if column in columns}
    for column in wanted:
        if column not in columns and any(draft.answer is not None for draft in drafts):
            told(drafts[0].operation.at, f"the column {column!r} of {name} is in no answer: left out")
    methods: Entry = {}
    for draft in drafts:
        if draft.place.method in methods:
            told(draft.operation.at, f"a second method {draft.place.method!r} of {name}: left out")
        else:
            methods[draft.place.method] = draft.entry
    return {"columns": {**first, **columns}, "methods": methods}


def _provider(
    specification: Specification, name: str, url: str, services: Mapping[str, Entry], told: Report
) -> Entry:
    information = specification.root.get("info")
    title = information.get("title") if isinstance(information, Mapping) else None
    provider: Entry = {"provider": name}
    if isinstance(title, str) and title.strip():
        provider["title"] = " ".join(title.split())
    provider["base_url"] = url
    provider["authentication"] = authentication_of(specification, name, told)
    errors = errors_of(specification, told)
    if errors is not None:
        provider["errors"] = errors
    limits = rate_limit_of(specification)
    if limits is not None:
        provider["rate_limit"] = limits
    provider["services"] = {service: document["description"] for service, document in services.items()}
    return provider


def _name_pagings(services: Mapping[str, Entry]) -> dict[str, Entry]:
    """Give each way of paging a name, and write the names into the methods."""
    paged = [
        entry
        for document in services.values()
        for resource in document["resources"].values()
        for entry in resource["methods"].values()
        if isinstance(entry.get("paging"), dict)
    ]
    named = name_pagings(entry["paging"] for entry in paged)
    for entry in paged:
        entry["paging"] = next(name for name, paging in named.items() if paging == entry["paging"])
    return named
