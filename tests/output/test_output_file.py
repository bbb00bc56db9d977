"""`--out FILE`: the old file or the new one, never a part."""

import os
import stat
import threading
from pathlib import Path

import pytest

from sqloud.errors import OperationalError
from sqloud.output.outfile import OutputFile


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.json").write_text("old")
    return tmp_path


@pytest.mark.parametrize("name", ["new.json", "old.json"])
def test_it_appears_whole_at_the_end(folder: Path, name: str) -> None:
    before = (folder / name).read_text() if (folder / name).exists() else None
    with OutputFile(folder / name) as stream:
        stream.write("漢\n")
        stream.flush()
        assert ((folder / name).read_text() if (folder / name).exists() else None) == before
    assert (folder / name).read_bytes() == "漢\n".encode()
    assert names_in(folder) == sorted({name, "old.json"})


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["new.json", "old.json"])
def test_a_failure_leaves_what_was_there(folder: Path, name: str, failure: type[BaseException]) -> None:
    def fail_half_way() -> None:
        with OutputFile(folder / name) as stream:
            stream.write("half")
            raise failure

    with pytest.raises(failure):
        fail_half_way()
    assert names_in(folder) == ["old.json"]
    assert (folder / "old.json").read_text() == "old"


def test_it_can_be_discarded_without_an_exception(folder: Path) -> None:
    file = OutputFile(folder / "old.json")
    with file as stream:
        stream.write("half")
        file.discard()
    assert names_in(folder) == ["old.json"]
    assert (folder / "old.json").read_text() == "old"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_an_existing_file_keeps_its_mode(folder: Path, mode: int) -> None:
    (folder / "old.json").chmod(mode)
    with OutputFile(folder / "old.json") as stream:
        stream.write("new")
    assert stat.S_IMODE((folder / "old.json").stat().st_mode) == mode


def test_a_new_file_has_the_usual_mode(folder: Path) -> None:
    (folder / "usual").touch()
    with OutputFile(folder / "new.json") as stream:
        stream.write("new")
    assert (folder / "new.json").stat().st_mode == (folder / "usual").stat().st_mode


def test_a_link_stays_and_its_target_is_replaced(folder: Path) -> None:
    (folder / "link.json").symlink_to("old.json")
    with OutputFile(folder / "link.json") as stream:
        stream.write("new")
    assert (folder / "link.json").is_symlink()
    assert (folder / "old.json").read_text() == "new"


def test_a_leftover_of_another_run_is_not_touched(folder: Path) -> None:
    leftover = folder / f".sqloud-{os.getpid()}-0.partial"
    leftover.write_text("not ours")
    with OutputFile(folder / "new.json") as stream:
        stream.write("new")
    assert leftover.read_text() == "not ours"
    assert names_in(folder) == [leftover.name, "new.json", "old.json"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "it is a directory"),
        ("missing/new.json", "No such file or directory"),
        ("old.json/new.json", "Not a directory"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(folder: Path, name: str, message: str) -> None:
    with pytest.raises(OperationalError, match=message), OutputFile(folder / name):
        pytest.fail("it was opened")
    assert names_in(folder) == ["old.json"]


def test_a_pipe_is_written_and_not_replaced(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with OutputFile(pipe) as stream:
        stream.write("through")
    reader.join(5)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OperationalError, match="No space left"), OutputFile("/dev/full") as stream:
        stream.write("x")
