"""Every operation that reads answers, as its specification says it does."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.sandbox.asking_all import target_of

from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.bodies import reasons_against
from sqloud.sandbox.cloud import Cloud, open_sandbox
from sqloud.sandbox.facts import facts_of

Ask = Callable[..., tuple[int, Any]]
TOKEN = {"authorization": "Bearer t", "host": "sandbox.test"}
READING = [one for one in facts_of("digitalocean").operations if one.verb == "GET"]

# Operations whose first key does not lead to a thing: nothing is destroyed, nothing was done to an image.
NOTHING_THERE = {
    "/v2/droplets/{droplet_id}/destroy_with_associated_resources/status",
    "/v2/images/{image_id}/actions/{action_id}",
}
# The droplets that are made by hand have `gpu_info: null` here and there, as the API itself answers.
NULLS = "gpu_info must not be null"


@pytest.fixture(scope="module")
def untouched(catalogue: Catalogue) -> Cloud:
    return open_sandbox(catalogue)


@pytest.mark.parametrize("operation", READING, ids=lambda one: one.path)
def test_it_answers_what_its_schema_says(untouched: Cloud, operation: Any) -> None:
    response = untouched.answer("GET", target_of(untouched, operation), TOKEN)
    if operation.path in NOTHING_THERE:
        assert response.status == 404
        return
    assert response.status == operation.status, response.body
    if "json" not in operation.media:
        assert response.headers["content-type"] == operation.media
        assert response.body
        return
    told = reasons_against(untouched.world.facts, operation.answer, json.loads(response.body))
    assert [reason for reason in told if not reason.endswith(NULLS)] == []


def test_two_clouds_answer_the_same(catalogue: Catalogue) -> None:
    """Whatever was asked before: what is made up depends on its own place alone."""
    one, other = open_sandbox(catalogue), open_sandbox(catalogue)
    first = {read.path: one.answer("GET", target_of(one, read), TOKEN).body for read in READING}
    again = {read.path: other.answer("GET", target_of(other, read), TOKEN).body for read in reversed(READING)}
    differing = [path for path, body in first.items() if _rows(body) != _rows(again[path])]
    assert differing == []


def _rows(body: bytes) -> Any:
    if not body.startswith(b"{"):
        return body
    answer = json.loads(body)
    answer.pop("request_id", None)
    return answer
