"""Judge how a document says that the end of a method's work is known.

Law: what is asked for reads, is there, and can be asked with what the write knows: its own parameters and the
values that its answer is said to carry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import Method, Service
from sqloud.registry.schema import nearest

__all__ = ["judge_awaits", "methods_by_name"]


def methods_by_name(services: Iterable[Service]) -> dict[str, Method]:
    """Each method by `service.resource.method`."""
    return {
        f"{service.name}.{resource.name.resource}.{method.name}": method
        for service in services
        for resource in service.resources
        for method in resource.methods
    }


def judge_awaits(
    service: Service,
    methods: Mapping[str, Method],
    services: Collection[str],
    broken: Collection[str],
    report: Report,
) -> None:
    """Judge every `await` of a service that leads into one of `services`, whose methods `methods` has.

    What leads into another service, or into a resource in `broken` (`service.resource`), is not judged.
    """
    for resource in service.resources:
        for method in resource.methods:
            if method.awaits is None or method.awaits.method.partition(".")[0] not in services:
                continue
            at = pointer("resources", resource.name.resource, "methods", method.name, "await")
            if method.awaits.method.rpartition(".")[0] not in broken:
                _judge(at, method, methods, report)


def _judge(at: str, method: Method, methods: Mapping[str, Method], report: Report) -> None:
    awaits = method.awaits
    assert awaits is not None
    watched = methods.get(awaits.method)
    if watched is None:
        report(f"{at}/method", f"there is no method {awaits.method}{nearest(awaits.method, methods)}")
        return
    if watched.http_verb != "GET":
        report(
            f"{at}/method",
            f"{awaits.method} is a {watched.http_verb}; only a GET can be asked again and again",
        )
    if method.verb == "select":
        report(at, "a select begins no work")
    known = {parameter.name for parameter in watched.parameters}
    told = {name for name, _ in awaits.values}
    for name in sorted(told - known):
        report(
            f"{at}{pointer('values', name)}",
            f"{awaits.method} has no parameter {name!r}{nearest(name, known)}",
        )
    own = {name for parameter in method.parameters for name in (parameter.name, parameter.sql_name)}
    for parameter in watched.required:
        if parameter.name not in told and parameter.name not in own and parameter.sql_name not in own:
            report(f"{at}/values", f"{awaits.method} needs {parameter.name!r}, and nothing says what it is")
    for word in sorted(set(awaits.done) & set(awaits.failed)):
        report(f"{at}/failed", f"{word!r} is done as well")
