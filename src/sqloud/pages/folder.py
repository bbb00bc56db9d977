"""All pages of a provider: an index, a page for each service, a page for each resource.

Law: the pages follow from the documents alone, so that making them twice gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqloud.pages.markdown import code, fenced, link, table, text
from sqloud.pages.resource import resource_page
from sqloud.registry.records import Provider, Service

__all__ = ["provider_pages"]


def provider_pages(
    provider: Provider,
    service_of: Callable[[str], Service],
    newer_names: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """Pages by their path within the folder: `index.md`, `<service>/index.md`, `<service>/<resource>.md`.

    `newer_names` gives the other names of a resource by its full one.
    """
    services = [service_of(name) for name, _ in provider.services]
    pages = {"index.md": _index(provider, services)}
    for service in services:
        pages[f"{service.name}/index.md"] = _service(provider, service)
        for resource in service.resources:
            other = newer_names.get(str(resource.name), ())
            pages[f"{service.name}/{resource.name.resource}.md"] = resource_page(resource, newer_names=other)
    return pages


def _index(provider: Provider, services: Sequence[Service]) -> str:
    authentication = provider.authentication
    lines = [f"# {text(provider.title or provider.name)}\n"]
    if provider.description:
        lines.append(text(provider.description) + "\n")
    resources = sum(len(service.resources) for service in services)
    methods = sum(len(resource.methods) for service in services for resource in service.resources)
    lines.append(
        table(
            ("", ""),
            [
                ("Name", code(provider.name)),
                ("Host", code(provider.base_url)),
                ("Token", ", ".join(map(code, authentication.environment)) or "none is needed"),
                ("Services", f"{len(services):,}"),
                ("Resources", f"{resources:,}"),
                ("Methods", f"{methods:,}"),
            ],
        )
    )
    if authentication.environment:
        lines.append(fenced("sh", f"export {authentication.environment[0]}=...\nsqloud"))
    lines.append("## Services\n")
    lines.append(
        table(
            ("Name", "Resources", "Description"),
            [
                (
                    link(code(service.name), f"{service.name}/index.md"),
                    str(len(service.resources)),
                    text(service.description),
                )
                for service in services
            ],
        )
    )
    return "\n".join(lines)


def _service(provider: Provider, service: Service) -> str:
    rows = []
    for resource in service.resources:
        verbs = dict.fromkeys(method.verb.upper() for method in resource.methods)
        name = resource.name.resource
        rows.append((link(code(name), f"{name}.md"), ", ".join(map(code, verbs)), text(resource.description)))
    lines = [f"# {service.name}\n"]
    if service.description:
        lines.append(text(service.description) + "\n")
    lines.append(fenced("sql", f"SHOW RESOURCES IN {provider.name}.{service.name};"))
    lines.append(table(("Resource", "Verbs", "Description"), rows))
    return "\n".join(lines)
