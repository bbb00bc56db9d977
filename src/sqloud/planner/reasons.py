"""Why a scan uses the method that it uses: for EXPLAIN, and for nothing else.

Law: a reason is found by the rules that chose, asked again; it changes no choice.
"""

from __future__ import annotations

from sqloud.plan.steps import PassedOver
from sqloud.planner.methods import Choice, untold_scope
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Equals, MemberOf, Method, Scope

__all__ = ["passed_over", "unsent"]


def passed_over(use: TableUse, choice: Choice, *, fed: bool) -> tuple[PassedOver, ...]:
    """Each SELECT method of the table that was not chosen, with the reason; then scans whose keys would do too."""
    methods = [
        PassedOver(method=method.name, reason=_reason(method, use, choice, fed))
        for method in use.resource.methods_for("select")
        if method.name != choice.method.name
    ]
    keys = [
        PassedOver(method=f"keys out of {scans}", reason=f"{cheaper} costs less")
        for scans, cheaper in choice.dearer
    ]
    return (*methods, *keys)


def unsent(choice: Choice) -> tuple[PassedOver, ...]:
    """Each filter that the statement binds and the chosen method knows, yet is not sent, with the reason."""
    sent = {parameter.name for parameter in choice.parameters}
    found = []
    for parameter in choice.method.parameters:
        if parameter.name in sent or parameter.sql_name not in choice.bound:
            continue
        if not isinstance(parameter.meaning, (Equals, MemberOf, Scope)):
            continue
        beside = [
            other.sql_name
            for other in choice.parameters
            if other.name in parameter.excludes or parameter.name in other.excludes
        ]
        reason = (
            f"it cannot be sent beside {' and '.join(beside)}"
            if beside
            else "its values come out of other tables, or are too many: reading once is no dearer"
        )
        found.append(PassedOver(method=parameter.sql_name, reason=reason))
    return tuple(found)


def _reason(method: Method, use: TableUse, choice: Choice, fed: bool) -> str:
    listing = use.resource.listing
    assert listing is not None
    if method.listing:
        return f"{choice.method.name} gives the same rows for less"
    lacks = [parameter.sql_name for parameter in method.required if parameter.sql_name not in choice.bound]
    if lacks:
        return f"nothing binds {' and '.join(lacks)}"
    if fed:
        return "a lookup answers constants, and its keys come out of other tables"
    scope = untold_scope(method, listing, choice.bound)
    if scope is not None:
        return f"its rows do not tell {scope}"
    if choice.method.listing:
        return f"an option is bound that only {choice.method.name} takes"
    return f"{choice.method.name} goes first: by the key, then by the most parameters, then by the name"
