"""Which figures are of payments of ours, and which of money that belongs to none (yet)."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from reconciliation.models import DayTotal


def attached() -> ColumnElement[bool]:
    """SQL: a `DayTotal` is of payments of ours, not of money in suspense or set aside from it."""
    return DayTotal.product != ""
