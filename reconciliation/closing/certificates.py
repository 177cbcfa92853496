"""The certificate of a closed day: one document, the same bytes for ever, each naming the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.closing.figures import KNOWN, RECORDED, Change, Figures, Part, changes
from reconciliation.closing.models import REOPENED, Certificate, Closing, ClosingException
from reconciliation.models import Statement
from reconciliation.rules.finding import Sum, not_parking
from reconciliation.seals.sealing import head

#: Of the document, so that readers of later years know what to expect.
FORM = "parking-day-certificate-1"


@dataclass(frozen=True, slots=True)
class Certified:
    """What goes into a certificate besides what the database knows: the closing that ends in it, its
    exceptions, the figures, and when."""

    closing: Closing
    exceptions: Sequence[ClosingException]
    figures: Mapping[Part, Figures]
    now: datetime


def write(tx: Session, certified: Certified) -> Certificate:
    """Write the next certificate of the operator. The caller sees to it that nobody else does."""
    closing = certified.closing
    before = newest(tx, closing.operator)
    earlier = of_day(tx, closing.operator, closing.day)
    content = _document(tx, certified, before, earlier)
    body = encode(content)
    certificate = Certificate(
        operator=closing.operator,
        day=closing.day,
        number=content["number"],
        revision=content["revision"],
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        previous=content["previous"],
        closed_at=certified.now,
        closed_by=closing.begun_by,
    )
    tx.add(certificate)
    tx.flush()
    return certificate


def newest(tx: Session, operator: str) -> Certificate | None:
    """The operator's last certificate."""
    mine = select(Certificate).where(Certificate.operator == operator)
    return tx.scalar(mine.order_by(Certificate.number.desc()).limit(1))


def of_day(tx: Session, operator: str, day: date) -> Sequence[Certificate]:
    """The certificates of one day, the last revision first."""
    mine = select(Certificate).where(Certificate.operator == operator, Certificate.day == day)
    return tx.scalars(mine.order_by(Certificate.revision.desc())).all()


def encode(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON: names in order, no blanks, UTF-8, one line."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def decode(certificate: Certificate) -> dict[str, Any]:
    """What a certificate says."""
    content: dict[str, Any] = json.loads(certificate.body)
    return content


def figures_in(content: Mapping[str, Any]) -> Mapping[Part, Figures]:
    """The figures that a certificate states."""
    return {
        Part(**{name: row[name] for name in Part.__slots__}): {
            name: row[name] for name in (*RECORDED, *KNOWN)
        }
        for row in content["figures"]
    }


def _document(
    tx: Session,
    certified: Certified,
    before: Certificate | None,
    earlier: Sequence[Certificate],
) -> dict[str, Any]:
    closing, last = certified.closing, head(tx)
    return {
        "form": FORM,
        "operator": closing.operator,
        "day": closing.day.isoformat(),
        "number": before.number + 1 if before else 1,
        "revision": earlier[0].revision + 1 if earlier else 1,
        "begun_by": closing.begun_by,
        "begun_at": _at(closing.begun_at),
        "stopped_at": _at(closing.stopped_at),
        "closed_at": _at(certified.now),
        "figures": [_row(part, row) for part, row in sorted(certified.figures.items())],
        "totals": _totals(certified.figures),
        "not_parking": _not_parking(tx, closing.operator, closing.day),
        "exceptions": [_exception(one) for one in certified.exceptions],
        "files": _files(tx, closing.operator, closing.day),
        "reopened": _reopened(tx, closing) if earlier else None,
        "changes": _changes(earlier[0], certified.figures) if earlier else [],
        "previous": before.sha256 if before else None,
        "seal": {"number": last.number, "digest": last.digest},
    }


def _at(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat(timespec="microseconds") if instant else None


def _row(part: Part, row: Figures) -> dict[str, Any]:
    return {name: getattr(part, name) for name in Part.__slots__} | dict(row)


def _totals(figures: Mapping[Part, Figures]) -> dict[str, dict[str, int]]:
    """Currency → the sums of all figures."""
    found: dict[str, dict[str, int]] = {}
    for part, row in figures.items():
        sums = found.setdefault(part.currency, dict.fromkeys((*RECORDED, *KNOWN), 0))
        for name, amount in row.items():
            sums[name] += amount
    return found


def _exception(one: ClosingException) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "kind": one.kind,
        "reason": one.reason,
        "named_by": one.named_by,
        "named_at": _at(one.named_at),
        "confirmed_by": one.confirmed_by,
        "confirmed_at": _at(one.confirmed_at),
    }


def not_parking_on(tx: Session, operator: str, day: date) -> Sequence[Sum]:
    """The lines of the operator's files that rules name as not parking, per currency: with them the
    files' own control totals foot."""
    mine = select(MerchantAccount.id).where(MerchantAccount.operator == operator)
    return not_parking(tx, day, tx.scalars(mine).all())


def _not_parking(tx: Session, operator: str, day: date) -> list[dict[str, Any]]:
    sums = not_parking_on(tx, operator, day)
    return [{name: getattr(one, name) for name in Sum.__slots__} for one in sums]


def _files(tx: Session, operator: str, day: date) -> list[dict[str, Any]]:
    """The files that the figures rest on."""
    rows = tx.execute(
        select(MerchantAccount.slug, Statement.leg, Statement.name, Statement.sha256)
        .join(MerchantAccount, MerchantAccount.id == Statement.account_id)
        .where(MerchantAccount.operator == operator, Statement.day == day)
        .order_by(MerchantAccount.slug, Statement.leg, Statement.name, Statement.sha256)
    )
    return [
        {"account": slug, "leg": leg, "name": name, "sha256": digest}
        for slug, leg, name, digest in rows
    ]


def _reopened(tx: Session, closing: Closing) -> dict[str, Any] | None:
    """Why the day was opened again before this revision, and by whom."""
    last = (
        select(Closing)
        .where(
            Closing.operator == closing.operator,
            Closing.day == closing.day,
            Closing.state == REOPENED,
        )
        .order_by(Closing.reopened_at.desc())
        .limit(1)
    )
    found = tx.scalars(last).one()
    return {
        "reason": found.reopen_reason,
        "asked_by": found.reopen_asked_by,
        "confirmed_by": found.reopened_by,
        "at": _at(found.reopened_at),
    }


def _changes(earlier: Certificate, figures: Mapping[Part, Figures]) -> list[dict[str, Any]]:
    return [_change(one) for one in changes(figures_in(decode(earlier)), figures,
                                            (*RECORDED, *KNOWN))]  # fmt: skip


def _change(one: Change) -> dict[str, Any]:
    where = {name: getattr(one.part, name) for name in Part.__slots__}
    return where | {"figure": one.figure, "was": one.was, "is": one.now}


def revisions(tx: Session, since: date, until: date) -> Mapping[tuple[str, date], Certificate]:
    """(operator, day) → the last certificate of each day from `since` to `until`, both included."""
    last = (
        select(Certificate.operator, Certificate.day, sql.max(Certificate.revision).label("last"))
        .where(Certificate.day.between(since, until))
        .group_by(Certificate.operator, Certificate.day)
        .subquery()
    )
    same = (
        (Certificate.operator == last.c.operator)
        & (Certificate.day == last.c.day)
        & (Certificate.revision == last.c.last)
    )
    rows = tx.scalars(select(Certificate).join(last, same))
    return {(row.operator, row.day): row for row in rows}
