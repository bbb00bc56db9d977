"""An example for each method: a statement that runs once its `{{ }}` have values.

Law: an example names every input that its method requires and none that the document does not know. Values stay in
quotes, whatever their type, as a variable's text fills any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from sqloud.registry.records import BodyField, Method, Resource

__all__ = ["body_fields", "example"]


def body_fields(method: Method) -> tuple[list[BodyField], list[BodyField]]:
    """The fields of a body that a statement may set together: those that are required, and the others.

    Of a body that takes one of several forms it is the first form.
    """
    if method.body is None:
        return [], []
    writable = [field for field in method.body.fields if not field.read_only]
    needed = {field.name for field in writable if field.required}
    if method.body.schema:
        root = msgspec.json.decode(method.body.schema)
        own = _flat(root, root)
        forms = [_flat(form, root) for form in own.forms]
        if forms:
            anywhere = {name for form in forms for name in form.names}
            elsewhere = anywhere - forms[0].names - own.names
            writable = [field for field in writable if field.name not in elsewhere]
            needed |= forms[0].required
        needed |= own.required
    required = [field for field in writable if field.name in needed]
    return required, [field for field in writable if field.name not in needed]


class _Flat(NamedTuple):
    """A schema with its references and its `allOf` followed: names of fields, required ones, forms to choose from."""

    names: set[str]
    required: set[str]
    forms: list[dict[str, Any]]


def _flat(schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...] = ()) -> _Flat:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        if name in above:
            return _Flat(set(), set(), [])
        return _flat(root.get("$defs", {}).get(name, {}), root, (*above, name))
    required = set(schema.get("required", ()))
    found = _Flat(set(schema.get("properties", ())) | required, required, [])
    found.forms.extend(schema.get("oneOf") or schema.get("anyOf") or ())
    for part in schema.get("allOf", ()):
        inner = _flat(part, root, above)
        found.names.update(inner.names)
        found.required.update(inner.required)
        found.forms.extend(inner.forms)
    return found


_FOLDED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def example(resource: Resource, method: Method, *, whole: bool = False) -> str:
    """The statement that calls `method`, ended by `;`; with every input that it takes, where `whole`."""
    return _WRITTEN[method.verb](resource, method, whole)


def _select(resource: Resource, method: Method, whole: bool) -> str:
    shown = [column for column in resource.columns if not column.hidden]
    columns = ",\n".join(f"  {_name(column.name)}" for column in shown) or "  *"
    where = _where(_sought(method, resource))
    return f"SELECT\n{columns}\nFROM {resource.name}{where};"


def _insert(resource: Resource, method: Method, whole: bool) -> str:
    fields = _inputs(method, whole)
    names = ",\n".join(f"  {name}" for name, _ in fields)
    values = ",\n".join(f"  {value}" for _, value in fields)
    columns = f" (\n{names}\n)\nVALUES (\n{values}\n)" if fields else " DEFAULT VALUES"
    return f"INSERT INTO {resource.name}{columns}{_returning(method, resource)};"


def _update(resource: Resource, method: Method, whole: bool, word: str = "UPDATE") -> str:
    sent = _fields(method, whole)
    assigned = ",\n".join(f"  {name} = {value}" for name, value in sent)
    where = _where(_sought(method, resource))
    return f"{word} {resource.name}\nSET\n{assigned}{where}{_returning(method, resource)};"


def _replace(resource: Resource, method: Method, whole: bool) -> str:
    return _update(resource, method, whole, "REPLACE")


def _delete(resource: Resource, method: Method, whole: bool) -> str:
    fields = [(parameter.sql_name, parameter) for parameter in method.required]
    bound = [(_name(name), _value(parameter.sql_name)) for name, parameter in fields]
    return f"DELETE FROM {resource.name}{_where([*bound, *_fields(method, whole)])};"


def _exec(resource: Resource, method: Method, whole: bool) -> str:
    arguments = ",\n".join(f"  @{name} = {value}" for name, value in _inputs(method, whole))
    return f"EXEC {resource.name}.{method.name}" + (f"\n{arguments}" if arguments else "") + ";"


_WRITTEN: Mapping[str, Callable[[Resource, Method, bool], str]] = {
    "select": _select,
    "insert": _insert,
    "update": _update,
    "replace": _replace,
    "delete": _delete,
    "exec": _exec,
}


def _sought(method: Method, resource: Resource) -> list[tuple[str, str]]:
    """What the WHERE of a read binds: the required parameters, by the names that the table has for them."""
    return [(_name(parameter.sql_name), _value(parameter.sql_name)) for parameter in method.required]


def _inputs(method: Method, whole: bool) -> list[tuple[str, str]]:
    """Required parameters, then the fields of the body, then what may be left out."""
    required = [(_name(one.sql_name), _value(one.sql_name)) for one in method.required]
    optional = [one for one in method.parameters if not one.required and whole]
    return (
        required + _fields(method, whole) + [(_name(one.sql_name), _value(one.sql_name)) for one in optional]
    )


def _fields(method: Method, whole: bool) -> list[tuple[str, str]]:
    """The required fields of the body, or the first ones where none is; then the others, where `whole`."""
    taken = {parameter.sql_name for parameter in method.parameters}
    required, optional = body_fields(method)
    if not whole:
        required, optional = required or optional[:1], []
    named = [f"data__{field.name}" if field.name in taken else field.name for field in (*required, *optional)]
    return [(_name(name), _value(name)) for name in named]


def _where(pairs: Iterable[tuple[str, str]]) -> str:
    found = [f"{name} = {value}" for name, value in pairs]
    return "\nWHERE " + "\n  AND ".join(found) if found else ""


def _returning(method: Method, resource: Resource) -> str:
    if method.rows is None or not resource.columns:
        return ""
    shown = [name for name in resource.key if any(column.name == name for column in resource.columns)]
    return f"\nRETURNING {', '.join(_name(name) for name in shown or [resource.columns[0].name])}"


def _name(name: str) -> str:
    """A name as it is written: bare where the dialect reads it so."""
    return name if set(name) <= _FOLDED and not name[:1].isdigit() else '"' + name.replace('"', '""') + '"'


def _value(name: str) -> str:
    """`'{{ name }}'`, with a name that a variable can have."""
    plain = "".join(character if character in _FOLDED else "_" for character in name.lower())
    return f"'{{{{ {plain} }}}}'"
