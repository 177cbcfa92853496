"""Leakage in sight: what was counted on the ground beside what was recorded."""
