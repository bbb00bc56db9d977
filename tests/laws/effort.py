"""How many examples a law tries: few and the same in the suite, many and new ones in a search."""

from hypothesis import settings

SECONDS_PER_EXAMPLE = 0.2
"""More than one costs on a slow and busy machine."""


def examples(suite: int) -> int:
    """`suite`, or those of the profile where they are more (HYPOTHESIS_PROFILE=search)."""
    return max(suite, settings().max_examples)


def patience(suite: int) -> float:
    """Seconds that a test may take for its examples."""
    return max(60.0, examples(suite) * SECONDS_PER_EXAMPLE)
