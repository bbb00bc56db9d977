"""Measurements over time, in the shape that Prometheus answers.

Law: a series has a point at its start and at every step until its end; the value of a moment is the same
whenever it is asked.
"""

from __future__ import annotations

import math
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.refusal import Refusal, shortened

__all__ = ["metrics"]

_POINTS = 60
_SHORTEST_STEP = 15
_MODES = {"cpu": ("idle", "iowait", "system", "user"), "http_responses": ("2xx", "4xx", "5xx")}


def metrics(asked: Asked) -> Any:
    """`{"status", "data": {"resultType", "result": [{"metric", "values"}]}}` for the range that is asked."""
    start, end = (_seconds(name, asked.arguments[name]) for name in ("start", "end"))
    if end < start:
        raise Refusal(422, "end must not be before start")
    step = max(_SHORTEST_STEP, (end - start) // _POINTS)
    labels = {name: str(value) for name, value in asked.arguments.items() if name not in ("start", "end")}
    what = asked.path[-1]
    kinds = _MODES.get(what, ("",))
    result = []
    for kind in kinds if _is_there(asked) else ():
        dice = Random(f"{asked.path} {sorted(labels.items())} {kind}")  # noqa: S311
        middle, swing = dice.uniform(5, 60), dice.uniform(1, 5)
        values = [
            [moment, f"{middle + swing * math.sin(moment / 5400):.4f}"]
            for moment in range(start, end + 1, step)
        ]
        result.append({"metric": labels | ({"mode": kind} if kind else {}), "values": values})
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def _seconds(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(422, f"{name} must be a time in Unix seconds, got {shortened(text)}")
    return int(moment.timestamp())


_SUBJECTS = {
    "host_id": "/v2/droplets",
    "lb_id": "/v2/load_balancers",
    "app_id": "/v2/apps",
    "db_id": "/v2/databases",
    "autoscale_pool_id": "/v2/droplets/autoscale",
}


def _is_there(asked: Asked) -> bool:
    """Whether what is measured is there; of what is not, nothing was measured."""
    return all(
        asked.world.found(path, asked.arguments[name]) is not None
        for name, path in _SUBJECTS.items()
        if name in asked.arguments
    )
