"""A plan over relations whose rows are not there yet.

Law: what nobody has computed is not counted. Keys out of a relation that a dry run would fill come later, so their
requests are a template.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sqloud.plan.steps import KeyQuery, Plan, Scan, Step

__all__ = ["unfilled"]


def unfilled(plan: Plan, relations: Mapping[str, str]) -> Plan:
    """The plan with the keys that come out of `relations` unknown; by the engine's name of each, what it is called."""

    def step_of(step: Step) -> Step:
        if not isinstance(step, Scan) or not isinstance(step.keys, KeyQuery) or not step.keys.stored:
            return step
        names = tuple(name for sql, name in relations.items() if sql in step.keys.sql)
        if not names:
            return step
        keys = msgspec.structs.replace(step.keys, reads=names, stored=False)
        return msgspec.structs.replace(step, keys=keys)

    return msgspec.structs.replace(plan, steps=tuple(map(step_of, plan.steps))) if relations else plan
