"""What the text that is being typed is so far.

Law: pure functions of the text. Whether Enter submits is decided by the tokenizer that will read the statement,
so a semicolon in a string or a comment never ends one; and nothing here waits for the tokenizer's import but
`is_complete`, which needs it.
"""

from __future__ import annotations

from sqloud.frontends.shell_pieces import has_command, pieces

__all__ = ["CONTINUED", "PROMPT", "continuations", "is_complete", "is_leaving", "take_command"]

PROMPT = "sqloud> "
CONTINUED = "     -> "
_LEAVING = frozenset({"exit", "quit"})

_OPEN = {
    "'": "     '> ",
    '"': '     "> ',
    "`": "     `> ",
    "$": "     $> ",
    "/*": "     /*>",
    "(": "     (> ",
}
"""What is open, and the prompt of the lines inside of it."""

_OPENERS, _CLOSERS = frozenset("(["), frozenset(")]")

_LONGEST = 200_000
"""Characters beyond which the continuation prompts no longer say why: a pasted file is not typed by hand."""


def is_leaving(text: str) -> bool:
    """Whether the text is `exit` or `quit` and nothing else.

    >>> is_leaving(" Exit ; "), is_leaving("exit from")
    (True, False)
    """
    return text.strip().rstrip(";").rstrip().lower() in _LEAVING


def take_command(text: str) -> tuple[str, str] | None:
    r"""A leading backslash command and the text after its line; None where the text begins otherwise.

    The rest keeps its offsets: what was taken is replaced by blanks.

    >>> take_command("\\format json\nSHOW PROVIDERS;")
    ('\\format json', '            \nSHOW PROVIDERS;')
    """
    begin = len(text) - len(text.lstrip())
    if not text.startswith("\\", begin):
        return None
    end = text.find("\n", begin)
    end = len(text) if end < 0 else end
    blank = "".join(character if character == "\n" else " " for character in text[:end])
    return text[begin:end].rstrip(), blank + text[end:]


def is_complete(text: str) -> bool:
    """Whether Enter submits: nothing, `exit`, commands, comments, or statements of which the last has its `;`.

    Text that no further character can mend is complete at its semicolon, so that its error is shown.
    """
    if has_command(text):
        found = pieces(text)
        if found and found[-1].is_command:
            return True
        text = found[-1].text if found else text
    stripped = text.strip()
    if not stripped or is_leaving(stripped):
        return True
    if ";" not in stripped and not stripped.startswith(("--", "/*")):
        return False
    from sqloud.dialect import split
    from sqloud.errors import Error, Source, SqlSyntaxError

    try:
        statements = split(Source("<shell>", text))
    except SqlSyntaxError as error:
        return not error.incomplete and stripped.endswith(";")
    except Error:  # it is reported when the statement is run
        return stripped.endswith(";")
    return not statements or statements[-1].terminated


def continuations(text: str) -> tuple[str, ...]:
    """The prompt of each line after the first: it says what the line's first character stands in."""
    starts = [offset + 1 for offset, character in enumerate(text) if character == "\n"]
    if not starts:
        return ()
    while (taken := take_command(text)) is not None:
        text = taken[1]
    if len(text) > _LONGEST:
        return (CONTINUED,) * len(starts)
    states = _States(text)
    return tuple(_OPEN.get(states.at(start), CONTINUED) for start in starts)


class _States:
    """The tokens of a text, and what is open at an offset."""

    def __init__(self, text: str) -> None:
        from sqloud.dialect import split
        from sqloud.errors import Error, Source, SqlSyntaxError

        self._text = text
        self._opening: int | None = None
        try:
            statements = split(Source("<shell>", text))
        except SqlSyntaxError as error:
            if error.incomplete and error.span is not None:
                self._opening = error.span.start
            statements = ()
        except Error:  # reported when the statement is run; the prompt then tells nothing
            statements = ()
        if self._opening is not None:
            try:
                statements = split(Source("<shell>", text[: self._opening]))
            except Error:
                statements = ()
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._depths: list[int] = []
        for statement in statements:
            depth = 0
            for token in statement.tokens:
                written = text[token.start : token.end + 1]
                depth += (written in _OPENERS) - (written in _CLOSERS and depth > 0)
                self._starts.append(token.start)
                self._ends.append(token.end + 1)
                self._depths.append(depth)
            if statement.terminated:
                self._depths[-1] = 0

    def at(self, offset: int) -> str:
        """A key of `_OPEN`, or the empty string where nothing is open."""
        if self._opening is not None and offset > self._opening:
            return _mark(self._text, self._opening)
        from bisect import bisect_left

        before = bisect_left(self._starts, offset) - 1
        if before >= 0 and offset < self._ends[before]:
            return _mark(self._text, self._starts[before])
        if _is_in_comment(self._text[self._ends[before] if before >= 0 else 0 : offset]):
            return "/*"
        return "(" if before >= 0 and self._depths[before] else ""


def _mark(text: str, start: int) -> str:
    """What opens at an offset: a comment, or the first quote after a prefix such as E or U&."""
    if text.startswith("/*", start):
        return "/*"
    return next((character for character in text[start : start + 3] if character in "'\"`$"), "")


def _is_in_comment(gap: str) -> bool:
    """Whether a comment is open at the end of a text that holds no token."""
    at, depth = 0, 0
    while at < len(gap):
        pair = gap[at : at + 2]
        if not depth and pair == "--":
            newline = gap.find("\n", at)
            at = len(gap) if newline < 0 else newline
        elif pair == "/*" or (depth and pair == "*/"):
            depth += 1 if pair == "/*" else -1
            at += 2
        else:
            at += 1
    return depth > 0
