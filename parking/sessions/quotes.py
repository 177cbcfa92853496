"""Quotes: an offer that holds for a set time, and the payment that takes it up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.journey import Journey
from parking.sessions.due import Standing, judge, money_of, standing
from parking.sessions.models import ParkingSession, Quote, intent_of
from parking.sessions.service import lock_session
from parking.tariffs import Line, TariffBook
from payments.accounts import Gateways
from payments.checkout import Request, start
from payments.errors import Conflict
from payments.models import MerchantAccount, Payment
from payments.sharing import Part
from payments.web import notify_address

#: An offer with less time left than this is not shown again: nobody can pay so fast.
SHORTEST_OFFER = timedelta(minutes=1)
#: How the references of payments for several stays begin.
GROUP = "group:"
#: The accounting label of a payment for vehicles of several classes: its money is counted once, and
#: to name one class, or to split it, would be a guess about what is kept of it.
MIXED = "parking:mixed"


def product_of(session: ParkingSession) -> str:
    """The accounting label of what is sold: the service and the vehicle class."""
    return f"parking:{session.vehicle_class}"


def lines_of(quote: Quote) -> list[Line]:
    """The quote's explanation lines, to be read in any language."""
    return [Line(**row) for row in quote.lines]


def offer(tx: Session, tariffs: TariffBook, session_id: uuid.UUID, now: datetime) -> Quote:
    """The offer that holds now: the one made before while it stands, else a new one.

    Two clicks at once get the same offer, because both wait for the session's lock. Raises
    `Conflict` when nothing is due.
    """
    session = lock_session(tx, session_id)
    made_before = standing_offer(tx, tariffs, session, now)
    if made_before is not None:
        return made_before
    current = standing(tx, tariffs, session, now)
    if current.settled:
        raise Conflict(
            "Nothing is due for %(plate)s: there is nothing to pay.", plate=session.plate
        )
    quote = _priced(current, now)
    tx.add(quote)
    tx.flush()
    return quote


def standing_offer(
    tx: Session, tariffs: TariffBook, session: ParkingSession, now: datetime
) -> Quote | None:
    """The last offer, if it has time left and its amount is still what was due at its instant."""
    quote = tx.scalar(
        select(Quote)
        .where(Quote.session_id == session.id, Quote.expires_at >= now + SHORTEST_OFFER)
        .order_by(Quote.created_at.desc(), Quote.id.desc())
        .limit(1)
    )
    if quote is None or (session.exit_at and session.exit_at < quote.priced_at):
        return None
    money = money_of(tx, tariffs, [session])[session.id]
    then = judge(tariffs, session, money, quote.priced_at)
    return quote if then.due == quote.amount else None


def _priced(current: Standing, now: datetime) -> Quote:
    return Quote(
        session_id=current.session.id,
        priced_at=current.priced_at,
        price=current.price.amount,
        amount=current.due,
        currency=current.price.currency,
        tariff_code=current.version.code,
        tariff_version=current.version.number,
        lines=[asdict(line) for line in current.lines],
        created_at=now,
        expires_at=now + timedelta(minutes=current.version.quote_minutes),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """The way to pay that was chosen: through `account` by the provider's `method`; `payer` is who
    pays where that is not the driver."""

    account: MerchantAccount
    journey: Journey
    method: str = ""
    payer: str = ""


def request_for(
    quotes: Sequence[Quote], stays: Sequence[ParkingSession], choice: Choice
) -> Request:
    """What takes up these offers, one of each of `stays` and all at one lot. Several of them are
    parts of one payment, which is called by the digest of their ids: the same offers, the same name."""
    first, account, together = stays[0], choice.account, len(stays) > 1
    parts = tuple(Part(s.reference, q.amount) for s, q in zip(stays, quotes, strict=True))
    products = {product_of(stay) for stay in stays}
    return Request(
        account=account,
        reference=_named_together(quotes) if together else first.reference,
        intent=intent_of(quotes, account.slug, choice.method, choice.payer),
        amount=sum(quote.amount for quote in quotes),
        cost_centre=first.lot.number,
        product=products.pop() if len(products) == 1 else MIXED,
        description=f"{first.lot.number} {f'{len(stays)} xe' if together else first.plate}",
        expires_at=min(quote.expires_at for quote in quotes),
        return_url=choice.journey.home,
        notify_url=notify_address(choice.journey.public_url, account.slug),
        method=choice.method,
        payer_ip=choice.journey.payer_ip,
        parts=parts if together else (),
    )


def _named_together(quotes: Sequence[Quote]) -> str:
    named = ",".join(str(quote.id) for quote in quotes)
    return f"{GROUP}{sha256(named.encode()).hexdigest()[:32]}"


def pay(
    db: sessionmaker[Session],
    gateways: Gateways,
    tariffs: TariffBook,
    session_id: uuid.UUID,
    account: MerchantAccount,
    journey: Journey,
    now: datetime,
    *,
    method: str = "",
) -> Payment:
    """Take up the offer that holds now through `account`, by the provider's way to pay `method`.

    The driver goes on at the payment's `checkout_url` or by its `transfer`; without either
    (`payments.checkout.is_announced`) the provider did not answer or said no: the payment says which.
    """
    with db.begin() as tx:
        quote = offer(tx, tariffs, session_id, now)
        session = tx.get_one(ParkingSession, session_id)
    request = request_for([quote], [session], Choice(account, journey, method))
    return start(db, gateways, request, now)
