"""A statement's tokens to its record.

Law: the first word decides what a statement is, and a word that begins none is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from sqloud.dialect import commands, definitions, guides, sessions, writes
from sqloud.dialect.fragments import Fragment
from sqloud.dialect.lexing import StatementText
from sqloud.dialect.statements import Explain, Query, Statement
from sqloud.dialect.syntax import SqloudParser
from sqloud.dialect.templates import fill_in
from sqloud.errors import Error, NotSupportedError, Span, SqlSyntaxError

__all__ = ["parse"]

# Statements of Postgres, DuckDB and StackQL that are understood by name only.
_NOT_BUILT = frozenset(
    {
        "ANALYZE",
        "ATTACH",
        "AUTH",
        "CALL",
        "CHECKPOINT",
        "CLOSE",
        "CLUSTER",
        "COMMENT",
        "DEALLOCATE",
        "DECLARE",
        "DETACH",
        "DISCARD",
        "DO",
        "EXECUTE",
        "EXPORT",
        "FETCH",
        "FORCE",
        "GRANT",
        "IMPORT",
        "INSTALL",
        "KILL",
        "LISTEN",
        "LOAD",
        "LOCK",
        "MERGE",
        "MOVE",
        "NATIVEQUERY",
        "NOTIFY",
        "OPTIMIZE",
        "PIVOT",
        "PRAGMA",
        "PREPARE",
        "PURGE",
        "REASSIGN",
        "REGISTRY",
        "REINDEX",
        "RELEASE",
        "RENAME",
        "REVOKE",
        "SAVEPOINT",
        "SECURITY",
        "SUMMARIZE",
        "UNLISTEN",
        "UNPIVOT",
        "UPSERT",
        "VACUUM",
    }
)


def parse(text: StatementText, variables: Mapping[str, str] | None = None) -> Statement:
    """The record of one statement, with the values of its `{{ }}` variables in place.

    Raises SqlSyntaxError, NotSupportedError, and MissingParameterError for a variable without a value; each
    with the source and, where there is one, the span in it.
    """
    try:
        tokens, bare = fill_in(text, variables or {})
        return _statement(
            Fragment(source=text.source, tokens=tuple(tokens), bare=bare, terminated=text.terminated)
        )
    except Error as error:
        raise error.in_source(text.source) from error.__cause__


def _statement(fragment: Fragment) -> Statement:
    word = fragment.word(0)
    if reader := _READERS.get(word):
        return reader(fragment)
    first = fragment.tokens[0]
    span = Span(first.start, first.end + 1)
    if word in _NOT_BUILT:
        raise NotSupportedError(f"{word} is not built yet", span=span)
    if not word.isidentifier():
        raise fragment.unexpected(0, "a statement")
    import difflib

    near = difflib.get_close_matches(word, [name for name in _READERS if name != "("], n=1)
    raise SqlSyntaxError(
        f"{word} begins no statement",
        span=span,
        hints=(f"did you mean {near[0]}?",)
        if near
        else (f"statements begin with {', '.join(_FIRST_WORDS)}",),
    )


def _query(fragment: Fragment) -> Query:
    tree = fragment.parse(SqloudParser._parse_statement)
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        raise NotSupportedError(
            f"WITH before {tree.key.upper()} is not built yet",
            span=Span(fragment.tokens[0].start, fragment.tokens[0].end + 1),
            hints=("write the WITH inside of the query that needs it",)
            if isinstance(tree, exp.Insert)
            else (),
        )
    if isinstance(tree, exp.Values):
        # VALUES is a relation to sqlglot and a query to everyone else.
        values = tree
        clauses = {
            name: values.args.pop(name) for name in ("order", "limit", "offset") if values.args.get(name)
        }
        tree = exp.select("*").from_(values)
        for name, clause in clauses.items():
            tree.set(name, clause)
    if not isinstance(tree, exp.Query):
        raise SqlSyntaxError(
            "this is an expression and no statement", span=fragment.span, hints=("add   SELECT",)
        )
    return Query(tree=tree)


def _any_query(fragment: Fragment) -> Query:
    """A query inside of another statement, with whatever word it begins."""
    if not fragment.tokens or fragment.word(0) not in ("SELECT", "WITH", "VALUES", "TABLE", "FROM", "("):
        raise fragment.unexpected(0, "a query")
    return _from_first(fragment) if fragment.word(0) == "FROM" else _query(fragment)


def _from_first(fragment: Fragment) -> Query:
    """`FROM t ...` is `SELECT * FROM t ...`, unless a SELECT of its own follows."""
    if any(fragment.word(index) == "SELECT" for index in range(len(fragment.tokens))):
        return _query(fragment)
    return _query(fragment.preceded_by((TokenType.SELECT, "SELECT"), (TokenType.STAR, "*")))


def _explain(fragment: Fragment) -> Explain:
    analyze, format_, at = commands.explain_options(fragment)
    if at >= len(fragment.tokens):
        raise fragment.unexpected(at, "a statement")
    if fragment.word(at) in _WITHOUT_REQUESTS:
        raise fragment.unexpected(at, "a statement that makes requests")
    return Explain(statement=_statement(fragment.between(at)), analyze=analyze, format=format_)


def _replace(fragment: Fragment) -> Statement:
    if fragment.word(1) == "INTO":
        return writes.replace_into(fragment.renamed(0, TokenType.INSERT))
    return writes.replace(fragment.renamed(0, TokenType.UPDATE))


_READERS: dict[str, Callable[[Fragment], Statement]] = {
    "SELECT": _query,
    "WITH": _query,
    "VALUES": _query,
    "TABLE": _query,
    "FROM": _from_first,
    "(": _query,
    "INSERT": writes.insert,
    "UPDATE": writes.update,
    "REPLACE": _replace,
    "DELETE": writes.delete,
    "EXEC": commands.execute,
    "SHOW": sessions.show_any,
    "SET": sessions.set_setting,
    "USE": sessions.use,
    "RESET": sessions.reset,
    "DESCRIBE": guides.describe_any,
    "DESC": guides.describe_any,
    "BEGIN": commands.transaction,
    "START": commands.transaction,
    "COMMIT": commands.transaction,
    "END": commands.transaction,
    "ROLLBACK": commands.transaction,
    "ABORT": commands.transaction,
    "EXPLAIN": _explain,
    "CREATE": lambda fragment: definitions.create(fragment, _any_query),
    "DROP": definitions.drop,
    "ALTER": definitions.alter,
    "TRUNCATE": definitions.truncate,
    "REFRESH": definitions.refresh,
    "COPY": lambda fragment: definitions.copy(fragment, _any_query),
}
_WITHOUT_REQUESTS = frozenset(
    {"EXPLAIN", "SHOW", "DESCRIBE", "DESC", "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"}
)
_FIRST_WORDS = [
    word for word in _READERS if word not in ("(", "ABORT", "DESC", "END", "FROM", "START", "TABLE")
]
