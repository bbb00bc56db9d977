"""The number of a list's rows out of the total that its answer tells.

Law: a total that is not there, is no number, or is less than the rows beside it tells nothing.
"""

from __future__ import annotations

from sqloud.protocol.messages import ApiResponse
from sqloud.protocol.paging import total
from sqloud.registry.records import Paging

__all__ = ["told_total"]


def told_total(paging: Paging | None, response: ApiResponse, page_rows: int) -> int | None:
    """Rows of the whole list, as the answer with `page_rows` of them tells; None where it does not."""
    told = total(paging, response) if paging is not None else None
    return told if told is not None and (told > 0 if page_rows else told == 0) and told >= page_rows else None
