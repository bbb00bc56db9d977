"""Where the rows of an answer are, and what becomes of a service that nothing can be decided of."""

from __future__ import annotations

from typing import Any

import pytest

from sqloud.importer import import_openapi

ITEM = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
LIST = {"type": "array", "items": ITEM}


def document(answer: dict[str, Any], *parameters: str) -> dict[str, Any]:
    sent = [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in parameters]
    content = {"application/json": {"schema": answer}}
    operation = {"operationId": "listThings", "parameters": sent, "responses": {"200": {"content": content}}}
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/things": {"get": operation}},
    }


def fields(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("answer", "rows", "paged"),
    [
        (LIST, None, False),
        (fields(things=LIST, total={"type": "integer"}), "things", True),
        (fields(data=fields(items=LIST), total={"type": "integer"}), "data.items", True),
        (fields(data=fields(items=LIST, next={"type": "string"})), "data.items", True),
        (fields(data=fields(items=LIST, owner={"type": "string"})), "data", False),
    ],
)
def test_the_rows_are_found(answer: dict[str, Any], rows: str | None, paged: bool) -> None:
    made = import_openapi(document(answer, "offset", "limit") if paged else document(answer), name="some")
    (method,) = made.services["things"]["resources"]["things"]["methods"].values()
    assert method.get("rows") == rows
    assert ("paging" in method) == paged


def test_a_service_of_which_nothing_is_left_is_left_out() -> None:
    given = document(LIST)
    given["paths"]["/chat"] = {
        "servers": [{"url": "https://{host}", "variables": {"host": {"default": "x"}}}],
        "get": {
            "operationId": "chat",
            "tags": ["chat"],
            "responses": given["paths"]["/things"]["get"]["responses"],
        },
    }
    made = import_openapi(given, name="some")
    assert "chat" not in made.services or made.services["chat"]["resources"]
