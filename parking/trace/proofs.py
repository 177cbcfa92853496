"""The last steps: the certificate a day's figures stand in, and the seal over each motion of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.trace.model import Stage, Step
from payments.models import MerchantAccount, Movement
from reconciliation.closing.models import CLOSED, Certificate, Closing
from reconciliation.seals.finding import seal_over


def certificates(tx: Session, movements: Sequence[Movement]) -> Iterator[Step]:
    """The certificate of each closed day that this money was booked on."""
    accounts = {row.account_id for row in movements}
    mine = select(MerchantAccount).where(MerchantAccount.id.in_(accounts))
    owners = {account.id: account.operator for account in tx.scalars(mine)}
    days = {(owners[row.account_id], row.book_day) for row in movements}
    standing = and_(Closing.certificate_id == Certificate.id, Closing.state == CLOSED)
    query = (
        select(Certificate)
        .join(Closing, standing)
        .where(tuple_(Certificate.operator, Certificate.day).in_(days))
        .order_by(Certificate.day, Certificate.operator)
    )
    for row in tx.scalars(query):
        yield Step(
            Stage.CERTIFICATE,
            mark("Certified in certificate %(number)s of %(day)s, revision %(revision)s"),
            row.sha256,
            {"number": row.number, "day": f"{row.day:%d/%m/%Y}", "revision": row.revision},
            recorded_at=row.closed_at,
            by=row.closed_by,
            id=row.id,
            day=row.day,
        )


def seals(tx: Session, movements: Sequence[Movement]) -> Iterator[Step]:
    """The block that each movement was sealed in; what came in the last minutes is not sealed yet."""
    for row in movements:
        found = seal_over(tx, "movement", row.id)
        if found is not None:
            yield Step(
                Stage.SEAL,
                mark("Sealed in block %(number)s of the chain"),
                found.digest,
                {"number": found.number},
                recorded_at=found.sealed_at,
                by=row.rail_ref,
            )
