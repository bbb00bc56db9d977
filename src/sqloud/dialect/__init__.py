"""SQL text to statements: Postgres's queries, and StackQL's statements on top.

Law: a text is one of the statements below or an error at its place; a variable or a parameter is a value and
never text.

    split(Source) -> StatementText, ...     parse(StatementText, variables) -> Statement
    bind(Statement, parameters) -> Statement
"""

from sqloud.dialect.guides import DescribeMethod, ShowStatement
from sqloud.dialect.lexing import StatementText, split
from sqloud.dialect.nodes import constant_of, is_constant, render, span_of
from sqloud.dialect.owned import (
    Alter,
    Copy,
    CopyOption,
    CreateTable,
    CreateView,
    Drop,
    Refresh,
    Truncate,
)
from sqloud.dialect.parameters import bind
from sqloud.dialect.parsing import parse
from sqloud.dialect.sessions import ResetSetting, SetSetting, ShowSetting
from sqloud.dialect.statements import (
    Argument,
    Assignment,
    Begin,
    Commit,
    Delete,
    Describe,
    Exec,
    Explain,
    Insert,
    Name,
    Path,
    Query,
    Replace,
    ReplaceInto,
    Rollback,
    Show,
    Statement,
    Update,
)
from sqloud.dialect.syntax import Sqloud, sqloud_dialect

__all__ = [
    "Alter",
    "Argument",
    "Assignment",
    "Begin",
    "Commit",
    "Copy",
    "CopyOption",
    "CreateTable",
    "CreateView",
    "Delete",
    "Describe",
    "DescribeMethod",
    "Drop",
    "Exec",
    "Explain",
    "Insert",
    "Name",
    "Path",
    "Query",
    "Refresh",
    "Replace",
    "ReplaceInto",
    "ResetSetting",
    "Rollback",
    "SetSetting",
    "Show",
    "ShowSetting",
    "ShowStatement",
    "Sqloud",
    "Statement",
    "StatementText",
    "Truncate",
    "Update",
    "bind",
    "constant_of",
    "is_constant",
    "parse",
    "render",
    "span_of",
    "split",
    "sqloud_dialect",
]
