"""Judge a whole body by its schema: nested shapes, unions, and what only the API may set.

Law: what the API's own schema refuses is refused before any request, in words that name the place in the body.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from sqloud.errors import InvalidValueError, MissingParameterError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

__all__ = ["BodyPlaceError", "drop_read_only", "judge_body"]

_SHOWN = 60


def judge_body(schema: str, body: Mapping[str, Any]) -> None:
    """Raise InvalidValueError or MissingParameterError where a body does not hold against its schema.

    `path` of the error is where in the body.
    """
    if not schema:
        return
    validator = _validator(schema)
    root = validator.schema
    assert isinstance(root, Mapping)
    errors = [error for error in validator.iter_errors(body) if not _undecided(error, root)]
    if errors:
        raise _refusal(root, errors)
    written = next(_read_only([root], root, body, ()), None)
    if written is not None:
        raise BodyPlaceError(f"{'.'.join(written)} is readOnly: the API writes it", written)


def drop_read_only(schema: str, body: dict[str, Any], fields: Collection[str]) -> None:
    """Take out of `fields` of a body what only the API writes: they were read from it, with all that it tells."""
    if not schema:
        return
    root = _validator(schema).schema
    assert isinstance(root, Mapping)
    places = [path for path in _read_only([root], root, body, ()) if path[0] in fields]
    for path in reversed(places):  # the last of a list first
        here: Any = body
        for step in path[:-1]:
            here = here[int(step)] if isinstance(here, list) else here[step]
        del here[int(path[-1]) if isinstance(here, list) else path[-1]]


class BodyPlaceError(InvalidValueError):
    """A value that does not fit inside of a body; `path` leads to it from the body's root."""

    def __init__(self, message: str, path: tuple[str, ...], hints: tuple[str, ...] = ()) -> None:
        super().__init__(message, hints=hints)
        self.path = path


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(msgspec.json.decode(schema))


def _refusal(
    root: Mapping[str, Any], errors: Iterable[ValidationError]
) -> InvalidValueError | MissingParameterError:
    from jsonschema.exceptions import best_match

    error = best_match(errors)
    assert error is not None
    path = tuple(str(step) for step in error.absolute_path)
    place = ".".join(path) or "the body"
    rule, wanted = error.validator, error.validator_value
    if rule == "required":
        present = error.instance if isinstance(error.instance, Mapping) else {}
        names = wanted if isinstance(wanted, list) else []
        missing = [name for name in names if name not in present]
        inside = f" in {place}" if path else ""
        return MissingParameterError(f"the body needs {', '.join(missing)}{inside}")
    if rule in ("oneOf", "anyOf"):
        meant = _meant(error)
        if meant:
            return _refusal(root, meant)
    if rule in ("oneOf", "anyOf", "not"):
        if rule == "oneOf" and " valid under each of " in error.message:
            text = f"{place} mixes the forms of a union: {_branches(error, root)}"
        else:
            text = f"{place} fits none of its forms: {_branches(error, root)}"
        return BodyPlaceError(text, path)
    shown = _short(error.instance)
    if rule == "type":
        kinds = " or ".join(wanted) if isinstance(wanted, list) else wanted
        return BodyPlaceError(f"{place} is of type {kinds}, and {shown} is not", path)
    if rule == "enum":
        hints = (f"it is one of {', '.join(map(str, wanted))}",)
        return BodyPlaceError(f"{place} cannot be {shown}", path, hints)
    if rule == "additionalProperties":
        return BodyPlaceError(f"{place}: {error.message}", path)
    return BodyPlaceError(f"{place} cannot be {shown}: {rule} {_short(wanted)}", path)


def _undecided(error: ValidationError, root: Mapping[str, Any]) -> bool:
    """Whether a value fits several forms of a union without a field that is only one's: then it mixes nothing."""
    if error.validator != "oneOf" or " valid under each of " not in error.message:
        return False
    branches = error.validator_value if isinstance(error.validator_value, list) else []
    owned = [
        {name for part in _resolved(branch, root) for name in part.get("properties", {})}
        for branch in branches
    ]
    present = set(error.instance) if isinstance(error.instance, Mapping) else set()
    mixed = 0
    for at, own in enumerate(owned):
        others = set().union(*(names for other, names in enumerate(owned) if other != at))
        mixed += bool(present & own - others)
    return mixed < 2


def _meant(error: ValidationError) -> list[ValidationError]:
    """What is wrong with the one form of a union that a value is nearest to; [] where several are as near."""
    forms: dict[object, list[ValidationError]] = {}
    for below in error.context or ():
        forms.setdefault(below.relative_schema_path[0], []).append(below)
    nearest = sorted(forms.values(), key=_wrongs)
    if not nearest or (len(nearest) > 1 and _wrongs(nearest[0]) == _wrongs(nearest[1])):
        return []
    return nearest[0]


def _wrongs(errors: Sequence[ValidationError]) -> int:
    """How many things are wrong: each field that is missing counts."""
    found = 0
    for one in errors:
        required, instance = one.validator_value, one.instance
        if one.validator == "required" and isinstance(required, list) and isinstance(instance, Mapping):
            found += sum(1 for name in required if name not in instance)
        else:
            found += 1
    return found


def _branches(error: ValidationError, root: Mapping[str, Any]) -> str:
    """The fields that each form of a union requires."""
    forms = []
    branches = error.validator_value
    for branch in branches if isinstance(branches, list) else ():
        required = sorted(_required(branch, root))
        forms.append(
            "+".join(required) if required else str(branch.get("title") or branch.get("type") or "another")
        )
    return " | ".join(dict.fromkeys(forms))


def _required(branch: Any, root: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for part in _resolved(branch, root):
        found |= set(part.get("required", ()))
    return found


def _resolved(
    schema: Any, root: Mapping[str, Any], depth: int = 0, *, forms: bool = False
) -> Iterator[Mapping[str, Any]]:
    """A schema and those that it is made of by `$ref` and `allOf`, with `forms` those that it may be as well."""
    if not isinstance(schema, Mapping) or depth > 20:
        return
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        named = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"))
        yield from _resolved(named, root, depth + 1, forms=forms)
    for joined in ("allOf", *(("oneOf", "anyOf") if forms else ())):
        for part in schema.get(joined, ()):
            yield from _resolved(part, root, depth + 1, forms=forms)


def _read_only(
    schemas: Sequence[Any], root: Mapping[str, Any], value: Any, path: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """The places of a value that every schema of it marks as the API's own."""
    each = [list(_resolved(schema, root, forms=True)) for schema in schemas]
    if path and each and all(any(part.get("readOnly") for part in parts) for parts in each):
        yield path
        return
    together = [part for parts in each for part in parts]
    if isinstance(value, Mapping):
        for name, item in value.items():
            below = [part["properties"][name] for part in together if name in part.get("properties", {})]
            yield from _read_only(below, root, item, (*path, name))
    elif isinstance(value, list):
        below = [part["items"] for part in together if "items" in part]
        for number, item in enumerate(value):
            yield from _read_only(below, root, item, (*path, str(number)))


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
