"""From a verb and a path to a target: literals win, encoded slashes stay inside of their segment."""

import pytest

from sqloud.sandbox.refusal import Refusal
from sqloud.sandbox.routes import Routes

# in an order in which the first that fits would often be the wrong one
TEMPLATES = [
    ("GET", "/v2/things/{id}"),
    ("GET", "/v2/{kind}/latest"),
    ("GET", "/v2/things/latest"),
    ("POST", "/v2/things/actions"),
    ("GET", "/v2/things"),
    ("GET", "/v2/things/{id}/parts/{part}"),
    ("GET", "/v2/things/{id}/parts/first"),
]


@pytest.mark.parametrize(
    ("verb", "path", "template", "filled"),
    [
        ("GET", "/v2/things", "/v2/things", {}),
        ("GET", "/v2/things/5", "/v2/things/{id}", {"id": "5"}),
        ("GET", "/v2/things/latest", "/v2/things/latest", {}),
        ("GET", "/v2/others/latest", "/v2/{kind}/latest", {"kind": "others"}),
        ("POST", "/v2/things/actions", "/v2/things/actions", {}),
        ("GET", "/v2/things/actions", "/v2/things/{id}", {"id": "actions"}),
        ("GET", "/v2/things/1%2F2", "/v2/things/{id}", {"id": "1/2"}),
        ("GET", "/v2/things/%2e%2E", "/v2/things/{id}", {"id": ".."}),
        ("GET", "/v2/things/a+b%20c", "/v2/things/{id}", {"id": "a+b c"}),
        ("GET", "/v2/things/%E6%9D%B1", "/v2/things/{id}", {"id": "東"}),
        ("GET", "/v2/%74hings/latest", "/v2/things/latest", {}),
        ("GET", "/v2/things/5/parts/first", "/v2/things/{id}/parts/first", {"id": "5"}),
        ("GET", "/v2/things/5/parts/2", "/v2/things/{id}/parts/{part}", {"id": "5", "part": "2"}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_a_path_finds_its_target(
    verb: str, path: str, template: str, filled: dict[str, str], order: int
) -> None:
    routes = Routes([(verb, template, template) for verb, template in TEMPLATES[::order]])
    assert routes.find(verb, path) == (template, filled)


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/v2/things/", 404),
        ("GET", "/v2/things/5/", 404),
        ("GET", "v2/things", 404),
        ("GET", "//v2/things", 404),
        ("GET", "/v2%2Fthings", 404),
        ("GET", "/v2/things/5/parts", 404),
        ("DELETE", "/v2/things/5", 405),
        ("get", "/v2/things", 405),
        ("GET", "/v2/things/%C3", 400),
    ],
)
def test_a_path_that_finds_none_is_refused(verb: str, path: str, status: int) -> None:
    routes = Routes([(verb, template, template) for verb, template in TEMPLATES])
    with pytest.raises(Refusal) as caught:
        routes.find(verb, path)
    assert caught.value.status == status
    assert ("allow" in caught.value.headers) is (status == 405)
