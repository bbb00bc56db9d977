"""What to ask next: paging as a pure function of what was asked and answered.

Law: complete, or an error. A list ends where the API says that it ends, never where a page merely looks
short; a link that repeats or leaves the endpoint is an error, and so is a total that the rows do not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from urllib.parse import urljoin, urlsplit

import msgspec

from sqloud.errors import IncompleteAnswerError
from sqloud.protocol.authenticate import origin
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.pagings_other import (
    header_link,
    more_promised,
    next_offset,
    next_token,
    with_query,
)
from sqloud.protocol.rows import navigate
from sqloud.registry.records import Paging

__all__ = ["PAGINGS", "Progress", "follow", "is_silent", "next_page_link", "total"]


_LONGEST_URL = 32_768


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a list has come, the answer at hand included.

    rows: rows so far; page_rows: rows of this answer; asked: every URL asked; repeated: this answer's rows
    are those of an answer before it, to the byte; rows_at: where the answer holds its rows; moved: the list
    is known to have changed while it was read, and then its total promises nothing any more.
    """

    rows: int
    page_rows: int
    asked: Set[str]
    repeated: bool = False
    rows_at: tuple[str, ...] = ()
    moved: bool = False


def follow(
    paging: Paging | None, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """() ends the list, one request chains, several may be asked at once.

    Raises IncompleteAnswerError where the list cannot be completed.
    """
    if paging is None:
        return ()
    if progress.repeated:
        raise IncompleteAnswerError(
            f"page {request.place} repeats the rows of a page before it: {request.url}",
            hints=("the server does not page as its provider document says",),
        )
    return PAGINGS[paging.style](paging, request, response, progress)


def _by_link(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """The answer names the next page, or none."""
    link = _next_link(paging, response)
    if link is None:
        _check_total(paging, response, progress)
        return ()
    return (_linked(request, link, progress),)


def _by_number(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """Pages are counted from 1; a next link goes first where the answer has one.

    The page size is what the API made of it, so no short page ends the list: only links without a next one do, a
    total that is reached, or an empty page. Where an answer has neither links nor a total, the next page is asked
    for until one is empty, or repeats the rows before it: then the server does not page, and gave all at once.
    """
    link = _next_link(paging, response)
    if link is not None:
        return _after_link(paging, request, response, progress, link)
    promised = total(paging, response)
    if promised is not None:
        if progress.rows >= promised:
            return ()
        if progress.page_rows == 0:
            _check_total(paging, response, progress)
            return ()
        return (_numbered(paging, request, progress),)
    if _has_links(paging, response) or progress.page_rows == 0:
        return ()
    return (_numbered(paging, request, progress),)


def _by_header(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """The Link header names the next page, or none."""
    link = header_link(response)
    if link is None:
        _check_total(paging, response, progress)
        return ()
    return (_linked(request, link, progress),)


def _by_offset(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """Pages begin after so many rows: until the total is reached, no more are promised, or a page is empty."""
    link = _next_link(paging, response)
    if link is not None:
        return _after_link(paging, request, response, progress, link)
    promised, whole = more_promised(paging, response), total(paging, response)
    if promised is False or (promised is None and whole is not None and progress.rows >= whole):
        _check_total(paging, response, progress)
        return ()
    if progress.page_rows == 0:
        _check_total(paging, response, progress)
        if promised:
            raise IncompleteAnswerError(
                f"page {request.place} promises more rows and has none: {request.url}"
            )
        return ()
    return (_next(request, next_offset(paging, request, progress.page_rows), progress),)


def _by_token(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress
) -> tuple[ApiRequest, ...]:
    """The answer, or its last row, gives a token to send for the next page."""
    if paging.last and not paging.more and progress.page_rows == 0:
        return ()
    url = next_token(paging, request, response, progress.rows_at)
    if url is None:
        _check_total(paging, response, progress)
        return ()
    return (_next(request, url, progress),)


def is_silent(paging: Paging | None, response: ApiResponse) -> bool:
    """Whether an answer says nothing of how its list goes on: neither links nor a total."""
    if paging is None or paging.style not in ("page_number", "offset"):
        return False
    if paging.more and more_promised(paging, response) is not None:
        return False
    return not _has_links(paging, response) and total(paging, response) is None


def next_page_link(paging: Paging, response: ApiResponse) -> str | None:
    """The link to the next page as the answer writes it. Raises IncompleteAnswerError if it is no text."""
    return _next_link(paging, response)


PAGINGS: Mapping[str, Callable[[Paging, ApiRequest, ApiResponse, Progress], tuple[ApiRequest, ...]]] = {
    "page_number": _by_number,
    "next_link": _by_link,
    "link_header": _by_header,
    "offset": _by_offset,
    "token": _by_token,
}


def _next_link(paging: Paging, response: ApiResponse) -> str | None:
    raw = navigate(response.body, paging.next) if paging.next else None
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=str | None) or None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = ".".join(paging.next)
        raise IncompleteAnswerError(
            f"the link to the next page at {place} is no text: {bytes(raw)[:80]!r}"
        ) from error


def _has_links(paging: Paging, response: ApiResponse) -> bool:
    """Whether the answer says how it goes on: the object that would hold the next link, or its null."""
    raw = navigate(response.body, paging.next[:1]) if paging.next else None
    return raw is not None and (len(paging.next) == 1 or bytes(raw).strip() not in {b"null", b"{}"})


def total(paging: Paging, response: ApiResponse) -> int | None:
    """The rows of the whole list as an answer tells them; None where it does not."""
    raw = navigate(response.body, paging.total) if paging.total else None
    if raw is None:
        return None
    try:
        promised = msgspec.json.decode(raw, type=int | None)
    except msgspec.DecodeError:
        return None  # a total that is no number promises nothing
    return promised if promised is not None and promised >= 0 else None


def _check_total(paging: Paging, response: ApiResponse, progress: Progress) -> None:
    promised = total(paging, response)
    if promised is not None and progress.rows < promised and not progress.moved:
        raise IncompleteAnswerError(
            f"the API promises {promised:,} rows and gave {progress.rows:,}, with no way to ask for the rest"
        )


def _after_link(
    paging: Paging, request: ApiRequest, response: ApiResponse, progress: Progress, link: str
) -> tuple[ApiRequest, ...]:
    """The page that a link leads to. One that leads away ends a list whose promised rows are all there."""
    promised = total(paging, response)
    if promised is not None and progress.rows >= promised and not _stays(request, link):
        return ()
    return (_linked(request, link, progress),)


def _stays(request: ApiRequest, link: str) -> bool:
    try:
        url = urljoin(request.url, link)
        # A user's name in a link would take the place of the credential.
        return origin(url) == origin(request.url) and "@" not in urlsplit(url).netloc
    except ValueError:
        return False


def _linked(request: ApiRequest, link: str, progress: Progress) -> ApiRequest:
    if not _stays(request, link):
        raise IncompleteAnswerError(
            f"page {request.place} links to its next page on another host: {link[:200]!r}",
            hints=(f"refused to leave {urlsplit(request.url).netloc}; no credential was sent there",),
        )
    return _next(request, urljoin(request.url, link), progress)


def _numbered(paging: Paging, request: ApiRequest, progress: Progress) -> ApiRequest:
    return _next(request, with_query(request.url, paging.page or "page", str(request.place + 1)), progress)


def _next(request: ApiRequest, url: str, progress: Progress) -> ApiRequest:
    url = urlsplit(url)._replace(fragment="").geturl()
    if len(url) > _LONGEST_URL or not url.isprintable():
        raise IncompleteAnswerError(f"page {request.place} links to what is no URL: {url[:200]!r}")
    if url in progress.asked:
        raise IncompleteAnswerError(
            f"page {request.place} links to a page that was already read: {url}",
            hints=("the list would never end; the rows read so far are not its whole",),
        )
    return msgspec.structs.replace(request, url=url, place=request.place + 1)
