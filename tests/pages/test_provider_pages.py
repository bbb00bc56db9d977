"""Pages of a provider: they tell what the documents say, and their examples are statements."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqloud.dialect import parse, split
from sqloud.errors import MissingParameterError, Source
from sqloud.frontends.cli import main
from sqloud.pages.folder import provider_pages
from sqloud.pages.markdown import table, text
from sqloud.planner.examples import example
from sqloud.registry import Catalogue
from sqloud.registry.records import Parameter
from sqloud.session import Session
from sqloud.settings import Settings, shipped

CATALOGUE = Catalogue((shipped("providers"),), None)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    provider = CATALOGUE.provider("digitalocean")
    return provider_pages(
        provider, lambda name: CATALOGUE.service("digitalocean", name), CATALOGUE.newer_names("digitalocean")
    )


BACKUPS = (
    "`digitalocean.droplets.backups`",
    "| Type | Resource |",
    "| `id` | `integer` |",
    "| `name` | `string` |",
    "| `created_at` | `string (date-time)` |",
    "| `min_disk_size` | `integer` |",
    "| `regions` | `array of string` |",
    "| `size_gigabytes` | `number` |",
    "| `type` | `string` |",
    "| `droplets_list_backups` | `SELECT` | `GET /v2/droplets/{droplet_id}/backups` | `droplet_id` |",
    "FROM digitalocean.droplets.backups\nWHERE droplet_id = '{{ droplet_id }}';",
)


@pytest.mark.parametrize("fact", BACKUPS)
def test_the_page_of_the_first_table_carries_every_fact(pages: dict[str, str], fact: str) -> None:
    assert fact in pages["droplets/backups.md"]


def test_every_resource_and_method_has_its_place(pages: dict[str, str]) -> None:
    for service, _ in CATALOGUE.provider("digitalocean").services:
        assert f"({service}/index.md)" in pages["index.md"]
        for resource in CATALOGUE.service("digitalocean", service).resources:
            page = pages[f"{service}/{resource.name.resource}.md"]
            assert all(
                f"| `{method.name}` | `{method.verb.upper()}` |" in page for method in resource.methods
            )
            assert f"({resource.name.resource}.md)" in pages[f"{service}/index.md"]


def test_every_link_leads_to_a_page(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        for target in re.findall(r"\]\(([^)]+)\)", page):
            assert _joined(name, target) in pages, (name, target)


def _joined(page: str, target: str) -> str:
    parts = page.split("/")[:-1]
    for part in target.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def test_every_example_is_one_statement() -> None:
    for service, _ in CATALOGUE.provider("digitalocean").services:
        for resource in CATALOGUE.service("digitalocean", service).resources:
            for method in resource.methods:
                written = example(resource, method)
                (statement,) = split(Source(f"{resource.name}.{method.name}", written))
                parse(statement, dict.fromkeys(re.findall(r"{{ (\w+) }}", written), "1"))


def test_newer_names_stand_on_the_page(pages: dict[str, str]) -> None:
    assert "`digitalocean.compute.droplet_backups`" in pages["droplets/backups.md"]


def test_the_pages_in_the_repository_are_these(pages: dict[str, str]) -> None:
    folder = shipped("providers").parent / "docs" / "digitalocean"
    there = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")
    }
    assert {name for name in {*there, *pages} if there.get(name) != pages.get(name)} == set(), (
        "run: make docs"
    )


def test_every_select_example_runs_on_the_sandbox() -> None:
    known: dict[str, str | None] = {}
    with Session(Settings(sandbox=True), on_notice=lambda _: None) as session:

        def rows(sql: str, values: dict[str, str]) -> list[tuple[object, ...]]:
            (statement,) = split(Source("example", sql))
            return [row for batch in session.run(statement, variables=values).batches() for row in batch]

        def value(parameter: Parameter) -> str:
            """A key that is there, where the parameter refers to one; else what fits its type."""
            if (refers := parameter.refers_to) is not None and refers not in known:
                service, resource, column = refers.rsplit(".", 2)
                try:
                    found = rows(f"SELECT {column} FROM digitalocean.{service}.{resource} LIMIT 1", {})
                except MissingParameterError:
                    found = []
                known[refers] = str(found[0][0]) if found else None
            return known.get(refers or "") or fitting(parameter)

        ran = 0
        for service, _ in CATALOGUE.provider("digitalocean").services:
            for resource in CATALOGUE.service("digitalocean", service).resources:
                for method in resource.methods_for("select"):
                    values = {parameter.sql_name: value(parameter) for parameter in method.required}
                    ran += rows(example(resource, method), values) is not None
    assert ran > 300


def fitting(parameter: Parameter) -> str:
    if parameter.enum:
        return str(parameter.enum[0])
    if parameter.type.type in {"integer", "number"} or parameter.name in {"start", "end"}:
        return str(int(max(1, parameter.minimum or 1)))
    if parameter.type.type == "boolean":
        return "true"
    return "2025-01-31T12:00:00Z" if parameter.type.format == "date-time" else "2025-01-31"


def test_a_cell_stays_a_cell() -> None:
    written = table(("a",), [("`x | y`",), (text("p | q\nr_s"),)])
    assert written.splitlines()[2:] == ["| `x \\| y` |", "| p \\| q r\\_s |"]


def test_the_command_writes_checks_and_keeps_out_of_other_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pages"
    command = ["provider", "docs", "digitalocean", "--out", str(out)]
    assert main(command) == 0
    assert main([*command, "--check"]) == 0
    (out / "droplets" / "backups.md").write_text("changed", encoding="utf-8")
    (out / "droplets" / "gone.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert main([*command, "--check"]) == 1
    told = capsys.readouterr().out
    assert f"{out}/droplets/backups.md: differs" in told
    assert f"{out}/droplets/gone.md: is no page any more" in told
    assert main(command) == 0
    assert not (out / "droplets" / "gone.md").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine", encoding="utf-8")
    assert main([*command[:-1], str(other)]) == 2
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_an_unknown_provider_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["provider", "docs", "digitalocaen", "--out", str(tmp_path / "x")]) == 1
    assert "did you mean digitalocean?" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_a_site_has_a_page_for_each_and_a_search(tmp_path: Path, pages: dict[str, str]) -> None:
    from sqloud.pages.site import build_site

    some = {name: page for name, page in pages.items() if name.startswith(("regions/", "sizes/"))}
    index = "# Some\n\n[regions](regions/index.md), [sizes](sizes/index.md)\n"
    build_site({"index.md": index, **some}, tmp_path / "site", title="Some")
    site = {str(path.relative_to(tmp_path / "site")) for path in (tmp_path / "site").rglob("*.html")}
    assert {name.removesuffix(".md") + ".html" for name in some} <= site
    assert {"index.html", "search.html"} <= site
    assert 'name="viewport"' in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "digitalocean.sizes.sizes" in (tmp_path / "site" / "sizes" / "sizes.html").read_text(
        encoding="utf-8"
    )
