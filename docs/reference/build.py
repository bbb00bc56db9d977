"""Write `docs/reference/library.md`: every public name of sqloud, by its docstring.

Run it: `python docs/reference/build.py`.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import sqloud

PAGE = Path(__file__).with_name("library.md")
TOP = """# Reference of the library

Built from the docstrings by `build.py`: `sqloud.__all__`, and nothing else is public.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([TOP, *(entry(f"sqloud.{name}", getattr(sqloud, name)) for name in sqloud.__all__)])


def entry(name: str, value: object) -> str:
    """A name with its signature, docstring and public methods."""
    if inspect.isclass(value) or inspect.isfunction(value):
        is_error = inspect.isclass(value) and issubclass(value, Exception)
        signature = "" if is_error else signed(value)
        parts = [f"## `{name}{signature}`\n", (inspect.getdoc(value) or "") + "\n"]
        if is_error and isinstance(value, type) and value.__bases__[0] is not Exception:
            parts.append(f"A `{value.__bases__[0].__name__}`; SQLSTATE `{getattr(value, 'sqlstate', '')}`.\n")
        if inspect.isclass(value) and not is_error and value.__module__.startswith("sqloud."):
            for member, method in inspect.getmembers(value):
                if not member.startswith("_") and (
                    inspect.isfunction(method) or isinstance(method, property)
                ):
                    shown = signed(method) if inspect.isfunction(method) else ""
                    parts.append(f"### `{member}{shown}`\n\n{inspect.getdoc(method) or ''}\n")
        return "\n".join(parts)
    kind = type(value).__name__
    said = f" = {value!r}" if isinstance(value, (str, int)) and name != "sqloud.__version__" else ""
    return f"## `{name}`{said}\n\n{(inspect.getdoc(type(value)) or '') if kind == 'TypeObject' else ''}\n"


def signed(value: object) -> str:
    """A signature without types' modules and without self."""
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]
    except ValueError:
        return "(...)"
    kept = [
        one.replace(annotation=inspect.Parameter.empty)
        for name, one in found.parameters.items()
        if name != "self"
    ]
    return str(found.replace(parameters=kept, return_annotation=inspect.Signature.empty))


if __name__ == "__main__":
    PAGE.write_text(page())
