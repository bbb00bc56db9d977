"""The reference page is what the docstrings say."""

import runpy
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "docs" / "reference" / "build.py"


def test_the_reference_is_up_to_date() -> None:
    built = runpy.run_path(str(BUILD))
    # `python docs/reference/build.py` writes it.
    assert built["PAGE"].read_text() == built["page"]()
