"""What a rail over a protocol double needs besides the double: a notify address, and patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from payments.http import HttpClient
from payments.provider import AccountSettings, NoticeRequest, Order, Provider
from tests.doubles.base import Double
from tests.doubles.inbox import Inbox
from tests.doubles.page import HostedDouble
from tests.providers.rail import Clock, Rail


def client_of(double: Double) -> HttpClient:
    """An outbound client that may call `double` and waits no longer than a test can."""
    return HttpClient([double.base_url], connect=2.0, read=0.9, whole=2.0)


def as_they_came(double: Double, inbox: Inbox) -> Callable[[], Sequence[NoticeRequest]]:
    """Lets what `double` has to tell leave now; the requests that reached `inbox` since last time."""

    def notices() -> Sequence[NoticeRequest]:
        double.outbox.deliver()
        arrived = [
            NoticeRequest(came.method, came.query, came.headers, came.body)
            for came in inbox.journal
        ]
        inbox.journal.clear()
        return arrived

    return notices


def later(double: Double, clock: Clock) -> Callable[[], None]:
    """Lets the time pass in which the company brings a refund to its end."""

    def settle() -> None:
        clock.forward(minutes=2)
        double.run_agenda()

    return settle


@dataclass
class Doubled:
    """A company's `double`, its notices reaching `inbox`, on the time of `clock`."""

    double: HostedDouble
    inbox: Inbox
    clock: Clock

    def rail(
        self,
        make: type[Provider],
        account: AccountSettings,
        reference: Callable[[Order], str] = lambda order: order.code,
    ) -> Rail:
        """A rail to the double, which knows an order by its `reference`."""
        http = client_of(self.double)
        return Rail(
            provider=make(account, http, self.clock),
            account=account,
            http=http,
            clock=self.clock,
            pay=lambda order: self.double.pay(reference(order)),
            decline=lambda order: self.double.decline(reference(order)),
            notices=as_they_came(self.double, self.inbox),
            settle_refunds=later(self.double, self.clock),
        )
