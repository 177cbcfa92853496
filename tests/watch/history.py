"""Weeks of history at the lots of the town, put straight into the tables that are only counted here."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from parking.people.models import Person
from parking.sessions.models import Exemption, ParkingSession, ProxyPayment, TransferClaim
from parking.shifts.models import CashEntry, Shift
from payments import audit
from payments.db import Base, business_day, new_id
from payments.models import Payment
from tests.kit import Town

HOA, TU = "person:hoa", "person:tu"


@dataclass
class History:
    """Rows for the lots of `town`, written when `write` is called."""

    town: Town
    rows: list[Base] = field(default_factory=list)
    acts: list[tuple[str, str, str, dict[str, object], datetime]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(10_000))

    def ago(self, weeks: int = 0, days: int = 0, minutes: int = 0) -> datetime:
        """An instant before the town's now, which is a Friday, 08:00."""
        return self.town.now - timedelta(weeks=weeks, days=days, minutes=minutes)

    def stay(
        self,
        at: datetime,
        lot: str = "HK01",
        who: str = HOA,
        *,
        left: datetime | None = None,
        kind: str = "observed",
        proof: str | None = None,
    ) -> ParkingSession:
        """A motorbike that came at `at`, taken in and let out by `who`."""
        session_id, number = new_id(), next(self._numbers)
        row = ParkingSession(
            id=session_id,
            token=secrets.token_urlsafe(16),
            reference=f"session:{session_id}",
            lot_id=self.town.lots[lot].id,
            plate_key=f"29X{number}",
            plate=f"29X-{number}",
            plate_kind="motorbike",
            needs_review=False,
            vehicle_class="motorbike",
            tariff_code="hn-inner-two-wheel",
            tariff_version=1,
            entry_at=at,
            declared=False,
            opened_by=who,
            created_at=at,
            exit_at=left,
            exit_by=who if left else None,
            exit_recorded_at=left,
            exit_kind=kind if left else None,
            exit_proof=proof,
        )
        self.rows.append(row)
        return row

    def stays(self, number: int, at: datetime, lot: str = "HK01", who: str = HOA) -> None:
        """Several that came in the same minute and left an hour later."""
        for _ in range(number):
            self.stay(at, lot, who, left=at + timedelta(hours=1))

    def exempt(self, session: ParkingSession, at: datetime, who: str = HOA, **more: object) -> None:
        """An exemption of this stay."""
        self.rows.append(Exemption(session_id=session.id, reason="child", by=who, at=at, **more))

    def claim(self, session: ParkingSession, at: datetime, who: str = HOA, **more: object) -> None:
        """Somebody says that a transfer for this stay is on its way."""
        self.rows.append(
            TransferClaim(
                session_id=session.id, amount=5_000, claimed_by=who, claimed_at=at, **more
            )
        )

    def act(
        self, session: ParkingSession, act: str, at: datetime, who: str = HOA, **detail: object
    ) -> None:
        """An act in the audit trail about this stay."""
        self.acts.append((who, act, session.reference, detail, at))

    def payment(self, at: datetime, lot: str = "HK01", received: int = 5_000) -> Payment:
        """A payment for something at this lot."""
        row = Payment(
            id=new_id(),
            number=next(self._numbers),
            code=f"P{next(self._numbers)}",
            account_id=self.town.account().id,
            reference=f"session:{uuid.uuid4()}",
            intent=f"quote:{uuid.uuid4()}",
            amount=5_000,
            currency="VND",
            cost_centre=lot,
            product="motorbike",
            description="",
            created_at=at,
            expires_at=at,
            return_url="",
            notify_url="",
            state="paid" if received else "expired",
            received=received,
            paid_at=at if received else None,
            book_day=business_day(at) if received else None,
        )
        self.rows.append(row)
        return row

    def shift(self, person: Person, at: datetime, lot: str = "HK01") -> Shift:
        """A shift that is over."""
        row = Shift(
            id=new_id(),
            person_id=person.id,
            lot_id=self.town.lots[lot].id,
            account_id=self.town.account().id,
            opened_at=at,
            opening=0,
            closed_at=at + timedelta(hours=8),
        )
        self.rows.append(row)
        return row

    def in_cash(self, payment: Payment, shift: Shift, at: datetime, who: str = HOA) -> None:
        """That payment was taken in cash."""
        self.rows.append(
            CashEntry(payment_id=payment.id, shift_id=shift.id, reason="no_phone", by=who, at=at)
        )

    def by_proxy(self, payment: Payment, at: datetime, who: str = HOA) -> None:
        """That payment was made by the attendant."""
        self.rows.append(ProxyPayment(payment_id=payment.id, by=who, at=at))

    def write(self) -> None:
        """Put everything into the database, what others refer to first."""
        first = (ParkingSession, Payment, Shift)
        with self.town.house.databases.write.begin() as tx:
            tx.add_all(row for row in self.rows if isinstance(row, first))
            tx.flush()
            tx.add_all(row for row in self.rows if not isinstance(row, first))
            for act in self.acts:
                audit.append(tx, *act)
        self.rows, self.acts = [], []
