"""How to ask for everything: a request for an operation, by keys that are there."""

from typing import Any
from urllib.parse import quote

from sqloud.sandbox.cloud import Cloud
from sqloud.sandbox.facts import Operation
from sqloud.sandbox.refusal import Refusal
from sqloud.sandbox.routes import is_template

LISTS = {
    ("v2", "registry"): ("v2", "registries"),
    ("v2", "volumes", "snapshots"): ("v2", "snapshots"),
    ("v2", "kubernetes", "registry"): ("v2", "registries"),
}
QUERY = {"start": "1620683817", "end": "1620705417", "host_id": "3164444"}
OF = {
    "lb_id": "/v2/load_balancers",
    "app_id": "/v2/apps",
    "db_id": "/v2/databases",
    "autoscale_pool_id": "/v2/droplets/autoscale",
}


def path_to(cloud: Cloud, operation: Operation) -> tuple[str, ...]:
    """The path of an operation, each parameter filled by the first key of its list."""
    path: tuple[str, ...] = ()
    for segment in operation.template:
        path += (_key(cloud, operation, path, segment[1:-1]) if is_template(segment) else segment,)
    return path


def _key(cloud: Cloud, operation: Operation, above: tuple[str, ...], name: str) -> str:
    world = cloud.world
    kept = LISTS.get(above) or cloud.customs.canonical(above)
    listing = world.listing(kept)
    if listing is not None and listing.field is not None:
        try:
            rows = world.rows(kept)
        except Refusal:
            rows = []
        if rows and isinstance(rows[0], dict):
            return str(rows[0][listing.field])
    given = next(one for one in operation.given if one.name == name)
    if world.facts.kind(given.schema) == "integer":
        return "1"
    return "2025-01-01" if "date" in name else "11111111-1111-4111-8111-111111111111"


def target_of(cloud: Cloud, operation: Operation) -> str:
    """The path and the query that an operation needs."""
    pairs = [
        f"{given.name}={_value(cloud, given.name, given.schema)}"
        for given in operation.given
        if given.place == "query" and given.required
    ]
    path = "/".join(quote(segment, safe="") for segment in path_to(cloud, operation))
    return f"/{path}?{'&'.join(pairs)}" if pairs else f"/{path}"


def _value(cloud: Cloud, name: str, schema: dict[str, Any]) -> str:
    if name in OF:
        return str(cloud.world.held(OF[name])[0]["id"])
    choices = cloud.world.facts.shape(schema).get("enum", ())
    return QUERY.get(name) or (str(choices[0]) if choices else "x")
