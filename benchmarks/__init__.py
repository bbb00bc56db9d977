"""Ratios measured in one run, on this machine."""
