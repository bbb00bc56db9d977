"""DuckDB's native module.

Law: the engine uses nothing of DuckDB but connections, cursors and errors, all of which the native module has.
The Python package around it (relations, expressions, data frames) takes three times as long to import, and a
cold start pays for it; so it is passed by while the native module can be had under its own name.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

__all__ = ["native"]


@cache
def native() -> ModuleType:
    """The module that has `connect` and `Error`."""
    from importlib import import_module

    try:
        return import_module("_duckdb")
    except ImportError:
        return import_module("duckdb")
