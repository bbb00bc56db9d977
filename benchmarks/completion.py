"""How long a key waits for what can follow: completion over a whole provider, the first time in each place.

Law: nothing is warm but what the shell itself brings in behind its prompt, and the documents are compiled, as they are
from their first use on; what is told is the slowest place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from sqloud.frontends.completion import complete
from sqloud.frontends.completion_names import CatalogueNames
from sqloud.session import Session
from sqloud.settings import Settings

BAR = 0.05
"""Seconds."""


def places(session: Session) -> Iterator[str]:
    """Texts with the cursor at `|`: a service's tables, and each table's columns, conditions, joins and methods."""
    catalogue = session.catalogue
    for provider in catalogue.providers():
        for service, _ in catalogue.services(provider):
            yield f"SELECT * FROM {provider}.{service}.|"
            for resource in catalogue.resources(provider, service):
                table = resource.name
                yield f"SELECT n| FROM {table} t"
                yield f"FROM {table} t WHERE |"
                yield f"SELECT * FROM {table} t JOIN {provider}.droplets.droplets d ON |"
                yield f"EXEC {table}.|"


def run(tell: Callable[[str], object], settings: Settings) -> None:
    """Ask in every place, and tell the slowest."""
    with Session(settings) as session:
        list(places(session))
    with Session(settings) as session:
        session.functions()
        names = CatalogueNames(
            session.catalogue,
            relations=list,
            relation_columns=lambda _: (),
            functions=session.functions,
            variables=lambda: (),
            settings=lambda: (),
        )
        took = []
        for place in places(session):
            began = time.perf_counter()
            complete(place.replace("|", ""), place.index("|"), names)
            took.append((time.perf_counter() - began, place))
    slowest, where = max(took)
    tell(
        f"completion, the slowest of {len(took):,} places: {slowest * 1000:.1f} ms "
        f"(bar {BAR * 1000:.0f} ms) at   {where}"
    )
