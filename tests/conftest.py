"""What every test shares: the repository's root to import the tests' own modules from, and hypothesis's profiles."""

import gc
import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# The collector finds next to nothing in what tests leave, and looks at all that five thousand of them have imported.
gc.set_threshold(50_000, 50, 100)

# The suite asks the same examples every time; HYPOTHESIS_PROFILE=search asks new ones, and more of them.
settings.register_profile("suite", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("search", deadline=None, database=None, print_blob=True, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_addoption(parser):  # type: ignore[no-untyped-def]
    parser.addoption("--rewrite", action="store_true", help="write what is answered as what is expected")
