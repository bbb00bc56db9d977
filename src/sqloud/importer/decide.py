"""What a resource's methods and parameters mean, where nobody has decided yet.

Law: only what cannot make an answer wrong is decided here. A value that has to be given is a scope, or equals
the column of its own name; a value that may be given is left out. Everything else is told as undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqloud.importer.operations import Report
from sqloud.importer.words import free
from sqloud.registry.reader import pointer

__all__ = ["MEANINGS", "decide_resource"]

MEANINGS = ("equals", "member_of", "scope", "option")
"""The words that say a parameter's meaning."""

Entry = dict[str, Any]
Sense = tuple[tuple[Any, ...], Entry]


def decide_resource(name: str, resource: Entry, columns: Mapping[str, Entry], report: Report) -> None:
    """Decide, in place, what an overlay left open: listing, twins, meanings, key.

    `columns` are the resource's own or those it borrows. `report` takes pointers into the service document.
    """
    at = pointer("resources", name, "methods")
    methods: dict[str, Entry] = resource["methods"]
    _decide_listing(at, methods, report)
    _decide_twins(at, methods, report)
    _decide_sole_listing(methods)
    senses: dict[str, Sense] = {}
    selects = {method: entry for method, entry in methods.items() if entry["verb"] == "select"}
    listing = next((entry for entry in selects.values() if entry.get("listing") or len(selects) == 1), None)
    for entry in selects.values():
        for parameter, sent in entry.get("parameters", {}).items():
            if _meaning(sent):
                senses.setdefault(_sql_name(parameter, sent), (_typed(sent), _meaning(sent)))
    for method, entry in sorted(selects.items(), key=lambda pair: pair[1] is not listing):
        _decide_read(f"{at}{pointer(method)}", entry, entry is listing, columns, senses, report)
    for method, entry in methods.items():
        if entry["verb"] != "select":
            _decide_write(f"{at}{pointer(method)}", entry, columns, senses, report)
    if "key" not in resource and listing is not None and listing.get("shape", "list") != "object":
        key = _key(selects, listing, columns)
        if key is not None:
            resource["key"] = [key]


def _sql_name(parameter: str, sent: Entry) -> str:
    return str(sent.get("sql_name", parameter))


def _typed(sent: Entry) -> tuple[Any, ...]:
    items = sent.get("items")
    return (sent["type"], sent.get("format"), tuple(items) if isinstance(items, list) else items)


def _meaning(sent: Entry) -> Entry:
    return {word: sent[word] for word in (*MEANINGS, "superset") if word in sent}


def _required(entry: Entry) -> dict[str, Entry]:
    parameters: dict[str, Entry] = entry.get("parameters", {})
    return {name: sent for name, sent in parameters.items() if sent.get("required") or sent["in"] == "path"}


def _addresses(entry: Entry) -> str | None:
    """The placeholder that ends the path: the key of one thing, where there is one."""
    last = entry["request"].rstrip("/").rpartition("/")[2]
    return last[1:-1] if last.startswith("{") and last.endswith("}") else None


def _decide_listing(at: str, methods: dict[str, Entry], report: Report) -> None:
    """Of several SELECT methods the one whose answer is a list, and that asks for the least, is the listing."""
    selects = [(name, entry) for name, entry in methods.items() if entry["verb"] == "select"]
    if len(selects) < 2 or any(entry.get("listing") for _, entry in selects):
        return
    ranked = sorted(
        selects,
        key=lambda pair: (
            _addresses(pair[1]) is not None,
            pair[1].get("shape") == "object",
            len(_required(pair[1])),
        ),
    )
    chosen = ranked[0]
    chosen[1]["listing"] = True
    lists = [name for name, entry in selects if entry.get("shape") != "object" and not _addresses(entry)]
    if len(lists) != 1:
        report(f"{at}{pointer(chosen[0])}", f"is taken for the listing; also possible: {', '.join(lists)}")


def _decide_twins(at: str, methods: dict[str, Entry], report: Report) -> None:
    """Of two methods of one verb that ask for the same, the second can only be called by its name."""
    seen: dict[tuple[str, frozenset[str]], str] = {}
    for name, entry in sorted(methods.items(), key=lambda pair: not pair[1].get("listing", False)):
        if entry["verb"] == "exec":
            continue
        asked = frozenset(_sql_name(parameter, sent) for parameter, sent in _required(entry).items())
        first = seen.setdefault((entry["verb"], asked), name)
        if first != name:
            report(
                f"{at}{pointer(name)}", f"asks for the same as the {entry['verb']} {first!r}: it is an EXEC"
            )
            entry["verb"] = "exec"
            entry.pop("paging", None)
            entry.pop("listing", None)


def _decide_sole_listing(methods: dict[str, Entry]) -> None:
    selects = [entry for entry in methods.values() if entry["verb"] == "select"]
    if len(selects) == 1:
        selects[0].pop("listing", None)


def _decide_read(
    at: str,
    entry: Entry,
    listing: bool,
    columns: Mapping[str, Entry],
    senses: dict[str, Sense],
    report: Report,
) -> None:
    parameters: dict[str, Entry] = entry.get("parameters", {})
    paging = entry.get("paging")
    words = ("page", "offset", "token", "size")
    onward = {paging.get(word) for word in words} if isinstance(paging, dict) else set()
    if isinstance(paging, str):
        onward = {"page", "per_page"}
    own_key = _addresses(entry) if entry.get("shape") == "object" else None
    undecided = []
    for parameter, sent in list(parameters.items()):
        if _meaning(sent):
            continue
        required = sent.get("required") or sent["in"] in ("path", "host", "url")
        place = f"{at}{pointer('parameters', parameter)}"
        if not required:
            del parameters[parameter]
            if parameter not in onward:
                undecided.append(parameter)
            continue
        _decide_required(parameter, sent, listing, own_key, columns, senses, place, report)
    if undecided:
        report(f"{at}/parameters", f"what {', '.join(undecided)} mean is not yet decided: left out")
    for sent in parameters.values():  # what is not sent cannot exclude
        if "excludes" in sent:
            sent["excludes"] = [name for name in sent["excludes"] if name in parameters]
            if not sent["excludes"]:
                del sent["excludes"]
    for word, meaning in (("page", {"scope": True}), ("offset", {"scope": True}), ("size", {"option": True})):
        name = paging.get(word) if isinstance(paging, dict) else None
        if isinstance(name, str) and name in columns and name not in parameters:
            sql_name = free(f"asked_{name}", columns)
            parameters[name] = {
                "in": "query",
                "sql_name": sql_name,
                "type": "integer",
                "minimum": 0 if word == "offset" else 1,
                **meaning,
            }
    if parameters:
        entry["parameters"] = parameters
    else:
        entry.pop("parameters", None)


def _decide_required(
    parameter: str,
    sent: Entry,
    listing: bool,
    own_key: str | None,
    columns: Mapping[str, Entry],
    senses: dict[str, Sense],
    place: str,
    report: Report,
) -> None:
    """The meaning of a value without which a SELECT method cannot be called."""
    name = _sql_name(parameter, sent)
    known = senses.get(name)
    if known is not None and known[0] == _typed(sent):
        sent.update(known[1])
        return
    column = None if known is not None else _equal_column(parameter, sent, own_key == parameter, columns)
    if column is not None:
        sent["equals"] = column
        if own_key != parameter:
            report(place, f"is taken to equal the column {column!r}")
    else:
        if name in columns or known is not None:
            sent["sql_name"] = _asked(name, sent, {*columns, *senses}, senses)
            report(place, f"is not the column {name!r}: it is called {sent['sql_name']} in SQL")
        sent["scope"] = True
        if own_key == parameter and not listing:
            report(place, "no column is known to carry it: the rows belong to what is asked (scope)")
        elif sent["in"] != "path":
            report(place, "is required: the rows belong to what is asked (scope)")
    senses[_sql_name(parameter, sent)] = (_typed(sent), _meaning(sent))


def _asked(name: str, sent: Entry, taken: set[str], senses: Mapping[str, Sense]) -> str:
    """The SQL name of a value that is not the column of its own name: the same one in every method."""
    known = senses.get(f"asked_{name}")
    if known is not None and known == (_typed(sent), {"scope": True}):
        return f"asked_{name}"
    return free(f"asked_{name}", taken)


def _equal_column(parameter: str, sent: Entry, key: bool, columns: Mapping[str, Entry]) -> str | None:
    """The column that carries the value.

    The key of one thing is the column of its name or of its last word; any other value only one that is called
    like it and names what it identifies (`share_id`, but not `id`, which is another thing's).
    """
    name = _sql_name(parameter, sent)
    names = []
    if key:
        names = [name, name.rpartition("_")[2]]
    elif name.endswith(("_id", "_uuid", "_name")):
        names = [name]
    for candidate in names:
        column = columns.get(candidate)
        if column is not None and _typed(column) == _typed(sent):
            return candidate
    return None


def _decide_write(
    at: str, entry: Entry, columns: Mapping[str, Entry], senses: dict[str, Sense], report: Report
) -> None:
    own_key = _addresses(entry)
    taken = {_sql_name(parameter, sent) for parameter, sent in entry.get("parameters", {}).items()}
    for parameter, sent in entry.get("parameters", {}).items():
        if _meaning(sent):
            continue
        name = _sql_name(parameter, sent)
        required = sent.get("required") or sent["in"] == "path"
        known = senses.get(name)
        changes = entry["verb"] in ("update", "replace", "delete")
        if required and known is not None and known[0] == _typed(sent) and (changes or name in columns):
            sent.update(known[1])
            continue
        column = _equal_column(parameter, sent, own_key == parameter, columns) if required else None
        if column is not None and (changes or column == name):
            sent["equals"] = column
        elif name in columns:
            sent["sql_name"] = _asked(name, sent, {*columns, *senses, *taken}, senses)
            report(
                f"{at}{pointer('parameters', parameter)}",
                f"is not the column {name!r}: it is called {sent['sql_name']} in SQL",
            )


def _key(selects: Mapping[str, Entry], listing: Entry, columns: Mapping[str, Entry]) -> str | None:
    for entry in selects.values():
        own = _addresses(entry)
        sent = entry.get("parameters", {}).get(own) if own else None
        if (
            entry is not listing
            and sent is not None
            and sent.get("equals") in columns
            and "superset" not in sent
        ):
            return str(sent["equals"])
    return next((name for name in ("id", "uuid") if name in columns), None)
