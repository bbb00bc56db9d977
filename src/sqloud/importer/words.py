"""Names of an API become names of SQL.

Law: the same name always becomes the same name, and what comes out is an identifier: small letters, digits
and _, beginning with a letter.
"""

from __future__ import annotations

import re
from collections.abc import Container

__all__ = ["DOTTED", "free", "identifier", "sentence", "singular", "words"]

_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
DOTTED = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*")
"""The names that a column can have as they are."""
_OTHER = re.compile(r"[^a-z0-9]+")


def identifier(name: str, fallback: str = "x") -> str:
    """An SQL name.

    >>> identifier("createdAt"), identifier("X-Rate-ID"), identifier("1_clicks"), identifier("publicIPv4")
    ('created_at', 'x_rate_id', 'x_1_clicks', 'public_ipv4')
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return name
    plain = _OTHER.sub("_", _BREAK.sub("_", name.replace("IPv", "Ipv")).lower()).strip("_")
    if not plain:
        return fallback
    return plain if plain[0].isalpha() else f"{fallback}_{plain}"


def free(name: str, taken: Container[str]) -> str:
    """The name, or the name with the first number that makes it free.

    >>> free("pages", {"pages", "pages_2"})
    'pages_3'
    """
    number = 1
    tried = name
    while tried in taken:
        number += 1
        tried = f"{name}_{number}"
    return tried


def singular(name: str) -> str:
    """One of what a plural names.

    >>> [singular(word) for word in ("droplets", "policies", "addresses", "status", "aliases")]
    ['droplet', 'policy', 'address', 'status', 'aliase']
    """
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def words(name: str) -> str:
    """An identifier as words.

    >>> words("backups_policies")
    'backups policies'
    """
    return " ".join(part for part in name.split("_") if part)


def sentence(text: str) -> str:
    """Words as a sentence.

    >>> sentence("one droplet")
    'One droplet.'
    """
    return f"{text[:1].upper()}{text[1:]}."
