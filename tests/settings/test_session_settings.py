"""Settings come from where they are said to, and hold no secret that could be seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sqloud.errors import InterfaceError
from sqloud.settings import Settings, cache_directory, checked_endpoint, shipped, state_directory

ENDPOINTS = [
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    ("https://API.Example.com", "https://api.example.com"),
    ("https://example.com:443", "https://example.com:443"),
    ("http://[::1]:8080", "http://[::1]:8080"),
]


@pytest.mark.parametrize(("url", "expected"), ENDPOINTS)
def test_an_endpoint(url: str, expected: str) -> None:
    assert checked_endpoint("p", url) == expected


REFUSED = [
    "",
    "127.0.0.1:8080",
    "localhost",
    "ftp://example.com",
    "file:///etc/passwd",
    "http://",
    "http://:8080",
    "http://example.com/v2",
    "http://example.com?x=1",
    "http://example.com#x",
    "http://me:secret@example.com",
    "http://me@example.com",
    "http://me:secret@example.com:99999",
    "http://example.com:port",
    "http://example.com:99999",
    "http://[::1",
    "http://exa mple.com",
    "http://example.com\n",
    "http://example.com\\x",
    "http://ex\x00ample.com",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_endpoint_that_is_none(url: str) -> None:
    with pytest.raises(InterfaceError, match="the endpoint of p") as caught:
        checked_endpoint("p", url)
    assert "secret" not in repr(caught.value)


def test_from_an_environment() -> None:
    environment = {
        "SQLOUD_PROVIDERS": os.pathsep.join(["/a", "", "/b"]),
        "SQLOUD_ENDPOINT_URL_DIGITALOCEAN": "http://127.0.0.1:1/",
        "SQLOUD_ENDPOINT_URL_OTHER": "",
        "SQLOUD_CACHE_DIR": "/cache",
        "DIGITALOCEAN_TOKEN": "t",
    }
    settings = Settings.from_environment(
        environment, providers=[Path("/c")], endpoints={"Third": "http://127.0.0.1:3"}, max_concurrency=2
    )
    assert settings.endpoints == {"digitalocean": "http://127.0.0.1:1", "third": "http://127.0.0.1:3"}
    assert settings.providers == (Path("/a"), Path("/b"), Path("/c"))
    assert settings.cache == Path("/cache")
    assert settings.environment == environment
    assert (settings.max_concurrency, settings.sandbox) == (2, False)


def test_what_is_named_goes_before_the_environment() -> None:
    environment = {"SQLOUD_ENDPOINT_URL_P": "http://127.0.0.1:1", "SQLOUD_CACHE_DIR": "/cache"}
    settings = Settings.from_environment(environment, endpoints={"p": "http://127.0.0.1:2"}, cache=None)
    assert settings.endpoints == {"p": "http://127.0.0.1:2"}
    assert settings.cache is None


def test_a_wrong_endpoint_of_the_environment_is_told() -> None:
    with pytest.raises(InterfaceError, match="the endpoint of digitalocean is no http or https URL"):
        Settings.from_environment({"SQLOUD_ENDPOINT_URL_DIGITALOCEAN": "here", "SQLOUD_CACHE_DIR": "/c"})


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        Settings.from_environment({"SQLOUD_CACHE_DIR": "/c"}, nonsense=1)


def test_settings_by_themselves_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "t")
    monkeypatch.setenv("SQLOUD_PROVIDERS", "/x")
    assert Settings().environment == {}
    assert Settings().providers == ()


def test_no_credential_is_shown() -> None:
    settings = Settings(environment={"DIGITALOCEAN_TOKEN": "hide_me"}, credentials={"p": "hide_me"})
    assert "hide_me" not in f"{settings!r} {settings}"
    assert "max_keys=5000" in repr(settings)


def test_directories() -> None:
    environment = {"SQLOUD_CACHE_DIR": "/a", "SQLOUD_STATE_DIR": "/b"}
    assert (cache_directory(environment), state_directory(environment)) == (Path("/a"), Path("/b"))
    assert cache_directory({}).name == state_directory({}).name == "sqloud"


def test_what_ships_is_found() -> None:
    assert (shipped("providers") / "provider.schema.json").is_file()
    with pytest.raises(InterfaceError, match="nowhere"):
        shipped("nowhere")
