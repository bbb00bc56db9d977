"""Actions: what takes a while, and changes something when it is done.

Law: an action is told in the list of all actions and under its resource; it is `in-progress` until its effect
is there, then `completed`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.refusal import Refusal, shortened
from sqloud.sandbox.world import Row, World

__all__ = ["ACTION_TICKS", "account_of", "act", "named", "region_of"]

ACTION_TICKS = 2
"""Seconds or requests that an action takes."""


def act(
    asked: Asked,
    kind: str,
    of: tuple[str, int | None],
    region: Row | None,
    finish: Callable[[], None],
    *,
    under: str | None = None,
) -> Row:
    """Begin an action of a `kind` on the resource `of` (type and id), and do `finish` when it ends.

    `under` is the list of the resource's own actions, where those cannot be found by its id.
    """
    world = asked.world
    action: Row = {
        "id": world.number(),
        "status": "in-progress",
        "type": kind,
        "started_at": world.moment(),
        "completed_at": None,
        "resource_id": of[1],
        "resource_type": of[0],
        "region": region,
        "region_slug": None if region is None else region["slug"],
    }
    if region is None:
        del action["region"]
    for path in ("/v2/actions", under):
        if path is not None:
            world.held(path).insert(0, action)

    def end() -> None:
        finish()
        action.update(status="completed", completed_at=world.moment())

    world.later(ACTION_TICKS, end)
    return action


def named(asked: Asked, field: str, path: str, wanted: Any = None) -> Row:
    """What a field of the body names, of the list at `path`. Raises Refusal 422 where it names nothing."""
    value = asked.field(field) if wanted is None else wanted
    if value is None:
        raise Refusal(422, f"{field} is required for {asked.field('type') or 'this'}")
    for row in asked.world.held(path):
        if value in (row.get("id"), row.get("slug"), row.get("name")) or str(value) == str(row.get("id")):
            return row  # type: ignore[no-any-return]
    raise Refusal(422, f"{field} {shortened(str(value))} is invalid: there is none")


def region_of(world: World, slug: str) -> Row:
    """A region that takes new things. Raises Refusal 422."""
    found = world.found("/v2/regions", slug)
    if found is None:
        raise Refusal(422, f"region {shortened(slug)} is invalid: there is none")
    if not found["available"]:
        raise Refusal(422, f"region {slug} is not available")
    return found


def account_of(world: World) -> Row:
    """The account, with the limits that it sets."""
    reader = world.reader(("v2", "account"))
    if reader is None:
        raise Refusal(404, "The resource you requested could not be found.")
    return world.thing(("v2", "account"), reader)  # type: ignore[no-any-return]
