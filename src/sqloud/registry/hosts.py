"""Judge where a method is, what it carries there, and in what form it answers.

Law: a credential can only go where a document says that the API is. A URL that a user gives gets none, and of a
host's name a user gives one label at most.
"""

from __future__ import annotations

import re

from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import Method

__all__ = ["judge_form", "judge_host"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SERIES = ("metric", "time", "value")


def judge_host(place: str, method: Method, report: Report) -> None:
    """`base_url` and the parameters that go into it, and those of a SELECT's body."""
    named = _PLACEHOLDER.findall(method.base_url or "")
    given = [parameter.name for parameter in method.parameters if parameter.location == "host"]
    for name in named:
        if name not in given:
            report(f"{place}/base_url", f"the placeholder {{{name}}} has no parameter with in: host")
    labels = (method.base_url or "").partition("://")[2].partition("/")[0].partition(":")[0].split(".")
    if named and (len(labels) < 3 or any("{" in label for label in labels[-2:])):
        report(
            f"{place}/base_url", "a placeholder is one label of a host's name before a domain that is written"
        )
    for parameter in method.parameters:
        at = f"{place}{pointer('parameters', parameter.name)}"
        if parameter.location == "host" and parameter.name not in named:
            report(at, f"is in: host, and no base_url of the method has {{{parameter.name}}}")
        elif parameter.location == "url" and (
            method.authentication is None or method.authentication.scheme != "none"
        ):
            report(
                at,
                "is in: url, and no credential goes to a URL that is given; say authentication: {scheme: none}",
            )
        elif parameter.location == "body" and (method.verb != "select" or method.http_verb != "POST"):
            report(at, "is in: body, which is for a SELECT by POST; what a write sends is under body")
        if parameter.location in ("host", "url") and parameter.type.type != "string":
            report(f"{at}/type", f"what is in: {parameter.location} is text")
    if method.verb == "select" and method.body is not None:
        report(f"{place}/body", "a select has no body of fields; they are parameters with in: body")


def judge_form(place: str, method: Method, report: Report) -> None:
    """An answer that is no JSON is one column, a time series three."""
    if method.rows is None or method.columns is None:
        return
    for column in method.columns:
        at = f"{place}{pointer('columns', column.name)}/path"
        if method.rows.shape in ("text", "binary") and column.path:
            report(
                at, f"an answer of the shape {method.rows.shape} has no fields; its column has the path ''"
            )
        elif (
            method.rows.shape == "series"
            and not column.answer
            and column.path[:1] not in [(name,) for name in _SERIES]
        ):
            report(at, f"a row of a time series has {', '.join(_SERIES)}, and no more")
