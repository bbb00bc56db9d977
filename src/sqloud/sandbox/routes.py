"""From a verb and a path to the method that answers.

Law: a path is split into segments before it is decoded, so an encoded slash stays inside its segment; a
literal segment wins over a template, from the left; an empty segment fills no template.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

from sqloud.sandbox.refusal import Refusal, shortened

__all__ = ["Routes", "is_template"]

Target = TypeVar("Target")


def is_template(segment: str) -> bool:
    """Whether a segment of a method's path stands for a parameter.

    >>> is_template("{droplet_id}"), is_template("droplets")
    (True, False)
    """
    return segment.startswith("{") and segment.endswith("}")


class Routes(Generic[Target]):
    """Targets by HTTP verb and path template."""

    def __init__(self, routes: Iterable[tuple[str, str, Target]]) -> None:
        self._routes: dict[int, list[tuple[tuple[str, ...], str, Target]]] = {}
        for http_verb, path, target in routes:
            segments = tuple(path.split("/"))
            self._routes.setdefault(len(segments), []).append((segments, http_verb.upper(), target))
        for same_length in self._routes.values():
            same_length.sort(key=lambda route: [is_template(segment) for segment in route[0]])

    def find(self, http_verb: str, path: str) -> tuple[Target, dict[str, str]]:
        """The target, and its path parameters decoded, by name.

        Raises Refusal: 404 where no path fits, 405 where only other verbs do, 400 for broken encoding.
        """
        try:
            segments = [unquote(segment, errors="strict") for segment in path.split("/")]
        except UnicodeDecodeError:
            raise Refusal(400, f"the path {shortened(path)} is not UTF-8") from None
        allowed: list[str] = []
        found = self.match(http_verb, segments, allowed)
        if found is not None:
            return found
        if allowed:
            verbs = ", ".join(sorted(set(allowed)))
            raise Refusal(405, f"{shortened(http_verb)} is not allowed here, only {verbs}", {"allow": verbs})
        raise Refusal(404, "The resource you requested could not be found.")

    def match(
        self, http_verb: str, segments: list[str], allowed: list[str] | None = None
    ) -> tuple[Target, dict[str, str]] | None:
        """As `find`, over decoded segments; None where nothing fits. `allowed` takes the other verbs."""
        for template, verb, target in self._routes.get(len(segments), ()):
            filled = _fill(template, segments)
            if filled is None:
                continue
            if verb == http_verb:
                return target, filled
            if allowed is not None:
                allowed.append(verb)
        return None


def _fill(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    filled: dict[str, str] = {}
    for part, segment in zip(template, segments, strict=True):
        if is_template(part) and segment:
            filled[part[1:-1]] = segment
        elif part != segment:
            return None
    return filled
