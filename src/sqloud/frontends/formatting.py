"""`sqloud fmt`: scripts laid out.

Law: a file is replaced whole or stays as it is; what cannot be read is told with its place and left alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from difflib import unified_diff

from sqloud.dialect import split
from sqloud.dialect.layout import laid_out
from sqloud.errors import Error
from sqloud.frontends.arguments import Parser
from sqloud.frontends.batch import notice, read_script, report

__all__ = ["parser", "run"]


def parser() -> argparse.ArgumentParser:
    """The parser of `sqloud fmt ...`."""
    made = Parser(
        prog="sqloud fmt",
        description="Lay scripts out: keywords in capitals, clauses in lines of their own where they do not fit.\n"
        "Nothing but blanks and the case of keywords changes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add(
        "files",
        metavar="FILE",
        nargs="*",
        default=["-"],
        help="a script that is rewritten; - or none: stdin to stdout",
    )
    add("--check", action="store_true", help="write nothing; exit 1 and name the files that would change")
    add("--diff", action="store_true", help="write nothing; print what would change")
    return made


def run(arguments: list[str]) -> int:
    """Lay files out; 0 where all are, 1 where one cannot be read or, under --check, would change."""
    options = parser().parse_args(arguments)
    code = 0
    for file in options.files:
        try:
            source = read_script(("file", file))
            split(source)  # which tells where a string or a comment is not closed
            made = laid_out(source.text)
        except Error as error:
            if error.source is None and file not in error.message:
                error.message = f"{file}: {error.message}"
            code = report(error) or code
            continue
        changes = made != source.text
        if options.diff:
            before, after = source.text.splitlines(keepends=True), made.splitlines(keepends=True)
            sys.stdout.writelines(unified_diff(before, after, file, f"{file} (laid out)"))
        if options.check:
            if changes:
                notice(f"{file} would change")
                code = code or 1
        elif not options.diff:
            if file == "-":
                sys.stdout.write(made)
            elif changes:
                _replace(file, made)
    return code


def _replace(file: str, text: str) -> None:
    from sqloud.output.outfile import OutputFile

    with OutputFile(os.path.realpath(file)) as stream:
        stream.write(text)
    notice(f"{file} was laid out anew")
