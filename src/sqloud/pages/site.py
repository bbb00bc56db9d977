"""Pages as a static site with search, made by Sphinx.

Law: the site needs no server: it is read from a folder as from a host. Sphinx, Furo and MyST come with the extra
`docs`; without them an error says so before anything is written.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sqloud.errors import InterfaceError, InternalError

__all__ = ["build_site"]


def build_site(pages: Mapping[str, str], out: Path, *, title: str) -> None:
    """Write the site of `pages` (Markdown by path, `index.md` on top) into the folder `out`, which is made.

    Raises InterfaceError where the extra is not installed, InternalError where Sphinx finds a fault in a page.
    """
    try:
        from sphinx.application import Sphinx
        from sphinx.errors import SphinxError
        from sphinx.util.docutils import docutils_namespace
    except ImportError as error:
        raise InterfaceError(
            f"a site needs a package that is not installed: {error.name}",
            hints=("pip install 'sqloud[docs]'", "without --html the pages are Markdown, and need nothing"),
        ) from error
    faults = io.StringIO()
    with TemporaryDirectory(prefix="sqloud-pages-") as folder:
        source, work = Path(folder, "pages"), Path(folder, "work")
        for name, text in pages.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + _contents(name, pages), encoding="utf-8")
        settings = {
            "project": title,
            "html_title": title,
            "extensions": ["myst_parser"],
            "html_theme": "furo",
            "html_copy_source": False,
            "html_show_sphinx": False,
            "html_last_updated_fmt": None,
            "suppress_warnings": ["myst.header"],
            "nitpicky": True,
        }
        try:
            with docutils_namespace():
                application = Sphinx(
                    srcdir=source,
                    confdir=None,
                    outdir=out,
                    doctreedir=work,
                    buildername="html",
                    confoverrides=settings,
                    status=None,
                    warning=faults,
                    warningiserror=False,
                )
                application.build(force_all=True)
        except SphinxError as error:
            raise InternalError(f"the site cannot be made: {error}") from error
    told = re.sub(r"\x1b\[[0-9;]*m", "", faults.getvalue()).strip()
    if told:
        raise InternalError(f"the site of {title} has faults:\n{told[:2_000]}")


def _contents(name: str, pages: Iterable[str]) -> str:
    """The navigation below a page: the services below the index, the resources below their service."""
    here = PurePosixPath(name)
    if here.name != "index.md":
        return ""
    below = [
        page.relative_to(here.parent).with_suffix("")
        for page in map(PurePosixPath, pages)
        if page != here and page.is_relative_to(here.parent) and _is_child(page, here)
    ]
    listed = "\n".join(sorted(map(str, below)))
    return f"\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```\n" if below else ""


def _is_child(page: PurePosixPath, index: PurePosixPath) -> bool:
    depth = len(page.parts) - len(index.parts)
    return (depth == 0) if page.name != "index.md" else (depth == 1)
