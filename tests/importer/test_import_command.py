"""`sqloud provider import`: what it prints, what it writes, how it ends."""

from pathlib import Path

import pytest

from sqloud.frontends.importing import run

SPECIFICATION = Path(__file__).parent / "acme" / "openapi.yaml"


def arguments(out: Path, *more: str) -> list[str]:
    return [str(SPECIFICATION), "--name", "acme", "--out", str(out), *more]


def test_import_check_and_a_newer_specification(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "acme"
    assert run(arguments(out, "--check")) == 1
    assert "provider.yaml: would be added" in capsys.readouterr().out
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []
    assert run(arguments(out)) == 0
    printed = capsys.readouterr()
    assert "servers.yaml: added" in printed.out
    assert "is not yet decided" in printed.err
    assert run(arguments(out, "--check")) == 0
    assert capsys.readouterr().out == f"{out}: nothing changes\n"
    newer = tmp_path / "newer.yaml"
    newer.write_text(SPECIFICATION.read_text("utf-8").replace("listDisks", "listVolumes"), "utf-8")
    assert run([str(newer), "--name", "acme", "--out", str(out), "--check"]) == 1
    assert capsys.readouterr().out == f"{out / 'servers.yaml'}: would be changed\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme", "newer.yaml"]


def test_the_overlay_beside_the_output_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = tmp_path / "acme" / "overlay"
    overlay.mkdir(parents=True)
    decided = "service: billing\ndescription: What it costs.\n"
    (overlay / "billing.yaml").write_text(decided, "utf-8")
    for _ in range(2):
        assert run(arguments(tmp_path / "acme", "--quiet")) == 0
    assert "description: What it costs." in (tmp_path / "acme" / "billing.yaml").read_text("utf-8")
    assert (overlay / "billing.yaml").read_text("utf-8") == decided
    assert capsys.readouterr().err == ""


def test_a_bad_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run([str(SPECIFICATION), "--name", "Acme Cloud"])
    assert caught.value.code == 2
    assert "small letters" in capsys.readouterr().err
