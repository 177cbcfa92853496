"""What a person may type to find money, and what each of these names."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from parking.lots.models import Operator
from parking.passes.models import Pass
from parking.receipts.models import Receipt
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.plates import InvalidPlate, read_plate
from payments.models import MerchantAccount, Movement, Payment, Refund
from payments.provider import MovementKind
from reconciliation.models import Break, StatementLine

_RECEIPT = re.compile(r"(?P<operator>.+)-(?P<year>\d{4})-(?P<number>\d{1,9})", re.IGNORECASE)
_GROUPING = re.compile(r"[\s.\-]+")
#: A code is PK and ten symbols; other texts are not worth a look into the index.
_CODE = re.compile(r"PK[0-9A-Z]{10}")
#: A vehicle that comes every day has more stays than anybody wants to read at once.
MOST_STAYS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """The rows a query names; `kind` says how it was understood."""

    kind: str
    sessions: frozenset[uuid.UUID] = frozenset()
    payments: frozenset[uuid.UUID] = frozenset()
    movements: frozenset[uuid.UUID] = frozenset()
    lines: frozenset[uuid.UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.sessions or self.payments or self.movements or self.lines)


Reader = Callable[[Session, str], Found]


def find(tx: Session, query: str) -> Found | None:
    """What `query` names, asked of every kind of key in turn; None when nothing has this name."""
    text = query.strip()
    return next((found for read in READERS if text and (found := read(tx, text))), None)


def _ids(tx: Session, query: Select[uuid.UUID]) -> frozenset[uuid.UUID]:
    return frozenset(tx.scalars(query))


def _by_id(tx: Session, text: str) -> Found:
    try:
        wanted = uuid.UUID(text.removeprefix("session:").removeprefix("pass:"))
    except ValueError:
        return Found("id")
    return next((found for found in _named(tx, wanted) if found), Found("id"))


def _named(tx: Session, wanted: uuid.UUID) -> Iterator[Found]:
    """Every kind of row that may have this id, the likeliest first."""
    yield Found("session", _ids(tx, select(ParkingSession.id).where(ParkingSession.id == wanted)))
    yield Found("payment", payments=_ids(tx, select(Payment.id).where(Payment.id == wanted)))
    yield Found("pass", payments=_of_pass(tx, Pass.id == wanted))
    yield Found("movement", movements=_ids(tx, select(Movement.id).where(Movement.id == wanted)))
    lines = select(StatementLine.id).where(StatementLine.id == wanted)
    yield Found("line", lines=_ids(tx, lines))
    yield Found("quote", _ids(tx, select(Quote.session_id).where(Quote.id == wanted)))
    receipts = select(Receipt.payment_id).where(Receipt.id == wanted)
    yield Found("receipt", payments=_ids(tx, receipts))
    refunds = select(Refund.payment_id).where(Refund.id == wanted)
    yield Found("refund", payments=_ids(tx, refunds))
    difference = tx.get(Break, wanted)
    if difference is not None:
        yield Found(
            "break",
            movements=frozenset(filter(None, [difference.movement_id])),
            lines=frozenset(filter(None, [difference.line_id, difference.payout_id])),
        )


def _of_pass(tx: Session, which: ColumnElement[bool]) -> frozenset[uuid.UUID]:
    """The payments for a pass."""
    query = select(Payment.id).join(Pass, Pass.reference == Payment.reference).where(which)
    return _ids(tx, query)


def _by_code(tx: Session, text: str) -> Found:
    code = _GROUPING.sub("", text).upper()
    if not _CODE.fullmatch(code):
        return Found("payment")
    return Found("payment", payments=_ids(tx, select(Payment.id).where(Payment.code == code)))


def _by_token(tx: Session, text: str) -> Found:
    stays = _ids(tx, select(ParkingSession.id).where(ParkingSession.token == text))
    receipts = _ids(tx, select(Receipt.payment_id).where(Receipt.token == text))
    of_pass = Found("pass", payments=_of_pass(tx, Pass.token == text))
    return Found("session", stays) or of_pass or Found("receipt", payments=receipts)


def _by_receipt_number(tx: Session, text: str) -> Found:
    parts = _RECEIPT.fullmatch("".join(text.split()))
    if parts is None:
        return Found("receipt")
    query = (
        select(Receipt.payment_id)
        .join(Operator, Operator.id == Receipt.operator_id)
        .where(
            Operator.code == parts["operator"].lower(),
            Receipt.year == int(parts["year"]),
            Receipt.number == int(parts["number"]),
        )
    )
    return Found("receipt", payments=_ids(tx, query))


def _by_reference(tx: Session, text: str) -> Found:
    """The rail's transaction reference, a statement line's own, a payout's batch, a bank's credit."""

    names = {text, text.upper()}
    # the movement's key begins with account and kind: naming them all lets the index answer
    movements = select(Movement.id).where(
        Movement.account_id.in_(select(MerchantAccount.id)),
        Movement.kind.in_([kind.value for kind in MovementKind]),
        Movement.rail_ref.in_(names),
    )
    lines = select(StatementLine.id).where(
        or_(StatementLine.rail_ref.in_(names), StatementLine.line_ref.in_(names))
    )
    return Found("reference", movements=_ids(tx, movements), lines=_ids(tx, lines))


def _by_plate(tx: Session, text: str) -> Found:
    try:
        key = read_plate(text).key
    except InvalidPlate:
        return Found("plate")
    newest = (
        select(ParkingSession.id)
        .where(ParkingSession.plate_key == key)
        .order_by(ParkingSession.entry_at.desc())
        .limit(MOST_STAYS)
    )
    return Found("plate", _ids(tx, newest))


#: Asked in this order; the first that knows the text wins.
READERS: tuple[Reader, ...] = (
    _by_id,
    _by_code,
    _by_token,
    _by_receipt_number,
    _by_reference,
    _by_plate,
)
