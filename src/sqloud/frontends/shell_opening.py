"""What the shell needs after its first prompt, brought in behind it.

Law: the imports and the opening of the session run in one thread of their own, in order; whoever needs one
waits for it there, and gets its failure.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from sqloud.errors import Error, Source
from sqloud.output import DEFAULT_FORMAT, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sqloud.executor.result import Confirm
    from sqloud.frontends.completion import Names
    from sqloud.session import Session
    from sqloud.settings import Settings

__all__ = ["Opening"]


class Opening:
    """A session that opens while the user types. `on_notice` and `on_confirm` are the session's.

    `on_opened` is called when it is open or could not be opened, in the thread that opened it.
    """

    def __init__(self, settings: Settings, on_notice: Callable[[str], None]) -> None:
        self._settings = settings
        self._on_notice = on_notice
        self.on_confirm: Confirm | None = None
        self.on_opened: Callable[[], None] = _nothing
        self.variables: Callable[[], tuple[str, ...]] = tuple
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqloud-opening")
        self._dialect: Future[None] | None = None
        self._session: Future[Session] | None = None
        self._names: Names | None = None

    def begin(self) -> None:
        """Begin to import and to open; does nothing when it has begun."""
        if self._dialect is None:
            self._dialect = self._pool.submit(_import_dialect)
        if self._session is None:
            self._session = self._pool.submit(self._open)
            self._session.add_done_callback(lambda _: self.on_opened())
            self._pool.submit(self._look_ahead)

    def has_dialect(self) -> bool:
        """Whether the tokenizer can be had without waiting."""
        return self._dialect is not None and self._dialect.done()

    def finish(self) -> None:
        """Wait until what was begun has ended, well or not."""
        self.begin()
        if self._dialect is not None:
            wait((self._dialect,))
        if self._session is not None:
            wait((self._session,))

    def session(self) -> Session:
        """The session, when it is open. Raises the Error that opening it met; the next call tries again."""
        self.begin()
        assert self._session is not None
        try:
            return self._session.result()
        except Error:
            self._session = None
            raise

    def opened(self) -> Session | None:
        """The session; None while it opens, or where it could not be opened. Never waits."""
        opening = self._session
        if opening is None or not opening.done() or opening.cancelled() or opening.exception() is not None:
            return None
        return opening.result()

    def names(self) -> Names | None:
        """What completion offers; None while the session opens, or where it could not be opened."""
        session = self.opened()
        if self._names is None and session is not None:
            from sqloud.frontends.completion_names import CatalogueNames
            from sqloud.session_settings import SESSION_SETTINGS

            self._names = CatalogueNames(
                session.catalogue,
                relations=lambda: [(one.name, one.kind) for one in session.own_relations()],
                relation_columns=lambda name: next(
                    (one.columns for one in session.own_relations() if one.name == name), ()
                ),
                functions=session.functions,
                variables=self.variables,
                settings=lambda: SESSION_SETTINGS,
            )
        return self._names

    def close(self) -> None:
        """Close the session, and leave out what has not begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        session = self.opened()
        if session is not None:
            session.close()

    def _look_ahead(self) -> None:
        """Bring in what the first candidates need, so that no key waits for it."""
        session = self.opened()
        if session is not None:
            import sqloud.frontends.completion
            import sqloud.frontends.completion_names  # noqa: F401

            with suppress(Error):  # whoever wants the functions meets it
                session.functions()

    def _open(self) -> Session:
        from io import StringIO

        from sqloud.dialect import split
        from sqloud.session import Session

        _import_running()
        session = Session(self._settings, on_notice=self._on_notice, on_confirm=self.on_confirm)
        try:
            # An answer that needs no table opens the engine and imports what the first real one will need.
            with StringIO() as nowhere:
                answer = session.run(split(Source("<shell>", "SELECT 1"))[0])
                write(answer, DEFAULT_FORMAT, nowhere, terminal=False, note=self._on_notice)
        except BaseException:
            session.close()
            raise
        return session


def _nothing() -> None:
    """Nobody waits."""


def _import_dialect() -> None:
    import sqloud.dialect
    import sqloud.frontends.completion_context  # noqa: F401  # what colours the text that is typed


def _import_running() -> None:
    """Import what runs the first text and shows its answer."""
    import sqloud.frontends.parameters
    import sqloud.frontends.shell_commands
    import sqloud.frontends.shell_pager
    import sqloud.frontends.shell_pieces
    import sqloud.frontends.shell_status
    import sqloud.output.screen  # noqa: F401
