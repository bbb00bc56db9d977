"""The shipped documents and the cloud over them; every test may serve the same cloud, nothing changes it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sqloud.protocol.messages import ApiResponse
from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.cloud import Cloud, open_sandbox
from sqloud.settings import shipped

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue((shipped("providers"),), cache=None)


@pytest.fixture(scope="session")
def cloud(catalogue: Catalogue) -> Cloud:
    return open_sandbox(catalogue)


@pytest.fixture(scope="session")
def ask(cloud: Cloud) -> Ask:
    """Ask for a path with a token; gives the status and the decoded body."""

    def ask(target: str, verb: str = "GET", headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        sent = {"authorization": "Bearer t", "host": "sandbox.test", **(headers or {})}
        response: ApiResponse = cloud.answer(verb, target, sent)
        return response.status, json.loads(response.body)

    return ask
