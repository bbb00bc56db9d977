"""What an OpenAPI document says about the whole API: where it is, who may ask, how it fails and limits.

Law: a credential goes nowhere that the document does not name; what a document of ours cannot say is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqloud.importer.operations import METHODS, Report
from sqloud.importer.shapes import Specification

__all__ = ["authentication_of", "authentication_of_schemes", "errors_of", "rate_limit_of"]

_CODES = ("code", "id", "error_code", "errorCode", "error", "type", "status", "reason")
_MESSAGES = (
    "message",
    "error_message",
    "error_description",
    "detail",
    "msg",
    "description",
    "title",
    "errors",
)


def authentication_of(specification: Specification, name: str, report: Report) -> dict[str, Any]:
    """`authentication`: bearer where a scheme of the document puts a token there, else none."""
    components = specification.root.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    schemes = schemes if isinstance(schemes, Mapping) else {}
    required = specification.root.get("security")
    named = [key for entry in required for key in entry] if isinstance(required, list) else []
    variable = f"{name.upper()}_TOKEN"
    kinds = {}
    for key in dict.fromkeys([*named, *schemes]):
        scheme = specification.resolve(schemes.get(key))
        kind = str(scheme.get("type", "")).lower() if isinstance(scheme, Mapping) else ""
        header = str(scheme.get("name", "")).lower() if isinstance(scheme, Mapping) else ""
        bearer = kind == "http" and str(scheme.get("scheme", "")).lower() == "bearer"
        if bearer or kind in ("oauth2", "openidconnect"):
            return {"scheme": "bearer", "environment": [variable]}
        kinds[key] = f"{kind} {header}".strip()
    if kinds:
        told = ", ".join(f"{key} ({kind})" for key, kind in kinds.items())
        report(
            "/components/securitySchemes",
            f"only bearer tokens can be sent, not {told}: no credential is sent",
        )
    elif not schemes:
        report("/components", "says nothing about credentials: none is sent")
    return {"scheme": "none"}


def authentication_of_schemes(
    specification: Specification, service: str, schemes: tuple[str, ...], at: str, report: Report
) -> dict[str, Any]:
    """`authentication` of an operation that wants other schemes than the API: a credential of its own."""
    components = specification.root.get("components")
    known = components.get("securitySchemes") if isinstance(components, Mapping) else None
    known = known if isinstance(known, Mapping) else {}
    for key in schemes:
        scheme = specification.resolve(known.get(key))
        kind = str(scheme.get("type", "")).lower() if isinstance(scheme, Mapping) else ""
        if kind == "http" and str(scheme.get("scheme", "")).lower() != "bearer":
            continue
        if kind in ("http", "oauth2", "openidconnect"):
            variable = re.sub(r"[^A-Z0-9]+", "_", f"{service}_{key}_token".upper()).strip("_")
            report(f"{at}/security", f"wants a credential of its own ({key}): it is read from {variable}")
            return {
                "scheme": "bearer",
                "environment": [variable if variable[0].isalpha() else f"X_{variable}"],
            }
    report(f"{at}/security", f"wants {', '.join(schemes)}, which cannot be sent: no credential is sent")
    return {"scheme": "none"}


def _responses(specification: Specification) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(status, response) of every operation."""
    paths = specification.root.get("paths")
    for raw in (paths if isinstance(paths, Mapping) else {}).values():
        item = specification.resolve(raw)
        for method in METHODS:
            node = specification.resolve(item.get(method)) if isinstance(item, Mapping) else None
            responses = node.get("responses") if isinstance(node, Mapping) else None
            for status, entry in (responses if isinstance(responses, Mapping) else {}).items():
                response = specification.resolve(entry)
                if isinstance(response, Mapping):
                    yield str(status), response


def errors_of(specification: Specification, report: Report) -> dict[str, Any] | None:
    """`errors`: the two keys that most of the answers of failure have; None where they have none."""
    counted: Counter[tuple[str, str]] = Counter()
    for status, response in _responses(specification):
        if not (status[:1] in ("4", "5") or status == "default"):
            continue
        content = response.get("content")
        for entry in (content if isinstance(content, Mapping) else {}).values():
            shape = specification.shape(entry.get("schema"))
            texts = [
                name for name, node in shape.properties.items() if specification.shape(node).kind == "string"
            ]
            message = next((name for name in _MESSAGES if name in texts), None)
            code = next((name for name in _CODES if name in texts and name != message), None)
            if message is not None and code is not None:
                counted[code, message] += 1
    if not counted:
        report("/paths", "no answer of failure has a code and a message: every failure is shown as it comes")
        return None
    code, message = min(counted, key=lambda pair: (-counted[pair], pair))
    return {"code": code, "message": message}


def rate_limit_of(specification: Specification) -> dict[str, str] | None:
    """`rate_limit`: the headers that tell it, by the word that their names end in."""
    found: Counter[tuple[str, str]] = Counter()
    for _, response in _responses(specification):
        headers = response.get("headers")
        for header in headers if isinstance(headers, Mapping) else {}:
            plain = str(header).lower()
            if "ratelimit" not in plain.replace("-", ""):
                continue
            for word in ("limit", "remaining", "reset"):
                if plain.endswith(f"-{word}"):
                    found[word, plain] += 1
    limits: dict[str, str] = {}
    for word in ("limit", "remaining", "reset"):
        headers_of_word = [key for key in found if key[0] == word]
        if headers_of_word:
            limits[word] = min(headers_of_word, key=lambda key: (-found[key], key))[1]
    return limits or None
