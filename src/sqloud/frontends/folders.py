"""Provider documents as an embedding program has them: a path, or values.

Law: what the registry reads is a directory of providers; whatever else is given is laid into one of our own (0700),
which goes with the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqloud.errors import InterfaceError

__all__ = ["ProviderFolders"]

_PROVIDER = "provider.yaml"


class ProviderFolders:
    """`directories` for the registry, out of paths and mappings. Raises InterfaceError for what is neither."""

    def __init__(self, given: Iterable[str | Path | Mapping[str, Any]]) -> None:
        self.directories: list[Path] = []
        self._own: TemporaryDirectory[str] | None = None
        for source in given:
            if isinstance(source, Mapping):
                self._write(source)
                continue
            path = Path(source)
            folder = path.parent if path.name == _PROVIDER else path
            if (folder / _PROVIDER).is_file():
                self._place(folder.resolve().name).symlink_to(folder.resolve(), target_is_directory=True)
            else:
                self.directories.append(path)

    def close(self) -> None:
        """Remove what was written."""
        if self._own is not None:
            self._own.cleanup()

    def _place(self, name: str) -> Path:
        if self._own is None:
            self._own = TemporaryDirectory(prefix="sqloud-providers-")
            self.directories.append(Path(self._own.name))
        return Path(self._own.name) / name

    def _write(self, document: Mapping[str, Any]) -> None:
        import json

        provider, services = document.get("provider"), document.get("services", {})
        if set(document) - {"provider", "services"} or not isinstance(provider, Mapping):
            raise InterfaceError(
                "a provider given as a mapping has `provider` and `services`",
                hints=('{"provider": {"provider": "mine", ...}, "services": {"things": {...}}}',),
            )
        name = provider.get("provider")
        for each in (name, *services):
            if not isinstance(each, str) or not each.isidentifier():
                raise InterfaceError(f"{each!r} is no name of a provider or a service")
        folder = self._place(str(name))
        folder.mkdir()
        for stem, content in {"provider": provider, **services}.items():
            try:
                text = json.dumps(content, indent=1, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise InterfaceError(
                    f"the document {stem} of provider {name} holds no plain values: {error}"
                ) from error
            (folder / f"{stem}.yaml").write_text(text)
