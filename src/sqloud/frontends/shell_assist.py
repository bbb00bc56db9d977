"""Completion and highlighting as prompt_toolkit wants them.

Law: what is offered and what is coloured are decided elsewhere, by pure functions; this only carries them over. Until
the session is open there is nothing to offer, and typing never waits.
"""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from prompt_toolkit.document import Document

    from sqloud.frontends.completion import Names

__all__ = ["Highlighter", "NameCompleter"]

_MOST_COLOURED = 50_000
"""Characters beyond which a text is shown plain: colouring is done again at each key."""

_OPENERS = " .(,=<>'\"{"
"""Characters behind which candidates are shown before a letter of them is typed."""

_STYLES = {
    "comment": "ansibrightblack italic",
    "template": "ansimagenta",
    "string": "ansigreen",
    "dollar": "ansigreen",
    "number": "ansicyan",
    "keyword": "bold",
}


class NameCompleter(Completer):
    """Offers what `complete` finds among `names()`, which is None while the session opens."""

    def __init__(self, names: Callable[[], Names | None]) -> None:
        self._names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The candidates at the cursor."""
        names = self._names()
        if names is None:
            return
        if complete_event.text_inserted and not document.current_line_before_cursor.strip():
            return  # a line that was just begun: Tab still asks, and Up is not the menu's
        from sqloud.frontends.completion import complete

        cursor = document.cursor_position
        line = document.current_line_before_cursor
        command = line[line.rfind("\\") :] if "\\" in line else line if line.startswith(".") else ""
        if command and " " not in command and not document.current_line_before_cursor.count("'") % 2:
            from sqloud.frontends.shell_commands import command_names

            for name, summary in command_names():
                shown = "." + name[1:] if command[0] == "." else name
                if shown.startswith(command):
                    yield Completion(shown, -len(command), display_meta=summary)
            return
        unasked = complete_event.text_inserted and document.char_before_cursor not in _OPENERS
        for one in complete(document.text, cursor, names):
            if unasked and one.start == cursor:  # behind a number or a parenthesis nothing is being named
                return
            marked = one.text + " *" if one.kind == "required" else one.text
            about = one.kind + (f"  {one.about}" if one.about else "")
            yield Completion(one.text, one.start - cursor, display=marked, display_meta=about[:80])


class Highlighter(Lexer):
    """Keywords bold, strings, numbers, comments and templates in colours that both light and dark screens show.

    Plain until `is_ready()`: the first key is not to wait for an import.
    """

    def __init__(self, is_ready: Callable[[], bool]) -> None:
        self._is_ready = is_ready

    def invalidation_hash(self) -> Hashable:
        """Another one when the colours come."""
        return self._is_ready()

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The fragments of each line."""
        text = document.text
        if len(text) > _MOST_COLOURED or not self._is_ready():
            plain = text.split("\n")
            return lambda number: [("", plain[number])] if number < len(plain) else []
        lines: list[StyleAndTextTuples] = [[]]
        for style, piece in _pieces(text):
            for position, part in enumerate(piece.split("\n")):
                if position:
                    lines.append([])
                lines[-1].append((style, part))
        return lambda number: lines[number] if number < len(lines) else []


def _pieces(text: str) -> Iterable[tuple[str, str]]:
    from sqloud.frontends.completion_context import KEYWORDS, words

    for word in words(text):
        kind = "keyword" if word.upper in KEYWORDS else word.kind
        yield _STYLES.get(kind, ""), word.text
