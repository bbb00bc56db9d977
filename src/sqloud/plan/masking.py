"""Secrets in what is shown: bodies in a preview, a journal or an error.

Law: a value whose name is that of a secret is not shown; its place is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["is_secret", "masked"]

_SECRET = re.compile(
    r"pass(word|phrase|wd)|secret|token|private_?key|api_?key|access_?key|credential|user_data|kubeconfig"
    r"|authorization",
    re.IGNORECASE,
)
_PUBLIC = re.compile(r"_(u?u?id|ids|uuids|name|type|ttl|expiry.*|count)$", re.IGNORECASE)
_MASK = "[masked]"


def masked(value: Any) -> Any:
    """A body for a log or a preview: what is called like a secret is not shown."""
    if isinstance(value, Mapping):
        return {
            name: _MASK
            if is_secret(name) and not isinstance(item, (dict, bool, type(None)))
            else masked(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret: `password`, `api_key`; not that of a reference to one."""
    return _SECRET.search(name) is not None and _PUBLIC.search(name) is None
