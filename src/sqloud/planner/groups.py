"""A group of accounts in the place of a provider: `digitalocean@all.droplets.droplets`.

Law: a query over a group is the query over a view of all its accounts, each row with the account that it is of. What
a table must be asked by, it must be asked by there; an account that is not meant is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sqloud.errors import Error
from sqloud.planner.cover import conjuncts
from sqloud.planner.own import OwnRelations
from sqloud.planner.renaming import askable
from sqloud.planner.sources import APART, Catalogue, folded, source_name
from sqloud.planner.views import place_body, span_at
from sqloud.registry.records import TableName

__all__ = ["place_groups"]

_COLUMN = "_connection"


def place_groups(tree: exp.Expr, own: OwnRelations, catalogue: Catalogue, above: tuple[str, ...]) -> None:
    """Put all of its accounts in the place of each group, in `tree` itself."""
    for node in list(tree.find_all(exp.Table)):
        parts = [folded(part) for part in node.parts]
        if len(parts) != 3 or "@" not in parts[0] or not (members := catalogue.members(parts[0])):
            continue
        at = dict(node.this.meta)
        try:
            names = [TableName(member, parts[1], parts[2]) for member in members]
            asked = [name for name, member in zip(names, members, strict=True) if _is_meant(node, member)]
            body = _body(asked or names[:1], ".".join(parts), catalogue, at)
            if not asked:  # its columns are wanted, and no row
                body = body.where(exp.false(), copy=False) if isinstance(body, exp.Select) else body
            place_body(node, body, own, catalogue, above)
        except Error as error:
            error.span = error.span or span_at(at)
            raise


def _body(names: Sequence[TableName], group: str, catalogue: Catalogue, at: dict[str, int]) -> exp.Query:
    """The rows of each account with its name beside them, then what a table can be asked by without showing it."""
    whole: exp.Query | None = None
    for name in names:
        table = exp.Table(
            this=_quoted(name.resource), db=_quoted(name.service), catalog=_quoted(name.provider)
        )
        table.meta[APART] = group
        account = exp.alias_(exp.Literal.string(name.provider.partition("@")[2]), _COLUMN, quoted=True)
        hidden = [exp.column(_quoted(column)) for column in askable(name, catalogue)]
        for column in hidden:
            column.meta["hidden"] = True
        select = exp.select(exp.Star(), account, *hidden, copy=False).from_(table, copy=False)
        whole = select if whole is None else exp.union(whole, select, distinct=False, copy=False)
    assert whole is not None
    for part in whole.walk():
        part.meta.update(at)
    return whole


def _is_meant(node: exp.Table, member: str) -> bool:
    """Whether the WHERE beside a table lets rows be of an account."""
    select = node.parent.parent if node.parent is not None else None
    where = select.args.get("where") if isinstance(select, exp.Select) else None
    told = (_named(part, source_name(node)) for part in (conjuncts(where.this) if where is not None else ()))
    return all(named is None or member.partition("@")[2] in named for named in told)


def _named(part: exp.Expr, alias: str) -> set[str] | None:
    """The texts that a condition says the account is one of."""
    column, others = (
        part.this,
        part.expressions if isinstance(part, exp.In) else [part.args.get("expression")],
    )
    if not isinstance(part, (exp.EQ, exp.In)) or (isinstance(part, exp.In) and not part.expressions):
        return None
    if not isinstance(column, exp.Column) or folded(column.this) != _COLUMN:
        return None
    if folded(column.args.get("table")) not in {"", alias}:
        return None
    texts = {other.name for other in others if isinstance(other, exp.Literal) and other.is_string}
    return texts if len(texts) == len(set(others)) else None


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
