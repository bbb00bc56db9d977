"""`%load_ext sqloud`: statements in the cells of a notebook.

Law: a cell says what `Cursor.execute` says: `:name` is a variable of the notebook, a name in FROM that nothing has is a
data frame of the notebook.
"""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Any

from sqloud.errors import InterfaceError
from sqloud.frontends.dbapi import Connection, Cursor, connect

__all__ = ["Cells", "load_ipython_extension", "unload_ipython_extension"]

_NAMES = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|::|:(?P<name>[A-Za-z_]\w*)", re.DOTALL
)


class Cells:
    """The magic `%sqloud` of one notebook, and the connection that it opens when it is first needed."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._connection: Connection | None = None

    def run(self, line: str, cell: str | None = None) -> Any:
        """Run a line or a cell.

        `%%sqloud [--sandbox] [--connection NAME] [--pandas | --polars] [--into NAME]`, then the statement. The
        result shows as a table with its requests; with `--pandas` or `--polars` it is a frame, and `--into` assigns
        it to a variable. `--sandbox` opens the simulated cloud, `--connection` takes a variable's connection; either
        stays until another is named.
        """
        options, statement = _options(line if cell is None else line + "\n", cell)
        self._choose(options)
        if not statement.strip():
            return None
        cursor = self._opened().cursor()
        space = self._shell.user_ns
        cursor.variables_in_scope = space
        names = {match["name"] for match in _NAMES.finditer(statement) if match["name"]}
        cursor.execute(statement, {name: space[name] for name in names if name in space} or None)
        result: Any = cursor
        if options.pandas:
            result = cursor.df()
        elif options.polars:
            result = cursor.pl()
        if options.into is None:
            return _Shown(cursor) if result is cursor else result
        space[options.into] = result
        return None

    def close(self) -> None:
        """Close what was opened here."""
        if self._connection is not None:
            self._connection.__exit__(None, None, None)
            self._connection = None

    def _choose(self, options: argparse.Namespace) -> None:
        if options.connection is not None:
            found = self._shell.user_ns.get(options.connection)
            if not isinstance(found, Connection):
                raise InterfaceError(f"{options.connection} is no connection of sqloud.connect")
            self.close()
            self._connection = Connection(found._open())
            self._connection.__dict__["close"] = lambda: None  # whoever opened it closes it
        elif options.sandbox:
            self.close()
            self._connection = connect(sandbox=True)

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = connect()
        return self._connection


class _Shown:
    """A cursor as the last value of a cell; everything of the cursor's is here too."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)

    def __iter__(self) -> Cursor:
        return self.cursor

    def __repr__(self) -> str:
        return self.cursor._table(20) if self.cursor.description else "done"

    def _repr_html_(self) -> str | None:
        return self.cursor._repr_html_()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InterfaceError(f"%sqloud: {message}", hints=(self.format_usage().strip(),))


def _options(line: str, cell: str | None) -> tuple[argparse.Namespace, str]:
    parser = _Parser(prog="%sqloud", add_help=False)
    parser.add_argument("--sandbox", action="store_true")
    parser.add_argument("--connection", metavar="NAME")
    parser.add_argument("--pandas", action="store_true")
    parser.add_argument("--polars", action="store_true")
    parser.add_argument("--into", metavar="NAME")
    if cell is not None:
        return parser.parse_args(shlex.split(line)), cell
    options = re.match(r"(?:\s*--(?:sandbox|pandas|polars|(?:connection|into)[ =]\s*\w+)(?=\s|$))*", line)
    assert options is not None
    return parser.parse_args(shlex.split(options[0])), line[options.end() :]


def load_ipython_extension(ipython: Any) -> None:
    """Add `%sqloud` and `%%sqloud` to a notebook: `%load_ext sqloud`."""
    cells = Cells(ipython)
    ipython.sqloud_cells = cells
    ipython.register_magic_function(cells.run, "line_cell", "sqloud")


def unload_ipython_extension(ipython: Any) -> None:
    """Close what the notebook has opened."""
    ipython.sqloud_cells.close()
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop("sqloud", None)
