"""An OpenAPI document becomes the documents of a provider.

Law: the same specification, names and overlay always give the same documents; nothing is read or written here.
What could not be decided is in the report, and none of it is in the documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from sqloud.errors import Finding, ProviderDocumentError
from sqloud.importer.answers import unite_columns
from sqloud.importer.awaits import action_reader
from sqloud.importer.bodies import Schemas
from sqloud.importer.decide import decide_resource
from sqloud.importer.emit import emit
from sqloud.importer.glossary import WORDS_FILE, Glossary
from sqloud.importer.methods import Draft, describe, draft_method
from sqloud.importer.names import NameMap, place_operations
from sqloud.importer.operations import Report, read_operations, server_url
from sqloud.importer.overlay import lay_over, lay_over_service
from sqloud.importer.pagings import name_pagings
from sqloud.importer.provider import authentication_of, errors_of, rate_limit_of
from sqloud.importer.references import refer
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
    holds_words = WORDS_FILE in above and list(above[WORDS_FILE]) == [WORDS_FILE]
    glossary = Glossary(above.pop(WORDS_FILE) if holds_words else None)
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
    pools: dict[str, Schemas] = {}
    placed = place_operations(operations, given, told)
    actions = action_reader(specification, placed)
    for operation, place in placed:
        wanted = given.columns.get((place.service, place.resource), ())
        pool = pools.setdefault(place.service, Schemas(specification, told))
        draft = draft_method(specification, operation, place, wanted, pool, keep_descriptions, told)
        awaiting = actions.awaiting(specification, operation) if actions is not None else None
        if awaiting is not None and place.verb != "select":
            draft.entry["await"] = awaiting
        drafts.setdefault(place.service, {}).setdefault(place.resource, []).append(draft)
    services: dict[str, Entry] = {}
    described = provider_overlay.get("services") or {}
    for service, resources in drafts.items():
        columns = {resource: given.columns.get((service, resource), ()) for resource in resources}
        document_overlay = above.pop(service, {})
        if service in described:
            document_overlay = {"description": described[service], **document_overlay}
        whole = {resource: given.whole.get((service, resource)) for resource in resources}
        made = _service(service, resources, columns, whole, document_overlay, findings, told)
        if not made["resources"]:  # nothing of it could be decided; its findings say why
            continue
        services[service] = made
        glossary.describe(service, services[service])
        bodies = [
            entry["body"]["schema"]
            for resource in services[service]["resources"].values()
            for entry in resource["methods"].values()
            if "schema" in entry.get("body", {})
        ]
        if common := pools[service].used(bodies):
            services[service]["schemas"] = common
    findings.extend(glossary.findings())
    findings.extend(
        Finding(f"overlay/{stray}.yaml", 0, "", "there is no such service: left out") for stray in above
    )
    refer(services)
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
    whole: Mapping[str, str | None],
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
        "resources": {name: _resource(drafts, whole[name], told) for name, drafts in resources.items()},
    }
    document = lay_over_service(document, overlay, stale)
    document.setdefault("description", sentence(words(service)))
    _leave_out_hostless(document, noted)
    places = {
        (draft.place.resource, draft.place.method): draft.place
        for drafts in resources.values()
        for draft in drafts
    }
    for name, resource in document["resources"].items():
        resource.setdefault("description", sentence(words(name)))
        columns = resource["columns"]
        if isinstance(columns, dict) and wanted.get(name):
            missing = [column for column in wanted[name] if column not in columns]
            if missing:
                noted(pointer("resources", name, "columns"), f"{', '.join(missing)}: in no answer, left out")
            first = {
                column: columns[column]
                for column in wanted[name]
                if column in columns and "hidden" not in columns[column]
            }
            resource["columns"] = columns = {**first, **columns}
        if isinstance(columns, str):
            columns = document["resources"].get(columns, {}).get("columns", {})
        decide_resource(name, resource, columns if isinstance(columns, dict) else {}, noted)
        for method, entry in resource["methods"].items():
            place = places.get((name, method))
            if "description" not in entry and place is not None:
                entry["description"] = describe(place, entry)
    return document


_BASE_URL = re.compile(r"https?://[^\s/?#@\\{}.:]+(\.[^\s/?#@\\{}.:]+)*(:[0-9]+)?(/[^\s/?#\\]+)*")
_LABEL = re.compile(r"\{[^{}]*\}\.(?=[^{}.]+\.[^{}.]+)")


def _leave_out_hostless(document: Entry, report: Report) -> None:
    """Take out, in place, the methods of which neither the specification nor the overlay says where they are."""
    for name, resource in list(document["resources"].items()):
        for method, entry in list(resource["methods"].items()):
            base_url = entry.get("base_url")
            if base_url is None or _BASE_URL.fullmatch(_LABEL.sub("label.", base_url)):
                continue
            at = pointer("resources", name, "methods", method)
            report(at, f"is on a host that is not named ({base_url}); say base_url in the overlay: left out")
            del resource["methods"][method]
        if not resource["methods"]:
            del document["resources"][name]


def _resource(drafts: list[Draft], whole: str | None, told: Report) -> Entry:
    """The facts of one resource: its columns are those of all its SELECT methods, the hidden ones last."""
    columns: dict[str, Entry] = {}
    reads = [draft for draft in drafts if draft.entry["verb"] == "select"]
    lists_first = sorted(reads, key=lambda draft: draft.answer is None or draft.answer.shape == "object")
    for draft in lists_first:
        if draft.answer is not None:
            at = f"{draft.operation.at}/responses"
            columns = unite_columns(columns, draft.answer.columns, at, told)
    if whole is not None and reads:
        columns[whole] = {"type": "any", "path": "", "hidden": True}
    _own_columns(drafts, columns)
    methods: Entry = {}
    for draft in drafts:
        if draft.place.method in methods:
            told(
                draft.operation.at,
                f"a second method {draft.place.method!r} of {draft.place.resource}: left out",
            )
        else:
            methods[draft.place.method] = draft.entry
    ordered = dict(sorted(columns.items(), key=lambda pair: "hidden" in pair[1]))
    return {"columns": ordered, "methods": methods}


def _own_columns(drafts: list[Draft], columns: Mapping[str, Entry]) -> None:
    """Write into the methods that do not read the columns of their answers, where these are not the table's."""
    for draft in drafts:
        if draft.answer is None or draft.entry["verb"] in ("select", "delete"):
            continue
        known = all(
            name in columns and columns[name].get("path", name) == entry.get("path", name)
            for name, entry in draft.answer.columns.items()
        )
        if not known:
            draft.entry["columns"] = draft.answer.columns


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
