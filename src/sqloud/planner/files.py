"""Files in a statement: which it may read, and no other.

Law: a file is read only where what its name means, with every link and `..` followed, lies in a directory that the user
opened. The engine is given that meaning, never the name. Functions that reach files, other processes' memory or the
engine itself by another way are refused.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError, OperationalError, Span

__all__ = ["FORMATS", "is_closed", "place_files", "readable_files"]

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
"""What a file's name says of its format."""

_READERS = frozenset(
    {
        *("read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto"),
        *("read_parquet", "parquet_scan"),
    }
)
_CLOSED = re.compile(
    r"read_.*|parquet_.*|.*_scan|.*_scan_dumb|glob|sniff_csv|query|query_table|json_execute_serialized_sql"
    r"|python_map_function|(enable|disable)_\w+|(force_)?checkpoint|\w*external_resource\w*|write_log|which_secret"
    r"|truncate_duckdb_logs|duckdb_(secrets|logs\w*|log_contexts|external_file_cache|temporary_files|databases)"
    r"|pragma_storage_info|pragma_metadata_info|getenv|copy_database"
)
_TYPED = {exp.ReadCSV: "read_csv", exp.ReadParquet: "read_parquet"}


def is_closed(function: str) -> bool:
    """Whether a function of the engine's is refused in statements, as it reaches what is not the statement's."""
    return function not in _READERS and _CLOSED.fullmatch(function) is not None


def place_files(tree: exp.Expr, readable: Sequence[Path]) -> None:
    """Put what they mean in the place of the names of files, in place.

    Raises NotSupportedError and OperationalError.
    """
    for node in list(tree.find_all(exp.Table)):
        if isinstance(node.this, exp.Literal):
            _place_name(node, node.this, readable)
    for call in list(tree.find_all(exp.Anonymous, *_TYPED)):
        name = call.name.lower() if isinstance(call, exp.Anonymous) else _TYPED[type(call)]
        if is_closed(name):
            raise NotSupportedError(
                f"{name} is closed to statements",
                span=span_of(call),
                hints=("files are read by FROM 'file' and by read_csv, read_json and read_parquet",),
            )
        if name in _READERS and not call.meta.get("placed"):
            _place_argument(call, name, readable)


def readable_files(name: str, readable: Sequence[Path], span: Span | None) -> list[str]:
    """The files that a name or a pattern means, all of them in one of the directories, in order.

    Raises NotSupportedError for one that is not open, OperationalError for one that is not there.
    """
    if not readable:
        raise NotSupportedError(
            "files are closed to statements", span=span, hints=("--allow-read DIR opens a directory",)
        )
    has_pattern = glob.has_magic(name)
    fixed = Path(*_fixed_parts(Path(name))) if has_pattern else Path(name)
    _judge(name, fixed, readable, span)
    found = sorted(glob.glob(name, recursive=True)) if has_pattern else [name]
    meant = []
    for one in found:
        _judge(name, Path(one), readable, span)
        path = Path(one).resolve()
        if path.is_file():
            meant.append(str(path))
    if not meant:
        raise OperationalError(f"there is no file {name}", span=span)
    if odd := next((path for path in meant if glob.has_magic(path)), None):
        raise NotSupportedError(f"a file whose name is a pattern is not read: {odd}", span=span)
    return meant


def _judge(name: str, path: Path, readable: Sequence[Path], span: Span | None) -> None:
    try:
        meant = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise OperationalError(f"cannot read {name}: {error}", span=span) from error
    if not any(meant.is_relative_to(directory.resolve()) for directory in readable):
        raise NotSupportedError(
            f"{name} lies outside of what statements may read",
            span=span,
            hints=(f"--allow-read {meant.parent} would open it",),
        )


def _fixed_parts(path: Path) -> list[str]:
    parts: list[str] = []
    for part in path.parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return parts or ["."]


def _place_name(node: exp.Table, literal: exp.Literal, readable: Sequence[Path]) -> None:
    """`FROM 'file.csv'` is its format's reader, called by the file's name without its end."""
    span = span_of(literal)
    files = readable_files(literal.this, readable, span)
    format_name = FORMATS.get(Path(literal.this).suffix.lower())
    if format_name is None:
        raise NotSupportedError(
            f"the name of {literal.this} does not say its format",
            span=span,
            hints=(f"there are {', '.join(FORMATS)}; or call read_csv, read_json or read_parquet",),
        )
    call = exp.Anonymous(this=f"read_{format_name}", expressions=[_listed(files)])
    call.meta["placed"] = True
    call.meta.update(literal.meta)
    if not node.args.get("alias"):
        stem = Path(literal.this).stem
        node.set("alias", exp.TableAlias(this=exp.to_identifier(stem.lower(), quoted=True)))
    node.set("this", call)


def _place_argument(call: exp.Expr, name: str, readable: Sequence[Path]) -> None:
    given = call.expressions[0] if isinstance(call, exp.Anonymous) and call.expressions else call.this
    items = given.expressions if isinstance(given, exp.Array) else [given]
    files: list[str] = []
    for item in items:
        if not isinstance(item, exp.Literal) or not item.is_string:
            raise NotSupportedError(
                f"{name} takes the name of a file in quotes, or an ARRAY of names", span=span_of(call)
            )
        files += readable_files(item.this, readable, span_of(item))
    given.replace(_listed(files))


def _listed(files: Sequence[str]) -> exp.Array:
    return exp.Array(expressions=[exp.Literal.string(path) for path in files])
