"""What the contract needs of a rail: the provider, and a hand on the company at its other end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from payments.codes import code_for
from payments.db import CITY_ZONE
from payments.provider import (
    AccountSettings,
    Checkout,
    Http,
    MovementFact,
    MovementKind,
    NoticeRequest,
    Order,
    Provider,
    RefundOrder,
)

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=CITY_ZONE)
TODAY = MORNING.date()
PRICE = 20_000


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Rail:
    """A provider with its double at the other end, speaking real HTTP; `account` and `http` are what
    it was made of.

    `pay` and `decline` are the payer's acts on an order that was started; `notices` are the requests
    the double has sent to our door since the last call, in its own words; `settle_refunds` lets an
    asynchronous refund come to its end. `declined_told`: whether the company tells of a refusal at
    all; `next_night` lets the day's statement come out; `method` is the way to pay that the orders
    ask for; `visit` opens a checkout as the driver's browser does. `repeats`: whether the company
    answers a second announcement as it answered the first; `refuses`: whether its no to a refund
    can be believed.
    """

    provider: Provider
    account: AccountSettings
    http: Http
    clock: Clock
    pay: Callable[[Order], object]
    decline: Callable[[Order], object]
    notices: Callable[[], Sequence[NoticeRequest]]
    settle_refunds: Callable[[], object] = lambda: None
    next_night: Callable[[], object] | None = None
    declined_told: bool = True
    method: str = ""
    visit: Callable[[Checkout], object] = lambda checkout: None
    repeats: bool = True
    refuses: bool = True
    _receipts: dict[str, MovementFact] = field(default_factory=dict)

    def order(self, number: int = 1, amount: int = PRICE) -> Order:
        """A fresh order of ours, not announced yet."""
        return Order(
            code=code_for(number),
            number=number,
            amount=amount,
            currency="VND",
            description="HK01 30A-123.45",
            created_at=self.clock(),
            expires_at=self.clock() + timedelta(minutes=15),
            return_url="https://parking.test/s/abc?from=pay",
            notify_url="https://parking.test/payments/an/notify",
            method=self.method,
            payer_ip="203.0.113.7",
        )

    def started(self, number: int = 1, amount: int = PRICE) -> Order:
        """An order announced to the company."""
        order = self.order(number, amount)
        checkout = self.provider.start(order)
        self.visit(checkout)
        return replace(order, provider_ref=checkout.provider_ref)

    def paid(self, number: int = 1, amount: int = PRICE) -> Order:
        order = self.started(number, amount)
        self.pay(order)
        return order

    def receipt(self, order: Order) -> MovementFact:
        """The one receipt the company tells of when asked. Our books keep it, because some only
        speak of the refund once there was one."""
        if order.code not in self._receipts:
            (found,) = (
                fact
                for fact in self.provider.fetch(order).movements
                if fact.kind is MovementKind.RECEIPT
            )
            self._receipts[order.code] = found
        return self._receipts[order.code]

    def giving_back(self, order: Order, amount: int, number: int = 1) -> RefundOrder:
        """A refund as the house asks for it."""
        return RefundOrder(
            key=f"{number:032x}",
            number=number,
            amount=amount,
            asked_at=self.clock(),
            asked_by="lan",
            reason="left early",
            payment=order,
            receipt_ref=self.receipt(order).rail_ref,
        )
