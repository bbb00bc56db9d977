"""What writing to this cloud does beyond what its specification tells.

Law: an effect keeps what the other tables say true; an action that cannot be done is refused before anything
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.digitalocean.attachments import ATTACHMENTS
from sqloud.sandbox.digitalocean.droplets import DROPLETS
from sqloud.sandbox.digitalocean.memberships import MEMBERSHIPS
from sqloud.sandbox.digitalocean.tags import settle

__all__ = ["EFFECTS", "settle"]

EFFECTS: Mapping[tuple[str, str], Callable[[Asked], Any]] = {**DROPLETS, **ATTACHMENTS, **MEMBERSHIPS}
"""By HTTP verb and path template; a write that is not here does what the specification tells."""
