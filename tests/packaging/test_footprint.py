"""What `pip install sqloud` alone brings is what the docs say, and stays small."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = 140
"""Megabytes beside pip and setuptools."""


def brought(requirement: str, found: dict[str, int]) -> None:
    """Add a package and all that it requires without an extra, with the bytes of its files."""
    name = re.split(r"[\s\[;<>=!~(]", requirement)[0].lower().replace("_", "-")
    if name in found:
        return
    package = distribution(name)
    files = [Path(str(file.locate())) for file in package.files or ()]
    found[name] = sum(file.stat().st_size for file in files if file.is_file())
    for other in package.requires or ():
        text, _, marker = other.partition(";")
        if "extra" in marker or ("python_version <" in marker and '"3.13"' not in marker):
            continue
        brought(text, found)


def test_the_base_install_is_as_small_as_documented() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found: dict[str, int] = {}
    for requirement in required:
        brought(requirement, found)
    own = [*(ROOT / "src").rglob("*.py"), *(ROOT / "providers").rglob("*"), *(ROOT / "grammar").rglob("*")]
    megabytes = (sum(found.values()) + 2 * sum(file.stat().st_size for file in own if file.is_file())) / 2**20
    assert not {"pyarrow", "pandas", "polars", "sqlalchemy", "numpy", "ipython", "pytz"} & set(found)
    said = re.search(r"(\d+) packages beside itself, (\d+) MB", (ROOT / "docs" / "library.md").read_text())
    assert said is not None
    assert int(said[1]) == len(found), sorted(found)
    assert megabytes <= int(said[2]) < MOST, megabytes
