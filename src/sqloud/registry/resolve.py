"""Plain values that fit the schema become records.

Law: every default of the format is filled in here and nowhere else. What a record cannot express (two
meanings, a name that leads nowhere) is reported here; all other rules are judged on the records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqloud.registry.inputs import (
    data_type,
    path_of,
    resolve_authentication,
    resolve_await,
    resolve_body,
    resolve_parameters,
    resolve_sort,
)
from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import (
    Bucket,
    Column,
    ErrorShape,
    IdempotencyKey,
    Method,
    Paging,
    Provider,
    RateLimitHeaders,
    Resource,
    Rows,
    Service,
    TableName,
)
from sqloud.registry.schema import nearest

__all__ = ["resolve_pagings", "resolve_provider", "resolve_service"]

Plain = dict[str, Any]


def resolve_provider(root: Plain) -> Provider:
    """The record of a provider document."""
    return Provider(
        name=root["provider"],
        base_url=root["base_url"],
        title=root.get("title", ""),
        description=root.get("description", ""),
        authentication=resolve_authentication(root.get("authentication", {"scheme": "none"})),
        errors=ErrorShape(**root["errors"]) if "errors" in root else None,
        rate_limit=RateLimitHeaders(
            **{
                meaning: header.lower()
                for meaning, header in root.get("rate_limit", {}).items()
                if meaning != "buckets"
            },
            buckets=tuple(Bucket(**bucket) for bucket in root.get("rate_limit", {}).get("buckets", ())),
        ),
        services=tuple(root["services"].items()),
        whoami=(root["whoami"]["table"], tuple(root["whoami"]["columns"])) if "whoami" in root else None,
    )


def resolve_pagings(root: Plain) -> dict[str, Paging]:
    """The pagings of a provider document, by name."""
    return {
        name: Paging(
            style=paging["style"],
            page=paging.get("page"),
            size=paging.get("size"),
            default_size=paging.get("default_size"),
            maximum_size=paging.get("maximum_size"),
            offset=paging.get("offset"),
            token=paging.get("token"),
            next=path_of(paging.get("next", "")),
            total=path_of(paging.get("total", "")),
            more=path_of(paging.get("more", "")),
            last=path_of(paging.get("last", "")),
        )
        for name, paging in root.get("pagings", {}).items()
    }


def resolve_service(
    root: Plain,
    provider: str,
    pagings: Mapping[str, Paging] | None,
    skip: Collection[str],
    report: Report,
) -> Service:
    """The record of a service document, without the resources in `skip`, which do not fit the schema.

    `pagings` is None where the provider's own document does not hold: then no paging can be looked up.
    """
    resources = root["resources"]
    return Service(
        name=root["service"],
        description=root.get("description", ""),
        resources=tuple(
            Resource(
                name=TableName(provider, root["service"], name),
                description=resource.get("description", ""),
                key=tuple(resource.get("key", ())),
                columns=_columns(name, resources, skip, report),
                methods=_methods(name, root, pagings, skip, report),
            )
            for name, resource in resources.items()
            if name not in skip
        ),
    )


def _columns(name: str, resources: Plain, skip: Collection[str], report: Report) -> tuple[Column, ...]:
    at = pointer("resources", name, "columns")
    return _listed(name, resources[name]["columns"], at, resources, skip, report)


def _listed(
    name: str, columns: Any, at: str, resources: Plain, skip: Collection[str], report: Report
) -> tuple[Column, ...]:
    """Columns that stand at `at` in the resource `name`, or the name there of a resource that has them."""
    if isinstance(columns, str):
        if columns in skip:
            return ()
        if columns not in resources:
            others = [other for other in resources if other != name and other not in skip]
            report(at, f"there is no resource {columns!r} in this file{nearest(columns, others)}")
            return ()
        if isinstance(resources[columns]["columns"], str):
            report(
                at, f"{columns!r} takes its own columns from {resources[columns]['columns']!r}; name that one"
            )
            return ()
        columns = resources[columns]["columns"]
    return tuple(
        Column(
            name=column,
            type=data_type(entry),
            path=path_of(entry["path"]) if "path" in entry else (column,),
            answer="answer" in entry,
            hidden="hidden" in entry,
            description=entry.get("description", ""),
        )
        for column, entry in columns.items()
    )


def _methods(
    resource: str,
    root: Plain,
    pagings: Mapping[str, Paging] | None,
    skip: Collection[str],
    report: Report,
) -> tuple[Method, ...]:
    methods = root["resources"][resource]["methods"]
    selects = [name for name, method in methods.items() if method["verb"] == "select"]
    resolved = []
    for name, method in methods.items():
        at = pointer("resources", resource, "methods", name)
        http_verb, _, path = method["request"].partition(" ")
        paging = None
        if "paging" in method and pagings is not None:
            paging = pagings.get(method["paging"])
            if paging is None:
                unknown = (
                    f"the provider has no paging {method['paging']!r}{nearest(method['paging'], pagings)}"
                )
                report(f"{at}/paging", unknown)
        own = method.get("columns")
        resolved.append(
            Method(
                name=name,
                verb=method["verb"],
                http_verb=http_verb,
                path=path,
                parameters=resolve_parameters(at, method, paging, report),
                body=resolve_body(method["body"], root.get("schemas", {}), f"{at}/body", report)
                if "body" in method
                else None,
                rows=_rows(method) if "rows" in method or "shape" in method else None,
                paging=paging,
                sort=resolve_sort(method["sort"]) if "sort" in method else None,
                listing=method.get("listing", False) or selects == [name],
                idempotent=method.get("idempotent", method["verb"] == "select"),
                idempotency_key=IdempotencyKey(**method["idempotency_key"])
                if "idempotency_key" in method
                else None,
                kept=tuple(method.get("kept", {}).items()),
                destructive=method.get("destructive", False),
                base_url=method.get("base_url", root.get("base_url")),
                authentication=resolve_authentication(method["authentication"])
                if "authentication" in method
                else None,
                columns=None
                if own is None
                else _listed(resource, own, f"{at}/columns", root["resources"], skip, report),
                awaits=resolve_await(method["await"]) if "await" in method else None,
                token_scopes=tuple(method.get("token_scopes", ())),
                description=method.get("description", ""),
            )
        )
    return tuple(resolved)


def _rows(entry: Plain) -> Rows:
    """Where rows are, and where else they may be."""
    return Rows(
        path=path_of(entry.get("rows", "")),
        shape=entry.get("shape", "list"),
        media=entry.get("media", ""),
        otherwise=_rows(entry["otherwise"]) if "otherwise" in entry else None,
    )
