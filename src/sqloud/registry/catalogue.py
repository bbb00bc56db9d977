"""Look up providers, services and resources by name.

Law: only the documents that are asked for are read, and what is wrong with one provider is told when that one
is used. Nothing here imports YAML or JSON Schema while every document asked for is in the compiled cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from sqloud.errors import Finding, UnknownNameError
from sqloud.registry.accounts import NO_ACCOUNTS, bare
from sqloud.registry.aliases import ALIASES_FILE, Aliases, readings, whole
from sqloud.registry.compiled import CompiledCache, digest
from sqloud.registry.records import Provider, Resource, Service, TableName
from sqloud.registry.sources import PROVIDER_FILE, SourceFile, read_source, refuse
from sqloud.settings import shipped

__all__ = ["Catalogue"]


class Catalogue:
    """The providers in some folders, each a folder of its own with a provider.yaml.

    `cache` is the user's cache folder, or None for no cache. Raises ProviderDocumentError where one of the
    `directories` is no folder of provider folders.
    """

    def __init__(self, directories: Sequence[Path], cache: Path | None) -> None:
        schema = read_source(shipped("providers") / "provider.schema.json")
        self._cache = CompiledCache(cache, schema.content)
        self._folders = _provider_folders(directories)
        self._sources: dict[str, SourceFile] = {}
        self._providers: dict[str, Provider] = {}
        self._services: dict[tuple[str, str], Service] = {}
        self._newer: dict[str, Aliases] = {}
        self.accounts = NO_ACCOUNTS

    def providers(self) -> tuple[str, ...]:
        """The names of all providers, sorted; their documents are not read."""
        return tuple(sorted(self._folders))

    def provider(self, name: str) -> Provider:
        """A provider. Raises UnknownNameError, or ProviderDocumentError for a document that does not hold."""
        if "@" in name:
            own = self.provider(bare(name))
            return msgspec.structs.replace(own, name=self.accounts.named(name))
        if name not in self._providers:
            self._providers[name] = self._load_provider(name)
        return self._providers[name]

    def service(self, provider: str, service: str) -> Service:
        """A service of a provider. Raises as `provider` does."""
        provider = self._bare(provider)
        if (provider, service) not in self._services:
            self._services[provider, service] = self._load_service(self.provider(provider), service)
        return self._services[provider, service]

    def services(self, provider: str) -> tuple[tuple[str, str], ...]:
        """The services of a provider, newer names among them, with what each is for. Raises as `provider` does."""
        own = self.provider(provider).services
        provider = bare(provider)
        names = {name for name, _ in own}
        added = (
            (one.name, one.description) for one in self._aliases(provider).services if one.name not in names
        )
        return tuple(sorted((*own, *added)))

    def resources(self, provider: str, service: str) -> tuple[Resource, ...]:
        """The resources of a service with all their methods, newer names among them. Raises as `provider` does."""
        if "@" in provider:
            found = self.resources(self._bare(provider), service)
            return tuple(self._at(provider, one) for one in found)
        own = self._own_service(provider, service)
        alias = self._aliases(provider).service(service)
        if own is None and alias is None:
            known = [name for name, _ in self.services(provider)]
            raise _unknown("service", service, known, provider, f"SHOW SERVICES IN {provider}")
        names = dict.fromkeys(one.name.resource for one in own.resources) if own is not None else {}
        names |= dict.fromkeys(one.name for one in alias.resources) if alias is not None else {}
        return tuple(self.whole(TableName(provider, service, name)) for name in names)

    def resource(self, name: TableName) -> Resource:
        """A resource by its whole name, older or newer. Raises as `provider` does.

        Where a document has the name, its resource is given and no alias is read; `whole` adds the aliases.
        """
        if "@" in name.provider:
            return self._at(name.provider, self.resource(name._replace(provider=self._bare(name.provider))))
        own = self._own(name)
        return own if own is not None else self.readings(name)[0]

    def whole(self, name: TableName) -> Resource:
        """A resource with all the methods that its name has, those of its newer name too. Raises as `provider`."""
        if "@" in name.provider:
            return self._at(name.provider, self.whole(name._replace(provider=self._bare(name.provider))))
        own, alias = self._own(name), self._aliases(name.provider).resource(name)
        if alias is None:
            return own if own is not None else self._no_resource(name)
        return whole(name, own, alias, self._origin)

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        """The tables that a name can stand for, the first where nothing else is said. Raises as `provider` does."""
        if "@" in name.provider:
            found = self.readings(name._replace(provider=self._bare(name.provider)))
            return tuple(self._at(name.provider, one) for one in found)
        own, alias = self._own(name), self._aliases(name.provider).resource(name)
        if alias is None:
            return (own if own is not None else self._no_resource(name),)
        return readings(name, own, alias, self._origin)

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a group, `provider@group`, each `provider@account`; none where it is no group."""
        return self.accounts.members(name)

    def _bare(self, provider: str) -> str:
        """The provider of an account that there is."""
        return bare(self.provider(provider).name) if "@" in provider else provider

    def _at(self, provider: str, resource: Resource) -> Resource:
        """A resource under the name that it has in an account."""
        name = resource.name._replace(provider=self.accounts.named(provider))
        return msgspec.structs.replace(resource, name=name)

    def newer_names(self, provider: str) -> dict[str, list[str]]:
        """The newer names of each resource of the documents that has some, by its full name."""
        found: dict[str, list[str]] = {}
        for service in self._aliases(provider).services:
            for resource in service.resources:
                for method in resource.methods:
                    names = found.setdefault(f"{provider}.{method.of[0]}.{method.of[1]}", [])
                    newer = f"{provider}.{service.name}.{resource.name}"
                    if newer not in names:
                        names.append(newer)
        return found

    def _own_service(self, provider: str, service: str) -> Service | None:
        named = any(service == name for name, _ in self.provider(provider).services)
        return self.service(provider, service) if named else None

    def _own(self, name: TableName) -> Resource | None:
        """The resource of the documents, without any alias."""
        service = self._own_service(name.provider, name.service)
        resources = service.resources if service is not None else ()
        return next((one for one in resources if one.name.resource == name.resource), None)

    def _origin(self, name: TableName) -> Resource:
        """The resource that an alias leads to."""
        own = self._own(name)
        if own is None:
            file = self._sources[name.provider].path.with_name(ALIASES_FILE)
            message = f"leads to {name.service}.{name.resource}, which is not there"
            raise refuse([Finding(str(file), 0, "", message)], str(file))
        return own

    def _no_resource(self, name: TableName) -> NoReturn:
        known = {name for name, _ in self.services(name.provider)}
        if name.service not in known:
            listing = f"SHOW SERVICES IN {name.provider}"
            raise _unknown("service", name.service, sorted(known), name.provider, listing)
        service = self._own_service(name.provider, name.service)
        alias = self._aliases(name.provider).service(name.service)
        names = {one.name.resource for one in service.resources} if service is not None else set()
        names |= {one.name for one in alias.resources} if alias is not None else set()
        place = f"{name.provider}.{name.service}"
        raise _unknown("resource", name.resource, sorted(names), place, f"SHOW RESOURCES IN {place}")

    def _aliases(self, provider: str) -> Aliases:
        """The newer names of a provider: none where it has no file of them."""
        if provider not in self._newer:
            self._newer[provider] = self._load_aliases(self.provider(provider))
        return self._newer[provider]

    def _load_aliases(self, provider: Provider) -> Aliases:
        above = self._sources[provider.name]
        file = above.path.with_name(ALIASES_FILE)
        # A provider may have a service of that name; then the file is the service's.
        if any(name == file.stem for name, _ in provider.services) or not file.exists():
            return Aliases(provider=provider.name)
        source = read_source(file)
        path, made_from = self._cache.path(f"{provider.name}.{file.stem}", file), digest(source.content)
        record = self._cache.read(path, made_from, Aliases)
        if record is None:
            from sqloud.registry.alias_document import load_aliases

            record = load_aliases(source, provider.name)
            self._cache.write(path, made_from, record)
        return record

    def _file(self, provider: str) -> Path:
        """The provider.yaml of a provider, of which there is exactly one."""
        folders = self._folders.get(provider)
        if folders is None:
            raise _unknown("provider", provider, self._folders, "", "SHOW PROVIDERS")
        if len(folders) > 1:
            first, second = folders[0] / PROVIDER_FILE, folders[1] / PROVIDER_FILE
            message = f"the provider {provider!r} is already described by {first}; give this one another name"
            raise refuse([Finding(str(second), 0, "/provider", message)], f"the provider {provider}")
        return folders[0] / PROVIDER_FILE

    def _load_provider(self, name: str) -> Provider:
        source = read_source(self._file(name))
        path, made_from = self._cache.path(name, source.path), digest(source.content)
        record = self._cache.read(path, made_from, Provider)
        if record is None:
            from sqloud.registry.documents import load_provider

            record, _ = load_provider(source)
            self._cache.write(path, made_from, record)
        self._sources[name] = source
        return record

    def _load_service(self, provider: Provider, service: str) -> Service:
        known = [name for name, _ in provider.services]
        if service not in known:
            raise _unknown("service", service, known, provider.name, f"SHOW SERVICES IN {provider.name}")
        above = self._sources[provider.name]
        source = read_source(above.path.with_name(f"{service}.yaml"))
        path = self._cache.path(f"{provider.name}.{service}", source.path)
        made_from = digest(above.content, source.content)
        record = self._cache.read(path, made_from, Service)
        if record is None:
            from sqloud.registry.documents import load_provider, load_service

            _, pagings = load_provider(above)
            record = load_service(source, provider.name, pagings)
            self._cache.write(path, made_from, record)
        return record


def _provider_folders(directories: Iterable[Path]) -> dict[str, list[Path]]:
    """The folders with a provider.yaml, by name, in the order of their directories."""
    folders: dict[str, list[Path]] = {}
    seen: set[Path] = set()
    for directory in directories:
        place = directory.resolve()
        if place in seen:
            continue
        seen.add(place)
        try:
            children = sorted(directory.iterdir())
        except OSError as cause:
            message = f"cannot be read as a folder of providers: {cause.strerror}"
            raise refuse([Finding(str(directory), 0, "", message)], str(directory)) from cause
        if (directory / PROVIDER_FILE).exists():
            message = f"is itself a provider; give the folder around it, {place.parent}"
            raise refuse([Finding(str(directory), 0, "", message)], str(directory))
        for child in children:
            if (child / PROVIDER_FILE).exists():
                folders.setdefault(child.name, []).append(child)
    return folders


def _unknown(kind: str, name: str, known: Iterable[str], place: str, listing: str) -> UnknownNameError:
    """The error for a name that is not there: the nearest ones, and the statement that lists all."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), list(known), n=3)
    hints = [f"did you mean {' or '.join(close)}?"] if close else []
    where = f" in {place}" if place else ""
    return UnknownNameError(
        f"there is no {kind} {name!r}{where}", hints=(*hints, f"{listing}; lists them all")
    )
