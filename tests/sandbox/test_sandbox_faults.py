"""Faults: as text, and as answers that come in their turn and then no more."""

import asyncio
import json

import pytest

from sqloud.errors import InvalidValueError
from sqloud.protocol.messages import ApiRequest
from sqloud.sandbox.cloud import Cloud
from sqloud.sandbox.faults import Fault, FaultyCloud, parse_fault
from sqloud.sandbox.transport import SandboxTransport

TOKEN = {"authorization": "Bearer t"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("500:7:3", Fault(status=500, page=7, count=3)),
        ("429", Fault(status=429)),
        ("503:2", Fault(status=503, page=2)),
        ("404:*:9", Fault(status=404, count=9)),
        ("404::9", Fault(status=404, count=9)),
        (" 500 : 1 : 2 ", Fault(status=500, page=1, count=2)),
    ],
)
def test_a_fault_is_read(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "status of the fault ''"),
        ("200", "from 400 to 599, got '200'"),
        ("600:1:1", "from 400 to 599, got '600'"),
        ("abc", "got 'abc'"),
        ("500:0", "page of the fault '500:0'"),
        ("500:x", "page of the fault '500:x'"),
        ("500:1:0", "count of the fault '500:1:0'"),
        ("500:1:-1", "got '-1'"),
        ("500:1:٣", "count of the fault"),
        ("500:1:", "count of the fault '500:1:' must be a number"),
        ("500:1:1:1", "more than three parts"),
    ],
)
def test_what_is_no_fault_is_refused_with_an_example(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message.replace("*", r"\*")) as caught:
        parse_fault(text)
    assert "500:7:3" in caught.value.hints[0]


def test_a_fault_spoils_its_page_as_often_as_it_says(cloud: Cloud) -> None:
    faulty = FaultyCloud(cloud, [Fault(status=500, page=2, count=2)])
    targets = [
        "/v2/droplets",
        "/v2/droplets?page=2",
        "/v2/droplets?page=22",
        "/v2/droplets?page=2",
        "/v2/droplets?page=2",
    ]
    assert [faulty.answer("GET", target, TOKEN).status for target in targets] == [200, 500, 200, 500, 200]


def test_without_a_page_any_request_is_spoilt_and_one_without_page_is_the_first(cloud: Cloud) -> None:
    faulty = FaultyCloud(cloud, [Fault(status=503), Fault(status=502, page=1)])
    assert [faulty.answer("GET", "/v2/droplets/3164444", TOKEN).status for _ in range(3)] == [503, 502, 200]


def test_a_fault_has_the_providers_shape_and_429_says_when_to_come_again(cloud: Cloud) -> None:
    faulty = FaultyCloud(cloud, [Fault(status=429), Fault(status=500)])
    first, second = (faulty.answer("GET", "/v2/droplets", TOKEN) for _ in range(2))
    assert json.loads(first.body)["id"] == "too_many_requests"
    assert first.headers["retry-after"] == "1"
    assert json.loads(second.body)["id"] == "server_error"
    assert "retry-after" not in second.headers
    assert "ratelimit-remaining" in second.headers


def test_the_transport_answers_as_a_socket_would(cloud: Cloud) -> None:
    transport = SandboxTransport(cloud, latency=0.001, faults=[Fault(status=500, page=3)])
    token = (("Authorization", "Bearer t"),)

    async def ask(url: str, headers: tuple[tuple[str, str], ...] = token) -> tuple[int, dict[str, object]]:
        request = ApiRequest(http_verb="GET", url=url, provider="digitalocean")
        response = await transport.send(request, headers)
        return response.status, json.loads(response.body)

    async def script() -> None:
        base = "https://api.digitalocean.com"
        status, answer = await ask(f"{base}/v2/droplets?per_page=20")
        assert status == 200
        links = answer["links"]
        assert isinstance(links, dict)
        assert links["pages"]["next"] == f"{base}/v2/droplets?per_page=20&page=2"
        assert (await ask(f"{base}/v2/droplets?page=3"))[0] == 500
        assert (await ask(f"{base}/v2/droplets?page=3"))[0] == 200
        assert (await ask(f"{base}/v2/droplets", ()))[0] == 401
        assert (await ask(base))[0] == 404
        together = await asyncio.gather(
            *(ask(f"{base}/v2/droplets/{3164444 if n % 2 else 1}") for n in range(20))
        )
        assert [status for status, _ in together] == [404, 200] * 10
        await transport.close()

    asyncio.run(script())
