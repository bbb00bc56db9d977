"""The command `sqloud provider import`.

Law: what it did, or would do, is on stdout, one file a line; what was not decided is on stderr. Nothing is
written unless everything that would be written holds.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from sqloud.frontends.arguments import Parser
from sqloud.frontends.report import tell

__all__ = ["import_parser", "run"]

OVERLAY = "overlay"
"""The folder beside the documents that holds what is decided by hand."""


def import_parser() -> argparse.ArgumentParser:
    """The parser of `sqloud provider import`; `out` and `overlay` are None where they are not said."""
    parser = Parser(
        prog="sqloud provider import",
        description="Make provider documents from an OpenAPI 3 document. What the specification does not "
        "decide is left out and told on stderr; decide it in the overlay and import again.",
    )
    add = parser.add_argument
    add("specification", metavar="FILE", type=Path, help="an OpenAPI 3.0 or 3.1 document, as JSON or YAML")
    add("--name", required=True, type=_name, help="the provider's name in SQL")
    add("--out", metavar="DIR", type=Path, help="the provider's folder; ./NAME if absent")
    add(
        "--overlay",
        metavar="DIR",
        type=Path,
        help="what is decided by hand; DIR/overlay of --out if there is one",
    )
    add("--base-url", metavar="URL", help="where the API is, if the specification does not say it")
    add(
        "--check",
        action="store_true",
        help="write nothing; say what would change, and exit 1 if anything would",
    )
    add(
        "--keep-descriptions",
        action="store_true",
        help="take the specification's summaries of operations over",
    )
    add("--quiet", action="store_true", help="do not tell what was not decided")
    return parser


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not small letters, digits and _, beginning with a letter"
        )
    return text


def run(arguments: list[str]) -> int:
    """Import, and give the exit code: 0, or with `--check` 1 where anything would change.

    Raises ProviderDocumentError where the specification or the overlay cannot be read, or where what comes out
    does not hold.
    """
    options = import_parser().parse_args(arguments)
    from sqloud.importer import import_openapi
    from sqloud.importer.folder import read_overlay, read_specification, write_folder
    from sqloud.output.escapes import visible
    from sqloud.planner import judge_expression
    from sqloud.registry.check import check_provider

    out: Path = options.out or Path(options.name)
    overlay: Path | None = options.overlay
    if overlay is None and (out / OVERLAY).is_dir():
        overlay = out / OVERLAY
    names, documents = read_overlay(overlay) if overlay is not None else (None, {})
    imported = import_openapi(
        read_specification(options.specification),
        names,
        documents,
        name=options.name,
        base_url=options.base_url,
        keep_descriptions=options.keep_descriptions,
    )
    planned = write_folder(
        out,
        imported.files(),
        lambda folder: check_provider(folder, judge_expression),
        dry=options.check,
    )
    if not options.quiet and not options.check:
        for finding in imported.findings:
            tell(visible(str(finding)))
    would = "would be " if options.check else ""
    for word, files in (("added", planned.added), ("changed", planned.changed), ("removed", planned.removed)):
        for file in files:
            sys.stdout.write(f"{out / file}: {would}{word}\n")
    if not planned:
        sys.stdout.write(f"{out}: nothing changes\n")
    return 1 if options.check and planned else 0
