"""Lots and their signs: find them, say what is printed, retire what was replaced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from parking.languages import bilingual, mark, translate
from parking.lots.models import Lot, Operator, Sign
from payments import audit
from payments.errors import NotFound
from qr import sign as printed
from qr.links import KeyRing, sign_link


def lots(tx: Session) -> Sequence[Lot]:
    """Every lot that is not closed, by number."""
    return tx.scalars(with_tariffs().where(Lot.closed_at.is_(None)).order_by(Lot.number)).all()


def with_tariffs() -> Select[Lot]:
    """Lots that can be entered: with them comes what each vehicle class pays. The many rows that
    only name their lot come without, one query less each."""
    return select(Lot).options(selectinload(Lot.tariffs))


def operator_by_code(tx: Session, code: str) -> Operator:
    """The operator that money calls `code`. Raises `NotFound` naming the codes there are."""
    found = tx.scalar(select(Operator).where(Operator.code == code))
    if found is None:
        known = ", ".join(tx.scalars(select(Operator.code).order_by(Operator.code)))
        raise NotFound(
            "There is no operator %(code)s; operators are: %(known)s.", code=code, known=known
        )
    return found


def lot_names(tx: Session, numbers: Collection[str]) -> dict[str, str]:
    """Lot number → name, closed lots included; numbers we do not know are absent."""
    rows = tx.execute(select(Lot.number, Lot.name).where(Lot.number.in_(numbers)))
    return {row.number: row.name for row in rows}


def lot_by_number(tx: Session, number: str) -> Lot:
    """The lot with this printed number. Raises `NotFound` naming the numbers there are."""
    found = tx.scalar(with_tariffs().where(Lot.number == number.strip().upper()))
    if found is None:
        known = ", ".join(tx.scalars(select(Lot.number).order_by(Lot.number)))
        raise NotFound("There is no lot %(lot)s; lots are: %(known)s.", lot=number, known=known)
    return found


def current_sign(tx: Session, lot: Lot) -> Sign:
    """The newest sign of a lot that is not retired. Raises `NotFound`."""
    found = tx.scalar(
        select(Sign)
        .where(Sign.lot_id == lot.id, Sign.retired_at.is_(None))
        .order_by(Sign.version.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound("Lot %(lot)s has no sign; issue one first.", lot=lot.number)
    return found


def sign_version(tx: Session, lot: Lot, version: int) -> Sign:
    """One version of a lot's sign, retired or not. Raises `NotFound`."""
    found = tx.scalar(select(Sign).where(Sign.lot_id == lot.id, Sign.version == version))
    if found is None:
        raise NotFound(
            "Lot %(lot)s never had a sign number %(version)s.", lot=lot.number, version=version
        )
    return found


def issue_sign(tx: Session, lot: Lot, actor: str, now: datetime) -> Sign:
    """A new sign version; the one before keeps working until it is retired."""
    last = tx.scalar(
        select(Sign.version).where(Sign.lot_id == lot.id).order_by(Sign.version.desc()).limit(1)
    )
    sign = Sign(lot_id=lot.id, version=(last or 0) + 1, issued_at=now)
    tx.add(sign)
    audit.append(tx, actor, "sign.issue", f"lot:{lot.number}", {"version": sign.version}, now)
    return sign


def retire_sign(tx: Session, lot: Lot, version: int, actor: str, now: datetime) -> Sign:
    """Whoever scans this version from now on is warned. Raises `NotFound`."""
    sign = sign_version(tx, lot, version)
    sign.retired_at = sign.retired_at or now
    audit.append(tx, actor, "sign.retire", f"lot:{lot.number}", {"version": version}, now)
    return sign


def link_of(keys: KeyRing, public_url: str, lot: Lot, sign: Sign) -> str:
    """The address a sign's code leads to."""
    return sign_link(keys, public_url, lot.number, sign.version)


def printed_sign(keys: KeyRing, public_url: str, lot: Lot, sign: Sign) -> printed.Sign:
    """Everything that stands on the printed plate, Vietnamese first, English second."""
    call, pay_at = mark("Scan to see the price and pay"), mark("The page must open at this address")
    warning = mark(
        "A code that asks for a bank transfer at once is not ours. Check the address before you pay."
    )
    operator = translate("Operator: %(name)s", name=lot.operator.legal_name)
    return printed.Sign(
        link=link_of(keys, public_url, lot, sign),
        heading=bilingual(mark("Parking lot number")),
        number=lot.number,
        name=lot.name,
        owner=operator,
        call=translate(call),
        call_second=call,
        address_label=bilingual(pay_at),
        address=urlsplit(public_url).netloc,
        warning=translate(warning),
        warning_second=warning,
        serial=f"{lot.number}-{sign.version}",
    )
