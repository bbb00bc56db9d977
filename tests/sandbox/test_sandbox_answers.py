"""What the simulated cloud answers to every method of the shipped documents."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sqloud.errors import InterfaceError
from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.cloud import RATE_LIMIT, Cloud, open_sandbox

Ask = Callable[..., tuple[int, Any]]
TOKEN = {"authorization": "Bearer t"}
FIRST = "/v2/droplets/3164444"

# target, the envelope ("" for none), how many rows there are on the default page, the total (None: not paged)
ANSWERS = [
    ("/v2/droplets", "droplets", 20, 60),
    ("/v2/droplets?type=droplets&per_page=200", "droplets", 60, 60),
    ("/v2/droplets?type=gpus", "droplets", 4, 4),
    ("/v2/droplets?tag_name=web&per_page=100", "droplets", 30, 30),
    ("/v2/droplets?tag_name=nobody", "droplets", 0, 0),
    ("/v2/droplets?tag_name=", "droplets", 0, 0),
    ("/v2/droplets?tag_name=env%3Aeu", "droplets", 10, 10),
    ("/v2/droplets?name=web-01", "droplets", 2, 2),
    ("/v2/droplets?name=%C3%BCberwachung-%E6%9D%B1%E4%BA%AC", "droplets", 1, 1),
    ("/v2/droplets?name=it%27s+100%25+%22ready%22", "droplets", 1, 1),
    ("/v2/droplets?name=gpu-01.example.com", "droplets", 0, 0),
    ("/v2/droplets?name=gpu-01.example.com&type=gpus", "droplets", 1, 1),
    ("/v2/droplets?nonsense=1&per_page=60", "droplets", 60, 60),
    (FIRST, "droplet", 1, None),
    ("/v2/droplets/444909314", "droplet", 1, None),
    ("/v2/droplets/5000000017", "droplet", 1, None),
    (f"{FIRST}/backups", "backups", 6, 6),
    ("/v2/droplets/3164478/backups", "backups", 20, 45),
    ("/v2/droplets/3164460/backups", "backups", 0, 0),
    (f"{FIRST}/backups/policy", "policy", 1, None),
    ("/v2/droplets/backups/policies", "policies", 20, 64),
    ("/v2/droplets/backups/supported_policies", "supported_policies", 2, None),
    (f"{FIRST}/snapshots", "snapshots", 2, 2),
    (f"{FIRST}/kernels", "kernels", 0, 0),
    ("/v2/droplets/3164628/kernels?per_page=200", "kernels", 171, 171),
    (f"{FIRST}/actions", "actions", 4, 4),
    (f"{FIRST}/firewalls", "firewalls", 3, 3),
    (f"{FIRST}/neighbors", "droplets", 2, None),
    ("/v2/droplets/3164460/neighbors", "droplets", 0, None),
    ("/v2/reports/droplet_neighbors_ids", "neighbor_ids", 3, None),
    (f"{FIRST}/destroy_with_associated_resources", "", 1, None),
    ("/v2/droplets/3100017/destroy_with_associated_resources/status", "", 1, None),
]


@pytest.mark.parametrize(("target", "envelope", "count", "total"), ANSWERS)
def test_a_method_answers_its_rows(
    ask: Ask, target: str, envelope: str, count: int, total: int | None
) -> None:
    status, answer = ask(target)
    assert status == 200
    rows = answer[envelope] if envelope else answer
    assert (1 if envelope in ("", "droplet", "policy") else len(rows)) == count
    assert (answer["meta"]["total"] if total is not None else None) == total
    if envelope:
        assert set(answer) == {envelope} | (set() if total is None else {"links", "meta"})


def test_one_action_and_one_policy_are_those_of_their_lists(ask: Ask) -> None:
    action = ask(f"{FIRST}/actions")[1]["actions"][1]
    assert ask(f"{FIRST}/actions/{action['id']}") == (200, {"action": action})
    assert ask(f"/v2/droplets/3164460/actions/{action['id']}")[0] == 404
    policies = ask("/v2/droplets/backups/policies?per_page=200")[1]["policies"]
    assert len(policies) == 64
    for key, policy in policies.items():
        assert key == str(policy["droplet_id"])
    assert ask(f"{FIRST}/backups/policy")[1]["policy"] == policies["3164444"]


PAGED = [
    ("/v2/droplets", "droplets", 60),
    ("/v2/droplets/3164478/backups", "backups", 45),
    ("/v2/droplets/3164628/kernels", "kernels", 171),
    ("/v2/droplets/backups/policies", "policies", 64),
]


@pytest.mark.parametrize("size", [None, 1, 7, 20, 200])
@pytest.mark.parametrize(("path", "envelope", "total"), PAGED)
def test_the_pages_are_the_whole_and_no_row_twice(
    ask: Ask, path: str, envelope: str, total: int, size: int | None
) -> None:
    whole = _rows(ask(f"{path}?per_page=200")[1][envelope])
    target: str | None = path if size is None else f"{path}?per_page={size}"
    collected: list[Any] = []
    pages = 0
    while target is not None:
        status, answer = ask(target)
        assert status == 200
        assert answer["meta"]["total"] == total
        collected += _rows(answer[envelope])
        pages += 1
        links = answer["links"].get("pages", {})
        assert ("prev" in links, "first" in links) == (pages > 1, pages > 1)
        assert ("next" in links) is ("last" in links)
        if "next" not in links:
            break
        assert links["next"].startswith("http://sandbox.test/v2/")
        target = links["next"].removeprefix("http://sandbox.test")
    assert collected == whole
    assert len(whole) == total
    assert pages == -(-total // (size or 20))


def _rows(found: Any) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else found


def test_a_page_past_the_end_is_empty(ask: Ask) -> None:
    status, answer = ask("/v2/droplets?page=99999999999&per_page=50")
    assert (status, answer["droplets"], answer["meta"]["total"]) == (200, [], 60)
    base = "http://sandbox.test/v2/droplets?per_page=50&page="
    assert answer["links"]["pages"] == {"first": f"{base}1", "prev": f"{base}2"}


def test_a_list_of_one_page_has_empty_links(ask: Ask) -> None:
    assert ask(f"{FIRST}/backups")[1]["links"] == {}


def test_links_keep_the_filters_and_begin_at_the_base_that_was_asked(cloud: Cloud) -> None:
    target = "/v2/droplets?tag_name=env%3Aeu&page=2&per_page=3"
    response = cloud.answer("GET", target, TOKEN, base_url="https://cloud.test")
    pages = json.loads(response.body)["links"]["pages"]
    base = "https://cloud.test/v2/droplets?tag_name=env%3Aeu&per_page=3&page="
    assert pages == {"first": base + "1", "prev": base + "1", "next": base + "3", "last": base + "4"}


def test_without_host_or_base_the_links_are_those_of_the_provider(cloud: Cloud) -> None:
    pages = json.loads(cloud.answer("GET", "/v2/droplets", TOKEN).body)["links"]["pages"]
    assert pages["next"] == "https://api.digitalocean.com/v2/droplets?page=2"


def test_a_clamp_serves_smaller_pages_than_were_asked(catalogue: Catalogue) -> None:
    cloud = open_sandbox(catalogue, clamp=25)
    answer = json.loads(cloud.answer("GET", "/v2/droplets?per_page=200", TOKEN).body)
    assert len(answer["droplets"]) == 25
    assert answer["links"]["pages"]["last"].endswith("per_page=200&page=3")


REFUSALS = [
    # verb, target, status, id, a part of the message
    ("GET", "/v2/droplets/1", 404, "not_found", "could not be found"),
    ("GET", "/v2/droplets/1/backups", 404, "not_found", "could not be found"),
    ("GET", f"{FIRST}/destroy_with_associated_resources/status", 404, "not_found", "could not"),
    ("GET", f"{FIRST}/actions/1", 404, "not_found", "could not be found"),
    ("GET", "/v2/nothing", 404, "not_found", "could not be found"),
    ("GET", "/", 404, "not_found", "could not be found"),
    ("GET", "", 404, "not_found", "could not be found"),
    ("GET", "/v2/droplets/", 404, "not_found", "could not be found"),
    ("GET", "/v2/droplets//backups", 404, "not_found", "could not be found"),
    ("GET", "/v2/droplets/../droplets", 404, "not_found", "could not be found"),
    ("GET", "/v2/droplets/3164444%2Fbackups", 422, "unprocessable_entity", "droplet_id must be integer"),
    ("GET", "/v2/droplets/1%2F2", 422, "unprocessable_entity", "'1/2'"),
    ("GET", "/v2/droplets/..%2Faccount", 422, "unprocessable_entity", "'../account'"),
    ("GET", "/v2/droplets/%2e", 422, "unprocessable_entity", "'.'"),
    ("GET", "/v2/droplets/1%0A2", 422, "unprocessable_entity", r"'1\n2'"),
    ("GET", "/v2/droplets/%FF", 400, "bad_request", "UTF-8"),
    ("GET", "/v2/droplets?tag_name=%FF", 400, "bad_request", "cannot be read"),
    ("GET", "/v2/droplets/abc", 422, "unprocessable_entity", "droplet_id must be integer"),
    ("GET", "/v2/droplets/%EF%BC%91", 422, "unprocessable_entity", "must be integer"),
    ("GET", "/v2/droplets/1_0", 422, "unprocessable_entity", "must be integer"),
    ("GET", "/v2/droplets/" + "9" * 5000, 422, "unprocessable_entity", "(5000 characters)"),
    ("GET", "/v2/droplets/0", 422, "unprocessable_entity", "at least 1"),
    ("GET", "/v2/droplets/-1", 422, "unprocessable_entity", "at least 1"),
    ("GET", "/v2/droplets?page=0", 422, "unprocessable_entity", "page must be at least 1"),
    ("GET", "/v2/droplets?page=", 422, "unprocessable_entity", "page must be integer"),
    ("GET", "/v2/droplets?page=1.0", 422, "unprocessable_entity", "page must be integer"),
    ("GET", "/v2/droplets?per_page=201", 422, "unprocessable_entity", "per_page must be at most 200"),
    ("GET", "/v2/droplets?per_page=0", 422, "unprocessable_entity", "per_page must be at least 1"),
    ("GET", "/v2/droplets?type=cats", 422, "unprocessable_entity", "one of droplets, gpus"),
    ("GET", "/v2/droplets?type=gpus&tag_name=web", 422, "unprocessable_entity", "together"),
    ("GET", "/v2/droplets?name=a&tag_name=web", 422, "unprocessable_entity", "tag_name and name"),
    ("DELETE", "/v2/droplets", 400, "bad_request", "tag_name is required"),
    ("PATCH", "/v2/droplets", 405, "method_not_allowed", "DELETE, GET, POST"),
    ("GET", "/v2/droplets/actions", 422, "unprocessable_entity", "droplet_id must be integer"),
    ("DELETE", f"{FIRST}/destroy_with_associated_resources/dangerous", 400, "bad_request", "X-Dangerous"),
]


@pytest.mark.parametrize(("verb", "target", "status", "code", "part"), REFUSALS)
def test_a_refusal_has_the_providers_shape(
    ask: Ask, verb: str, target: str, status: int, code: str, part: str
) -> None:
    answered, error = ask(target, verb)
    assert (answered, error["id"]) == (status, code)
    assert part in error["message"]
    assert set(error) == {"id", "message", "request_id"}
    assert len(error["message"]) < 300


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer secret", 200),
        ("bearer secret", 200),
        ("Bearer other", 401),
        ("Bearer ", 401),
        ("Basic secret", 401),
        ("secret", 401),
        ("", 401),
    ],
)
def test_one_token_is_let_in_where_one_is_named(catalogue: Catalogue, header: str, status: int) -> None:
    cloud = open_sandbox(catalogue, token="secret")
    response = cloud.answer("GET", FIRST, {"authorization": header} if header else {})
    assert response.status == status
    if status == 401:
        error = json.loads(response.body)
        assert (error["id"], error["message"]) == ("unauthorized", "Unable to authenticate you.")
        assert b"secret" not in response.body


def test_no_token_no_answer_not_even_a_404(cloud: Cloud) -> None:
    assert {cloud.answer("GET", path, {}).status for path in ("/v2/droplets", "/nowhere")} == {401}


def test_every_answer_tells_the_rate_limit(catalogue: Catalogue) -> None:
    provider = catalogue.provider("digitalocean")
    cloud = Cloud(provider, clock=lambda: 7200.5)
    told = []
    for _ in range(RATE_LIMIT + 3):
        headers = cloud.answer("GET", "/v2/droplets/1", {}).headers
        assert (headers["ratelimit-limit"], headers["ratelimit-reset"]) == ("5000", "10800")
        told.append(int(headers["ratelimit-remaining"]))
    assert told[:3] == [4999, 4998, 4997]
    assert min(told) == 1


def test_a_provider_without_an_error_shape_refuses_in_plain_text(catalogue: Catalogue) -> None:
    provider = msgspec.structs.replace(catalogue.provider("digitalocean"), errors=None)
    response = Cloud(provider).answer("GET", "/v2/nothing", TOKEN)
    assert (response.status, response.headers["content-type"]) == (404, "text/plain")
    assert response.body == b"The resource you requested could not be found."


def test_a_base_url_with_a_path_prefixes_every_route(catalogue: Catalogue) -> None:
    provider = msgspec.structs.replace(catalogue.provider("digitalocean"), base_url="https://x.test/api/")
    cloud = Cloud(provider)
    response = cloud.answer("GET", "/api/v2/droplets", TOKEN)
    assert json.loads(response.body)["links"]["pages"]["next"] == "https://x.test/api/v2/droplets?page=2"
    assert cloud.answer("GET", "/v2/droplets", TOKEN).status == 404


def test_wrong_calls_are_errors(catalogue: Catalogue) -> None:
    with pytest.raises(InterfaceError, match="no inventory for the provider acme"):
        open_sandbox(catalogue, "acme")
    with pytest.raises(InterfaceError, match="clamp must be at least 1"):
        open_sandbox(catalogue, clamp=0)
