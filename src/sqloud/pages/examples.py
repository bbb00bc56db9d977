"""An example for each method: a statement that runs once its `{{ }}` have values.

Law: an example names every input that its method requires and none that the document does not know. Values stay in
quotes, whatever their type, as a variable's text fills any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqloud.registry.records import Method, Resource

__all__ = ["example"]

_FOLDED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def example(resource: Resource, method: Method) -> str:
    """The statement that calls `method`, ended by `;`."""
    return _WRITTEN[method.verb](resource, method)


def _select(resource: Resource, method: Method) -> str:
    columns = ",\n".join(f"  {_name(column.name)}" for column in resource.columns) or "  *"
    where = _where(_sought(method, resource))
    return f"SELECT\n{columns}\nFROM {resource.name}{where};"


def _insert(resource: Resource, method: Method) -> str:
    fields = _inputs(method)
    names = ",\n".join(f"  {name}" for name, _ in fields)
    values = ",\n".join(f"  {value}" for _, value in fields)
    columns = f" (\n{names}\n)\nVALUES (\n{values}\n)" if fields else " DEFAULT VALUES"
    return f"INSERT INTO {resource.name}{columns}{_returning(method, resource)};"


def _update(resource: Resource, method: Method, word: str = "UPDATE") -> str:
    sent = _fields(method)
    assigned = ",\n".join(f"  {name} = {value}" for name, value in sent)
    where = _where(_sought(method, resource))
    return f"{word} {resource.name}\nSET\n{assigned}{where}{_returning(method, resource)};"


def _replace(resource: Resource, method: Method) -> str:
    return _update(resource, method, "REPLACE")


def _delete(resource: Resource, method: Method) -> str:
    fields = [(parameter.sql_name, parameter) for parameter in method.required]
    bound = [(_name(name), _value(parameter.sql_name)) for name, parameter in fields]
    return f"DELETE FROM {resource.name}{_where([*bound, *_fields(method)])};"


def _exec(resource: Resource, method: Method) -> str:
    arguments = ",\n".join(f"  @{name} = {value}" for name, value in _inputs(method))
    return f"EXEC {resource.name}.{method.name}" + (f"\n{arguments}" if arguments else "") + ";"


_WRITTEN: Mapping[str, Callable[[Resource, Method], str]] = {
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


def _inputs(method: Method) -> list[tuple[str, str]]:
    """Required parameters, then the fields of the body."""
    parameters = [(_name(parameter.sql_name), _value(parameter.sql_name)) for parameter in method.required]
    taken = {name for name, _ in parameters}
    return parameters + [pair for pair in _fields(method) if pair[0] not in taken]


def _fields(method: Method) -> list[tuple[str, str]]:
    """The required fields of the body, or the first ones where none is."""
    if method.body is None:
        return []
    writable = [field for field in method.body.fields if not field.read_only]
    required = [field for field in writable if field.required] or writable[:1]
    return [(_name(field.name), _value(field.name)) for field in required]


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
