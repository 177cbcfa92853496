"""How many stays ended on a day: counted by whoever knows them, kept here beside the money, by label.

Reconciliation adds them up with the day totals (`reconciliation.summaries`), so a report reads money and
stays of the same time from the same rows.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base

#: Stays have no currency; they stand beside the money of the city.
CURRENCY = "VND"


class StayTotal(Base):
    """The stays of one operator, cost centre and product that ended on `day`, `exempt` those of them
    that cost nothing for a listed reason. A stay on a pass has the product of its pass."""

    __tablename__ = "stay_total"

    operator: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    cost_centre: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(primary_key=True)
    stays: Mapped[int]
    exempt: Mapped[int]

    __table_args__ = (
        CheckConstraint("exempt BETWEEN 0 AND stays", name="exempt"),
        {"sqlite_with_rowid": False},
    )
