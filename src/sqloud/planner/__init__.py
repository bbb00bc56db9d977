"""From a statement and a catalogue to a plan."""

from sqloud.planner.discovery import describe, show
from sqloud.planner.select import plan_query

__all__ = ["describe", "plan_query", "show"]
