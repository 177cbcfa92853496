"""Days of An Bình that are ready to be closed, and how tests close them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from reconciliation.closing import finishing, reopening, service
from reconciliation.closing.attempts import OperatorDay
from reconciliation.closing.models import Certificate, Closing
from reconciliation.days import IN_FLIGHT
from tests.reconciliation.kit import DAY, ONE, World, at, credit_line

LAN, MAI = "person:lan", "person:mai"
NOON = at(DAY + ONE, 12)
DONE = NOON + IN_FLIGHT


def of(day: date = DAY) -> OperatorDay:
    return OperatorDay("An Bình", day)


def settled(world: World, *amounts: int, day: date = DAY) -> None:
    """A day on which every payment is confirmed by the file and nothing differs."""
    paid = [
        world.pay(f"{day:%d}-{n}", amount, when=at(day, 8 + n)) for n, amount in enumerate(amounts)
    ]
    world.settle(day, *(one.line for one in paid))
    world.credit(day)
    world.reconcile(day)
    net = sum(one.line.net for one in paid)
    world.credit(day + ONE, credit_line(day + ONE, net, paid_out_on=day))


def begin(
    world: World, day: date = DAY, exceptions: Mapping[str, str] | None = None,
    actor: str = LAN, now: datetime = NOON,
) -> Closing:  # fmt: skip
    with world.databases.write.begin() as tx:
        return service.begin(tx, of(day), exceptions or {}, actor, now)


def confirm(world: World, day: date = DAY, actor: str = MAI, now: datetime = NOON) -> Closing:
    with world.databases.write.begin() as tx:
        return service.confirm(tx, of(day), actor, now)


def finish(world: World, day: date = DAY, now: datetime = DONE) -> Certificate:
    with world.databases.write.begin() as tx:
        return finishing.finish(tx, of(day), now)


def close(world: World, day: date = DAY, now: datetime = NOON) -> Certificate:
    begin(world, day, now=now)
    return finish(world, day, now + IN_FLIGHT)


def reopen(world: World, day: date = DAY, reason: str = "a file was wrong") -> None:
    with world.databases.write.begin() as tx:
        reopening.ask(tx, of(day), reason, LAN, DONE)
    with world.databases.write.begin() as tx:
        reopening.reopen(tx, of(day), MAI, DONE)
