"""What is public is what `sqloud.__all__` says, and the documents say what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry

import sqloud
from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.frontends.options import main_parser
from sqloud.output.screen import gathered, grid_lines
from sqloud.session import Session
from sqloud.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def test_every_public_name_is_there() -> None:
    assert [name for name in sqloud.__all__ if getattr(sqloud, name, None) is None] == []
    assert sorted(sqloud.__all__) == dir(sqloud)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sqloud.no_such_name


def test_importing_sqloud_imports_nothing_else() -> None:
    loaded = "import sys, sqloud; print(sorted(m for m in sys.modules if m.split('.')[0] in "
    loaded += "{'sqlglot', 'httpx', 'duckdb', '_duckdb', 'asyncio', 'msgspec', 'typing', 'argparse'}))"
    ran = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout == "[]\n"


def test_every_option_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    options = [option for action in main_parser("")._actions for option in action.option_strings]
    assert [option for option in options if option != "-h" and f"`{option}" not in text] == []


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def python_examples() -> list[tuple[str, str]]:
    found = []
    for name in ("README.md", "docs/library.md"):
        text = (ROOT / name).read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if name == "docs/library.md":
            blocks.append(re.sub(r"(?m)^    ", "", text.split("\n\nPEP 249")[0].split("\n\n", 1)[1]))
        found += [(f"{name} {number}", block) for number, block in enumerate(blocks, 1)]
    return found


@pytest.mark.parametrize(("name", "code"), python_examples(), ids=lambda value: value[:20])
def test_the_examples_run(
    name: str, code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry.register("sqloud", "sqloud.frontends.alchemy", "SqloudDialect")
    exec(compile(code, name, "exec"), {})
    shown = capsys.readouterr().out
    assert shown if name.startswith("docs") else "example.com 2025-11-21" in shown


def test_the_readme_shows_true_output() -> None:
    """The session of the first screen is what the shell shows on a terminal."""
    text = (ROOT / "README.md").read_text()
    session = text.split("```console\n")[1].split("```")[0]
    statement = " ".join(re.findall(r"^(?:sqloud>|     ->) (.*)$", session, re.MULTILINE))
    told: list[str] = []
    with Session(Settings(sandbox=True), on_notice=told.append) as opened:
        result = opened.run(split(Source("README.md", statement))[0])
        lines = grid_lines(gathered(result.columns, result.batches(), None), colour=False)
    assert session.split("from a cloud\n")[1].splitlines() == lines
    assert f"note: {told[0]}\n" in session
