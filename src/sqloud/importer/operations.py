"""The operations of an OpenAPI document, each with what it takes and answers.

Law: what cannot be called as it is written (a placeholder twice, a parameter with another content than text) is
reported with its pointer and left out; nothing is repaired by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sqloud.importer.shapes import Plain, Specification
from sqloud.registry.reader import pointer

__all__ = ["METHODS", "Operation", "Report", "Sent", "read_operations", "server_url"]

METHODS = ("get", "head", "post", "put", "patch", "delete")

Report = Callable[[str, str], None]
"""Takes a finding: the JSON pointer of its place in the specification, and what is wrong or undecided."""

_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
_IMPLIED = frozenset({"accept", "content-type", "authorization"})
_PATH = re.compile(r"/[^\s?#\\]*")
_NAME = re.compile(r"[^\s{}/?#&=]+")


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter as the specification has it; `schema` is still to be read."""

    name: str
    location: str
    required: bool
    schema: Any
    at: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `body` and `answer` are schemas of JSON, None where there is none.

    `media` are the kinds of the successful answer; `summary` is the specification's own sentence. `links` says
    that the answer has a Link header. `base_url` is there
    where the operation is not at the API's own, as far as the specification says it; `security` names the schemes
    that the operation wants in the place of the API's, None where it wants those; `token_scopes` are what it asks
    of a token.
    """

    id: str
    method: str
    path: str
    at: str
    tag: str = ""
    summary: str = ""
    parameters: tuple[Sent, ...] = ()
    body: Any = None
    body_required: bool = False
    body_media: tuple[str, ...] = ()
    answer: Any = None
    media: tuple[str, ...] = ()
    links: bool = False
    base_url: str | None = None
    security: tuple[str, ...] | None = None
    token_scopes: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in braces, in the path's order."""
        return tuple(_PLACEHOLDER.findall(self.path))

    @property
    def ends_in_placeholder(self) -> bool:
        """Whether the path addresses one thing of a collection."""
        return self.path.rstrip("/").endswith("}")


def server_url(servers: Any) -> str | None:
    """The first server with its variables' defaults filled in; None where that is no absolute http(s) URL.

    >>> server_url([{"url": "https://{region}.a.example/v1/", "variables": {"region": {"default": "eu"}}}])
    'https://eu.a.example/v1'
    """
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], Mapping):
        return None
    url = str(servers[0].get("url", ""))
    variables = servers[0].get("variables")
    for name, entry in (variables if isinstance(variables, Mapping) else {}).items():
        url = url.replace("{" + str(name) + "}", str(entry.get("default", "")))
    url = url.rstrip("/")
    parts = urlsplit(url)
    plain = parts.scheme in ("http", "https") and parts.netloc and not parts.query and "@" not in url
    return url if plain and not re.search(r"[{}<>\s\\]", url) else None


def read_operations(specification: Specification, base_url: str, report: Report) -> tuple[Operation, ...]:
    """Every operation, in the specification's order. `base_url` is where the API is."""
    operations: list[Operation] = []
    used: dict[str, str] = {}
    paths = specification.root.get("paths")
    for path, raw in (paths if isinstance(paths, Mapping) else {}).items():
        item = specification.resolve(raw)
        for method in METHODS:
            node = specification.resolve(item.get(method)) if isinstance(item, Mapping) else None
            if not isinstance(node, Mapping) or not node:
                continue
            at = pointer("paths", path, method)
            servers = node.get("servers") or item.get("servers")
            complaint = _complaint(str(path))
            if complaint:
                report(at, f"{complaint}: left out")
                continue
            operation = _operation(specification, str(path), method, item, node, report)
            if operation.id in used:
                report(at, f"has the operationId {operation.id!r}, as {used[operation.id]} has: left out")
                continue
            used[operation.id] = at
            if servers is not None and server_url(servers) != base_url:
                written = servers[0].get("url") if isinstance(servers, list) and servers else None
                operation = msgspec.structs.replace(
                    operation, base_url=server_url(servers) or str(written or "")
                )
            operations.append(operation)
    return tuple(operations)


def _complaint(path: str) -> str | None:
    names = _PLACEHOLDER.findall(path)
    literal = _PLACEHOLDER.sub("", path)
    if not _PATH.fullmatch(path) or "{" in literal or "}" in literal:
        return "has a path that no request can have"
    if any(segment in (".", "..") for segment in path.split("/")):
        return "has a path segment . or .."
    if len(set(names)) != len(names):
        return "holds a placeholder twice"
    return None


def _operation(
    specification: Specification, path: str, method: str, item: Plain, node: Plain, report: Report
) -> Operation:
    at = pointer("paths", path, method)
    body = specification.resolve(node.get("requestBody"))
    body_media = _content(body)
    answer_media, answer, links = _answer(specification, node)
    tags = node.get("tags")
    return Operation(
        id=str(node.get("operationId") or f"{method}_{path}"),
        method=method.upper(),
        path=path,
        at=at,
        tag=str(tags[0]) if isinstance(tags, list) and tags else "",
        summary=str(node.get("summary") or ""),
        parameters=tuple(_parameters(specification, path, at, item, node, report)),
        body=_json(body_media),
        body_required=body.get("required") is True,
        body_media=tuple(body_media),
        answer=answer,
        media=answer_media,
        links=links,
        security=_security(specification, node),
        token_scopes=_token_scopes(specification, node),
    )


def _token_scopes(specification: Specification, node: Plain) -> tuple[str, ...]:
    """What the first alternative of an operation's security asks of a token; () where it asks nothing."""
    alternatives = node.get("security", specification.root.get("security"))
    if not isinstance(alternatives, list) or not alternatives or not isinstance(alternatives[0], Mapping):
        return ()
    listed = (scope for scopes in alternatives[0].values() if isinstance(scopes, list) for scope in scopes)
    return tuple(dict.fromkeys(scope for scope in listed if isinstance(scope, str) and scope))


def _security(specification: Specification, node: Plain) -> tuple[str, ...] | None:
    """The schemes of an operation of its own, None where they are the API's."""
    own, general = node.get("security"), specification.root.get("security")
    if not isinstance(own, list):
        return None
    named, usual = (
        tuple(dict.fromkeys(key for entry in listed if isinstance(entry, Mapping) for key in entry))
        for listed in (own, general if isinstance(general, list) else [])
    )
    return None if named == usual or set(named) & set(usual) else named


def _content(node: Any) -> dict[str, Any]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return dict(content) if isinstance(content, Mapping) else {}


def _json(content: Mapping[str, Any]) -> Any:
    """The schema of the JSON among several kinds of content; None where there is none."""
    for kind, entry in content.items():
        bare = str(kind).partition(";")[0].strip().lower()
        if bare in ("application/json", "*/*", "application/*") or bare.endswith("+json"):
            return (entry.get("schema") or {}) if isinstance(entry, Mapping) else {}
    return None


def _answer(specification: Specification, node: Plain) -> tuple[tuple[str, ...], Any, bool]:
    """The kinds of content of the first successful answer that has any, the schema of its JSON, and whether it
    has a Link header.
    """
    responses = node.get("responses")
    responses = responses if isinstance(responses, Mapping) else {}
    kinds: tuple[str, ...] = ()
    for code in sorted(str(code) for code in responses):
        if not (code.startswith("2") or code.lower() == "2xx"):
            continue
        entry = responses.get(code, responses.get(int(code)) if code.isdigit() else None)
        response = specification.resolve(entry)
        content = _content(response)
        if _json(content) is not None:
            headers = response.get("headers")
            names = [str(name).lower() for name in headers] if isinstance(headers, Mapping) else []
            return tuple(content), _json(content), "link" in names
        kinds = kinds or tuple(content)
    return kinds, None, False


def _parameters(
    specification: Specification, path: str, at: str, item: Plain, node: Plain, report: Report
) -> Iterator[Sent]:
    """The parameters of the path and of the operation, which goes first; a placeholder always has one."""
    found: dict[tuple[str, str], tuple[Plain, str]] = {}
    for place, source in ((at.rpartition("/")[0], item), (at, node)):
        listed = source.get("parameters")
        for index, raw in enumerate(listed if isinstance(listed, list) else []):
            entry = specification.resolve(raw)
            if isinstance(entry, Mapping) and "name" in entry and "in" in entry:
                found[str(entry["in"]), str(entry["name"])] = (entry, f"{place}/parameters/{index}")
    placeholders = _PLACEHOLDER.findall(path)
    for name in placeholders:
        found.setdefault(("path", name), ({"schema": {"type": "string"}}, at))
    order = {name: index for index, name in enumerate(placeholders)}
    taken: set[str] = set()
    for (location, name), (entry, place) in sorted(
        found.items(), key=lambda pair: (pair[0][0] != "path", order.get(pair[0][1], 0))
    ):
        if location == "header" and name.lower() in _IMPLIED:
            continue
        complaint = None
        if location not in ("path", "query", "header"):
            complaint = f"is in {location}"
        elif location == "path" and name not in placeholders:
            complaint = "is in the path, which has no such placeholder"
        elif not _NAME.fullmatch(name):
            complaint = f"is called {name!r}, which cannot be written"
        elif name in taken:
            complaint = f"is called {name!r}, as another one is"
        elif "schema" not in entry:
            complaint = "is not plain text"
        if complaint:
            report(place, f"the parameter {complaint}: left out")
            continue
        taken.add(name)
        required = location == "path" or entry.get("required") is True
        yield Sent(name=name, location=location, required=required, schema=entry["schema"], at=place)
