r"""SQL laid out: the same words, in other lines.

Law: nothing but blanks and the case of keywords changes. Strings, quoted names, comments, hints, templates, parameters
and operators stay letter for letter and in their order, which the tokenizer that reads statements judges each time, not
the one that lays them out; and what is laid out once stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlglot.tokenizer_core import TokenType

from sqloud.dialect.lexing import comment_end, tokenize
from sqloud.errors import Source, SqlSyntaxError

__all__ = ["WIDTH", "laid_out"]

WIDTH = 88
_INDENT = "    "

_LEXEME = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<text>\{\{.*?\}\} | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
        | [eE]'(?:\\.|''|[^'\\])*' | (?:[uU]&|[bBxX])?'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*" | `[^`]*`)
    | (?P<within><@|@>)
    | (?P<word>[@:$]{0,2}[^\W\d]\w* | [@:$]?\d[\w.]*)
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<comma>,) | (?P<end>;)
    | (?P<operator>\.+ | [^\w\s"'`(){}\[\],;.$@]+? (?=--|/\*|[\w\s"'`(){}\[\],;.$@]|\Z) | .)
    """,
    re.VERBOSE | re.DOTALL,
)

_CLAUSES = {
    *(
        "SELECT",
        "FROM",
        "WHERE",
        "HAVING",
        "LIMIT",
        "OFFSET",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "VALUES",
        "SET",
    ),
    *("RETURNING", "WINDOW", "QUALIFY", "FETCH"),
}
_BEFORE_BY = {"GROUP", "ORDER", "PARTITION"}
_JOINS = {
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "INNER",
    "CROSS",
    "NATURAL",
    "SEMI",
    "ANTI",
    "LATERAL",
    "OUTER",
    "ASOF",
}
_KEYWORDS = {
    *_CLAUSES, *_BEFORE_BY, *_JOINS, "BY", "ON", "USING", "AND", "OR", "NOT", "IN", "IS", "NULL", "AS", "CASE", "WHEN",
    "THEN", "ELSE", "END", "ALL", "DISTINCT", "WITH", "RECURSIVE", "INSERT", "INTO", "UPDATE", "DELETE", "REPLACE",
    "EXEC", "SHOW", "DESCRIBE", "EXPLAIN", "ANALYZE", "CREATE", "DROP", "TABLE", "VIEW", "TEMP", "TEMPORARY",
    "MATERIALIZED", "REFRESH", "BETWEEN", "LIKE", "ILIKE", "EXISTS", "ASC", "DESC", "NULLS", "OVER", "FILTER", "CAST",
    "TRUE", "FALSE", "BEGIN", "COMMIT", "ROLLBACK", "ESCAPE", "ANY", "SOME", "ROLLUP", "CUBE", "GROUPING", "SETS",
    "WITHIN", "DEFAULT", "INTERVAL", "RESET", "IF", "COPY", "TO", "METHODS", "RESOURCES", "SERVICES", "PROVIDERS",
}  # fmt: skip
_CALLED = {"LEFT", "RIGHT", "REPLACE", "ANY", "SOME", "GROUPING", "IF"}
"""Keywords that are functions too, where a bracket follows at once."""
_COMPARISONS = {"=", "<", ">", "<=", ">=", "<>", "!=", "||"}


class _Lexeme(NamedTuple):
    """A word of the text. blank: what stood before it."""

    kind: str
    text: str
    blank: str

    @property
    def key(self) -> str:
        """The word in capitals; nothing for what is no word."""
        return self.text.upper() if self.kind == "word" else ""


class _Group(NamedTuple):
    """What stands between brackets, and the two."""

    open: _Lexeme
    inside: list[_Lexeme | _Group]
    close: _Lexeme | None


_Part = _Lexeme | _Group


def laid_out(text: str) -> str:
    r"""The text laid out, at most `WIDTH` wide where its words allow it. Raises SqlSyntaxError for what cannot be.

    >>> laid_out("select  a,b from t where x=1 ;")
    'SELECT a, b FROM t WHERE x = 1;\n'
    """
    lexemes = list(_lexemes(text))
    pieces = []
    for number, statement in enumerate(_statements(lexemes)):
        first = _first(statement[0])
        apart = number and (first.blank.count("\n") > 1 or (first.kind not in ("line", "block")))
        lines = _lines(statement, "")
        trails = number and first.kind in ("line", "block") and "\n" not in first.blank
        pieces.append(
            (" " if trails else "\n\n" if apart and first.blank.count("\n") > 1 else "\n") * bool(number)
        )
        pieces.append("\n".join(line.rstrip() if line[-1:].isspace() else line for line in lines))
    made = "".join(pieces) + "\n" if pieces else ""
    if list(_words(text)) != list(_words(made)):
        raise SqlSyntaxError("this cannot be laid out without changing what it says")
    return made


def _words(text: str) -> Iterator[str]:
    """What a text says, by the tokenizer that reads statements: its tokens, names without their case, and comments."""
    at = 0
    for token in tokenize(Source("<layout>", text)):
        yield from (each.text for each in _lexemes(text[at : token.start]))
        at = token.end + 1
        word = text[token.start : at]
        is_exact = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
        yield word if is_exact else " ".join(word.upper().split())  # ORDER BY is one token
    yield from (each.text for each in _lexemes(text[at:]))


def _lexemes(text: str) -> Iterator[_Lexeme]:
    blank, at = "", 0
    while match := _LEXEME.match(text, at):
        kind = {"tag": "text", "within": "operator"}.get(str(match.lastgroup), str(match.lastgroup))
        end = (comment_end(text, at) or len(text)) if kind == "block" else match.end()
        word, at = text[at:end], end
        if kind == "blank":
            blank = word
            continue
        yield _Lexeme(kind, word, blank)
        blank = ""


def _statements(lexemes: Sequence[_Lexeme]) -> Iterator[list[_Part]]:
    """Each statement with its semicolon, as a tree of brackets; comments between statements stand alone."""
    stack: list[tuple[_Lexeme | None, list[_Part]]] = [(None, [])]
    for lexeme in lexemes:
        here = stack[-1][1]
        if lexeme.kind == "open":
            stack.append((lexeme, []))
        elif lexeme.kind == "close":
            if len(stack) == 1:
                raise SqlSyntaxError(f"{lexeme.text} closes nothing")
            opened, inside = stack.pop()
            assert opened is not None
            stack[-1][1].append(_Group(opened, inside, lexeme))
        else:
            here.append(lexeme)
            alone = len(here) == 1 and lexeme.kind in ("line", "block") and not lexeme.text.startswith("/*+")
            if len(stack) == 1 and (lexeme.kind == "end" or alone):
                yield here
                stack = [(None, [])]
    if len(stack) > 1:
        raise SqlSyntaxError(f"{stack[-1][0].text if stack[-1][0] else ''} is not closed")
    if stack[0][1]:
        yield stack[0][1]


def _first(part: _Part) -> _Lexeme:
    return part.open if isinstance(part, _Group) else part


def _lines(parts: Sequence[_Part], indent: str, room: int = 0) -> list[str]:
    """The lines of some parts, each begun by `indent`. room: columns that are taken behind the last."""
    flat = _flat(parts)
    if flat is not None and len(indent) + len(flat) + room <= WIDTH:
        return [indent + flat]
    clauses = list(_clauses(parts))
    if len(clauses) > 1:
        return [line for clause in clauses for line in _lines(clause, indent)]
    return _broken(parts, indent)


def _broken(parts: Sequence[_Part], indent: str) -> list[str]:
    """One clause that does not fit: its items, its conditions, or its brackets in lines of their own."""
    head, rest = _head(parts)
    for split in (_items, _conditions):
        items = list(split(rest))
        if len(items) > 1:
            begun = [indent + (_flat(head) or "")] if head else []
            inner = indent + _INDENT if head else indent
            if split is _conditions and head:
                first = _lines([*head, *items[0]], indent)
                return [*first, *(line for item in items[1:] for line in _lines(item, inner))]
            return [*begun, *(line for item in items for line in _lines(item, inner))]
    return _running(parts, indent)


def _running(parts: Sequence[_Part], indent: str) -> list[str]:
    """Words one after another, with what is in long brackets, and behind line comments, in lines of its own."""
    lines, line = [], indent
    before: _Part | None = None
    for number, part in enumerate(parts):
        after = parts[number + 1 :]
        space = "" if line == indent else _space(before, part)
        own = isinstance(part, _Lexeme) and part.kind in ("line", "block") and "\n" in part.blank
        if own and line != indent:
            lines.append(line)
            line, space = indent, ""
        if isinstance(part, _Group):
            flat = _flat([part])
            tail = len(_flat(after[:1]) or "") if after else 0
            if flat is not None and len(line) + len(space) + len(flat) + tail <= WIDTH:
                line += space + flat
            elif part.inside:
                lines.append(line + space + part.open.text)
                lines += _lines(part.inside, indent + _INDENT)
                line = indent + (part.close.text if part.close is not None else "")
            else:
                line += space + part.open.text + (part.close.text if part.close is not None else "")
        else:
            line += space + _cased(part, before, after[0] if after else None)
            if part.kind == "line" or (own and part.kind == "block"):
                lines.append(line)
                line = indent
        before = part
    if line != indent:
        lines.append(line)
    return lines


def _flat(parts: Sequence[_Part]) -> str | None:
    """The parts in one line; None where a comment has to end its line."""
    made = ""
    before: _Part | None = None
    for number, part in enumerate(parts):
        after = parts[number + 1] if number + 1 < len(parts) else None
        if isinstance(part, _Group):
            inside = _flat(part.inside)
            if inside is None or part.close is None:
                return None
            text = part.open.text + inside + part.close.text
        elif part.kind == "line" or (part.kind == "block" and "\n" in part.blank + part.text):
            if len(parts) > 1 or "\n" in part.text:
                return None
            text = part.text
        else:
            text = _cased(part, before, after)
            if "\n" in text:
                return None
        made += (_space(before, part) if before is not None else "") + text
        before = part
    return made


def _cased(part: _Lexeme, before: _Part | None, after: _Part | None) -> str:
    """A word in capitals where it is a keyword, and no name."""
    if part.key not in _KEYWORDS:
        return part.text
    if isinstance(before, _Lexeme) and (before.text.endswith(".") or before.key == "AS"):
        return part.text
    if isinstance(after, _Lexeme) and after.text.startswith("."):
        return part.text
    called = isinstance(after, _Group) and not after.open.blank
    return part.text if called and part.key in _CALLED else part.key


def _space(before: _Part | None, part: _Part) -> str:
    """What stands between two parts of a line; blanks that tell words apart stay, others follow the rules."""
    if before is None:
        return ""
    first = _first(part)
    last = before.close if isinstance(before, _Group) and before.close is not None else _first(before)
    if first.kind in ("comma", "end"):
        return "" if last.kind != "line" else " "
    if last.kind == "comma" or first.kind in ("line", "block") or last.kind == "block":
        return " "
    if first.kind == last.kind == "operator" and not first.blank:
        return ""
    if first.text in _COMPARISONS or last.text in _COMPARISONS:
        return " "
    if isinstance(part, _Group) and first.text == "(" and last.key in _KEYWORDS - _CALLED:
        return " " if last.key not in ("CAST", "ROLLUP", "CUBE") or first.blank else ""
    return " " if first.blank else ""


def _clauses(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """A statement taken apart where its clauses begin."""
    words = [part.key if isinstance(part, _Lexeme) else "" for part in parts]
    found: list[_Part] = []
    for number, part in enumerate(parts):
        last = words[number - 1] if number else ""
        following = words[number + 1] if number + 1 < len(words) else ""
        begins = (
            (words[number] in _CLAUSES and not _continues(words[number], last, words, number))
            or (words[number] in ("GROUP", "ORDER") and following == "BY")
            or (
                words[number] in _JOINS - {"LATERAL", "OUTER"}
                and last not in _JOINS
                and _is_join(words, number)
            )
        )
        if begins and any(not _is_comment(each) for each in found):
            yield found
            found = []
        found.append(part)
    if found:
        yield found


def _continues(word: str, last: str, words: Sequence[str], number: int) -> bool:
    """Whether a word that can begin a clause belongs to the one before it."""
    if word == "FROM":
        return last in ("DISTINCT", "DELETE") or words[0] == "SHOW"
    if word == "SELECT":
        return last == "EXPLAIN" or words[0] == "SHOW"
    return words[0] in ("SHOW", "RESET", "SET") or (word == "SET" and last in ("UPDATE", "DO"))


def _is_join(words: Sequence[str], number: int) -> bool:
    return any(word == "JOIN" for word in words[number : number + 4])


def _is_comment(part: _Part) -> bool:
    return isinstance(part, _Lexeme) and part.kind in ("line", "block")


def _head(parts: Sequence[_Part]) -> tuple[list[_Part], list[_Part]]:
    """The keywords that begin a clause, and the rest of it."""
    count = 0
    for part in parts:
        if not isinstance(part, _Lexeme) or (part.key not in _KEYWORDS and part.kind != "block"):
            break
        if part.key in ("NOT", "CASE", "NULL", "TRUE", "FALSE", "EXISTS", "CAST", "DEFAULT", "INTERVAL"):
            break
        count += 1
    return list(parts[:count]), list(parts[count:])


def _items(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """What commas part, each with its comma, and with the comment that trails it."""
    found: list[_Part] = []
    ended = False
    for part in parts:
        if ended and not (_is_comment(part) and "\n" not in _first(part).blank):
            yield found
            found, ended = [], False
        found.append(part)
        ended = ended or (isinstance(part, _Lexeme) and part.kind == "comma")
    if found:
        yield found


def _conditions(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """What AND and OR join, but for the AND of a BETWEEN and those inside of a CASE."""
    found: list[_Part] = []
    between, cases = False, 0
    for part in parts:
        key = part.key if isinstance(part, _Lexeme) else ""
        cases += (key == "CASE") - (key == "END" and cases > 0)
        if key in ("AND", "OR") and not cases and not (between and key == "AND") and found:
            yield found
            found = []
        between = key == "BETWEEN" or (between and key != "AND")
        found.append(part)
    if found:
        yield found
