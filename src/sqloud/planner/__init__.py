"""From a statement and a catalogue to a plan."""

from sqloud.planner.discovery import describe, show
from sqloud.planner.guides import describe_method, ready
from sqloud.planner.literals import fit
from sqloud.planner.readings import plan_query
from sqloud.planner.residual import judge_expression

__all__ = ["describe", "describe_method", "fit", "judge_expression", "plan_query", "ready", "show"]
