"""Whole numbers divided without a float."""

from __future__ import annotations


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` (> 0) to the nearest integer, halves away from zero."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded
