"""Newer names of a provider's methods: `aliases.yaml` beside the documents.

Law: an alias adds names and nothing else. A method that it lists is a method of a document, under another name,
perhaps another verb, perhaps with fields of the body fixed; where a document has the name itself, the document
decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sqloud.registry.records import Method, Record, Resource, TableName

__all__ = ["ALIASES_FILE", "AliasMethod", "AliasResource", "AliasService", "Aliases", "readings", "whole"]

ALIASES_FILE = "aliases.yaml"
"""The file in a provider's folder that holds its newer names."""


class AliasMethod(Record, frozen=True, kw_only=True):
    """A method under another name: `of` is service, resource and method in the documents.

    `fixed` are fields of the body with the value that this method always sends, `fields` those that it takes beside
    them: None for all others.
    """

    name: str
    verb: str
    of: tuple[str, str, str]
    fixed: tuple[tuple[str, Any], ...] = ()
    fields: tuple[str, ...] | None = None


class AliasResource(Record, frozen=True, kw_only=True):
    """A list of methods under a resource's name."""

    name: str
    description: str = ""
    methods: tuple[AliasMethod, ...] = ()


class AliasService(Record, frozen=True, kw_only=True):
    """Resources under a service's name, which may be one that the documents have too."""

    name: str
    description: str = ""
    resources: tuple[AliasResource, ...] = ()


class Aliases(Record, frozen=True, kw_only=True):
    """All newer names of a provider."""

    provider: str
    services: tuple[AliasService, ...] = ()

    def service(self, name: str) -> AliasService | None:
        """The aliases of one service; None where there are none."""
        return next((service for service in self.services if service.name == name), None)

    def resource(self, name: TableName) -> AliasResource | None:
        """The alias of this name; None where there is none."""
        service = self.service(name.service)
        listed = service.resources if service is not None else ()
        return next((resource for resource in listed if resource.name == name.resource), None)


Look = Callable[[TableName], Resource]
"""Gives a resource of the documents by its name."""


def whole(name: TableName, own: Resource | None, alias: AliasResource, look: Look) -> Resource:
    """A resource with every method that its name has: those of the document first, then those of the alias.

    Without a document of that name the columns are those of the first SELECT method. A SELECT method that answers
    other columns is listed; `readings` gives the table that it reads.
    """
    parts = _parts(name, alias, look)
    taken = {method.name for method in own.methods} if own is not None else set()
    home = own.name if own is not None else _home(name, alias, look).name
    added = tuple(
        _adopted(method, parts, home, listing=own is None)
        for method in alias.methods
        if method.name not in taken
    )
    if own is not None:
        return msgspec.structs.replace(own, methods=(*own.methods, *added))
    base = parts[home]
    said = alias.description or f"The same as {_listed(name, alias)}."
    return msgspec.structs.replace(base, name=name, description=said, methods=added)


def readings(name: TableName, own: Resource | None, alias: AliasResource, look: Look) -> tuple[Resource, ...]:
    """The tables that a name stands for, the first of them what it means where nothing else is said.

    A newer name may hold the SELECT methods of several tables: each is a reading of its own, with the columns and
    the lookups of that table; the first has the other methods of the name as well.
    """
    entire = whole(name, own, alias, look)
    writes = tuple(method for method in entire.methods if method.verb != "select")
    if own is not None:
        own = msgspec.structs.replace(own, methods=(*own.methods_for("select"), *writes))
    parts = _parts(name, alias, look)
    found: list[Resource] = [] if own is None or own.listing is None else [own]
    homes = dict.fromkeys(_of(name, method) for method in alias.methods if method.verb == "select")
    names = {(*method.of,): method.name for method in alias.methods if method.verb == "select"}
    for home in homes:
        if own is not None and home == own.name:
            continue
        part = parts[home]
        selects = tuple(
            msgspec.structs.replace(
                method, name=names.get((home.service, home.resource, method.name), method.name)
            )
            for method in part.methods_for("select")
        )
        if selects:
            methods = selects if found else (*selects, *writes)
            found.append(
                msgspec.structs.replace(part, name=name, description=entire.description, methods=methods)
            )
    return tuple(found) or (entire,)


def _parts(name: TableName, alias: AliasResource, look: Look) -> dict[TableName, Resource]:
    homes = dict.fromkeys(_of(name, method) for method in alias.methods)
    return {home: look(home) for home in homes}


def _of(name: TableName, method: AliasMethod) -> TableName:
    return TableName(name.provider, method.of[0], method.of[1])


def _home(name: TableName, alias: AliasResource, look: Look) -> Resource:
    """The resource whose columns the alias has: that of its first SELECT method, else of its first method."""
    first = next((method for method in alias.methods if method.verb == "select"), alias.methods[0])
    return look(_of(name, first))


def _adopted(
    alias: AliasMethod, parts: dict[TableName, Resource], home: TableName, *, listing: bool
) -> Method:
    """A method of a document under its newer name. Meanings that speak of other columns are left behind."""
    origin = next(part for name, part in parts.items() if name[1:] == alias.of[:2])
    method = next(method for method in origin.methods if method.name == alias.of[2])
    at_home = origin.name == home
    fixed = dict(alias.fixed)
    body = method.body
    if body is not None and (fixed or alias.fields is not None):
        taken = [field.name for field in body.fields] if alias.fields is None else alias.fields
        fields = tuple(field for field in body.fields if field.name in taken and field.name not in fixed)
        body = msgspec.structs.replace(body, fields=fields)
    parameters = method.parameters
    if not at_home and alias.verb != "select":
        parameters = tuple(msgspec.structs.replace(one, meaning=None) for one in parameters)
    description = method.description
    if alias.verb == "select" and not at_home:
        description = f"{description} Its rows are those of {origin.name}.".strip()
    return msgspec.structs.replace(
        method,
        name=alias.name,
        verb=alias.verb,
        description=description,
        parameters=parameters,
        body=body,
        fixed=(*method.fixed, *alias.fixed),
        columns=origin.columns if method.columns is None and not at_home else method.columns,
        listing=method.listing and at_home and listing and alias.verb == "select",
    )


def _listed(name: TableName, alias: AliasResource) -> str:
    homes = list(dict.fromkeys(f"{method.of[0]}.{method.of[1]}" for method in alias.methods))
    return " and ".join([", ".join(homes[:-1]), homes[-1]] if len(homes) > 1 else homes)
