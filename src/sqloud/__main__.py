"""`python -m sqloud` is the command `sqloud`."""

from sqloud.frontends.cli import run

run()
