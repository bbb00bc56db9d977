"""What is written stays, changes and goes, as the real cloud would have it."""

import json
from collections.abc import Callable
from itertools import groupby
from random import Random
from typing import Any

import pytest
from tests.sandbox.asking_all import target_of

from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.bodies import reasons_against
from sqloud.sandbox.cloud import Cloud
from sqloud.sandbox.facts import Operation, facts_of

WRITING = [one for one in facts_of("digitalocean").operations if one.verb != "GET"]
SENT = {"authorization": "Bearer t", "host": "sandbox.test", "x-dangerous": "true"}
WEB = {"name": "web-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
FIRST = "/v2/droplets/3164444"
OFF = "/v2/droplets/3164660"  # the droplet at place 9

# A log sink may be created with a type that its own answer's schema does not know.
UNLIKE = "got 'datadog'"

Say = Callable[..., tuple[int, Any]]


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def own(catalogue: Catalogue, clock: Clock) -> Cloud:
    return Cloud(catalogue.provider("digitalocean"), clock=clock)


@pytest.fixture
def say(own: Cloud) -> Say:
    """Send a request with a body; gives the status and the decoded answer."""

    def say(verb: str, target: str, body: Any = None) -> tuple[int, Any]:
        response = own.answer(verb, target, SENT, None if body is None else json.dumps(body).encode())
        return response.status, json.loads(response.body) if response.body else None

    return say


def done(say: Say, verb: str, target: str, body: Any = None) -> Any:
    status, answer = say(verb, target, body)
    assert status < 300, answer
    return answer


def test_a_droplet_comes_boots_and_goes(say: Say, clock: Clock) -> None:
    status, answer = say("POST", "/v2/droplets", WEB | {"tags": ["web", "brand-new"], "ipv6": True})
    assert status == 202
    droplet = answer["droplet"]
    assert (droplet["name"], droplet["status"], droplet["size"]["slug"]) == ("web-1", "new", "s-1vcpu-1gb")
    assert (droplet["region"]["slug"], droplet["image"]["slug"]) == ("nyc3", "ubuntu-24-04-x64")
    assert droplet["created_at"] == "2025-10-09T08:53:20Z"
    place = f"/v2/droplets/{droplet['id']}"
    assert done(say, "GET", place)["droplet"]["status"] == "new"
    assert done(say, "GET", "/v2/droplets?tag_name=brand-new")["meta"]["total"] == 1
    clock.now += 5
    ready = done(say, "GET", place)["droplet"]
    assert ready["status"] == "active"
    assert {one["type"] for one in ready["networks"]["v4"]} == {"public", "private"}
    assert len(ready["networks"]["v6"]) == 1
    action = done(say, "GET", f"/v2/actions/{answer['links']['actions'][0]['id']}")["action"]
    assert (action["type"], action["status"], action["resource_id"]) == ("create", "completed", droplet["id"])
    assert done(say, "GET", "/v2/tags/brand-new")["tag"]["resources"]["droplets"]["count"] == 1
    assert say("DELETE", place) == (204, None)
    assert say("DELETE", place)[0] == 404
    assert say("GET", place)[0] == 404
    assert say("GET", f"{place}/actions")[0] == 404


def test_without_a_clock_requests_make_time_go(say: Say) -> None:
    identifier = done(say, "POST", "/v2/droplets", WEB)["droplet"]["id"]
    states = [done(say, "GET", f"/v2/droplets/{identifier}")["droplet"]["status"] for _ in range(5)]
    assert states[0] == "new"
    assert states[-1] == "active"


def test_several_droplets_at_once_and_no_more_than_the_limit(say: Say) -> None:
    several = {**WEB, "names": ["a", "b", "c"]}
    del several["name"]
    assert [row["name"] for row in done(say, "POST", "/v2/droplets", several)["droplets"]] == ["a", "b", "c"]
    limit = done(say, "GET", "/v2/account")["account"]["droplet_limit"]
    for number in range(limit - 64 - 3):
        done(say, "POST", "/v2/droplets", WEB | {"name": f"w{number}"})
    status, error = say("POST", "/v2/droplets", WEB)
    assert (status, error["id"]) == (403, "forbidden")
    assert "droplet limit of 100" in error["message"]


REFUSED = [
    # verb, target, body, status, a part of the message
    ("POST", "/v2/droplets", None, 422, "a JSON body is required"),
    ("POST", "/v2/droplets", {"name": "x"}, 422, "size is required"),
    ("POST", "/v2/droplets", WEB | {"size": 5}, 422, "size must be a string"),
    ("POST", "/v2/droplets", WEB | {"size": "s-none"}, 422, "size 's-none' is invalid"),
    ("POST", "/v2/droplets", WEB | {"image": "no-such"}, 422, "image 'no-such' is invalid"),
    ("POST", "/v2/droplets", WEB | {"region": "mars1"}, 422, "region 'mars1' is invalid"),
    ("POST", "/v2/droplets", WEB | {"region": "sfo2"}, 422, "sfo2 is not available"),
    ("POST", "/v2/droplets", WEB | {"tags": [5]}, 422, "tags[0] must be a string"),
    ("POST", "/v2/domains", {"name": "example.com"}, 422, "exists already"),
    ("POST", f"{FIRST}/actions", {"type": "fly"}, 422, "type must be one of"),
    ("POST", f"{FIRST}/actions", {"type": "power_on"}, 422, "is active"),
    ("POST", f"{FIRST}/actions", {"type": "rename"}, 422, "name"),
    ("POST", f"{FIRST}/actions", {"type": "resize", "size": "s-1vcpu-2gb"}, 422, "to be off"),
    ("POST", "/v2/droplets/1/actions", {"type": "reboot"}, 404, "not be found"),
    ("POST", "/v2/registry", {"name": "x1", "subscription_tier_slug": "basic"}, 409, "already"),
    ("DELETE", "/v2/domains/nowhere.test", None, 404, "not be found"),
    ("DELETE", "/v2/volumes/506f78a4-e098-11e5-ad9f-000000000001", None, 409, "detach it first"),
]


@pytest.mark.parametrize(("verb", "target", "body", "status", "part"), REFUSED)
def test_what_cannot_be_is_refused_with_the_reason(
    say: Say, verb: str, target: str, body: Any, status: int, part: str
) -> None:
    answered, error = say(verb, target, body)
    assert (answered, part in error["message"]) == (status, True), error


def test_what_is_no_json_is_a_bad_request(own: Cloud) -> None:
    assert own.answer("POST", "/v2/droplets", SENT, b"{nonsense").status == 400


def test_actions_have_effects_when_they_complete(say: Say, clock: Clock) -> None:
    def act(**body: Any) -> None:
        action = done(say, "POST", f"{FIRST}/actions", body)["action"]
        assert (action["status"], action["completed_at"]) == ("in-progress", None)
        clock.now += 3
        after = done(say, "GET", f"{FIRST}/actions/{action['id']}")["action"]
        assert (after["status"], after["completed_at"] is None) == ("completed", False)

    def droplet() -> Any:
        return done(say, "GET", FIRST)["droplet"]

    act(type="power_off")
    assert droplet()["status"] == "off"
    act(type="resize", size="s-4vcpu-8gb", disk=True)
    assert (droplet()["size_slug"], droplet()["memory"], droplet()["disk"]) == ("s-4vcpu-8gb", 8192, 160)
    act(type="power_on")
    assert droplet()["status"] == "active"
    act(type="rename", name="other.example.com")
    assert droplet()["name"] == "other.example.com"
    act(type="snapshot", name="before")
    identifier = droplet()["snapshot_ids"][-1]
    assert done(say, "GET", f"/v2/images/{identifier}")["image"]["name"] == "before"
    assert done(say, "GET", f"/v2/snapshots/{identifier}")["snapshot"]["resource_id"] == "3164444"
    assert identifier in [row["id"] for row in done(say, "GET", f"{FIRST}/snapshots")["snapshots"]]
    act(type="disable_backups")
    assert "backups" not in droplet()["features"]
    assert done(say, "GET", f"{FIRST}/backups/policy")["policy"]["backup_enabled"] is False
    act(type="enable_backups", backup_policy={"plan": "daily", "hour": 4})
    assert done(say, "GET", f"{FIRST}/backups/policy")["policy"]["backup_policy"]["plan"] == "daily"


def test_a_volume_is_made_attached_and_let_go(say: Say, clock: Clock) -> None:
    body = {"name": "extra", "region": "nyc3", "size_gigabytes": 10, "tags": ["t1"]}
    volume = done(say, "POST", "/v2/volumes", body)["volume"]
    assert (volume["region"]["slug"], volume["droplet_ids"], volume["tags"]) == ("nyc3", [], ["t1"])
    assert say("POST", "/v2/volumes", body)[0] == 422
    place = f"/v2/volumes/{volume['id']}"
    done(say, "POST", f"{place}/actions", {"type": "attach", "droplet_id": 3164444})
    clock.now += 3
    assert done(say, "GET", place)["volume"]["droplet_ids"] == [3164444]
    assert volume["id"] in done(say, "GET", FIRST)["droplet"]["volume_ids"]
    assert say("DELETE", place)[0] == 409
    done(say, "DELETE", FIRST)
    assert done(say, "GET", place)["volume"]["droplet_ids"] == []
    snapshot = done(say, "POST", f"{place}/snapshots", {"name": "s"})["snapshot"]
    assert done(say, "GET", f"/v2/volumes/snapshots/{snapshot['id']}")["snapshot"]["name"] == "s"
    done(say, "POST", f"{place}/actions", {"type": "resize", "size_gigabytes": 20})
    clock.now += 3
    assert done(say, "GET", place)["volume"]["size_gigabytes"] == 20
    done(say, "DELETE", "/v2/volumes?name=extra&region=nyc3")
    assert say("GET", place)[0] == 404


def test_records_of_a_domain(say: Say) -> None:
    done(say, "POST", "/v2/domains", {"name": "new.test", "ip_address": "203.0.113.9"})
    records = done(say, "GET", "/v2/domains/new.test/records?per_page=50")["domain_records"]
    assert [row["data"] for row in records if row["type"] == "A"] == ["203.0.113.9"]
    body = {"type": "A", "name": "www", "data": "203.0.113.8", "ttl": 300}
    record = done(say, "POST", "/v2/domains/new.test/records", body)["domain_record"]
    assert {name: record[name] for name in body} == body
    place = f"/v2/domains/new.test/records/{record['id']}"
    assert done(say, "PATCH", place, {"type": "A", "ttl": 60})["domain_record"]["ttl"] == 60
    assert done(say, "PUT", place, {"type": "A", "name": "web"})["domain_record"]["name"] == "web"
    assert done(say, "GET", "/v2/domains/new.test/records?name=web.new.test")["meta"]["total"] == 1
    done(say, "DELETE", "/v2/domains/new.test")
    assert say("GET", place)[0] == 404
    assert say("GET", "/v2/domains/new.test/records")[0] == 404


def test_tags_firewalls_and_addresses_follow(say: Say, clock: Clock) -> None:
    done(say, "POST", "/v2/tags", {"name": "fresh"})
    resources = {"resources": [{"resource_id": "3164444", "resource_type": "droplet"}]}
    done(say, "POST", "/v2/tags/fresh/resources", resources)
    assert "fresh" in done(say, "GET", FIRST)["droplet"]["tags"]
    done(say, "DELETE", "/v2/tags/fresh/resources", resources)
    assert "fresh" not in done(say, "GET", FIRST)["droplet"]["tags"]
    firewall = done(say, "GET", "/v2/firewalls")["firewalls"][0]
    place = f"/v2/firewalls/{firewall['id']}"
    rule = {"protocol": "tcp", "ports": "8443", "sources": {"addresses": ["0.0.0.0/0"]}}
    assert say("POST", f"{place}/rules", {"inbound_rules": [rule]}) == (204, None)
    assert rule in done(say, "GET", place)["firewall"]["inbound_rules"]
    done(say, "DELETE", f"{place}/rules", {"inbound_rules": [rule]})
    assert rule not in done(say, "GET", place)["firewall"]["inbound_rules"]
    address = done(say, "POST", "/v2/reserved_ips", {"region": "nyc3"})["reserved_ip"]
    place = f"/v2/reserved_ips/{address['ip']}"
    done(say, "POST", f"{place}/actions", {"type": "assign", "droplet_id": 3164444})
    clock.now += 3
    assert done(say, "GET", place)["reserved_ip"]["droplet"]["id"] == 3164444
    assert done(say, "GET", f"/v2/floating_ips/{address['ip']}")["floating_ip"]["ip"] == address["ip"]
    assert done(say, "GET", f"{place}/actions")["actions"][0]["type"] == "assign_ip"


def test_what_takes_long_begins_and_ends(say: Say, clock: Clock) -> None:
    database = {"name": "db-x", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "nyc1", "num_nodes": 1}
    made = done(say, "POST", "/v2/databases", database)["database"]
    assert (made["status"], made["name"], made["engine"]) == ("creating", "db-x", "pg")
    assert say("POST", "/v2/databases", database)[0] == 422
    cluster = {
        "name": "k-x",
        "region": "nyc1",
        "version": "1.31.1-do.0",
        "node_pools": [{"size": "s-1vcpu-2gb", "name": "pool-1", "count": 2}],
    }
    k8s = done(say, "POST", "/v2/kubernetes/clusters", cluster)["kubernetes_cluster"]
    assert k8s["status"]["state"] == "provisioning"
    clock.now += 10
    place = f"/v2/databases/{made['id']}"
    assert done(say, "GET", place)["database"]["status"] == "online"
    done(say, "POST", f"{place}/users", {"name": "sam"})
    assert done(say, "GET", f"{place}/users/sam")["user"]["name"] == "sam"
    done(say, "POST", f"{place}/dbs", {"name": "shop"})
    done(say, "DELETE", f"{place}/dbs/shop")
    assert say("GET", f"{place}/dbs/shop")[0] == 404
    place = f"/v2/kubernetes/clusters/{k8s['id']}"
    assert done(say, "GET", place)["kubernetes_cluster"]["status"]["state"] == "running"
    pools = done(say, "GET", f"{place}/node_pools")["node_pools"]
    assert [(pool["name"], pool["count"]) for pool in pools] == [("pool-1", 2)]
    added = {"size": "s-1vcpu-2gb", "name": "pool-2", "count": 1}
    done(say, "POST", f"{place}/node_pools", added)
    assert len(done(say, "GET", place)["kubernetes_cluster"]["node_pools"]) == 2
    done(say, "DELETE", f"{place}/node_pools/{pools[0]['id']}")
    assert len(done(say, "GET", f"{place}/node_pools")["node_pools"]) == 1


def deletes_last(operation: Operation) -> tuple[bool, int]:
    """The deepest first: what is above a thing takes it along."""
    deletes = operation.verb == "DELETE"
    return deletes, -operation.path.count("/") if deletes else 0


def family(operation: Operation) -> str:
    return "/".join(operation.path.split("/")[:3])


@pytest.mark.parametrize(
    "operations",
    [list(group) for _, group in groupby(sorted(WRITING, key=family), key=family)],
    ids=lambda group: family(group[0]),
)
def test_every_write_is_answered_as_its_schema_says(own: Cloud, operations: list[Operation]) -> None:
    """A body made from the schema is done, or refused with a reason; never a failure of the cloud's own."""
    facts = own.world.facts
    for operation in sorted(operations, key=deletes_last):
        place = f"{operation.verb} {operation.path}"
        body = None
        if operation.body is not None:
            made = own.world.maker.make(operation.body, "body", Random("body"))
            body = json.dumps(made).encode()
        response = own.answer(operation.verb, target_of(own, operation), SENT, body)
        assert response.status == operation.status or 400 <= response.status < 500, (place, response.body)
        if response.status >= 400:
            assert json.loads(response.body)["message"], place
        elif operation.answer is not None and "json" in (operation.media or ""):
            reasons = list(reasons_against(facts, operation.answer, json.loads(response.body)))
            assert [
                reason for reason in reasons if not reason.endswith(("gpu_info must not be null", UNLIKE))
            ] == [], place
