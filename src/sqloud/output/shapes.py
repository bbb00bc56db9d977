"""The engine's type names, taken apart.

Law: a type name that is not understood is the shape of its own name, never an error: its values are then
written by what they are.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Shape", "shape_of"]


class Shape(NamedTuple):
    """A type: its `kind` (`LIST`, `STRUCT`, `MAP`, or a scalar's name) and the shapes that it is made of.

    A list has one part, a map two (key, value), a struct one for each field, in their order, and none if its
    fields have no names.
    """

    kind: str
    parts: tuple[Shape, ...] = ()


def shape_of(name: str) -> Shape:
    """The shape that an engine's type name spells.

    >>> shape_of('STRUCT(a INTEGER, "b c" JSON)[]').parts[0].parts
    (Shape(kind='INTEGER', parts=()), Shape(kind='JSON', parts=()))
    >>> shape_of("DECIMAL(18,3)").kind
    'DECIMAL'
    """
    if name.endswith("]"):
        return Shape("LIST", (shape_of(name[: name.rindex("[")]),))
    kind, opened, inside = name.partition("(")
    if not opened or not inside.endswith(")"):
        return Shape(name)
    arguments = _arguments(inside[:-1])
    if kind == "MAP" and len(arguments) == 2:
        return Shape("MAP", tuple(shape_of(argument) for argument in arguments))
    if kind == "STRUCT":
        fields = [_field_type(argument) for argument in arguments]
        if all(fields):
            return Shape("STRUCT", tuple(shape_of(field) for field in fields))
    return Shape(kind)


def _arguments(text: str) -> list[str]:
    """The text between commas that stand in no quotes and no parentheses."""
    arguments, depth, quote, start = [], 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and not depth:
            arguments.append(text[start:position].strip())
            start = position + 1
    arguments.append(text[start:].strip())
    return arguments


def _field_type(argument: str) -> str:
    """The type in `name TYPE`; empty where the field has no name."""
    if not argument.startswith('"'):
        return argument.partition(" ")[2]
    end = argument.find('"', 1)
    while argument[end + 1 : end + 2] == '"':  # a doubled quote stands for one
        end = argument.find('"', end + 2)
    return argument[end + 1 :].strip()
