"""Reading statements with prompt_toolkit.

Law: prompt_toolkit is known here and nowhere else. The first prompt is drawn before anything else is imported.
"""

from __future__ import annotations

from functools import lru_cache

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.application.current import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, has_focus, is_done
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout.containers import ConditionalContainer, HSplit, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from sqloud.frontends.report import tell
from sqloud.frontends.shell_assist import Highlighter, NameCompleter
from sqloud.frontends.shell_text import CONTINUED, PROMPT, continuations, is_complete
from sqloud.output.escapes import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyPressEvent

    from sqloud.frontends.shell_history import HistoryFile
    from sqloud.frontends.shell_opening import Opening
    from sqloud.frontends.shell_signals import Signals
    from sqloud.frontends.shell_status import About

__all__ = ["EditedLines"]

_TAB = "    "
_MENU = 6
"""Lines kept free below the prompt for what can follow."""
_FIRST_KEYS = 0.05
"""Seconds after the first prompt before imports begin: what was typed ahead is shown first."""


class EditedLines:
    """The line editor on a terminal. `stream` is where it draws."""

    def __init__(
        self,
        stream: TextIO,
        history: HistoryFile,
        opening: Opening,
        signals: Signals,
        environment: Mapping[str, str],
        about: About,
    ) -> None:
        self._opening = opening
        self._about = about
        self._signals = signals
        self._has_begun = False
        # Without the terminal's answers about its cursor: they come late over a slow line, into the next text.
        self._output = Vt100_Output.from_pty(stream, term=environment.get("TERM"))
        self._output.enable_cpr = False
        self._depth = ColorDepth.DEPTH_1_BIT if environment.get("NO_COLOR") else None
        self._continuations = lru_cache(maxsize=1)(continuations)
        self._session: PromptSession[str] = PromptSession(
            PROMPT,
            multiline=True,
            prompt_continuation=self._continuation,
            history=_KeptHistory(history),
            key_bindings=self._bindings(),
            input_processors=[TabsProcessor(tabstop=8, char1=" ", char2=" ")],
            enable_suspend=True,
            reserve_space_for_menu=_MENU,
            completer=NameCompleter(opening.names),
            complete_in_thread=True,
            lexer=Highlighter(opening.has_dialect),
            auto_suggest=AutoSuggestFromHistory(),
            color_depth=self._depth,
            output=self._output,
        )
        self._session.app.before_render += self._fit
        self._session.app.after_render += self._drawn
        self._add_status_line()
        opening.on_opened = self._session.app.invalidate

    def statement(self, begun: str = "", vi: bool = False) -> str:
        """The next text that is complete; `begun` stands in it.

        Raises KeyboardInterrupt to clear, EOFError to leave.
        """
        self._welcome()
        self._session.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        return self._edited(self._session, begun)

    def value(self, name: str, earlier: Sequence[str]) -> str:
        """One line for a variable; an empty one takes the latest of the earlier values, which is shown."""
        session: PromptSession[str] = PromptSession(
            f"{name}: ",
            history=InMemoryHistory(earlier),
            placeholder=[("ansibrightblack", f"({visible(earlier[-1])})")] if earlier else None,
            reserve_space_for_menu=0,
            color_depth=self._depth,
            output=self._output,
        )
        return self._edited(session).removesuffix("\n") or (earlier[-1] if earlier else "")

    def _edited(self, session: PromptSession[str], begun: str = "") -> str:
        """What is typed at a prompt, which a signal may end."""
        asked: list[BaseException] = []

        def ask(ending: BaseException) -> bool:
            app = session.app
            if app.loop is None or not app.is_running or app.is_done:
                return False

            def end() -> None:
                if app.is_running and not app.is_done:
                    app.exit(exception=ending)

            asked.append(ending)
            app.loop.call_soon_threadsafe(end)
            return True

        with self._signals.editing(ask):
            # Not its own handler of SIGINT: what comes when the line is sent would reach the next line.
            typed = session.prompt(default=begun, handle_sigint=False)
        if asked:  # the line was sent in the moment in which the signal came
            raise asked[0]
        return typed

    def _drawn(self, app: Application[str]) -> None:
        if not self._has_begun:
            self._has_begun = True
            if app.loop is not None:
                app.loop.call_later(_FIRST_KEYS, self._opening.begin)
        if app.is_running and not app.is_done and self._about.has_welcome():
            run_in_terminal(self._welcome)

    def _welcome(self) -> None:
        told = self._about.welcome()
        if told is not None:
            tell(told)

    def _add_status_line(self) -> None:
        # Not PromptSession's own toolbar, which waits until the terminal has told where its cursor is.
        root = self._session.layout.container
        assert isinstance(root, HSplit)
        told = FormattedTextControl(lambda: self._about.status(self._output.get_size().columns))
        bar = Window(told, height=1, dont_extend_height=True, style="class:bottom-toolbar")
        tall = Condition(lambda: self._output.get_size().rows > _MENU + 1)
        root.children.append(ConditionalContainer(bar, filter=~is_done & tall))

    def _fit(self, _: Application[str]) -> None:
        # Where the lines that are kept free do not fit, prompt_toolkit would show nothing at all.
        self._session.reserve_space_for_menu = max(0, min(_MENU, self._output.get_size().rows - 1))

    def _continuation(self, width: int, line_number: int, wrap_count: int) -> str:
        if wrap_count:
            return " " * width
        if not self._opening.has_dialect():
            return CONTINUED
        prompts = self._continuations(get_app().current_buffer.text)
        # After a search the buffer in focus is another one, of a single line.
        return prompts[line_number - 1] if line_number <= len(prompts) else CONTINUED

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        typing = has_focus(DEFAULT_BUFFER)

        @bindings.add("enter", filter=typing)
        def submit_or_break(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
                buffer.complete_state = None  # what is chosen in the menu stays as it is
            elif is_complete(buffer.text):
                self._signals.forget()
                buffer.validate_and_handle()
            else:
                buffer.newline(copy_margin=False)

        @bindings.add("escape", "enter", filter=typing)
        def break_line(event: KeyPressEvent) -> None:
            event.current_buffer.newline(copy_margin=False)

        @bindings.add("tab", filter=typing)
        def complete_or_indent(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            menu = buffer.complete_state
            if menu is not None and len(menu.completions) == 1:
                buffer.apply_completion(menu.completions[0])  # nothing to choose, so nothing to close
            elif menu is not None:
                buffer.complete_next()
            elif buffer.document.current_line_before_cursor.strip():
                buffer.start_completion(insert_common_part=True)
            else:
                buffer.insert_text(_TAB)

        return bindings


class _KeptHistory(History):
    """The history file, and in memory what the file takes, even where it cannot be written."""

    def __init__(self, file: HistoryFile) -> None:
        super().__init__()
        self._file = file

    def load_history_strings(self) -> Iterator[str]:
        """The entries, newest first."""
        yield from reversed(self._file.entries())

    def append_string(self, string: str) -> None:
        """Keep an entry, in memory too, unless the history leaves it out."""
        if self._file.is_kept(string):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Append to the file."""
        self._file.append(string)
