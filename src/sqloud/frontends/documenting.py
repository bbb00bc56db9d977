"""The command `sqloud provider docs`.

Law: the pages are made of the provider's documents alone. A folder that holds what this command did not write is
left as it is, and `--check` writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from sqloud.errors import Error, InterfaceError, OperationalError
from sqloud.frontends.arguments import Parser
from sqloud.frontends.report import tell

__all__ = ["docs_parser", "run"]


def docs_parser() -> argparse.ArgumentParser:
    """The parser of `sqloud provider docs`."""
    parser = Parser(
        prog="sqloud provider docs",
        description="Write a provider's pages: every resource with its fields, methods, parameters and examples.",
    )
    add = parser.add_argument
    add("provider", metavar="PROVIDER", help="the provider's name in SQL")
    add("--out", metavar="DIR", type=Path, required=True, help="the folder of the pages")
    add("--html", action="store_true", help="a static site with search (needs the extra: sqloud[docs])")
    add("--check", action="store_true", help="write nothing; exit 1 if the pages in DIR are not these")
    add("--providers", metavar="DIR", type=Path, action="append", default=[], help="more provider documents")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; its exit code."""
    parser = docs_parser()
    options = parser.parse_args(arguments)
    if options.html and options.check:
        parser.error("--check compares Markdown pages; leave --html out")
    from sqloud.frontends.batch import report

    try:
        pages, title = _pages(options.provider, options.providers)
        if options.check:
            return _check(pages, options.out)
        if options.html:
            from sqloud.pages.site import build_site

            _refuse_foreign(options.out, ".html")
            build_site(pages, options.out, title=title)
        else:
            _refuse_foreign(options.out, ".md")
            _write(pages, options.out)
    except Error as error:
        return report(error)
    except OSError as error:
        return report(OperationalError(f"cannot write the pages: {error}"))
    sys.stdout.write(f"{options.out}: {len(pages):,} pages of {options.provider}\n")
    return 0


def _pages(name: str, directories: list[Path]) -> tuple[dict[str, str], str]:
    from sqloud.pages.folder import provider_pages
    from sqloud.registry.catalogue import Catalogue
    from sqloud.settings import Settings, shipped

    settings = Settings.from_environment()
    catalogue = Catalogue((shipped("providers"), *settings.providers, *directories), settings.cache)
    provider = catalogue.provider(name)
    pages = provider_pages(
        provider, lambda service: catalogue.service(name, service), catalogue.newer_names(name)
    )
    return pages, provider.title or name


def _refuse_foreign(out: Path, suffix: str) -> None:
    """A folder that is not empty must hold an index of ours, so that nobody's files are mixed with pages."""
    if out.exists() and not out.is_dir():
        raise InterfaceError(f"{out} is no folder")
    if out.is_dir() and any(out.iterdir()) and not (out / f"index{suffix}").is_file():
        raise InterfaceError(
            f"{out} holds files that are no pages of this command",
            hints=("give an empty folder, or a new one",),
        )


def _write(pages: Mapping[str, str], out: Path) -> None:
    """The pages, and none that were there before and are no more."""
    for path in _found(out):
        if str(path.relative_to(out).as_posix()) not in pages:
            path.unlink()
    for name, text in pages.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _check(pages: Mapping[str, str], out: Path) -> int:
    """What differs, a line each on stdout."""
    there = {str(path.relative_to(out).as_posix()): path.read_text(encoding="utf-8") for path in _found(out)}
    differing = sorted(name for name in {*there, *pages} if there.get(name) != pages.get(name))
    for name in differing:
        word = (
            "is missing" if name not in there else "is no page any more" if name not in pages else "differs"
        )
        sys.stdout.write(f"{out / name}: {word}\n")
    if differing:
        tell(
            f"{len(differing):,} pages are not those of the documents; run the command again without --check"
        )
    return 1 if differing else 0


def _found(out: Path) -> list[Path]:
    return sorted(out.rglob("*.md")) if out.is_dir() else []
