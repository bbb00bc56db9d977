"""The names that completion offers, out of the catalogue of a session.

Law: a document is read when a name of it is typed, and kept; nothing here fails: what cannot be read offers nothing,
and says so when a statement names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from sqloud.errors import Error
from sqloud.frontends.completion import ColumnName
from sqloud.planner.sources import virtual_columns
from sqloud.registry import Catalogue
from sqloud.registry.accounts import bare
from sqloud.registry.records import Resource, TableName

__all__ = ["CatalogueNames"]


class CatalogueNames:
    """Names of a catalogue, and of what the session knows beside it.

    `relations`, `functions`, `variables` and `settings` are asked at each completion.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        relations: Callable[[], Iterable[tuple[str, str]]] = tuple,
        relation_columns: Callable[[str], Iterable[tuple[str, str]]] = lambda _: (),
        functions: Callable[[], Iterable[str]] = tuple,
        variables: Callable[[], Iterable[str]] = tuple,
        settings: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._catalogue = catalogue
        self._relations = relations
        self._relation_columns = relation_columns
        self._functions = functions
        self._variables = variables
        self._settings = settings
        self._columns: dict[tuple[str, ...], tuple[ColumnName, ...]] = {}

    def providers(self) -> Sequence[tuple[str, str]]:
        """The providers, and the accounts of each."""
        own = self._catalogue.accounts
        accounts = [(f"{provider}@{name}", "account") for name, provider in own.providers.items()]
        groups = [(f"{own.providers[names[0]]}@{name}", "group") for name, names in own.groups.items()]
        return [*((name, "") for name in self._catalogue.providers()), *accounts, *groups]

    def services(self, provider: str) -> Sequence[tuple[str, str]]:
        """The services of a provider."""
        try:
            return list(self._catalogue.provider(bare(provider)).services)
        except Error:
            return ()

    def resources(self, provider: str, service: str) -> Sequence[tuple[str, str]]:
        """The resources of a service."""
        try:
            found = self._catalogue.service(bare(provider), service).resources
        except Error:
            return ()
        return [(resource.name.resource, resource.description) for resource in found]

    def methods(self, provider: str, service: str, resource: str) -> Sequence[tuple[str, str]]:
        """The methods of a resource."""
        try:
            found = self._catalogue.resource(TableName(bare(provider), service, resource)).methods
        except Error:
            return ()
        return [(method.name, method.verb.upper()) for method in found]

    def columns(self, table: tuple[str, ...]) -> Sequence[ColumnName]:
        """The columns of a resource, required parameters first, or of a relation of the user's own."""
        if len(table) == 1:
            return [ColumnName(name, kind) for name, kind in self._relation_columns(table[0])]
        if len(table) != 3:
            return ()
        if table not in self._columns:
            try:
                resource = self._catalogue.resource(TableName(bare(table[0]), *table[1:]))
            except Error:
                return ()
            own = [ColumnName("_connection", "string")] if self._is_group(table[0]) else []
            self._columns[table] = (*_columns(resource), *own)
        return self._columns[table]

    def _is_group(self, provider: str) -> bool:
        return "@" in provider and bool(self._catalogue.members(provider))

    def relations(self) -> Sequence[tuple[str, str]]:
        """Tables and views of the user's own."""
        return list(self._relations())

    def functions(self) -> Sequence[str]:
        """The functions that the engine knows."""
        return list(self._functions())

    def variables(self) -> Sequence[str]:
        """Names of `{{ }}` that have had a value."""
        return list(self._variables())

    def settings(self) -> Sequence[str]:
        """What SET can set."""
        return list(self._settings())

    def files(self, beginning: str) -> Sequence[str]:
        """Files and folders whose path begins so; a folder ends with a slash."""
        folder, _, begun = beginning.rpartition("/")
        shown = folder + "/" if "/" in beginning else ""
        try:
            with os.scandir(
                os.path.expanduser(folder or ("/" if beginning.startswith("/") else "."))
            ) as entries:
                found = [(entry.name, entry.is_dir()) for entry in entries]
        except OSError:
            return ()
        return sorted(
            f"{shown}{name}{'/' if is_folder else ''}"
            for name, is_folder in found
            if name.startswith(begun) and (begun or not name.startswith("."))
        )


def _columns(resource: Resource) -> Iterable[ColumnName]:
    listing = resource.listing
    required = {parameter.sql_name for parameter in listing.required} if listing else set()
    hidden = [
        ColumnName(
            virtual.name,
            virtual.parameter.type.spelling,
            required=virtual.name in required,
            hidden=True,
            values=tuple(map(str, virtual.parameter.enum)),
            refers_to=virtual.parameter.refers_to,
            about=virtual.parameter.description,
        )
        for virtual in virtual_columns(resource).values()
    ]
    yield from (column for column in hidden if column.required)
    for column in resource.columns:
        yield ColumnName(column.name, column.type.spelling, about=column.description)
    yield from (column for column in hidden if not column.required)
