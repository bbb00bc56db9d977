"""The wheel carries all that it needs, and a checkout finds the same beside `src/`."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = "from sqloud.settings import shipped; print(shipped('providers')); print(shipped('grammar'))"
SELECT = "SELECT count(*) FROM digitalocean.droplets.droplets"


def run(where: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(where), "HOME": str(home)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, cwd=home, timeout=60
    )


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this tree, unpacked in a folder of its own as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_brings_its_folders(unpacked: Path, tmp_path: Path) -> None:
    found = run(unpacked, "-c", ASK, home=tmp_path).stdout.split()
    assert found == [str(unpacked / "sqloud" / "_shipped" / folder) for folder in ("providers", "grammar")]
    assert (Path(found[0]) / "provider.schema.json").is_file()
    assert (Path(found[0]) / "digitalocean" / "droplets.yaml").is_file()
    assert (Path(found[1]) / "sqloud.lark").is_file()
    assert (unpacked / "sqloud" / "py.typed").is_file()


def test_the_wheel_answers(unpacked: Path, tmp_path: Path) -> None:
    ran = run(unpacked, "-m", "sqloud", "--sandbox", "-o", "csv", "-c", SELECT, home=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "count\n60\n"), ran.stderr


def test_a_checkout_finds_them_beside_src(tmp_path: Path) -> None:
    found = run(ROOT / "src", "-c", ASK, home=tmp_path).stdout.split()
    assert found == [str(ROOT / "providers"), str(ROOT / "grammar")]


def test_nothing_heavy_is_required() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split("[~=<>]", requirement)[0] for requirement in project["dependencies"]}
    assert names == {
        "certifi", "duckdb", "h11", "httpx", "jsonschema", "msgspec", "platformdirs", "prompt_toolkit", "pyyaml",
        "sniffio", "sqlglot", "tabulate",
    }  # fmt: skip
