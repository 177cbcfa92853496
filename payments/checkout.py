"""Begin to collect: announce an order to its provider and send the driver there.

Around the network there are always three steps: write the intention and commit, call the provider
with nothing open, write the outcome and commit. A crash in between leaves an open payment that
`payments.polling` resolves, because our own order number went with the call.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import state
from payments.accounts import Gateways
from payments.codes import code_for
from payments.db import insert_once, new_id, next_number
from payments.errors import Conflict, Unavailable
from payments.models import MerchantAccount, Payment
from payments.money import InvalidMoney, Money
from payments.provider import Checkout, Order, ProviderRefused, ProviderUnavailable, Status
from payments.service import say
from payments.sharing import Part, allocate, check_parts

#: First poll of a payment whose driver was sent away to pay.
FIRST_POLL = timedelta(seconds=30)

#: Write, read what stands; once more, should what another click wrote have failed meanwhile.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be collected, for what, and where the driver and the notices come back to. With
    `parts` the money is for each of these, and `reference` names them all together."""

    account: MerchantAccount
    reference: str
    intent: str
    amount: int
    cost_centre: str
    product: str
    description: str
    expires_at: datetime
    return_url: str
    notify_url: str
    method: str = ""
    payer_ip: str = ""
    parts: tuple[Part, ...] = ()


def order_of(payment: Payment) -> Order:
    """The payment as its provider knows it."""
    return Order(
        code=payment.code,
        number=payment.number,
        amount=payment.amount,
        currency=payment.currency,
        description=payment.description,
        created_at=payment.created_at,
        expires_at=payment.expires_at,
        return_url=payment.return_url,
        notify_url=payment.notify_url,
        method=payment.method,
        provider_ref=payment.provider_ref,
    )


def intend(tx: Session, request: Request, now: datetime) -> Payment:
    """The payment of this intent: the open one, the one that already collected it, or a new one.

    Two clicks at once end in one payment: the second insert meets the partial unique index, and
    the next round reads what the first one wrote. Raises `InvalidMoney` for an amount nobody can
    pay, `WrongUsage` for parts that are not all of it, and `Conflict` when the intent stands for
    another amount.
    """
    _refuse_unpayable(request)
    for _ in range(ROUNDS):
        if standing := _standing(tx, request):
            _refuse_other_amount(standing, request)
            return standing
        payment = _new_payment(tx, request, now)
        if insert_once(tx, payment):
            allocate(tx, payment, request.parts)
    raise Unavailable("Too many payments are being started at once; please try again.")


def _refuse_unpayable(request: Request) -> None:
    Money(request.amount, request.account.currency)
    if request.amount == 0:
        raise InvalidMoney("There is nothing to pay.")
    check_parts(request.parts, request.amount)


def _refuse_other_amount(standing: Payment, request: Request) -> None:
    if standing.amount != request.amount:
        raise Conflict(
            "Payment %(code)s collects %(amount)s and cannot become %(asked)s.",
            code=standing.code,
            amount=standing.amount,
            asked=request.amount,
        )


def _standing(tx: Session, request: Request) -> Payment | None:
    """The open payment of this intent, else the first that collected it: a notice may come while
    the driver clicks, and what is paid must not be collected again."""
    kept = Payment.received - Payment.reversed - Payment.refunded
    is_open = Payment.state.in_(state.OPEN)
    return tx.scalar(
        select(Payment)
        .where(
            Payment.reference == request.reference,
            Payment.account_id == request.account.id,
            Payment.intent == request.intent,
            is_open | (kept >= Payment.amount),
        )
        .order_by(is_open.desc(), Payment.number)
        .limit(1)
    )


def _new_payment(tx: Session, request: Request, now: datetime) -> Payment:
    number = next_number(tx, Payment.number)
    return Payment(
        id=new_id(),
        number=number,
        code=code_for(number),
        account_id=request.account.id,
        reference=request.reference,
        intent=request.intent,
        amount=request.amount,
        currency=request.account.currency,
        cost_centre=request.cost_centre,
        product=request.product,
        description=request.description,
        created_at=now,
        expires_at=request.expires_at,
        return_url=request.return_url.replace("{code}", code_for(number)),
        notify_url=request.notify_url,
        method=request.method,
        next_poll_at=now + FIRST_POLL,
    )


def start(
    db: sessionmaker[Session], gateways: Gateways, request: Request, now: datetime
) -> Payment:
    """Begin to collect; the returned payment has a `checkout_url` or a `transfer` when the provider
    accepted it.

    A provider that does not answer leaves the payment `unknown` (polls go on), one that refuses
    leaves it `failed`; neither is raised, because the caller shows the payment as it stands. Raises
    `Conflict`, before anything is written, for an account of the wrong mode or a retired one.
    """
    check_account(gateways, request.account)
    with db.begin() as tx:
        payment = intend(tx, request, now)
    if not is_announced(payment) and payment.state in state.OPEN:
        checkout, status = _announce(gateways, payment, request.payer_ip)
        with db.begin() as tx:
            return _note_checkout(tx, payment, checkout, status, now)
    return payment


def check_account(gateways: Gateways, account: MerchantAccount) -> None:
    """Raises `Conflict` unless `account` is of this house's mode and in use."""
    gateways.check_mode(account.mode)
    if account.retired_at is not None:
        raise Conflict("Merchant account %(slug)s is retired.", slug=account.slug)


def is_announced(payment: Payment) -> bool:
    """Whether the provider accepted the order, so that the driver can go on."""
    return payment.checkout_url is not None or payment.transfer is not None


def _announce(
    gateways: Gateways, payment: Payment, payer_ip: str
) -> tuple[Checkout | None, Status]:
    order = replace(order_of(payment), payer_ip=payer_ip)
    try:
        return gateways.provider(payment.account).start(order), Status.PENDING
    except ProviderUnavailable:
        return None, Status.UNKNOWN
    except ProviderRefused:
        return None, Status.FAILED


def _note_checkout(
    tx: Session, intended: Payment, checkout: Checkout | None, status: Status, now: datetime
) -> Payment:
    say(tx, intended.account, intended.code, status, now)  # locks it
    payment = tx.get_one(Payment, intended.id)
    if checkout is not None:
        payment.checkout_url, payment.provider_ref = checkout.url, checkout.provider_ref
        payment.transfer = asdict(checkout.transfer) if checkout.transfer else None
    return payment
