r"""The commands that change how the shell behaves: `\format`, `\x`, `\set` and the like.

Law: without a word a command shows what is so, or turns it over where it is a switch, as psql does.
"""

from __future__ import annotations

from sqloud.errors import ProgrammingError
from sqloud.frontends.report import tell
from sqloud.output import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqloud.frontends.shell_console import Console

__all__ = ["expand", "paging", "rows", "set_format", "set_variable", "timing", "unset_variable"]

_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


def set_format(console: Console, words: list[str]) -> None:
    """Show or set the output format."""
    state = console.state
    if not words:
        others = ", ".join(name for name in FORMATS if name != state.output_format)
        tell(f"format {state.output_format} (or {others})")
        return
    name = _OTHER_NAMES.get(words[0].lower(), words[0].lower())
    if name not in FORMATS:
        from difflib import get_close_matches

        close = get_close_matches(name, list(FORMATS), n=1, cutoff=0.5)
        near = (f"did you mean {close[0]}?",) if close else ()
        raise ProgrammingError(
            f"there is no output format {words[0]}", hints=(*near, f"one of {', '.join(FORMATS)}")
        )
    state.output_format = name


def expand(console: Console, words: list[str]) -> None:
    """Show a column a line: on, off, or where a row is wider than the screen."""
    state = console.state
    if words and words[0].lower() == "auto":
        state.expanded = "auto"
    else:
        on = _switched(words, state.expanded == "on", "on, off or auto")
        state.expanded = "on" if on else "off"
    tell(f"Expanded display is {state.expanded}.")


def timing(console: Console, words: list[str]) -> None:
    """Tell how long a statement takes."""
    console.state.timing = _switched(words, console.state.timing)
    tell(f"Timing is {'on' if console.state.timing else 'off'}.")


def paging(console: Console, words: list[str]) -> None:
    """Page what is longer than the screen."""
    console.state.paging = _switched(words, console.state.paging)
    tell(f"The pager is {'on' if console.state.paging else 'off'}.")


def rows(console: Console, words: list[str]) -> None:
    """Show or set how many rows a table shows on the screen."""
    state = console.state
    if words:
        word = words[0].lower()
        if word in {"off", "all", "0"}:
            state.most_rows = None
        elif word.isascii() and word.isdecimal():
            state.most_rows = int(word)
        else:
            raise ProgrammingError(
                f"{words[0]} is no number of rows", hints=("usage   \\maxrows 1000, \\maxrows off",)
            )
    shown = "every row" if state.most_rows is None else f"{state.most_rows:,} rows at most"
    tell(f"A table shows {shown} on the screen.")


def set_variable(console: Console, words: list[str]) -> None:
    """Show the variables, or set one."""
    state = console.state
    if not words:
        tell(
            "\n".join(f"{name} = {value!r}" for name, value in sorted(state.variables.items()))
            or "no variable is set"
        )
        return
    name, value = words[0], " ".join(words[1:])
    if name.upper() == "EDITING_MODE":
        if value.lower() not in {"vi", "emacs"}:
            raise ProgrammingError(
                f"there is no editing mode {value or '(none)'}", hints=("one of emacs, vi",)
            )
        state.vi = value.lower() == "vi"
        return
    if not (name.isascii() and name.isidentifier()):
        raise ProgrammingError(f"{name} is no name of a variable", hints=("usage   \\set NAME VALUE",))
    state.variables[name] = value


def unset_variable(console: Console, words: list[str]) -> None:
    """Forget a variable."""
    if not words:
        raise ProgrammingError("\\unset needs a name", hints=("\\set lists them",))
    if console.state.variables.pop(words[0], None) is None:
        raise ProgrammingError(f"no variable {words[0]} is set", hints=("\\set lists them",))


def _switched(words: list[str], now: bool, choices: str = "on or off") -> bool:
    if not words:
        return not now
    if words[0].lower() not in _SWITCH:
        raise ProgrammingError(
            f"{words[0]} is neither {choices.replace(' or ', ' nor ')}", hints=(f"one of {choices}",)
        )
    return _SWITCH[words[0].lower()]


_OTHER_NAMES = {"md": "markdown", "box": "table", "duckbox": "table", "column": "table", "tabs": "tsv",
                "jsonlines": "jsonl", "ndjson": "jsonl", "lines": "line"}  # fmt: skip
"""Names of modes in other shells."""
